package seed

import "time"

func (w *writer) carePlan(title string) {
	at := w.past(2)
	w.entry("CarePlan", "cp", "UKCore-CarePlan", at)
	w.narrative(title + ", agreed " + date(at))
	w.identifier()
	w.put(`,"status":"active","intent":"plan","category":[{"coding":[{"system":"$","code":"734163000","display":"Care plan"}]}],"title":"$"`, snomed, title)
	w.patient("subject")
	w.put(`,"period":{"start":"$"},"created":"$","author":$`, date(at), instant(at), w.clinician())
	w.put(`,"activity":[{"detail":{"status":"in-progress","description":"$"}},{"detail":{"status":"scheduled","scheduledString":"every six months","description":"Review with the named worker"}}]`,
		pick(w.r, []string{"Help with washing and dressing each morning", "Weekly dressing of the leg", "Blood pressure at home twice a week",
			"Meals delivered at midday", "Walking practice with the physiotherapist"}))
	w.end()
}

func (w *writer) flag() {
	c := pick(w.r, []coded{{"15188001", "Hearing loss"}, {"397540003", "Visual impairment"}, {"129839007", "At increased risk for falls"}})
	at := w.past(5)
	w.entry("Flag", "fl", "UKCore-Flag", at)
	w.identifier()
	w.put(`,"status":"active","category":[{"coding":[{"system":"$flag-category","code":"clinical","display":"Clinical"}]}]`, hl7)
	w.concept("code", snomed, c)
	w.patient("subject")
	w.put(`,"period":{"start":"$"},"author":$`, date(at), w.clinician())
	w.end()
}

// episode writes the period in which a service looks after the person.
func (w *writer) episode() {
	at := w.past(3)
	w.entry("EpisodeOfCare", "ep", "UKCore-EpisodeOfCare", at)
	w.identifier()
	w.put(`,"status":"active","statusHistory":[{"status":"planned","period":{"start":"$","end":"$"}}]`, date(at.Add(-14*24*time.Hour)), date(at))
	w.put(`,"type":[{"coding":[{"system":"$episodeofcare-type","code":"hacc","display":"Home and Community Care"}],"text":"Adult social care"}]`, hl7)
	w.patient("patient")
	w.put(`,"managingOrganization":$,"period":{"start":"$"},"careManager":$`, organisation(w.org), date(at), w.clinician())
	w.end()
}

// careReferral is a referral to the council's adult social care.
func (w *writer) careReferral() {
	at := w.past(3)
	w.entry("ServiceRequest", "sr", "UKCore-ServiceRequest", at)
	w.identifier()
	w.put(`,"status":"$","intent":"order","priority":"routine","code":{"coding":[{"system":"$","code":"3457005","display":"Patient referral"}],"text":"Referral to adult social care"}`,
		pick(w.r, []string{"active", "completed"}), snomed)
	w.patient("subject")
	w.put(`,"authoredOn":"$","requester":$,"performer":[$]`, instant(at), organisation(w.person.Practice), organisation(w.org))
	w.end()
}

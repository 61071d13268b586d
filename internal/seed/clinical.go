package seed

import (
	"strconv"
	"time"
)

// Systems of FHIR's own codes, as conditions and allergies need them.
const (
	hl7           = "http://terminology.hl7.org/CodeSystem/"
	conditionLife = hl7 + "condition-clinical"
	conditionSure = hl7 + "condition-ver-status"
	allergyLife   = hl7 + "allergyintolerance-clinical"
	allergySure   = hl7 + "allergyintolerance-verification"
)

// allergyList writes n of them; one in three people has been asked and has none.
func (w *writer) allergyList(n int) {
	if n > 0 && w.r.IntN(3) == 0 {
		w.allergy(noKnownAllergy, "", n)
		n--
		for range n { // what was once believed, and refuted
			a := pick(w.r, allergies[:])
			w.allergy(a.coded, a.category, -1)
		}
		return
	}
	first := w.r.IntN(len(allergies))
	for i := range n {
		a := allergies[(first+i)%len(allergies)]
		w.allergy(a.coded, a.category, i)
	}
}

// allergy writes one; without a category it is "no known allergy", and below
// zero it is refuted.
func (w *writer) allergy(c coded, category string, nth int) {
	at := w.past(15)
	w.entry("AllergyIntolerance", "al", "UKCore-AllergyIntolerance", at)
	w.identifier()
	life, sure := "active", "confirmed"
	if nth < 0 {
		life, sure = "resolved", "refuted"
	}
	w.status("clinicalStatus", allergyLife, life)
	w.status("verificationStatus", allergySure, sure)
	if category != "" {
		w.put(`,"type":"allergy","category":["$"]`, category)
	}
	w.concept("code", snomed, c)
	w.patient("patient")
	w.put(`,"recordedDate":"$","recorder":$`, instant(at), w.clinician())
	if category != "" && nth >= 0 {
		m := pick(w.r, reactions[:])
		w.put(`,"criticality":"$","reaction":[{"manifestation":[{"coding":[{"system":"$","code":"$","display":"$"}]}],"severity":"$"}]`,
			pick(w.r, []string{"low", "high", "unable-to-assess"}), snomed, m.code, m.display, pick(w.r, []string{"mild", "moderate", "severe"}))
	}
	w.end()
}

// conditionList writes n conditions that people of this age have, and returns
// the positions of those that last.
func (w *writer) conditionList(n int) []int {
	var fits, lasting []int
	age := w.person.ageAt(w.today)
	for i, p := range problems {
		if p.from <= age {
			fits = append(fits, i)
		}
	}
	w.r.Shuffle(len(fits), func(i, j int) { fits[i], fits[j] = fits[j], fits[i] })
	for i := range n {
		k := fits[i%len(fits)]
		again := i >= len(fits)
		if again && !problems[k].acute {
			k = w.r.IntN(2) // colds and ears, which come back
		}
		w.condition(problems[k])
		if !problems[k].acute {
			lasting = append(lasting, k)
		}
	}
	return lasting
}

func (w *writer) condition(p problem) {
	at := w.past(12)
	w.entry("Condition", "co", "UKCore-Condition", at)
	w.narrative(p.display + ", recorded " + date(at))
	w.identifier()
	state := "active"
	if p.acute {
		state = "resolved"
	}
	w.status("clinicalStatus", conditionLife, state)
	w.status("verificationStatus", conditionSure, "confirmed")
	category := "problem-list-item"
	if !w.org.practice {
		category = "encounter-diagnosis"
	}
	w.put(`,"category":[{"coding":[{"system":"$condition-category","code":"$"}]}]`, hl7, category)
	w.concept("code", snomed, p.coded)
	w.patient("subject")
	w.put(`,"onsetDateTime":"$"`, date(at))
	if p.acute {
		w.put(`,"abatementDateTime":"$"`, date(at.AddDate(0, 0, 5+w.r.IntN(20))))
	}
	w.put(`,"recordedDate":"$","recorder":$`, instant(at), w.clinician())
	w.end()
}

// medicationList writes n prescriptions of what is taken for the conditions: the
// latest of each is active, the earlier ones are completed.
func (w *writer) medicationList(ill []int, n int) {
	taken := []int{mParacetamol}
	for _, k := range ill {
		for _, m := range problems[k].treats {
			taken = appendNew(taken, m)
		}
	}
	for i := range n {
		m := taken[i%len(taken)]
		months := i / len(taken)
		at := w.hour(w.today.AddDate(0, -2*months, -1-w.r.IntN(50)))
		w.medicationRequest(medicines[m], at, months == 0 && !medicines[m].course)
	}
}

func appendNew(list []int, v int) []int {
	for _, x := range list {
		if x == v {
			return list
		}
	}
	return append(list, v)
}

func (w *writer) medication(m medicine) {
	system := snomed
	if m.dmd {
		system = dmd
	}
	w.put(`,"medicationCodeableConcept":{"coding":[{"system":"$","code":"$","display":"$"}],"text":"$"}`, system, m.code, m.display, m.text)
}

func (w *writer) medicationRequest(m medicine, at time.Time, current bool) {
	w.entry("MedicationRequest", "mr", "UKCore-MedicationRequest", at)
	w.identifier()
	state, kind, words := "completed", "repeat", "Repeat"
	if current {
		state = "active"
	}
	if m.course {
		kind, words = "acute", "Acute"
	}
	w.put(`,"extension":[{"url":"$Extension-UKCore-MedicationRepeatInformation","extension":[{"url":"numberOfPrescriptionsIssued","valueUnsignedInt":$}]}]`,
		ukcore, strconv.Itoa(1+w.r.IntN(12)))
	w.put(`,"status":"$","intent":"order","category":[{"coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-MedicationRequestCourseOfTherapy","code":"$","display":"$"}]}]`,
		state, kind, words)
	w.medication(m)
	w.patient("subject")
	w.put(`,"authoredOn":"$","requester":$`, instant(at), w.clinician())
	w.put(`,"dosageInstruction":[{"text":"$"}],"dispenseRequest":{"validityPeriod":{"start":"$"},"quantity":{"value":$,"unit":"$"},"expectedSupplyDuration":{"value":28,"unit":"day","system":"http://unitsofmeasure.org","code":"d"}}`,
		m.dose, date(at), strconv.Itoa(28*(1+w.r.IntN(2))), "tablet or dose")
	w.end()
}

func (w *writer) medicationStatement() {
	m, at := pick(w.r, []medicine{medicines[mParacetamol], medicines[mIbuprofen]}), w.past(3)
	w.entry("MedicationStatement", "ms", "UKCore-MedicationStatement", at)
	w.identifier()
	w.put(`,"status":"active"`)
	w.medication(m)
	w.patient("subject")
	w.put(`,"effectivePeriod":{"start":"$"},"dateAsserted":"$","dosage":[{"text":"$"}],"note":[{"text":"Bought over the counter"}]`,
		date(at), instant(at), m.dose)
	w.end()
}

func (w *writer) immunisation() {
	v := vaccines[w.r.IntN(len(vaccines))]
	if v.from > w.person.ageAt(w.today) {
		v = vaccines[2]
	}
	at := w.past(10)
	w.entry("Immunization", "im", "UKCore-Immunization", at)
	w.identifier()
	w.put(`,"status":"completed"`)
	w.concept("vaccineCode", snomed, v.coded)
	w.patient("patient")
	w.put(`,"occurrenceDateTime":"$","recorded":"$","primarySource":true,"lotNumber":"SIM$"`,
		instant(at), instant(at), strconv.Itoa(1000+w.r.IntN(9000)))
	w.put(`,"site":{"coding":[{"system":"$","code":"368208006","display":"Left upper arm structure"}]},"route":{"coding":[{"system":"$","code":"78421000","display":"Intramuscular route"}]}`, snomed, snomed)
	w.put(`,"performer":[{"actor":$}]`, w.clinician())
	w.end()
}

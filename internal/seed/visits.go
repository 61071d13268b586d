package seed

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// encounter writes a finished contact of a class (v3-ActCode).
func (w *writer) encounter(class, words string, s coded) {
	from := w.past(4)
	to := from.Add(time.Duration(10+w.r.IntN(30)) * time.Minute)
	switch class {
	case "IMP":
		to = from.AddDate(0, 0, 1+w.r.IntN(9))
	case "EMER":
		to = from.Add(time.Duration(60+w.r.IntN(300)) * time.Minute)
	}
	if limit := w.today.Add(-time.Minute); to.After(limit) {
		to = limit
	}
	if to.Before(from) {
		from = to
	}
	w.entry("Encounter", "en", "UKCore-Encounter", to)
	w.identifier()
	w.put(`,"status":"finished","class":{"system":"$v3-ActCode","code":"$","display":"$"}`, hl7, class, words)
	w.concept("serviceType", snomed, s)
	w.patient("subject")
	w.put(`,"participant":[{"individual":$}],"period":{"start":"$","end":"$"}`, w.clinician(), instant(from), instant(to))
	if !w.org.practice {
		// As many systems do: the place by its own identifier, to be looked up.
		w.put(`,"location":[{"location":{"reference":"Location?identifier=$site|$-1","display":"Main site"}}]`, w.base, string(w.org.ODS))
	}
	if class == "IMP" {
		w.put(`,"hospitalization":{"dischargeDisposition":{"coding":[{"system":"$discharge-disposition","code":"home","display":"Home"}]}}`, hl7)
	}
	w.put(`,"serviceProvider":$`, organisation(w.org))
	w.end()
}

// appointment writes one of the past or, one in five times, one ahead.
func (w *writer) appointment(s coded, place string) {
	if w.r.IntN(5) == 0 {
		w.booking(s, place, w.ahead(120), pick(w.r, []string{"booked", "booked", "booked", "cancelled"}))
		return
	}
	w.booking(s, place, w.past(3), pick(w.r, []string{"fulfilled", "fulfilled", "fulfilled", "fulfilled", "noshow", "cancelled"}))
}

func (w *writer) booking(s coded, place string, at time.Time, state string) {
	changed := at
	if changed.After(w.today) {
		changed = w.today
	}
	minutes := 10 + 5*w.r.IntN(5)
	w.entry("Appointment", "ap", "UKCore-Appointment", changed)
	w.identifier()
	w.put(`,"status":"$"`, state)
	if state == "cancelled" {
		w.put(`,"cancelationReason":{"coding":[{"system":"$appointment-cancellation-reason","code":"pat","display":"Patient"}]}`, hl7)
	}
	if s.code != "" {
		w.put(`,"specialty":[{"coding":[{"system":"$","code":"$","display":"$"}]}]`, snomed, s.code, s.display)
	}
	w.put(`,"description":"$ appointment","start":"$","end":"$","minutesDuration":$,"created":"$"`, s.display, instant(at),
		instant(at.Add(time.Duration(minutes)*time.Minute)), strconv.Itoa(minutes), date(changed.AddDate(0, 0, -14)))
	if place != "" {
		w.put(`,"patientInstruction":"Please come to $ ten minutes before"`, place)
	}
	w.put(`,"participant":[{"actor":{$},"required":"required","status":"accepted"},{"actor":$,"status":"accepted"}]`, w.subject, w.clinician())
	w.end()
}

func (w *writer) referral() {
	at, s := w.past(3), pick(w.r, specialties[:])
	w.entry("ServiceRequest", "sr", "UKCore-ServiceRequest", at)
	w.identifier()
	w.put(`,"status":"$","intent":"order"`, pick(w.r, []string{"active", "completed", "completed"}))
	w.put(`,"category":[{"coding":[{"system":"$","code":"3457005","display":"Patient referral"}]}],"priority":"$","code":{"coding":[{"system":"$","code":"3457005","display":"Patient referral"}],"text":"Referral to $"}`,
		snomed, pick(w.r, []string{"routine", "routine", "urgent"}), snomed, s.display)
	w.patient("subject")
	w.put(`,"authoredOn":"$","requester":$,"performerType":{"coding":[{"system":"$","code":"$","display":"$"}]},"performer":[$]`,
		instant(at), w.clinician(), snomed, s.code, s.display, organisation(w.person.Hospital))
	w.end()
}

// letter writes a document: text for most, a PDF of one page for discharge
// summaries.
func (w *writer) letter(title string) {
	at, s := w.past(4), pick(w.r, specialties[:])
	kind := coded{"823681000000100", "Outpatient letter"}
	mime := "text/plain"
	text := "Dear colleague,\n\nThank you for asking us to see this patient in " + s.display +
		". They are well and no change is needed.\n\nWe will see them again in six months.\n"
	if title == "Discharge summary" {
		kind, mime = coded{"373942005", "Discharge summary"}, "application/pdf"
		text = pdf(title + ": " + s.display + ", " + date(at) + ". Recovered well, home with no change of medicines.")
	}
	w.entry("DocumentReference", "do", "UKCore-DocumentReference", at)
	w.identifier()
	w.put(`,"status":"current","docStatus":"final"`)
	w.concept("type", snomed, kind)
	w.patient("subject")
	w.put(`,"date":"$","author":[$],"custodian":$,"description":"$: $"`, instant(at), w.clinician(), organisation(w.org), title, s.display)
	w.put(`,"content":[{"attachment":{"contentType":"$","language":"en-GB","data":"$","size":$,"title":"$","creation":"$"}}],"context":{"practiceSetting":{"coding":[{"system":"$","code":"$","display":"$"}]}}`,
		mime, base64.StdEncoding.EncodeToString([]byte(text)), strconv.Itoa(len(text)), title, instant(at), snomed, s.code, s.display)
	w.end()
}

// pdf returns the smallest document that a reader shows a line of text from.
func pdf(line string) string {
	var b strings.Builder
	var at []int
	object := func(body string) {
		at = append(at, b.Len())
		b.WriteString(strconv.Itoa(len(at)) + " 0 obj" + body + "endobj\n")
	}
	b.WriteString("%PDF-1.4\n")
	stream := "BT/F1 11 Tf 40 800 Td(" + line + ")Tj ET"
	object("<</Type/Catalog/Pages 2 0 R>>")
	object("<</Type/Pages/Kids[3 0 R]/Count 1>>")
	object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>")
	object("<</Length " + strconv.Itoa(len(stream)) + ">>stream\n" + stream + "\nendstream ")
	object("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
	start := b.Len()
	b.WriteString("xref\n0 6\n0000000000 65535 f \n")
	for _, n := range at {
		s := strconv.Itoa(n)
		b.WriteString("0000000000"[len(s):] + s + " 00000 n \n")
	}
	b.WriteString("trailer<</Size 6/Root 1 0 R>>\nstartxref\n" + strconv.Itoa(start) + "\n%%EOF\n")
	return b.String()
}

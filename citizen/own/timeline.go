package own

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

// Row is one dated happening, short enough for a list of everything.
type Row struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Section string `json:"section"`
	Kind    string `json:"kind"` // "Test result", "Appointment"
	Title   string `json:"title"`
	Detail  string `json:"detail,omitempty"` // "7.4 mmol/L"; how it was marked says Flag alone
	When    Moment `json:"when,omitzero"`
	Source  Source `json:"source"`
	Flag    Flag   `json:"flag,omitzero"`
}

// Timeline is a record as one list. The caller pages Rows.
type Timeline struct {
	Rows  []Row    `json:"rows"` // the latest first; undated ones at the end
	Total int      `json:"total"`
	Years []Choice `json:"years,omitempty"`
	Kinds []Choice `json:"kinds,omitempty"` // sections
}

// happenings are the types that a timeline tells, with what a row of theirs is
// called.
var happenings = map[string]string{
	"AllergyIntolerance": "Allergy", "Appointment": "Appointment", "CarePlan": "Care plan", "Communication": "Message",
	"Composition": "Document", "Condition": "Health problem", "DiagnosticReport": "Report",
	"DocumentReference": "Letter or document", "Encounter": "Visit", "EpisodeOfCare": "Period of care", "Flag": "Alert",
	"ImagingStudy": "Scan or X-ray", "Immunization": "Vaccination", "MedicationAdministration": "Medicine given",
	"MedicationDispense": "Medicine handed out", "MedicationRequest": "Prescription", "MedicationStatement": "Medicine",
	"Observation": "Test result", "Procedure": "Procedure", "QuestionnaireResponse": "Questionnaire",
	"ServiceRequest": "Referral or request", "AdverseEvent": "Adverse event", "Task": "Task",
	"RiskAssessment": "Risk assessment", "DetectedIssue": "Possible problem with treatment", "ClinicalImpression": "Clinical assessment",
}

// Timeline merges all that happened into one list. Filter.Kind is a section's name.
// What was recorded by mistake, and what says that there is nothing, is not in it.
func (r *Reader) Timeline(entries []Entry, f Filter) Timeline {
	t := Timeline{Rows: make([]Row, 0, len(entries))}
	var p Page
	s := newShelf(&p, 0, f)
	for i := range entries {
		e := fact{&entries[i], entries[i].Resource.Type()}
		if _, ok := happenings[e.typ]; !ok || mistaken(e.Resource) {
			continue
		}
		if _, ok := absent(e.typ, e.Resource); ok {
			continue
		}
		when := r.when(e)
		if s.keep(when, e.Section.String(), titles[e.Section]) {
			t.Rows = append(t.Rows, r.row(e, when))
		}
	}
	latest(t.Rows, func(w *Row) Moment { return w.When })
	t.Total = p.Shown
	t.Years, t.Kinds = choices(s.years, s.kinds)
	return t
}

// row tells an entry in short.
func (r *Reader) row(e fact, when Moment) Row {
	w := Row{
		ID: e.ID, Type: e.typ, Section: e.Section.String(), Kind: first(happenings[e.typ], capital(thingOf(e.typ))),
		When: when, Source: r.source(e.Source),
	}
	w.Title, w.Detail, w.Flag = r.short(e)
	w.Title = first(w.Title, w.Kind)
	return w
}

// short returns what a row says of an entry.
func (r *Reader) short(e fact) (title, detail string, f Flag) {
	n := e.Resource
	title = says(n.Get(codeElement(e.typ)))
	switch e.typ {
	case "Observation":
		detail, f = r.shortResult(n)
	case "DiagnosticReport":
		detail = statusIf(e, "registered", "preliminary", "partial", "amended", "corrected", "cancelled")
	case "Appointment":
		_, title = appointmentName(n)
		status, _ := r.appointmentStatus(n)
		return title, status.Words, f
	case "Encounter":
		_, words := stayKind(n)
		title, detail = first(title, says(n.Get("serviceType")), words), words
	case "MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration":
		concept, _ := r.medication(n)
		title = first(says(concept), n.Path("medicationReference", "display").Text())
		d := firstThere(n, "dosageInstruction", "dosage")
		if d.Kind() == fhir.Array {
			d = d.At(0)
		}
		detail = first(d.Get("text").Text(), statusOf(e.typ, n.Get("status")).Words)
	case "Condition":
		detail = statusOf(e.typ, n.Get("clinicalStatus")).Words
	case "AllergyIntolerance":
		title = first(inOwnWords(n.Get("code")), title)
		detail = shortAllergy(n)
	case "Flag":
		title = first(inOwnWords(n.Get("code")), title)
	case "FamilyMemberHistory":
		title = capital(first(says(n.Get("relationship")), "relative"))
		detail = says(n.Path("condition", "code"))
	case "DocumentReference":
		detail = n.Get("description").Text()
	case "Composition", "CarePlan":
		title = first(n.Get("title").Text(), says(mainCategory(n.Get("category"))), title)
		detail = statusIf(e, "active", "completed", "revoked")
	case "RelatedPerson":
		title = nameText(n.Get("name").At(0))
		detail = first(relations[codeOf(n.Get("relationship").At(0))], says(n.Get("relationship")))
	case "CareTeam":
		title = first(n.Get("name").Text(), title)
	case "ServiceRequest":
		title = first(title, says(n.Get("category")))
		detail = statusOf(e.typ, n.Get("status")).Words
	default:
		detail = statusIf(e, "not-done", "cancelled", "stopped", "planned")
	}
	if detail == title || detail == happenings[e.typ] {
		detail = ""
	}
	return title, detail, f
}

// shortResult writes a value, and returns beside it how the laboratory marked it.
func (r *Reader) shortResult(n fhir.Node) (string, Flag) {
	if n.Get("status").Is("cancelled") {
		return "The test was cancelled", Flag{}
	}
	v := r.reading(n)
	detail := first(v.value, pressure(n), v.noValue)
	if provisional, corrected := settled(n); provisional {
		detail += " (early result, may change)"
	} else if corrected {
		detail += " (corrected)"
	}
	return detail, v.flag
}

// shortAllergy writes what an allergy does, and that it is of high risk.
func shortAllergy(n fhir.Node) string {
	detail := strings.Join(sayAll(n.Get("reaction").At(0).Get("manifestation")), ", ")
	if n.Get("criticality").Is("high") {
		detail = strings.TrimPrefix(detail+", high risk", ", ")
	}
	return capital(first(detail, statusOf("", n.Get("clinicalStatus")).Words))
}

// statusIf writes an entry's status if it is one of those that a row should tell.
func statusIf(e fact, codes ...string) string {
	status := e.Resource.Get("status")
	for _, c := range codes {
		if status.Is(c) {
			return statusOf(e.typ, status).Words
		}
	}
	return ""
}

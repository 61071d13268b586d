package own

import (
	"iter"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// things are FHIR's types as people call them.
var things = map[string]string{
	"AllergyIntolerance": "allergy", "Appointment": "appointment", "AppointmentResponse": "answer to an appointment",
	"CarePlan": "care plan", "CareTeam": "care team", "Communication": "message", "Composition": "document",
	"Condition": "problem", "Consent": "consent", "Device": "device or implant", "DeviceRequest": "request for a device",
	"DiagnosticReport": "report", "DocumentReference": "letter or document", "Encounter": "visit",
	"EpisodeOfCare": "period of care", "FamilyMemberHistory": "family history", "Flag": "alert", "Goal": "goal",
	"ImagingStudy": "scan or X-ray", "Immunization": "vaccination", "List": "list", "Media": "picture or recording",
	"MedicationAdministration": "medicine given", "MedicationDispense": "medicine handed out",
	"MedicationRequest": "prescription", "MedicationStatement": "medicine", "Observation": "test result",
	"Patient": "personal details", "Procedure": "procedure", "Provenance": "note on where an entry comes from",
	"QuestionnaireResponse": "answered questionnaire", "RelatedPerson": "contact", "RiskAssessment": "risk assessment",
	"ServiceRequest": "referral or request", "Specimen": "sample", "Task": "task", "AdverseEvent": "adverse event",
	"DetectedIssue": "possible problem with treatment", "ClinicalImpression": "clinical assessment",
	"ImmunizationRecommendation": "vaccination that is due", "NutritionOrder": "diet", "VisionPrescription": "prescription for glasses or lenses",
	"Claim": "claim", "ExplanationOfBenefit": "statement of costs", "Coverage": "cover for costs", "Account": "account",
	"DeviceUseStatement": "use of a device", "BodyStructure": "part of the body", "RequestGroup": "group of requests",
}

// thingOf returns what a type is called; of one without a name, its own in words.
func thingOf(typ string) string {
	if t, ok := things[typ]; ok {
		return t
	}
	var b strings.Builder
	for i := range len(typ) {
		if i > 0 && typ[i] >= 'A' && typ[i] <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteByte(typ[i])
	}
	return strings.ToLower(b.String())
}

// mistaken reports whether the source marked the resource as recorded by mistake.
func mistaken(n fhir.Node) bool {
	const wrong = "entered-in-error"
	return n.Get("status").Is(wrong) || n.Get("lifecycleStatus").Is(wrong) || n.Get("docStatus").Is(wrong) || hasCode(n.Get("verificationStatus"), wrong)
}

// absentCodes say that there is nothing (true), or that it is not known (false).
var absentCodes = map[string]bool{
	"716186003": true, "160244002": true, "409137002": true, "429625007": true, "428607008": true,
	"428197003": true, "716184000": true, "160245001": true, "787481004": true,
	"no-known-allergies": true, "no-known-medication-allergies": true, "no-known-environmental-allergies": true,
	"no-known-food-allergies": true, "no-known-problems": true, "no-known-medications": true,
	"no-known-procedures": true, "no-known-immunizations": true, "no-known-devices": true,
	"1287211007": false, "no-allergy-info": false, "no-problem-info": false, "no-medication-info": false,
	"no-procedure-info": false, "no-immunization-info": false, "no-device-info": false,
}

// codeElement is the element that says what a resource of the type is about.
func codeElement(typ string) string {
	switch typ {
	case "MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration":
		return "medicationCodeableConcept"
	case "Immunization":
		return "vaccineCode"
	case "DocumentReference", "Composition", "Encounter", "Specimen", "Device", "EpisodeOfCare":
		return "type"
	case "CarePlan", "Communication":
		return "category"
	case "Goal":
		return "description"
	}
	return "code"
}

// absent reads an entry that says that there is nothing of its kind, or that it is
// not known.
func absent(typ string, n fhir.Node) (none, ok bool) {
	switch typ {
	case "AllergyIntolerance", "Condition", "MedicationRequest", "MedicationStatement", "Procedure", "Immunization", "DeviceUseStatement":
	default:
		return false, false
	}
	if hasCode(n.Get("verificationStatus"), "refuted") {
		return false, false
	}
	for coding := range n.Get(codeElement(typ)).Get("coding").Each() {
		if none, ok = absentCodes[coding.Get("code").Text()]; ok {
			held := !hasCode(n.Get("clinicalStatus"), "inactive", "resolved", "remission") &&
				!n.Get("status").Is("stopped") && !n.Get("status").Is("cancelled")
			return none && held, true
		}
	}
	return false, false
}

// listSections are the sections that a List of that code is about: SNOMED CT's
// record headings and LOINC's sections of a summary.
var listSections = map[string]section.Section{
	"886921000000105": section.Allergies, "48765-2": section.Allergies,
	"933361000000108": section.Medicines, "10160-0": section.Medicines, "29549-3": section.Medicines,
	"887151000000101": section.Problems, "11450-4": section.Problems,
	"1102181000000102": section.Immunisations, "11369-6": section.Immunisations,
}

// emptyList reads a List that says why it is empty.
func emptyList(n fhir.Node) (s section.Section, none, ok bool) {
	if n.Get("entry").Len() > 0 || !n.Get("emptyReason").Exists() || n.Get("status").Is("retired") {
		return 0, false, false
	}
	for coding := range n.Get("code").Get("coding").Each() {
		if s, ok = listSections[coding.Get("code").Text()]; ok {
			return s, hasCode(n.Get("emptyReason"), "nilknown"), true
		}
	}
	return 0, false, false
}

// fact is an entry that is no mistake and no statement of absence.
type fact struct {
	*Entry
	typ string
}

// facts yields what the entries say of the page's section, and puts on the page
// what was recorded by mistake and what says that there is nothing.
func (r *Reader) facts(p *Page, s section.Section, entries []Entry) iter.Seq[fact] {
	return func(yield func(fact) bool) {
		for i := range entries {
			e := &entries[i]
			typ := e.Resource.Type()
			if typ == "List" && !mistaken(e.Resource) {
				if about, none, ok := emptyList(e.Resource); ok {
					if about == s {
						p.Statements = append(p.Statements, r.listStatement(e, none))
					}
					continue
				}
			}
			if e.Section != s {
				continue
			}
			if mistaken(e.Resource) {
				p.Mistakes = append(p.Mistakes, r.mistake(e, typ))
				continue
			}
			if none, ok := absent(typ, e.Resource); ok {
				p.Statements = append(p.Statements, r.statement(fact{e, typ}, none))
				continue
			}
			if !yield(fact{e, typ}) {
				return
			}
		}
	}
}

func (r *Reader) mistake(e *Entry, typ string) Mistake {
	m := Mistake{ID: e.ID, Type: typ, Section: e.Section.String(), Source: r.source(e.Source), Received: r.instant(e.Received)}
	m.Says = "An entry of the kind “" + thingOf(typ) + "” was recorded by mistake"
	if m.Source.Organisation != "" {
		m.Says += " by " + m.Source.Organisation
	}
	m.Says += ". It does not count, and what it said is not shown."
	return m
}

func (r *Reader) statement(e fact, none bool) Statement {
	it := r.item(e, e.Resource.Get(codeElement(e.typ)))
	return Statement{Item: it, None: none, When: it.Recorded}
}

func (r *Reader) listStatement(e *Entry, none bool) Statement {
	it := r.item(fact{e, "List"}, e.Resource.Get("emptyReason"))
	title := noneTitle(e.Resource)
	if none && title != "" {
		it.Original, it.Title = first(it.Original, it.Title), title
	}
	it.Notes = notes(e.Resource.Get("note"))
	return Statement{Item: it, None: none, When: r.moment(e.Resource.Get("date"))}
}

func noneTitle(list fhir.Node) string {
	s, _, _ := emptyList(list)
	if n, ok := nouns[s]; ok {
		return "No known " + n[1]
	}
	return ""
}

// source says whose the client is, once a request.
func (r *Reader) source(client string) Source {
	s, ok := r.sources[client]
	if !ok {
		if r.o.Source != nil {
			s = r.o.Source(client)
		}
		r.sources[client] = s
	}
	return s
}

// recordedIn are the elements that say when the source recorded something.
var recordedIn = [...]string{"recordedDate", "authoredOn", "dateAsserted", "recorded", "issued", "created", "authored", "statusDate", "date", "sent"}

// ownWords are the types of which the sender's own words are shown before ours.
var ownWords = map[string]bool{"Flag": true, "AllergyIntolerance": true}

// item makes what every model of the entry carries; of is the CodeableConcept that
// says what it is.
func (r *Reader) item(e fact, of fhir.Node) Item {
	if of.Kind() == fhir.Array {
		of = of.At(0)
	}
	c := conceptOf(of)
	if text := inOwnWords(of); text != "" && ownWords[e.typ] && c.plain {
		c.title, c.original, c.meaning = text, c.title, ""
	}
	it := Item{
		ID: e.ID, Type: e.typ, Section: e.Section.String(),
		Title: c.title, Meaning: c.meaning, Original: c.original, Codes: c.codes,
		Status: statusOf(e.typ, e.Resource.Get("status")),
		Source: r.source(e.Source), Received: r.instant(e.Received),
		Notes: notes(e.Resource.Get("note")),
	}
	if it.Title == "" {
		it.Title = capital(thingOf(e.typ))
	}
	for _, name := range recordedIn {
		if d := e.Resource.Get(name); d.Kind() == fhir.String {
			it.Recorded = r.moment(d)
			break
		}
	}
	return it
}

// other makes a row of an entry whose type has no model of its own.
func (r *Reader) other(e fact) Other {
	return Other{Item: r.item(e, e.Resource.Get(codeElement(e.typ))), Kind: capital(thingOf(e.typ)), When: r.when(e)}
}

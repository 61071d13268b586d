package own

import "strings"

// dates are the elements that say when something happened, by type, the best first;
// a star stands for a choice of types. It is what lists are ordered by.
var dates = map[string][]string{
	"AllergyIntolerance":       {"onset*", "recordedDate"},
	"Appointment":              {"start", "requestedPeriod", "created"},
	"CarePlan":                 {"period", "created"},
	"CareTeam":                 {"period"},
	"Communication":            {"sent", "received"},
	"Composition":              {"date"},
	"Condition":                {"onset*", "recordedDate"},
	"DiagnosticReport":         {"effective*", "issued"},
	"DocumentReference":        {"date", "context.period"},
	"Encounter":                {"period"},
	"EpisodeOfCare":            {"period"},
	"FamilyMemberHistory":      {"date"},
	"Flag":                     {"period"},
	"Goal":                     {"start*", "statusDate"},
	"ImagingStudy":             {"started"},
	"Immunization":             {"occurrence*", "recorded"},
	"MedicationAdministration": {"effective*"},
	"MedicationDispense":       {"whenHandedOver", "whenPrepared"},
	"MedicationRequest":        {"authoredOn"},
	"MedicationStatement":      {"effective*", "dateAsserted"},
	"Observation":              {"effective*", "issued"},
	"Procedure":                {"performed*"},
	"QuestionnaireResponse":    {"authored"},
	"RelatedPerson":            {"period"},
	"ServiceRequest":           {"authoredOn", "occurrence*"},
	"Specimen":                 {"receivedTime"},
	"Task":                     {"authoredOn", "executionPeriod", "lastModified"},
	"Claim":                    {"created"}, "ExplanationOfBenefit": {"created"}, "Provenance": {"recorded"},
}

// anyDates are looked for in types that are not in dates.
var anyDates = []string{"effective*", "occurrence*", "performed*", "period", "date", "authoredOn", "created", "recorded", "issued", "authored"}

// when returns the date that an entry is ordered and filtered by.
func (r *Reader) when(e fact) Moment {
	names, ok := dates[e.typ]
	if !ok {
		names = anyDates
	}
	for _, name := range names {
		if base, ok := strings.CutSuffix(name, "*"); ok {
			if m := r.choice(e.Resource, base); !m.IsZero() {
				return m
			}
			continue
		}
		n := e.Resource
		for part := range strings.SplitSeq(name, ".") {
			n = n.Get(part)
		}
		m := r.moment(n)
		if m.IsZero() {
			m = r.moment(n.Get("start"))
		}
		if m.IsZero() {
			m = r.moment(n.Get("end"))
		}
		if !m.IsZero() {
			return m
		}
	}
	return Moment{}
}

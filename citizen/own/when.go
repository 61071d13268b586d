package own

import (
	"strings"
	"sync"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

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

// dateElements is dates with each choice written out as element names.
var dateElements = sync.OnceValue(func() map[string][]string {
	out := make(map[string][]string, len(dates)+1)
	for typ, names := range dates {
		out[typ] = writtenOut(names)
	}
	out[""] = writtenOut(anyDates)
	return out
})

func writtenOut(names []string) []string {
	var out []string
	for _, name := range names {
		base, ok := strings.CutSuffix(name, "*")
		if !ok {
			out = append(out, name)
			continue
		}
		for _, t := range []string{"DateTime", "Date", "Instant", "Period"} {
			out = append(out, base+t)
		}
	}
	return out
}

// dateOf returns the element that an entry is ordered and filtered by.
func dateOf(e fact) fhir.Node {
	all := dateElements()
	names, ok := all[e.typ]
	if !ok {
		names = all[""]
	}
	for _, name := range names {
		n := e.Resource.Get(name)
		if name == "context.period" {
			n = e.Resource.Get("context").Get("period")
		}
		if n.Kind() == fhir.Array {
			n = n.At(0)
		}
		if n.Kind() == fhir.Object {
			if start := n.Get("start"); start.Exists() {
				n = start
			} else {
				n = n.Get("end")
			}
		}
		if n.Kind() == fhir.String {
			return n
		}
	}
	return fhir.Node{}
}

// when returns the date that an entry is ordered and filtered by.
func (r *Reader) when(e fact) Moment { return r.moment(dateOf(e)) }

// at is when without its words; the day of a date without a time is that of UTC,
// which is near enough to choose the newest by.
func (r *Reader) at(e fact) time.Time {
	low, _, err := fhir.ParseDate(dateOf(e).Text())
	if err != nil {
		return time.Time{}
	}
	return low
}

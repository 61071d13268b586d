package fhir

import "slices"

// Param is a search parameter that entries are indexed by: one of tokens, or one
// of dates that is not the clinical date of its type. Its number is its place in
// paramNames, and stored.
type Param uint8

// paramNames are the parameters in the order of their numbers: add at the end.

var paramNames = [...]string{
	"", "code", "category", "status", "identifier", "clinical-status", "verification-status", "type", "class", "intent",
	"vaccine-code", "criticality", "severity", "priority", "service-type", "service-category", "specialty", "appointment-type",
	"reason-code", "lifecycle-status", "achievement-status", "component-code", "body-site", "relationship", "setting", "modality",
	"target-disease", "scope", "gender", "active", "actuality", "event", "seriousness", "location", "morphology", "use", "outcome",
	"finding-code", "group-identifier", "medium", "class-type", "related-id", "sex", "dose-status", "vaccine-type",
	"participant-role", "reason-given", "reason-not-given", "method", "additive", "formula", "oraldiet", "supplement",
	"recorded-date", "abatement-date", "last-date", "onset", "issued", "activity-date", "received", "period", "location-period",
	"target-date", "reaction-date", "date", "value-date", "when", "occurrence", "modified", "entered-date", "payment-date",
	"event-date", "whenprepared",
}

// String returns the parameter's name in FHIR.
func (p Param) String() string {
	if int(p) >= len(paramNames) {
		return ""
	}
	return paramNames[p]
}

// ParseParam returns the parameter of that name.
func ParseParam(name string) (Param, bool) {
	i := slices.Index(paramNames[1:], name)
	return Param(i + 1), i >= 0
}

// ParamKind is the type of a search parameter.
type ParamKind string

// Kinds of search parameter.
const (
	TokenParam     ParamKind = "token"
	DateParam      ParamKind = "date"
	ReferenceParam ParamKind = "reference"
)

// SearchParam is a parameter that resources of a type can be searched by.
type SearchParam struct {
	Name  string
	Kind  ParamKind
	Param Param // 0 for _id, patient and the clinical date, which no token is needed for
}

// SearchParams returns what resources of the type can be searched by, from the
// same table that Extract works by: _id; patient, if the type belongs to a
// person; the type's clinical date; its tokens and other dates. Nil for what is
// no type.
func SearchParams(resourceType string) []SearchParam {
	if !IsType(resourceType) {
		return nil
	}
	return slices.Clone(definitions().index[resourceType].params)
}

// index is how a type is searched and extracted.
type index struct {
	params []SearchParam
	tokens []tokenRow
	spans  []tokenRow // dates that are kept as tokens
	date   [][]string // elements of the date parameter
	others [][]string // elements that date the resource when those are missing
}

type tokenRow struct {
	param Param
	paths [][]string
}

// dates names, for each type, the search parameter of its clinical date, and
// the elements that stand in for it.
var dates = map[string]struct {
	param  string
	others [][]string
}{
	"Account":                     {"period", nil},
	"AdverseEvent":                {"date", [][]string{{"detected"}, {"recordedDate"}}},
	"AllergyIntolerance":          {"date", [][]string{{"onset"}, {"lastOccurrence"}}},
	"Appointment":                 {"date", [][]string{{"requestedPeriod"}, {"created"}}},
	"AuditEvent":                  {"date", nil},
	"Basic":                       {"created", nil},
	"CarePlan":                    {"date", [][]string{{"created"}}},
	"CareTeam":                    {"date", nil},
	"ChargeItem":                  {"occurrence", [][]string{{"enteredDate"}}},
	"Claim":                       {"created", [][]string{{"billablePeriod"}}},
	"ClaimResponse":               {"created", nil},
	"ClinicalImpression":          {"date", [][]string{{"effective"}}},
	"Communication":               {"sent", [][]string{{"received"}}},
	"CommunicationRequest":        {"authored", [][]string{{"occurrence"}}},
	"Composition":                 {"date", nil},
	"Condition":                   {"onset-date", [][]string{{"recordedDate"}}},
	"Consent":                     {"date", nil},
	"CoverageEligibilityRequest":  {"created", [][]string{{"serviced"}}},
	"CoverageEligibilityResponse": {"created", [][]string{{"serviced"}}},
	"DetectedIssue":               {"identified", nil},
	"DeviceRequest":               {"authored-on", [][]string{{"occurrence"}}},
	"DiagnosticReport":            {"date", [][]string{{"issued"}}},
	"DocumentManifest":            {"created", nil},
	"DocumentReference":           {"date", [][]string{{"context", "period"}, {"content", "attachment", "creation"}}},
	"Encounter":                   {"date", nil},
	"EpisodeOfCare":               {"date", nil},
	"ExplanationOfBenefit":        {"created", [][]string{{"billablePeriod"}}},
	"FamilyMemberHistory":         {"date", nil},
	"Flag":                        {"date", nil},
	"Goal":                        {"start-date", [][]string{{"statusDate"}}},
	"ImagingStudy":                {"started", nil},
	"Immunization":                {"date", [][]string{{"recorded"}}},
	"ImmunizationEvaluation":      {"date", nil},
	"ImmunizationRecommendation":  {"date", nil},
	"Invoice":                     {"date", nil},
	"List":                        {"date", nil},
	"MeasureReport":               {"date", [][]string{{"period"}}},
	"Media":                       {"created", [][]string{{"issued"}}},
	"MedicationAdministration":    {"effective-time", nil},
	"MedicationDispense":          {"whenhandedover", [][]string{{"whenPrepared"}}},
	"MedicationRequest":           {"authoredon", nil},
	"MedicationStatement":         {"effective", [][]string{{"dateAsserted"}}},
	"NutritionOrder":              {"datetime", nil},
	"Observation":                 {"date", [][]string{{"issued"}}},
	"Patient":                     {"birthdate", nil},
	"Procedure":                   {"date", nil},
	"Provenance":                  {"recorded", nil},
	"QuestionnaireResponse":       {"authored", nil},
	"RequestGroup":                {"authored", nil},
	"ResearchSubject":             {"date", nil},
	"RiskAssessment":              {"date", [][]string{{"occurrence"}}},
	"Schedule":                    {"date", nil},
	"ServiceRequest":              {"authored", [][]string{{"occurrence"}}},
	"Specimen":                    {"collected", [][]string{{"receivedTime"}}},
	"SupplyRequest":               {"date", [][]string{{"occurrence"}}},
	"Task":                        {"authored-on", [][]string{{"lastModified"}}},
	"VisionPrescription":          {"datewritten", [][]string{{"created"}}},
}

// anyDate dates what has no such parameter.
var anyDate = [][]string{{"effective"}, {"performed"}, {"occurrence"}, {"timing"}, {"start"}, {"date"}, {"dateTime"}, {"recordedDate"},
	{"recordedOn"}, {"authoredOn"}, {"period"}, {"created"}, {"issued"}, {"recorded"}}

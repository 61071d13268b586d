package fhir

import "slices"

// Param is a token search parameter that entries are indexed by. Its number is
// stored: add at the end.
type Param uint8

// The token parameters.
const (
	_ Param = iota
	ParamCode
	ParamCategory
	ParamStatus
	ParamIdentifier
	ParamClinicalStatus
	ParamVerificationStatus
	ParamType
	ParamClass
	ParamIntent
	ParamVaccineCode
	ParamCriticality
	ParamSeverity
	ParamPriority
	ParamServiceType
	ParamServiceCategory
	ParamSpecialty
	ParamAppointmentType
	ParamReasonCode
	ParamLifecycleStatus
	ParamAchievementStatus
	ParamComponentCode
	ParamBodySite
	ParamRelationship
	ParamSetting
	ParamModality
	ParamTargetDisease
	ParamScope
	ParamGender
	ParamActive
)

var paramNames = [...]string{"", "code", "category", "status", "identifier", "clinical-status", "verification-status", "type", "class", "intent",
	"vaccine-code", "criticality", "severity", "priority", "service-type", "service-category", "specialty", "appointment-type", "reason-code",
	"lifecycle-status", "achievement-status", "component-code", "body-site", "relationship", "setting", "modality", "target-disease", "scope",
	"gender", "active"}

// String returns the parameter's name in FHIR.
func (p Param) String() string {
	if int(p) >= len(paramNames) {
		return ""
	}
	return paramNames[p]
}

// ParseParam returns the token parameter of that name.
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
	Param Param // of a token parameter that is an index token; 0 for _id, patient and dates
}

// SearchParams returns what resources of the type can be searched by, from the
// same table that Extract works by: _id; patient, if the type belongs to a
// person; the type's clinical date; its tokens. Nil for what is no type.
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
	"AllergyIntolerance":    {"date", [][]string{{"onset"}, {"lastOccurrence"}}},
	"Appointment":           {"date", [][]string{{"requestedPeriod"}, {"created"}}},
	"AuditEvent":            {"date", nil},
	"CarePlan":              {"date", [][]string{{"created"}}},
	"CareTeam":              {"date", nil},
	"Communication":         {"sent", [][]string{{"received"}}},
	"Composition":           {"date", nil},
	"Condition":             {"onset-date", [][]string{{"recordedDate"}}},
	"Consent":               {"date", nil},
	"DiagnosticReport":      {"date", [][]string{{"issued"}}},
	"DocumentReference":     {"date", [][]string{{"context", "period"}, {"content", "attachment", "creation"}}},
	"Encounter":             {"date", nil},
	"EpisodeOfCare":         {"date", nil},
	"Flag":                  {"date", nil},
	"Goal":                  {"start-date", [][]string{{"statusDate"}}},
	"ImagingStudy":          {"started", nil},
	"Immunization":          {"date", [][]string{{"recorded"}}},
	"List":                  {"date", nil},
	"Media":                 {"created", [][]string{{"issued"}}},
	"MedicationRequest":     {"authoredon", nil},
	"MedicationStatement":   {"effective", [][]string{{"dateAsserted"}}},
	"Observation":           {"date", [][]string{{"issued"}}},
	"Patient":               {"birthdate", nil},
	"Procedure":             {"date", nil},
	"Provenance":            {"recorded", nil},
	"QuestionnaireResponse": {"authored", nil},
	"ServiceRequest":        {"authored", [][]string{{"occurrence"}}},
	"Specimen":              {"collected", [][]string{{"receivedTime"}}},
	"Task":                  {"authored-on", [][]string{{"lastModified"}}},
}

// anyDate dates what we hold no definition of.
var anyDate = [][]string{{"effective"}, {"performed"}, {"occurrence"}, {"whenHandedOver"}, {"whenPrepared"}, {"date"}, {"dateTime"},
	{"recordedDate"}, {"authoredOn"}, {"period"}, {"created"}, {"issued"}, {"recorded"}}

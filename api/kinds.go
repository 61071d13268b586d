package api

import (
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

const patientType = "Patient"

// kind is a resource type that is served, and what it is searched by.
type kind struct {
	name      string
	directory bool             // belongs to no person: read by id only
	bare      bool             // of what takes paging only
	ledger    bool             // the access ledger: no part of the record, see auditevent.go
	params    map[string]param // by name
	date      string           // the parameter of the clinical date; "" if there is none
}

// param is a search parameter.
type param struct {
	fhir.SearchParam
	subject bool // whose the entry is: it chooses the record, and filters nothing
}

// kindsOf returns all types that the record keeps.
func kindsOf() map[string]*kind {
	kinds := map[string]*kind{}
	for _, name := range fhir.Types() {
		if record.IsDirectoryType(name) {
			kinds[name] = &kind{name: name, directory: true}
			continue
		}
		if record.SectionsOf(name) != 0 {
			kinds[name] = newKind(name)
		}
	}
	kinds[auditType] = auditKind() // in the place of what sources say of their own looks
	return kinds
}

// newKind takes a type's parameters from the table that entries are indexed by.
func newKind(name string) *kind {
	k := &kind{name: name, params: map[string]param{}}
	for _, p := range fhir.SearchParams(name) {
		switch {
		case p.Name == "_id": // every type has it
		case p.Kind == fhir.ReferenceParam: // whose it is: below
		case name == patientType && slices.Contains(finders, p.Name): // people are found by those, not filtered
		case p.Kind == fhir.DateParam && p.Param == 0:
			k.date = p.Name
			k.params[p.Name] = param{SearchParam: p}
		default:
			k.params[p.Name] = param{SearchParam: p}
		}
	}
	if name == patientType {
		return k
	}
	// Whose entries are asked for chooses the record: every type is searched so, also
	// those that FHIR gives no such parameter.
	for _, whose := range []string{"patient", "subject"} {
		if whose == "patient" || subjects[name] {
			k.params[whose] = param{fhir.SearchParam{Name: whose, Kind: fhir.ReferenceParam}, true}
		}
	}
	return k
}

// subjects are the types that also call whose they are their subject.
var subjects = map[string]bool{
	"Account": true, "AdverseEvent": true, "Basic": true, "CarePlan": true, "CareTeam": true, "ChargeItem": true,
	"ClinicalImpression": true, "Communication": true, "CommunicationRequest": true, "Composition": true, "Condition": true,
	"DeviceRequest": true, "DeviceUseStatement": true, "DiagnosticReport": true, "DocumentManifest": true,
	"DocumentReference": true, "Encounter": true, "Flag": true, "Goal": true, "GuidanceResponse": true, "ImagingStudy": true,
	"Invoice": true, "List": true, "MeasureReport": true, "Media": true, "MedicationAdministration": true,
	"MedicationDispense": true, "MedicationRequest": true, "MedicationStatement": true, "Observation": true, "Procedure": true,
	"QuestionnaireResponse": true, "RequestGroup": true, "RiskAssessment": true, "ServiceRequest": true, "Specimen": true, "Task": true,
}

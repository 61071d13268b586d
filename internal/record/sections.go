package record

import (
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// sections says where the entries of a type lie. What a council sends of the types
// of care plans lies in social care instead; what belongs to a person and is not
// named here is part of what happened to them: encounters.
var sections = map[string]section.Section{
	"Patient":       section.Demographics,
	"RelatedPerson": section.Contacts,

	"Flag": section.Alerts, "DetectedIssue": section.Alerts, "RiskAssessment": section.Alerts, "AdverseEvent": section.Alerts,

	"AllergyIntolerance": section.Allergies,

	"Condition": section.Problems, "Procedure": section.Problems, "FamilyMemberHistory": section.Problems,
	"ClinicalImpression": section.Problems, "DeviceUseStatement": section.Problems,

	"MedicationRequest": section.Medicines, "MedicationStatement": section.Medicines,
	"MedicationDispense": section.Medicines, "MedicationAdministration": section.Medicines,

	"Immunization": section.Immunisations, "ImmunizationRecommendation": section.Immunisations, "ImmunizationEvaluation": section.Immunisations,

	"Observation": section.Results, "DiagnosticReport": section.Results, "Specimen": section.Results,
	"ImagingStudy": section.Results, "Media": section.Results, "BodyStructure": section.Results,
	"MolecularSequence": section.Results, "VisionPrescription": section.Results,

	"Appointment": section.Appointments, "AppointmentResponse": section.Appointments,
	"ServiceRequest": section.Appointments, "RequestGroup": section.Appointments, "DeviceRequest": section.Appointments,

	"DocumentReference": section.Letters, "DocumentManifest": section.Letters, "Composition": section.Letters,
	"Communication": section.Letters, "CommunicationRequest": section.Letters,

	"CarePlan": section.CarePlans, "Goal": section.CarePlans, "CareTeam": section.CarePlans,
	"NutritionOrder": section.CarePlans, "Consent": section.CarePlans,

	"Device": section.Encounters, // an implant, say; it names its patient
	"Task":   section.Encounters,
	"Person": 0, // would tell a restricted person's address a second time

	// Of the patient's compartment, though the table of package fhir has no definition
	// of them and so does not say it.
	"Account": section.Encounters, "ChargeItem": section.Encounters, "Claim": section.Encounters, "ClaimResponse": section.Encounters,
	"Coverage": section.Encounters, "CoverageEligibilityRequest": section.Encounters, "CoverageEligibilityResponse": section.Encounters,
	"EnrollmentRequest": section.Encounters, "ExplanationOfBenefit": section.Encounters, "Invoice": section.Encounters,
	"MeasureReport": section.Encounters, "ResearchSubject": section.Encounters, "SupplyRequest": section.Encounters,
}

// council lists the types that are social care when a council sends them.
var council = map[string]bool{
	"CarePlan": true, "Goal": true, "CareTeam": true, "ServiceRequest": true, "EpisodeOfCare": true,
	"Encounter": true, "QuestionnaireResponse": true, "Task": true, "Procedure": true,
}

// directoryTypes belong to no person.
var directoryTypes = map[string]bool{
	"Organization": true, "Practitioner": true, "PractitionerRole": true, "Location": true, "Medication": true,
	"HealthcareService": true, "Substance": true, "OrganizationAffiliation": true, "Endpoint": true,
}

// IsDirectoryType reports whether resources of the type belong to no person.
func IsDirectoryType(typ string) bool { return directoryTypes[typ] }

// SectionsOf returns the sections that entries of a type may lie in: none for a
// type that the record does not keep.
func SectionsOf(typ string) section.Set {
	s := usual(typ)
	if s == 0 {
		return 0
	}
	if council[typ] {
		return section.Of(s, section.SocialCare)
	}
	return section.Of(s)
}

// SectionFor returns where an entry of that type from that kind of source lies, or
// 0 for a type that the record does not keep.
func SectionFor(typ string, from partner.Kind) section.Section {
	if from == partner.Council && council[typ] {
		return section.SocialCare
	}
	return usual(typ)
}

func usual(typ string) section.Section {
	if s, ok := sections[typ]; ok {
		return s
	}
	if IsDirectoryType(typ) {
		return 0
	}
	if _, ok := fhir.InCompartment(typ); ok {
		return section.Encounters
	}
	return 0
}

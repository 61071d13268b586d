package ledger

import (
	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// The words for residents. They say "you", name no codes, and explain what the
// profession takes for granted.
var (
	doneTo = map[access.Action]string{
		access.Read:        "looked at",
		access.Find:        "found you by a search",
		access.Consult:     "looked up organisations and staff",
		access.Choose:      "set who may see your record",
		access.Administer:  "looked at or changed how your record is kept",
		access.SeeAccesses: "looked at who had looked at your record",
		access.Export:      "took a copy of your whole record",
		access.Answering:   "saw or answered your question why somebody looked",
		access.Enrol:       "saw to a code for your own account",
	}
	askedTo = map[access.Action]string{
		access.Read:        "asked to look at",
		access.Find:        "searched for you",
		access.Consult:     "asked to look up organisations and staff",
		access.Choose:      "asked to set who may see your record",
		access.Administer:  "asked to look at or change how your record is kept",
		access.SeeAccesses: "asked to see who had looked at your record",
		access.Export:      "asked for a copy of your whole record",
		access.Answering:   "asked to see or answer your question why somebody looked",
		access.Enrol:       "asked to see to a code for your own account",
	}

	becauseYou = map[access.Basis]string{
		access.NoBasis:       "",
		access.Registered:    "because you are registered with them",
		access.ByEncounter:   "because you were seen or stayed there",
		access.ByReferral:    "because you were referred to them",
		access.ByAppointment: "because you have or had an appointment there",
		access.Finding:       "because finding the right person is part of their work",
		access.ByOperator:    "because they run the service",
		access.Self:          "because it is your own record",
		access.ByOffice:      "because you asked their organisation",
		access.ByProgramme:   "because their office helps people with their accounts",
	}

	refusedTo = map[access.Outcome]string{
		access.Refused:        "they are not somebody who may look at records here",
		access.Unknown:        "they were told that there is no such record",
		access.NoRelationship: "they are not involved in your care",
		access.NoConsent:      "you have chosen not to share your record",
		access.NotYours:       "that part of your record is not open to them",
		access.Allowed:        "",
		access.Invalidated:    "your NHS number had been replaced",
		access.StepUp:         "it had to be confirmed with a passkey first",
	}

	rolesInWords = map[identity.Role]string{
		identity.NoRole:          "",
		identity.Clinician:       "Doctor or other clinician",
		identity.Nurse:           "Nurse",
		identity.AlliedHealth:    "Therapist or other health professional",
		identity.Pharmacist:      "Pharmacist",
		identity.Paramedic:       "Paramedic",
		identity.SocialWorker:    "Social worker",
		identity.CareCoordinator: "Care co-ordinator",
		identity.Receptionist:    "Receptionist",
		identity.PrivacyOfficer:  "Privacy officer",
		identity.ProgrammeOffice: "Programme office",
	}

	sectionsInWords = map[section.Section]string{
		section.Demographics:  "your personal details",
		section.Contacts:      "your contacts",
		section.Alerts:        "your alerts",
		section.Allergies:     "your allergies",
		section.Problems:      "your health problems",
		section.Medicines:     "your medicines",
		section.Immunisations: "your vaccinations",
		section.Results:       "your test results",
		section.Appointments:  "your appointments",
		section.Encounters:    "your visits and hospital stays",
		section.Letters:       "your letters",
		section.CarePlans:     "your care plans",
		section.SocialCare:    "your social care",
		section.AboutMe:       "what you wrote about yourself",
		section.Contributions: "what you added to your record",
	}
)

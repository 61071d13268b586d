package access

import (
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// The sections of roles that do not have all: the table of RULES 3.
const (
	pharmacist = set(1<<section.Demographics | 1<<section.Alerts | 1<<section.Allergies | 1<<section.Problems |
		1<<section.Medicines | 1<<section.Immunisations | 1<<section.Results | 1<<section.Letters |
		1<<section.CarePlans | 1<<section.AboutMe | 1<<section.Contributions)
	paramedic = set(1<<section.Demographics | 1<<section.Contacts | 1<<section.Alerts | 1<<section.Allergies |
		1<<section.Problems | 1<<section.Medicines | 1<<section.Results | 1<<section.Encounters |
		1<<section.CarePlans | 1<<section.AboutMe | 1<<section.Contributions)
	socialWorker = set(1<<section.Demographics | 1<<section.Contacts | 1<<section.Alerts | 1<<section.Appointments |
		1<<section.Encounters | 1<<section.CarePlans | 1<<section.SocialCare | 1<<section.AboutMe |
		1<<section.Contributions)
	careCoordinator = set(1<<section.Demographics | 1<<section.Contacts | 1<<section.Alerts | 1<<section.Allergies |
		1<<section.Medicines | 1<<section.Appointments | 1<<section.CarePlans | 1<<section.SocialCare |
		1<<section.AboutMe | 1<<section.Contributions)
	receptionist = set(1<<section.Demographics | 1<<section.Contacts | 1<<section.Appointments | 1<<section.AboutMe)
)

type set = section.Set

// Sections returns what a role may read at most; an agreement can only narrow
// it. Privacy officers and the programme office read no record.
func Sections(r identity.Role) section.Set {
	switch r {
	case identity.Clinician, identity.Nurse:
		return section.All
	case identity.AlliedHealth:
		return section.All &^ (1 << section.SocialCare)
	case identity.Pharmacist:
		return pharmacist
	case identity.Paramedic:
		return paramedic
	case identity.SocialWorker:
		return socialWorker
	case identity.CareCoordinator:
		return careCoordinator
	case identity.Receptionist:
		return receptionist
	}
	return 0
}

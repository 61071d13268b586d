package seed

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/partner"
)

// Professional is somebody who works for one of the county's organisations.
type Professional struct {
	User     string // the short name to log in with in development: "uhd-clinician-1"
	Sub      string // the subject of their tokens
	UserID   string // nhsid_useruid: twelve digits
	RoleID   string // person_roleid: twelve digits
	Given    string
	Family   string
	Title    string
	Role     identity.Role
	RoleCode string
	RoleName string
	Org      Organisation
}

// Name is the name that people read.
func (p Professional) Name() string {
	if p.Title == "" {
		return p.Given + " " + p.Family
	}
	return p.Title + " " + p.Given + " " + p.Family
}

// Job is a role as the national directory codes it.
type Job struct {
	Role       identity.Role
	Code, Name string
}

// Jobs returns the role codes in use in the county; the programme's table of
// role codes has to know them.
func Jobs() []Job {
	return []Job{
		{identity.Clinician, "R8000", "Clinical Practitioner Access Role"},
		{identity.Nurse, "R8001", "Nurse Access Role"},
		{identity.AlliedHealth, "R8003", "Health Professional Access Role"},
		{identity.Pharmacist, "R1290", "Pharmacist"},
		{identity.Paramedic, "R0950", "Paramedic"},
		{identity.SocialWorker, "R1981", "Social Worker"},
		{identity.CareCoordinator, "R1982", "Care Co-ordinator"},
		{identity.Receptionist, "R8010", "Clerical Access Role"},
		{identity.PrivacyOfficer, "R0001", "Privacy Officer"},
		{identity.ProgrammeOffice, "R0002", "Programme Office"},
	}
}

type post struct {
	role  identity.Role
	count int
}

// posts says who works in an organisation of a kind: those who see people first.
func posts(k partner.Kind) []post {
	switch k {
	case partner.GP:
		return []post{{identity.Clinician, 3}, {identity.Nurse, 2}, {identity.Pharmacist, 1}, {identity.Receptionist, 2}, {identity.PrivacyOfficer, 1}}
	case partner.Acute:
		return []post{{identity.Clinician, 8}, {identity.Nurse, 8}, {identity.AlliedHealth, 2}, {identity.Pharmacist, 2},
			{identity.Paramedic, 2}, {identity.Receptionist, 2}, {identity.PrivacyOfficer, 1}}
	case partner.Community:
		return []post{{identity.Clinician, 3}, {identity.Nurse, 6}, {identity.AlliedHealth, 3}, {identity.CareCoordinator, 1}, {identity.PrivacyOfficer, 1}}
	case partner.Council:
		return []post{{identity.SocialWorker, 5}, {identity.CareCoordinator, 2}, {identity.PrivacyOfficer, 1}}
	case partner.Programme:
		return []post{{identity.ProgrammeOffice, 1}}
	}
	return nil
}

func makeStaff(r *rand.Rand, orgs []Organisation) []Professional {
	var staff []Professional
	for _, o := range orgs {
		short := shortName(o)
		for _, p := range posts(o.Kind) {
			for i := range p.count {
				staff = append(staff, newProfessional(r, o, p.role, fmt.Sprintf("%s-%s-%d", short, p.role, i+1), len(staff)))
			}
		}
	}
	return staff
}

func newProfessional(r *rand.Rand, o Organisation, role identity.Role, user string, n int) Professional {
	p := Professional{
		User: user, Sub: fmt.Sprintf("sim-%06d", n+1), UserID: fmt.Sprintf("9999%08d", n+1), RoleID: fmt.Sprintf("9998%08d", n+1),
		Family: families[r.IntN(len(families))], Role: role, Org: o,
	}
	if r.IntN(2) == 0 {
		p.Given = womensNames[r.IntN(len(womensNames))]
	} else {
		p.Given = mensNames[r.IntN(len(mensNames))]
	}
	if role == identity.Clinician {
		p.Title = "Dr"
	}
	for _, j := range Jobs() {
		if j.Role == role {
			p.RoleCode, p.RoleName = j.Code, j.Name
		}
	}
	return p
}

// shortName is the part of the source's name that tells organisations apart.
func shortName(o Organisation) string {
	switch {
	case o.Kind == partner.Programme:
		return "dcr"
	case o.practice:
		return o.Source
	}
	name, _, _ := strings.Cut(o.Source, "-")
	return name
}

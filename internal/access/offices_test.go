package access_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
)

// officer is the hospital's privacy officer, whom somebody asked.
func officer() access.Facts {
	f := consultant()
	f.Action, f.Asked, f.Relationship = access.Answering, 0, access.Relationship{}
	f.Caller.Role, f.AskedOf = identity.PrivacyOfficer, hospital
	return f
}

// desk is the practice's receptionist, at whose desk somebody wants a code.
func desk() access.Facts {
	f := consultant()
	f.Action, f.Asked, f.Relationship = access.Enrol, 0, access.Relationship{Registered: true}
	f.Caller.Role, f.Caller.Org = identity.Receptionist, practice
	f.Agreement.Org, f.Agreement.Kind = practice, partner.GP
	return f
}

// programme is the programme office, for whom nobody is registered.
func programme() access.Facts {
	f := desk()
	f.Caller.Role, f.Agreement.Kind, f.Agreement.Read, f.Relationship = identity.ProgrammeOffice, partner.Programme, 0, access.Relationship{}
	return f
}

func TestOffices(t *testing.T) {
	type change = func(*access.Facts)
	allowed := func(b access.Basis) access.Grant { return access.Grant{Outcome: access.Allowed, Basis: b} }
	no := func(o access.Outcome) access.Grant { return access.Grant{Outcome: o} }
	for _, tt := range []struct {
		name  string
		from  func() access.Facts
		makes change
		want  access.Grant
	}{
		{"a privacy officer who was asked", officer, nil, allowed(access.ByOffice)},
		{"by somebody who shares with nobody", officer, choice(sharing.None), allowed(access.ByOffice)},
		{"another organisation was asked", officer, func(f *access.Facts) { f.AskedOf = practice }, no(access.Unknown)},
		{"nobody was asked", officer, func(f *access.Facts) { f.AskedOf = "" }, no(access.Unknown)},
		{"there is no such question", officer, func(f *access.Facts) { f.Known = false }, no(access.Unknown)},
		{"a clinician does not answer", officer, as(identity.Clinician), no(access.Refused)},
		{"nor the programme office", officer, as(identity.ProgrammeOffice), no(access.Refused)},
		{"nor a system", officer, func(f *access.Facts) { f.Caller.Kind, f.Caller.Client = identity.System, "ehr" }, no(access.Refused)},
		{"nor a resident", officer, func(f *access.Facts) { f.Caller.Kind = identity.Resident }, no(access.Unknown)},
		{"nor under an agreement that was suspended", officer, func(f *access.Facts) { f.Agreement.Suspended = true }, no(access.Refused)},
		{"nor after the token's end", officer, func(f *access.Facts) { f.Caller.Expires = f.Now }, no(access.Refused)},

		{"the practice's desk", desk, nil, allowed(access.Registered)},
		{"for somebody who shares with nobody", desk, choice(sharing.None), allowed(access.Registered)},
		{"for somebody sensitive who is registered there", desk, func(f *access.Facts) { f.Sensitive = true }, allowed(access.Registered)},
		{"for somebody sensitive who is not", desk, func(f *access.Facts) { f.Sensitive, f.Relationship = true, access.Relationship{} }, no(access.Unknown)},
		{"for somebody else's patient", desk, relation(access.Relationship{Encounter: now}), no(access.NoRelationship)},
		{"for nobody known", desk, func(f *access.Facts) { f.Known = false }, no(access.Unknown)},
		{"for a number that was replaced", desk, invalid, no(access.Invalidated)},
		{"a hospital's desk", desk, func(f *access.Facts) { f.Agreement.Kind = partner.Acute }, no(access.Refused)},
		{"the practice's privacy officer", desk, as(identity.PrivacyOfficer), no(access.Refused)},
		{"a system does not hand out codes", desk, func(f *access.Facts) { f.Caller.Kind, f.Caller.Client = identity.System, "ehr" }, no(access.Refused)},
		{"the programme office", programme, nil, allowed(access.ByProgramme)},
		{"the programme office of a practice is none", programme, func(f *access.Facts) { f.Agreement.Kind, f.Agreement.Read = partner.GP, section.All }, no(access.Refused)},
		{"a clinician of the programme", programme, as(identity.Clinician), no(access.Refused)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := tt.from()
			if tt.makes != nil {
				tt.makes(&f)
			}
			if diff := cmp.Diff(tt.want, access.Decide(f)); diff != "" {
				t.Errorf("Decide (-want +got):\n%s", diff)
			}
		})
	}
}

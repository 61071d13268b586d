package access

import (
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/partner"
)

// inOffice reports whether the caller is a person at work for an organisation whose
// agreement stands. It depends on the caller alone.
func inOffice(f *Facts) bool {
	c, a := &f.Caller, &f.Agreement
	return c.Kind == identity.Professional && c.ID != "" && c.Org != "" && c.Org == a.Org && f.Now.Before(c.Expires) && a.Live(f.Now)
}

// answer decides for a privacy officer who is asked why their organisation looked.
// They see what they are asked and no part of the record; a question to another
// organisation is not there for them. The person's sharing choice is not asked: it
// is the person who asks them. RULES 3 and 7.
func answer(f *Facts) Grant {
	if !inOffice(f) || f.Caller.Role != identity.PrivacyOfficer {
		return Grant{Outcome: Refused}
	}
	if !f.Known || f.AskedOf != f.Caller.Org {
		return Grant{Outcome: Unknown}
	}
	return Grant{Outcome: Allowed, Basis: ByOffice}
}

// enrol decides for whoever hands activation codes out, and vouches for somebody
// who lost their passkeys: staff of the practice where the person is registered, or
// the programme office (RULES 1). Whoever shares with nobody, too, may have an
// account of their own.
func enrol(f *Facts) Grant {
	if !inOffice(f) {
		return Grant{Outcome: Refused}
	}
	office := f.Caller.Role == identity.ProgrammeOffice && f.Agreement.Kind == partner.Programme
	staff := f.Agreement.Kind == partner.GP && entitled(f) != 0
	switch {
	case !office && !staff:
		return Grant{Outcome: Refused}
	case !f.Known || f.Sensitive && !f.Cleared && !office && !f.Relationship.Registered:
		return Grant{Outcome: Unknown}
	case f.Invalidated:
		return Grant{Outcome: Invalidated}
	case office:
		return Grant{Outcome: Allowed, Basis: ByProgramme}
	case f.Relationship.Registered:
		return Grant{Outcome: Allowed, Basis: Registered}
	}
	return Grant{Outcome: NoRelationship}
}

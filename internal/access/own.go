package access

import (
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// own decides for a resident, who reads their own record at P9 and no other: all
// else has the answer of a record that is not there (RULES 0 and 1). What hides a
// person from professionals (the sharing choice, a restriction, a sensitive record,
// an invalid number) hides nothing from themself. Which entries of it are withheld
// from them is the record's to know.
func own(f *Facts) Grant {
	c := &f.Caller
	if c.ID == "" || c.Person == "" || c.Proofing != identity.P9 || f.Ended || !f.Now.Before(c.Expires) {
		return Grant{Outcome: Unknown}
	}
	if f.Action == Consult { // whom their entries name
		return Grant{Outcome: Allowed, Basis: Self}
	}
	if !f.Known || !f.Self {
		return Grant{Outcome: Unknown}
	}
	var granted section.Set
	switch f.Action {
	case SeeAccesses:
		return Grant{Outcome: Allowed, Basis: Self}
	case Export:
		if !f.SteppedUp {
			return Grant{Outcome: StepUp}
		}
		granted = f.Asked & section.All
	case Read, Find:
		granted = f.Asked & reach(f.Action)
	default:
		return Grant{Outcome: Unknown}
	}
	if granted == 0 {
		return Grant{Outcome: NotYours}
	}
	return Grant{Outcome: Allowed, Basis: Self, Sections: granted}
}

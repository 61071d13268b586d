package access

import (
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
)

// Decide answers in the order of RULES 0, so that each answer tells no more about
// the person than the one before. It is total: every Facts has an answer, and
// what is missing refuses. A caller whose identity has no end, or one that has
// passed, is refused like one without an agreement.
func Decide(f Facts) Grant {
	switch f.Caller.Kind {
	case identity.Operator:
		return operate(&f)
	case identity.Resident:
		return own(&f)
	}
	switch f.Action {
	case Answering:
		return answer(&f)
	case Enrol:
		return enrol(&f)
	}
	mine := entitled(&f)
	if mine == 0 || !possible(f.Action, mine) {
		return Grant{Outcome: Refused}
	}
	if f.Action == Consult {
		return Grant{Outcome: Allowed, Basis: Finding}
	}
	if hidden(&f) {
		return Grant{Outcome: Unknown}
	}
	// Whoever asked for a person who is not hidden would be told of them by any answer
	// below; so this one betrays nobody.
	if f.Invalidated {
		return Grant{Outcome: Invalidated}
	}
	basis := basisOf(&f)
	if basis == NoBasis {
		return Grant{Outcome: NoRelationship}
	}
	if f.Sharing.For(f.Caller.Org, f.Now) != sharing.Share {
		return Grant{Outcome: NoConsent}
	}
	granted := f.Asked & mine & reach(f.Action)
	if f.Restricted {
		granted &^= section.Of(section.Contacts)
	}
	if granted == 0 {
		return Grant{Outcome: NotYours}
	}
	return Grant{Outcome: Allowed, Basis: basis, Sections: granted, Reduced: f.Restricted}
}

// operate decides for the programme's operator, who changes what decides about a
// person, makes activation codes for the programme office, and reads nothing of them.
func operate(f *Facts) Grant {
	if f.Caller.ID == "" || f.Action != Choose && f.Action != Administer && f.Action != Enrol {
		return Grant{Outcome: Refused}
	}
	if !f.Known {
		return Grant{Outcome: Unknown}
	}
	return Grant{Outcome: Allowed, Basis: ByOperator}
}

// entitled returns what the caller's role and agreement let anyone in that place
// read of anybody: it depends on the caller alone, so refusing by it tells nothing
// about the person.
func entitled(f *Facts) section.Set {
	c, a := &f.Caller, &f.Agreement
	switch c.Kind {
	case identity.Professional:
	case identity.System:
		if c.Client == "" {
			return 0
		}
	default: // sources and operators never read the record for themselves
		return 0
	}
	if c.ID == "" || c.Org == "" || c.Org != a.Org || !f.Now.Before(c.Expires) || !a.Live(f.Now) {
		return 0
	}
	return Sections(c.Role) & a.Read
}

// possible reports whether somebody entitled to mine may do the action at all.
func possible(a Action, mine section.Set) bool {
	switch a {
	case Read, Consult:
		return true
	case Find:
		return mine.Has(section.Demographics)
	}
	return false
}

// reach returns the sections that an action can give at most.
func reach(a Action) section.Set {
	switch a {
	case Read:
		return section.All
	case Find:
		return section.Of(section.Demographics)
	}
	return 0
}

// hidden reports whether the caller must get the answer of a person who is not
// here. Restricted people are found by number only.
func hidden(f *Facts) bool {
	return !f.Known || f.Sensitive && !f.Cleared || f.Restricted && f.Action == Find && !f.ByNumber
}

// basisOf returns why the caller may do it, were the person to share. Finding
// needs a role only.
func basisOf(f *Facts) Basis {
	if f.Action == Find {
		return Finding
	}
	r, since := &f.Relationship, f.Now.UTC().AddDate(0, -f.Months, 0)
	switch {
	case r.Registered:
		return Registered
	case !r.Encounter.IsZero() && !r.Encounter.Before(since):
		return ByEncounter
	case !r.Referral.IsZero() && !r.Referral.Before(since):
		return ByReferral
	case !r.Appointment.IsZero() && !r.Appointment.Before(since):
		return ByAppointment
	}
	return NoBasis
}

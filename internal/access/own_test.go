package access_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
)

// mary is a resident with a passkey, about to read all of her own record. Her
// organisation, agreement and relationships are none.
func mary() access.Facts {
	return access.Facts{
		Now: now,
		Caller: identity.Caller{Kind: identity.Resident, ID: "amary", Person: "pmary", Proofing: identity.P9, Session: "s1",
			Expires: now.Add(time.Minute)},
		Action: access.Read, Asked: section.All, Known: true, Self: true, Sharing: sharing.Default(),
	}
}

func TestDecideForResidents(t *testing.T) {
	type facts = *access.Facts
	all := access.Grant{Outcome: access.Allowed, Basis: access.Self, Sections: section.All}
	may := access.Grant{Outcome: access.Allowed, Basis: access.Self}
	unknown := access.Grant{Outcome: access.Unknown}
	does := func(a access.Action) func(facts) { return func(f facts) { f.Action = a } }
	tests := []struct {
		name  string
		makes []func(facts)
		want  access.Grant
	}{
		{"reads her own record", nil, all},
		{"reads her letters", []func(facts){asks(section.Letters)}, access.Grant{Outcome: access.Allowed, Basis: access.Self, Sections: section.Of(section.Letters)}},
		{"reads nothing that is kept", []func(facts){asks()}, access.Grant{Outcome: access.NotYours}},

		// What hides her from professionals hides nothing from her.
		{"sealed to professionals", []func(facts){choice(sharing.None)}, all},
		{"restricted (PDS code R): address and contacts too", []func(facts){func(f facts) { f.Restricted = true }}, all},
		{"sensitive, a member of staff perhaps", []func(facts){func(f facts) { f.Sensitive = true }}, all},
		{"her number was invalidated", []func(facts){invalid}, all},
		{"a choice that could not be read", []func(facts){func(f facts) { f.Sharing = sharing.Choice{} }}, all},

		// What is not hers is not there.
		{"somebody else's", []func(facts){func(f facts) { f.Self = false }}, unknown},
		{"somebody else's, who is sensitive", []func(facts){func(f facts) { f.Self, f.Sensitive = false, true }}, unknown},
		{"somebody else's, whose number was invalidated", []func(facts){func(f facts) { f.Self = false; invalid(f) }}, unknown},
		{"nobody's", []func(facts){func(f facts) { f.Self, f.Known = false, false }}, unknown},
		{"her own, not yet known here", []func(facts){func(f facts) { f.Known = false }}, unknown},

		// How well it was checked who she is.
		{"details matched only (P5)", []func(facts){func(f facts) { f.Caller.Proofing = identity.P5 }}, unknown},
		{"e-mail and phone only (P0)", []func(facts){func(f facts) { f.Caller.Proofing = identity.P0 }}, unknown},
		{"a level from the future", []func(facts){func(f facts) { f.Caller.Proofing = 9 }}, unknown},
		{"P5, somebody else's", []func(facts){func(f facts) { f.Caller.Proofing, f.Self = identity.P5, false }}, unknown},

		// Her session.
		{"ends now", []func(facts){func(f facts) { f.Caller.Expires = now }}, unknown},
		{"without an end", []func(facts){func(f facts) { f.Caller.Expires = time.Time{} }}, unknown},
		{"she has died, or was deactivated", []func(facts){func(f facts) { f.Ended = true }}, unknown},
		{"an account without a person", []func(facts){func(f facts) { f.Caller.Person = "" }}, unknown},
		{"no account", []func(facts){func(f facts) { f.Caller.ID = "" }}, unknown},

		// What else she may do.
		{"sees who looked", []func(facts){does(access.SeeAccesses)}, may},
		{"sees who looked at somebody else's", []func(facts){does(access.SeeAccesses), func(f facts) { f.Self = false }}, unknown},
		{"sees who looked, at P5", []func(facts){does(access.SeeAccesses), func(f facts) { f.Caller.Proofing = identity.P5 }}, unknown},
		{"takes a copy, not confirmed", []func(facts){does(access.Export)}, access.Grant{Outcome: access.StepUp}},
		{"takes a copy, confirmed", []func(facts){does(access.Export), func(f facts) { f.SteppedUp = true }}, all},
		{"takes somebody else's, not confirmed", []func(facts){does(access.Export), func(f facts) { f.Self = false }}, unknown},
		{"takes somebody else's, confirmed", []func(facts){does(access.Export), func(f facts) { f.Self, f.SteppedUp = false, true }}, unknown},
		{"finds herself", []func(facts){finds(true), func(f facts) { f.Self = true }}, access.Grant{Outcome: access.Allowed, Basis: access.Self, Sections: section.Of(section.Demographics)}},
		{"finds herself, restricted, by name", []func(facts){finds(false), func(f facts) { f.Self, f.Restricted = true, true }},
			access.Grant{Outcome: access.Allowed, Basis: access.Self, Sections: section.Of(section.Demographics)}},
		{"finds somebody else", []func(facts){finds(true), func(f facts) { f.Self = false }}, unknown},
		{"looks up the hospital that her letter names", []func(facts){consults}, may},
		{"looks it up at P5", []func(facts){consults, func(f facts) { f.Caller.Proofing = identity.P5 }}, unknown},
		{"sets a choice: the operator does, for now", []func(facts){does(access.Choose)}, unknown},
		{"administers", []func(facts){does(access.Administer)}, unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := mary()
			for _, c := range tt.makes {
				c(&f)
			}
			if diff := cmp.Diff(tt.want, access.Decide(f)); diff != "" {
				t.Errorf("Decide (-want +got):\n%s", diff)
			}
		})
	}
}

// Who looked, and a copy of the record, are a resident's alone.
func TestOnlyResidentsSeeAccessesAndExport(t *testing.T) {
	for _, a := range []access.Action{access.SeeAccesses, access.Export} {
		for k := identity.Nobody; k <= identity.Resident; k++ {
			f := consultant()
			f.Caller.Kind, f.Caller.Client, f.Action, f.Self, f.SteppedUp = k, "ehr", a, true, true
			if g := access.Decide(f); g.Outcome == access.Allowed {
				t.Errorf("%v by %v: %+v", a, k, g)
			}
		}
	}
}

// A resident is never allowed anything of another's, whatever the other facts; and
// of what is not allowed nothing is told but that it is not there.
func TestResidentsKeepToTheirOwn(t *testing.T) {
	allowed := 0
	rapid.Check(t, func(t *rapid.T) {
		f := mary()
		for range rapid.IntRange(0, 4).Draw(t, "changes") {
			change(t, &f)
		}
		f.Caller.Kind = identity.Resident
		g := access.Decide(f)
		switch g.Outcome {
		case access.Allowed:
			allowed++
			if g.Basis != access.Self || g.Reduced || g.Sections&^f.Asked != 0 || f.Caller.Proofing != identity.P9 || f.Ended {
				t.Fatalf("%+v of %+v", g, f)
			}
			if f.Action != access.Consult && (!f.Self || !f.Known) {
				t.Fatalf("%v of another's record: %+v", f.Action, g)
			}
		case access.Unknown, access.NotYours:
		case access.StepUp:
			if !f.Self || f.SteppedUp || f.Action != access.Export {
				t.Fatalf("asked to confirm: %+v", f)
			}
		default:
			t.Fatalf("told %v", g.Outcome)
		}
		if g.Outcome != access.Allowed && (g.Sections != 0 || g.Basis != access.NoBasis) {
			t.Fatalf("a refusal gives something: %+v", g)
		}
	})
	if t.Log(allowed, "were allowed"); allowed == 0 {
		t.Error("nothing was allowed: the facts drawn prove nothing")
	}
}

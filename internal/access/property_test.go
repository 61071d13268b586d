package access_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
)

var (
	drawOrg  = rapid.SampledFrom([]nhs.ODS{"", hospital, practice})
	drawTime = rapid.Custom(func(t *rapid.T) time.Time {
		return rapid.SampledFrom([]time.Time{{}, now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0), now.Add(-1), now, now.Add(1), now.AddDate(1, 0, 0)}).Draw(t, "t")
	})
	drawSet = rapid.Custom(func(t *rapid.T) section.Set {
		return section.Set(rapid.Uint32().Draw(t, "bits")) & section.All
	})
	drawFacts = rapid.Custom(func(t *rapid.T) access.Facts {
		f := consultant() // in order but for a few things, or nothing would ever be allowed
		if rapid.Bool().Draw(t, "resident") {
			f = mary()
		}
		for range rapid.IntRange(0, 4).Draw(t, "changes") {
			change(t, &f)
		}
		return f
	})
)

// change makes one of the facts anything.
func change(t *rapid.T, f *access.Facts) {
	facts := []func(){
		func() { f.Caller.Kind = identity.Kind(rapid.IntRange(0, 5).Draw(t, "kind")) },
		func() { f.Caller.Org = drawOrg.Draw(t, "org") },
		func() { f.Caller.Expires = drawTime.Draw(t, "expires") },
		func() { f.Caller.Role = identity.Role(rapid.IntRange(0, 11).Draw(t, "role")) },
		func() { f.Agreement.Signed = drawTime.Draw(t, "signed") },
		func() { f.Agreement.Ends = drawTime.Draw(t, "ends") },
		func() { f.Agreement.DSPT = drawTime.Draw(t, "dspt") },
		func() { f.Agreement.Suspended = rapid.Bool().Draw(t, "suspended") },
		func() { f.Agreement.Read = drawSet.Draw(t, "read") },
		func() { f.Asked = drawSet.Draw(t, "asked") },
		func() { f.Action = access.Action(rapid.IntRange(0, 8).Draw(t, "action")) },
		func() { f.Caller.Proofing = identity.Proofing(rapid.IntRange(0, 3).Draw(t, "proofing")) },
		func() { f.Caller.Person = rapid.SampledFrom([]string{"", "pmary"}).Draw(t, "whose") },
		func() { f.Self = rapid.Bool().Draw(t, "self") },
		func() { f.Ended = rapid.Bool().Draw(t, "ended") },
		func() { f.SteppedUp = rapid.Bool().Draw(t, "stepped up") },
		func() { f.Known = rapid.Bool().Draw(t, "known") },
		func() { f.ByNumber = rapid.Bool().Draw(t, "by number") },
		func() { f.Sensitive, f.Cleared = rapid.Bool().Draw(t, "sensitive"), rapid.Bool().Draw(t, "cleared") },
		func() { f.Restricted = rapid.Bool().Draw(t, "restricted") },
		func() { f.Invalidated = rapid.Bool().Draw(t, "invalidated") },
		func() { f.Relationship.Registered = rapid.Bool().Draw(t, "registered") },
		func() { f.Relationship.Encounter = drawTime.Draw(t, "encounter") },
		func() { f.Relationship.Referral = drawTime.Draw(t, "referral") },
		func() { f.Relationship.Appointment = drawTime.Draw(t, "appointment") },
		func() { f.Sharing.Tier = sharing.Tier(rapid.IntRange(0, 4).Draw(t, "tier")) },
		func() {
			f.Sharing.Windows = append(f.Sharing.Windows,
				sharing.Window{Org: drawOrg.Draw(t, "for"), From: drawTime.Draw(t, "from"), To: drawTime.Draw(t, "to")})
		},
	}
	facts[rapid.IntRange(0, len(facts)-1).Draw(t, "fact")]()
}

// narrow takes something away from the facts.
func narrow(t *rapid.T, f access.Facts) access.Facts {
	steps := []func(){
		func() { f.Asked &= drawSet.Draw(t, "fewer asked") },
		func() { f.Agreement.Read &= drawSet.Draw(t, "fewer agreed") },
		func() { f.Agreement.Suspended = true },
		func() { f.Agreement.Ends = f.Agreement.Ends.Add(-time.Hour) },
		func() { f.Agreement.DSPT = f.Agreement.DSPT.Add(-time.Hour) },
		func() {
			if !f.Agreement.Signed.IsZero() { // an hour after never would be a date
				f.Agreement.Signed = f.Agreement.Signed.Add(time.Hour)
			}
		},
		func() { f.Caller.Expires = f.Caller.Expires.Add(-time.Hour) },
		func() { f.Caller.Role = identity.NoRole },
		func() { f.Caller.Proofing = min(f.Caller.Proofing, identity.P5) },
		func() { f.Caller.Person = "" },
		func() { f.Self = false },
		func() { f.Ended = true },
		func() { f.SteppedUp = false },
		func() { f.Known = false },
		func() { f.Sensitive = true },
		func() { f.Cleared = false },
		func() { f.Restricted = true },
		func() { f.Invalidated = true },
		func() { f.ByNumber = false },
		func() { f.Relationship.Registered = false },
		func() { f.Relationship.Encounter = f.Relationship.Encounter.Add(-time.Hour) },
		func() { f.Relationship.Referral = time.Time{} },
		func() { f.Relationship.Appointment = f.Relationship.Appointment.Add(-time.Hour) },
		func() { f.Sharing = sharing.Stricter(f.Sharing, sharing.Choice{Tier: sharing.EmergencyOnly}) },
		func() { f.Months = max(0, f.Months-6) },
		func() { f.Sharing.Tier = sharing.Unknown },
		func() {
			if f.Sharing.Tier != sharing.Share {
				f.Sharing.Windows = nil
			}
		},
	}
	steps[rapid.IntRange(0, len(steps)-1).Draw(t, "step")]()
	return f
}

func TestNarrowingNeverWidens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wide := drawFacts.Draw(t, "facts")
		tight := narrow(t, wide)
		before, after := access.Decide(wide), access.Decide(tight)
		if after.Sections&^before.Sections != 0 {
			t.Fatalf("grew from %v to %v", before, after)
		}
		if after.Outcome == access.Allowed && (before.Outcome != access.Allowed || before.Reduced && !after.Reduced) {
			t.Fatalf("from %v to %v", before, after)
		}
	})
}

func TestGrantsKeepWithinTheirBounds(t *testing.T) {
	allowed := 0
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts.Draw(t, "facts")
		g := access.Decide(f)
		if g.Outcome != access.Allowed {
			if g.Sections != 0 || g.Basis != access.NoBasis || g.Reduced || g.Err() == nil {
				t.Fatalf("a refusal gives something: %+v", g)
			}
			return
		}
		if f.Caller.Kind == identity.Resident { // see TestResidentsKeepToTheirOwn
			return
		}
		if f.Action == access.Consult || f.Caller.Kind == identity.Operator { // of nobody's record: nothing of one is given
			if g.Sections != 0 {
				t.Fatalf("gives %v", g.Sections)
			}
			return
		}
		allowed++
		if g.Sections == 0 || g.Sections&^(f.Asked&access.Sections(f.Caller.Role)&f.Agreement.Read) != 0 {
			t.Fatalf("sections %v of asked %v, agreed %v", g.Sections, f.Asked, f.Agreement.Read)
		}
		if f.Sharing.Tier != sharing.Share && len(f.Sharing.Windows) == 0 {
			t.Fatalf("allowed at tier %v without a window", f.Sharing.Tier)
		}
		if g.Basis == access.NoBasis || g.Err() != nil || g.Reduced != f.Restricted {
			t.Fatalf("%+v", g)
		}
	})
	if t.Log(allowed, "were allowed"); allowed == 0 {
		t.Error("nothing was allowed: the facts drawn prove nothing")
	}
}

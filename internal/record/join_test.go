package record_test

import (
	"errors"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A choice that is being set while the record is joined to another holds: it goes
// to the surviving one.
func TestAChoiceMadeDuringAJoin(t *testing.T) {
	w := newWorld(t)
	m, j := w.knows(mary, "Smith"), w.knows(john, "Jones")
	w.during = func() { must(t, w.r.Join(t.Context(), operator, j, m, "r")) }
	must(t, w.r.SetSharing(t.Context(), operator, j, sharing.Choice{Tier: sharing.None}, "r"))
	for _, p := range []record.PersonID{m, j} {
		if _, err := w.open(w.doctor(hospital.Org), p, "Observation"); errs.CodeOf(err) != access.CodeNoConsent {
			t.Errorf("read as %s: %v", p, err)
		}
	}
}

// Who may see one sensitive record does not see the other by their being joined;
// marks made while they are joined stay on both when they are split.
func TestMarksOfJoinedRecords(t *testing.T) {
	w := newWorld(t)
	m, j := w.knows(mary, "Smith"), w.knows(john, "Jones")
	gp, consultant := w.doctor(practice.Org), w.doctor(hospital.Org)
	must(t, w.r.SetSensitive(t.Context(), operator, m, true, []string{gp.ID}, "r"))
	must(t, w.r.SetSensitive(t.Context(), operator, j, true, []string{consultant.ID}, "r"))
	must(t, w.r.Join(t.Context(), operator, j, m, "r"))
	if _, err := w.open(consultant, m, "Observation"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("cleared for the one that was joined: %v", err)
	}
	must(t, w.r.SetSensitive(t.Context(), operator, m, true, []string{gp.ID, consultant.ID}, "r"))
	must(t, w.r.SetRestricted(t.Context(), operator, j, true, "r"))
	must(t, w.r.Split(t.Context(), operator, m, j, "r"))
	if v := w.mustOpen(consultant, j, "Patient"); !v.Grant().Reduced {
		t.Error("the mark was lost in the split")
	}
	if _, err := w.open(gp, j, "Patient"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("cleared for the other: %v", err)
	}
}

// Joining and splitting are events about both, and without a ledger nothing changes.
func TestJoinAndSplitAreEventsAboutBoth(t *testing.T) {
	w := newWorld(t)
	m, j := w.knows(mary, "Smith"), w.knows(john, "Jones")
	must(t, w.r.Join(t.Context(), operator, j, m, "r"))
	w.refuse = errors.New("down")
	if err := w.r.Split(t.Context(), operator, m, j, "r"); err == nil {
		t.Error("split without a ledger")
	}
	w.refuse = nil
	if v := w.mustOpen(w.doctor(hospital.Org), j, "Encounter"); len(w.search(v, record.Search{Type: "Encounter"})) != 2 {
		t.Error("a split that was refused took the record apart")
	}
	must(t, w.r.Split(t.Context(), operator, m, j, "r"))
	about := map[string]int{}
	for _, e := range w.trail {
		if e.Action == access.Administer {
			about[e.Person]++
		}
	}
	if about[string(m)] != 2 || about[string(j)] != 2 {
		t.Errorf("events: %v", about)
	}
}

package record_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// Accesses lists the world's trail as the ledger would; a cursor is how many events
// there were before what was told.
func (w *world) Accesses(_ context.Context, person, cursor string, limit int) (page []ledger.Access, next string, err error) {
	before := len(w.trail)
	if cursor != "" {
		if before, err = strconv.Atoi(cursor); err != nil {
			return nil, "", err
		}
	}
	for i := before - 1; i >= 0; i-- {
		if w.trail[i].Person != person {
			continue
		}
		if len(page) == limit {
			return page, strconv.Itoa(before), nil
		}
		page = append(page, ledger.Access{Instance: "i", Seq: uint64(i), Event: w.trail[i]})
		before = i
	}
	return page, "", nil
}

// Sources knows the practice as long as it is registered.
func (w *world) Sources(_ context.Context, ids []string) (map[string]record.SourceState, error) {
	out := map[string]record.SourceState{}
	for _, id := range ids {
		switch id {
		case practice.ID:
			out[id] = record.SourceState{Name: "EMIS", Org: practice.Org, OrgName: "Poole Road Surgery", Heard: now.Add(time.Hour), Expected: time.Hour}
		case hospital.ID:
			out[id] = record.SourceState{Name: "PAS", Org: hospital.Org, OrgName: "University Hospitals", Heard: now.Add(-2 * time.Hour), Expected: 3 * time.Hour}
		}
	}
	return out, nil
}

// looks returns all pages of who looked.
func (w *world) looks(a *record.Accesses, limit int) (seqs []uint64) {
	w.t.Helper()
	for cursor := ""; ; {
		page, next, err := a.Page(w.t.Context(), cursor, limit)
		must(w.t, err)
		for _, x := range page {
			if !a.Has(&x.Event) {
				w.t.Errorf("of somebody else: %+v", x)
			}
			seqs = append(seqs, x.Seq)
		}
		if next == "" {
			return seqs
		}
		cursor = next
	}
}

// Who looked is told to the person alone, and that they asked is told first.
func TestWhoLooked(t *testing.T) {
	w := newWorld(t)
	m, j := w.knows(mary, "Smith"), w.knows(john, "Jones")
	for i := range 7 { // moments apart, so that their order is clear
		w.later = time.Duration(i) * time.Minute
		p := m
		if i%3 == 1 {
			p = j
		}
		w.mustOpen(w.doctor(hospital.Org), p, "Encounter")
	}
	w.later = time.Hour
	a, err := w.r.OpenAccesses(t.Context(), w.resident(mary), m, "r")
	must(t, err)
	if e := w.trail[len(w.trail)-1]; e.Action != access.SeeAccesses || e.Outcome != access.Allowed || e.Basis != access.Self || e.Person != string(m) {
		t.Errorf("%+v", e)
	}
	for _, limit := range []int{1, 2, 100} {
		if d := cmp.Diff([]uint64{7, 6, 5, 3, 2, 0}, w.looks(a, limit)); d != "" {
			t.Error(d)
		}
	}
	// Joined, it is about all members.
	must(t, w.r.Join(t.Context(), operator, j, m, "r"))
	n := len(w.trail)
	a, err = w.r.OpenAccesses(t.Context(), w.resident(john), j, "r")
	must(t, err)
	want := w.looks(a, 100)
	if len(want) != n+1 || want[0] != uint64(n) || len(a.Members()) != 2 {
		t.Errorf("%v of %d", want, n+1)
	}
	for _, limit := range []int{1, 2, 3, 5} {
		if d := cmp.Diff(want, w.looks(a, limit)); d != "" {
			t.Errorf("in pages of %d: %s", limit, d)
		}
	}
	if _, _, err := a.Page(t.Context(), "!", 3); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a bad cursor: %v", err)
	}
	p5 := w.resident(mary)
	p5.Proofing = identity.P5
	for name, c := range map[string]identity.Caller{"a doctor": w.doctor(practice.Org), "another": w.resident(nhs.MustNumber("9990000042")), "at P5": p5, "operator": operator} {
		if _, err := w.r.OpenAccesses(t.Context(), c, m, "r"); err == nil {
			t.Errorf("told %s", name)
		}
	}
	w.refuse = errors.New("down")
	if _, err := w.r.OpenAccesses(t.Context(), w.resident(mary), m, "r"); err == nil {
		t.Error("told without a ledger")
	}
}

// A copy of the record needs a passkey, now.
func TestExport(t *testing.T) {
	w := newWorld(t)
	m := w.knows(mary, "Smith")
	open := func(c identity.Caller, confirmed bool) error {
		_, err := w.r.Open(t.Context(), c, record.Request{Person: m, What: "export", RequestID: "r", Export: true, SteppedUp: confirmed})
		return err
	}
	if err := open(w.resident(mary), false); errs.CodeOf(err) != access.CodeStepUp || errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("not confirmed: %v", err)
	}
	must(t, open(w.resident(mary), true))
	if err := open(w.resident(john), true); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another's: %v", err)
	}
	if err := open(w.doctor(practice.Org), true); errs.KindOf(err) != errs.Forbidden {
		t.Errorf("a doctor: %v", err)
	}
}

// Each source is told with when it was heard; one of which only hidden entries came
// is not.
func TestFreshness(t *testing.T) {
	w := newWorld(t)
	m := w.knows(mary, "Smith")
	w.sends(council, mary, 3, flag(t, "f", "staff-only"))
	told := func(v *record.View) (out []string) {
		all, err := v.Freshness(t.Context())
		must(t, err)
		for _, f := range all {
			out = append(out, fmt.Sprintf("%s %s %s %v %v", f.Source, f.Name, f.OrgName, f.Heard.Sub(now), f.Late))
		}
		return out
	}
	w.later = 4 * time.Hour
	want := []string{"gp-a EMIS Poole Road Surgery 1h0m0s true", "uhd PAS University Hospitals 0s true"}
	if d := cmp.Diff(want, told(w.mustOpen(w.resident(mary), m, ""))); d != "" {
		t.Error(d)
	}
	w.later = 30 * time.Minute
	want = []string{"bcp   0s false", "gp-a EMIS Poole Road Surgery 1h0m0s false", "uhd PAS University Hospitals 0s false"}
	if d := cmp.Diff(want, told(w.mustOpen(w.doctor(practice.Org), m, ""))); d != "" {
		t.Error(d)
	}
}

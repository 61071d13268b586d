package citizen_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/dorsetcarerecord/dcr/citizen"
	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// sees appends events about the caller's record: n of their own, or n of others.
func (w *world) sees(c identity.Caller, n int, own bool) (ids []string) {
	w.t.Helper()
	e := ledger.Event{Time: w.now, Kind: identity.Professional, Caller: "cis2/1", Name: "Dr A", Role: identity.Clinician, Org: practice.Org, Action: access.Read,
		Outcome: access.Allowed, Basis: access.ByAppointment, Person: c.Person, Sections: section.Of(section.Results), What: "Observation"}
	if own {
		e = ledger.Event{Time: w.now, Kind: identity.Resident, Caller: c.ID, Action: access.Read, Outcome: access.Allowed, Basis: access.Self, Person: c.Person}
	}
	for i := range n {
		if !own && i%2 > 0 {
			e.Outcome, e.Basis = access.NoRelationship, 0 // what was refused is told too
		}
		seq, err := w.ledger.Append(w.t.Context(), &e)
		w.must(err)
		ids = slices.Insert(ids, 0, ledger.AuditID("main", seq))
	}
	return ids
}

// reads lists whose looks there are, page by page.
func (w *world) reads(c identity.Caller, whose citizen.Whose, limit int, page func(citizen.Looks)) (ids []string) {
	w.t.Helper()
	q := citizen.LooksQuery{Whose: whose, Limit: limit}
	for {
		got, err := w.s.Looks(w.t.Context(), c, "r", q)
		w.must(err)
		page(got)
		for _, l := range got.Looks {
			if whose != citizen.LooksOfAll && l.Own != (whose == citizen.LooksOfOwn) {
				w.t.Errorf("a look of the others: %+v", l)
			}
			ids = append(ids, l.ID)
		}
		if q.Cursor = got.Next; q.Cursor == "" {
			return ids
		}
	}
}

// Whoever reads who looked is not shown their own looks first: pages are filled with what
// others did, however many of their own lie between, and none is empty.
func TestWhoLookedButOneself(t *testing.T) {
	w := newWorld(t)
	c := w.mary()
	var want []string
	for _, n := range []int{1, 0, 130, 2, 7, 250, 3} {
		want = slices.Concat(w.sees(c, 2, false), want)
		w.sees(c, n, true)
	}
	for _, limit := range []int{1, 2, 3, 5, 50, 100} {
		got := w.reads(c, citizen.LooksOfOthers, limit, func(p citizen.Looks) {
			if len(p.Looks) == 0 || len(p.Looks) < limit && p.Next != "" || p.LookedThrough > 0 {
				t.Errorf("by %d: a page of %d, then %q", limit, len(p.Looks), p.Next)
			}
		})
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("by %d: %v, want %v", limit, got, want)
		}
	}
	all := w.reads(c, citizen.LooksOfAll, 100, func(citizen.Looks) {})
	own := w.reads(c, citizen.LooksOfOwn, 100, func(citizen.Looks) {})
	if len(own) <= 393 || len(own)+len(want) < len(all) || slices.ContainsFunc(own, func(id string) bool { return slices.Contains(want, id) }) {
		t.Errorf("%d in all, %d of others, %d own", len(all), len(want), len(own))
	}
}

// One request looks through so many events and no more, and says so.
func TestWhoLookedIsBounded(t *testing.T) {
	w := newWorld(t)
	c := w.mary()
	want := w.sees(c, 1, false)
	w.sees(c, 1300, true)
	var pages []citizen.Looks
	got := w.reads(c, citizen.LooksOfOthers, 50, func(p citizen.Looks) { pages = append(pages, p) })
	if !slices.Equal(got, want) || len(pages) != 2 || len(pages[0].Looks) > 0 || pages[0].LookedThrough < 1000 || pages[0].LookedThrough > 1100 || pages[1].LookedThrough > 0 {
		t.Errorf("%v in %d pages: %+v", got, len(pages), pages)
	}
}

func TestParseWhose(t *testing.T) {
	for text, want := range map[string]citizen.Whose{"": citizen.LooksOfAll, "all": citizen.LooksOfAll, "others": citizen.LooksOfOthers, "own": citizen.LooksOfOwn} {
		if got, err := citizen.ParseWhose(text); got != want || err != nil {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	if e, ok := errs.As(func() error { _, err := citizen.ParseWhose("Others"); return err }()); !ok || e.Kind != errs.Invalid || e.Path != "whose" {
		t.Errorf("%+v", e)
	}
}

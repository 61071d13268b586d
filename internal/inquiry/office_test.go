package inquiry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
)

// Only the privacy officer of the organisation that was asked sees anything, and
// what is not theirs is the same as what does not exist.
func TestWhoSees(t *testing.T) {
	w := newWorld(t)
	_, err := w.asks("mary", w.looked("pmary", nil), "why?")
	w.must(err)
	ref := w.list(inquiry.Open)[0].Ref
	as := func(change func(*identity.Caller)) identity.Caller { c := w.officer(hospital); change(&c); return c }
	other, err := w.q.See(t.Context(), w.officer(practice), ref, "r")
	if errs.KindOf(err) != errs.NotFound || other.Words != "" {
		t.Errorf("another organisation: %+v, %v", other, err)
	}
	_, absent := w.q.See(t.Context(), w.officer(hospital), "pnobody.main-1.1", "r")
	if d := cmp.Diff(fmt.Sprintf("%#v", err), fmt.Sprintf("%#v", absent)); d != "" && absent.Error() != err.Error() {
		t.Errorf("absent and another's differ: %s", d)
	}
	if d := cmp.Diff([]string{"cis2/9 answer unknown pmary inquiry read", "cis2/9 answer unknown  inquiry read"}, w.trail()); d != "" {
		t.Errorf("ledger (-want +got):\n%s", d)
	}
	for name, c := range map[string]identity.Caller{
		"a clinician":        as(func(c *identity.Caller) { c.Role = identity.Clinician }),
		"a system":           as(func(c *identity.Caller) { c.Kind, c.Client = identity.System, "ehr" }),
		"an expired officer": as(func(c *identity.Caller) { c.Expires = w.now }),
	} {
		if _, err := w.q.See(t.Context(), c, ref, "r"); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("%s sees: %v", name, err)
		}
		if _, _, err := w.q.List(t.Context(), c, inquiry.Open, "", 10, "r"); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("%s lists: %v", name, err)
		}
	}
	for _, bad := range []string{"", ".", "pmary", "pmary.", ".main-0.1", strings.Repeat("p", 300)} {
		if _, err := w.q.See(t.Context(), w.officer(hospital), bad, "r"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Nothing is shown or changed without the ledger.
func TestNoLedgerNoAnswer(t *testing.T) {
	w := newWorld(t)
	i, err := w.asks("mary", w.looked("pmary", nil), "")
	w.must(err)
	item := w.list(inquiry.Open)[0]
	w.must(w.ledger.Close(t.Context()))
	if q, err := w.q.See(t.Context(), w.officer(hospital), item.Ref, "r"); err == nil || q.Name != "" {
		t.Errorf("seen: %+v", q)
	}
	if _, err := w.q.Answer(t.Context(), w.officer(hospital), item.Ref, item.Version, "Because.", "r"); err == nil {
		t.Error("answered")
	}
	mine, err := w.q.OwnOne(t.Context(), w.resident("mary"), i.ID)
	if err != nil || mine.State != inquiry.Asked {
		t.Errorf("%+v, %v", mine, err)
	}
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		w.now = w.now.Add(time.Minute)
		_, err := w.asks("mary", w.looked("pmary", nil), "")
		w.must(err)
	}
	var seen []time.Time
	cursor := ""
	for range 3 {
		items, next, err := w.q.List(t.Context(), w.officer(hospital), inquiry.Open, cursor, 2, "r")
		w.must(err)
		for _, i := range items {
			seen = append(seen, i.At)
		}
		if cursor = next; next == "" {
			break
		}
	}
	if len(seen) != 5 || !slices.IsSortedFunc(seen, time.Time.Compare) {
		t.Errorf("pages: %v", seen)
	}
	if _, _, err := w.q.List(t.Context(), w.officer(hospital), inquiry.Open, "!", 2, "r"); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a made-up page: %v", err)
	}
}

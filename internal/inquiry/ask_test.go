package inquiry_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
)

func TestWhoAsks(t *testing.T) {
	w := newWorld(t)
	seq, own := w.looked("pmary", nil), w.looked("pmary", func(e *ledger.Event) {
		*e = ledger.Event{Kind: identity.Resident, Caller: "amary", Person: "pmary", Outcome: access.Allowed}
	})
	office := w.looked("pmary", func(e *ledger.Event) { e.Kind, e.Org = identity.Operator, "" })
	if _, err := w.asks("john", seq, ""); errs.KindOf(err) != errs.NotFound {
		t.Errorf("about another's: %v", err)
	}
	if _, err := w.asks("mary", seq+100, ""); errs.KindOf(err) != errs.NotFound {
		t.Errorf("about nothing: %v", err)
	}
	for _, s := range []uint64{own, office} {
		if _, err := w.asks("mary", s, ""); errs.KindOf(err) != errs.Unprocessable {
			t.Errorf("about event %d: %v", s, err)
		}
	}
	low, carer := w.resident("mary"), w.officer(hospital)
	low.Proofing = identity.P5
	for _, c := range []identity.Caller{low, carer, {}} {
		if _, err := w.q.Ask(t.Context(), c, looks{w, "pmary"}, "main", seq, ""); errs.KindOf(err) != errs.NotFound {
			t.Errorf("%v asks: %v", c.Kind, err)
		}
		if _, err := w.q.Own(t.Context(), c); errs.KindOf(err) != errs.NotFound {
			t.Errorf("%v lists: %v", c.Kind, err)
		}
	}
	for _, bad := range []string{strings.Repeat("é", inquiry.MaxWords+1), "a\x00b", "\xff"} {
		if _, err := w.asks("mary", seq, bad); errs.KindOf(err) != errs.Invalid {
			t.Errorf("words %q: %v", bad[:3], err)
		}
	}
	if _, err := w.asks("mary", seq, strings.Repeat("é", inquiry.MaxWords)); err != nil {
		t.Error(err)
	}
	if _, err := w.q.OwnOne(t.Context(), w.resident("john"), "main-0.1"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another's: %v", err)
	}
}

func TestTheProgrammeIsAskedToo(t *testing.T) {
	w := newWorld(t, func(o *inquiry.Options) { o.Office = practice })
	i, err := w.asks("mary", w.looked("pmary", func(e *ledger.Event) { e.Kind, e.Org = identity.Operator, "" }), "")
	if err != nil || i.AskedOf != practice {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestLimits(t *testing.T) {
	w := newWorld(t, func(o *inquiry.Options) { o.Open, o.Again = 2, 2 })
	first := w.looked("pmary", nil)
	i, err := w.asks("mary", first, "")
	w.must(err)
	if _, err := w.asks("mary", first, ""); errs.CodeOf(err) != inquiry.CodeAsked {
		t.Errorf("twice at a time: %v", err)
	}
	_, err = w.asks("mary", w.looked("pmary", nil), "")
	w.must(err)
	third := w.looked("pmary", nil)
	if _, err := w.asks("mary", third, ""); errs.CodeOf(err) != inquiry.CodeTooMany {
		t.Errorf("a third: %v", err)
	}
	_, err = w.q.Close(t.Context(), w.resident("mary"), i.ID) // withdrawn
	w.must(err)
	again, err := w.asks("mary", first, "")
	w.must(err)
	if again.ID == i.ID {
		t.Error("asked again under the same id")
	}
	_, err = w.q.Close(t.Context(), w.resident("mary"), again.ID)
	w.must(err)
	if _, err := w.asks("mary", first, ""); errs.CodeOf(err) != inquiry.CodeTooMany {
		t.Errorf("a third time: %v", err)
	}
	all, err := w.q.Own(t.Context(), w.resident("mary"))
	if err != nil || len(all) != 3 {
		t.Errorf("own: %d, %v", len(all), err)
	}
}

// Of many who ask about one event at once, one does.
func TestOneAtATime(t *testing.T) {
	w := newWorld(t)
	seq := w.looked("pmary", nil)
	var wg sync.WaitGroup
	got := make([]error, 8)
	for n := range got {
		wg.Go(func() { _, got[n] = w.asks("mary", seq, "") })
	}
	wg.Wait()
	if n := len(slices.DeleteFunc(got, func(err error) bool { return errs.CodeOf(err) == inquiry.CodeAsked })); n != 1 {
		t.Errorf("%d asked: %v", n, got)
	}
}

package inquiry_test

import (
	"errors"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/inquiry"
)

// What an organisation owes is marked before it is due, and the person is told once
// when it is late.
func TestLate(t *testing.T) {
	w := newWorld(t)
	i, err := w.asks("mary", w.looked("pmary", nil), "")
	w.must(err)
	work := func() {
		t.Helper()
		_, err := w.q.Work(t.Context(), 10)
		w.must(err)
	}
	work()
	w.now = w.now.AddDate(0, 0, 22)
	work()
	if items := w.list(inquiry.Open); !items[0].Soon || items[0].Late || len(w.told) != 0 {
		t.Errorf("soon: %+v, told %v", items, w.told)
	}
	w.now = w.now.AddDate(0, 0, 7)
	work()
	work()
	mine, err := w.q.OwnOne(t.Context(), w.resident("mary"), i.ID)
	w.must(err)
	if items := w.list(inquiry.Open); !items[0].Late || !mine.Late || len(w.told) != 1 || w.told[0].Kind != inquiry.IsLate {
		t.Errorf("late: %+v, told %v", items, w.told)
	}
	if _, err := w.q.Answer(t.Context(), w.officer(hospital), w.list(inquiry.Open)[0].Ref, mine.Version, "Sorry.", "r"); err != nil {
		t.Errorf("a late answer: %v", err)
	}
	if len(w.told) != 2 {
		t.Errorf("told %v", w.told)
	}
}

// What was cut short after the answer is done by Work.
func TestHalfWayIsRepaired(t *testing.T) {
	w := newWorld(t)
	_, err := w.asks("mary", w.looked("pmary", nil), "")
	w.must(err)
	item := w.list(inquiry.Open)[0]
	w.deaf = errors.New("the inbox is away")
	_, err = w.q.Answer(t.Context(), w.officer(hospital), item.Ref, item.Version, "Because.", "r")
	w.must(err)
	if _, err := w.q.Work(t.Context(), 10); err == nil || len(w.told) != 0 {
		t.Errorf("the inbox is away: %v", err)
	}
	w.deaf = nil
	w.now = w.now.Add(2 * time.Minute) // the lease ran out
	n, err := w.q.Work(t.Context(), 10)
	if err != nil || n != 1 || len(w.told) != 1 {
		t.Errorf("%d done, told %v, %v", n, w.told, err)
	}
	if n, err := w.q.Work(t.Context(), 10); n != 0 || err != nil {
		t.Errorf("done again: %d, %v", n, err)
	}
}

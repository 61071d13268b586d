package fhirbundle_test

import (
	"context"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
)

// panics is a format with a fault of ours.
type panics struct{ feeds.Format }

func (panics) Apply(context.Context, feeds.Sender, *feeds.Message, []int) (feeds.Outcome, error) {
	var entries []int
	_ = entries[7]
	return feeds.Outcome{}, nil
}

// A message that makes the format panic is held like any other that cannot be
// applied: it stops neither the process, now or at its next start, nor those that
// send it again, and is applied once the fault is mended.
func TestAPanicHoldsOneMessage(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	w.openInbox(panics{})
	sent := batch(put(observation("a", "Patient/1", "64", at1)))
	for range 2 {
		if a := w.send(hospital, sent); a.status != 202 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	w.openInbox(panics{})
	w.openInbox(w.format)
	if a := w.send(practice, batch(put(observation("a", "Patient/1", "64", at1)))); a.statuses() != "201" {
		t.Errorf("somebody else's: %d %s", a.status, a.body)
	}
	if n, err := w.inbox.Replay(t.Context(), hospital, ""); err != nil || n != 1 {
		t.Errorf("%d released, %v", n, err)
	}
}

// What names no subject and refers to what was sent before of two people is shown
// to neither.
func TestContextOfTwoPeopleSentBefore(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	w.knows("2", john, johnBorn)
	w.send(practice, batch(put(observation("a", "Patient/1", "64", at1)), put(observation("b", "Patient/2", "65", at1))))
	provenance := func(id, one, two string) string {
		return put(`{"resourceType":"Provenance","id":"` + id + `","target":[{"reference":"Observation/` + one + `"},{"reference":"Observation/` + two + `"}],` +
			`"recorded":"2026-04-01T08:00:00Z","agent":[{"who":{"display":"a nurse"}}]}`)
	}
	if a := w.send(practice, bundle("batch", at3, provenance("both", "a", "b"), provenance("one", "a", "a"))); a.statuses() != "422 201" {
		t.Errorf("%s: %s", a.statuses(), a.body)
	}
}

// What waits for another birth date than the practice holds is not tried again each
// time that the practice sends the person: one source's mistake must not make
// another's messages slow.
func TestAMismatchIsNotTriedAtEachArrival(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	w.send(hospital, batch(put(patient("h1", mary, johnBorn))))
	w.send(practice, bundle("batch", at3, put(patient("1", mary, maryBorn))))
	items, _, err := w.inbox.List(t.Context(), hospital, feeds.Pending, "", 10)
	must(t, err)
	if len(items) != 1 || items[0].Tries != 0 {
		t.Fatalf("%+v", items)
	}
	w.send(practice, bundle("batch", "2026-04-04T08:00:00Z", put(patient("1", mary, johnBorn)))) // the practice had it wrong
	if items, _, err = w.inbox.List(t.Context(), hospital, feeds.Pending, "", 10); err != nil || len(items) != 0 {
		t.Errorf("not released: %+v, %v", items, err)
	}
}

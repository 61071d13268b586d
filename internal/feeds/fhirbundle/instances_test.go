package fhirbundle_test

import (
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/feeds/fhirbundle"
)

// another is a second process on the same store, with a log of its own.
func (w *world) another() *world {
	w.t.Helper()
	o := &world{t: w.t, now: w.now, db: w.db, partners: w.partners, records: w.records}
	var err error
	o.inbox, err = feeds.Open(w.t.Context(), feeds.Options{Store: w.db, Partners: w.partners, Instance: "other", Now: o.clock,
		Formats: map[string]feeds.Format{fhirbundle.Name: fhirbundle.NewFormat(w.records)}})
	must(w.t, err)
	o.service = fhirbundle.NewService(o.inbox, w.partners, 0)
	return o
}

// What one process has in quarantine, another releases; what one has received,
// another knows.
func TestTwoProcesses(t *testing.T) {
	w := newWorld(t)
	other := w.another()
	first := bundle("transaction", at2, post(patient("h1", mary, maryBorn)), post(observation("a", "Patient/h1", "72", at2)))
	if a := w.send(hospital, first); a.statuses() != "202 202" {
		t.Fatalf("%s", a.body)
	}
	other.knows("1", mary, maryBorn)
	if got := w.types(mary); got != "1 Observation 1 Patient" {
		t.Errorf("mary has %s", got)
	}
	if a := other.send(hospital, first); a.statuses() != "200 200" {
		t.Errorf("the same to the other: %s", a.body)
	}
	log, err := w.db.Log(t.Context(), "inbox-other")
	must(t, err)
	if log.Len() != 1 { // the practice's
		t.Errorf("the other kept %d messages", log.Len())
	}
	if _, m, err := other.inbox.Show(t.Context(), hospital, "main.0"); err != nil || string(m.Body) != first {
		t.Errorf("shown by the other: %v", err)
	}
}

package fhirbundle_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/feeds/fhirbundle"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// dying is a store that stops at a given write, as a process does that is killed:
// nothing is written from then on.
type dying struct {
	*store.DB
	left atomic.Int64 // writes until it stops; several are done at a time
}

var errKilled = errs.Wrap(errs.Unavailable, driver.ErrUnavailable, "killed")

func (d *dying) alive() bool {
	return d.left.Add(-1) >= 0
}

func (d *dying) Commit(ctx context.Context, partition string, ops []driver.Op) error {
	if !d.alive() {
		return errKilled
	}
	return d.DB.Commit(ctx, partition, ops)
}

func (d *dying) Log(ctx context.Context, name string) (driver.Log, error) {
	log, err := d.DB.Log(ctx, name)
	return dyingLog{log, d}, err
}

type dyingLog struct {
	driver.Log
	d *dying
}

func (l dyingLog) Append(ctx context.Context, records ...[]byte) (uint64, error) {
	if !l.d.alive() {
		return 0, errKilled
	}
	return l.Log.Append(ctx, records...)
}

// on makes the world's record and inbox stand on another store.
func (w *world) on(s interface {
	feeds.Store
	record.Documents
}) {
	w.records = record.New(record.Options{Store: s, Ledger: events{}, Partners: partner.Agreements{Of: w.partners}, Key: make([]byte, 32), Now: w.clock})
	var err error
	w.inbox, err = feeds.Open(w.t.Context(), feeds.Options{Store: s, Partners: w.partners, Instance: "main", Now: w.clock, Mark: 1,
		Formats: map[string]feeds.Format{fhirbundle.Name: fhirbundle.NewFormat(w.records)}})
	must(w.t, err)
	w.service = fhirbundle.NewService(w.inbox, w.partners, 0)
}

// Killed at any write whatever, the service comes to the same state: what was
// acknowledged is replayed by the start, the rest is sent again by its sender.
func TestKilledAtAnyWrite(t *testing.T) {
	all := messages()
	order := []int{8, 6, 10, 0, 7, 5, 4, 9, 2, 1, 3} // much of it has to wait
	w := newWorld(t)
	for _, i := range order {
		w.send(all[i].source, all[i].body)
	}
	want := w.digest(mary, john)
	for writes := 0; ; writes++ {
		w := newWorld(t)
		d := &dying{DB: w.db}
		d.left.Store(int64(writes))
		w.on(d)
		var again []int
		for _, i := range order {
			a := w.try(all[i].source, "application/fhir+json", []byte(all[i].body))
			if a.err == nil {
				continue
			}
			if errs.KindOf(a.err) != errs.Unavailable {
				t.Fatalf("%d writes: %v", writes, a.err)
			}
			again = append(again, i)
		}
		alive := d.left.Load() >= 0
		w.on(w.db)
		must(t, w.inbox.Recover(t.Context()))
		for _, i := range again {
			w.send(all[i].source, all[i].body)
		}
		if got := w.digest(mary, john); got != want {
			t.Fatalf("%d writes, sent again %v: ends in\n%s\nwant\n%s", writes, again, got, want)
		}
		for _, source := range []string{practice, hospital} {
			if got := w.held(source, feeds.Pending); got != "" {
				t.Fatalf("%d writes: %s still has %s in quarantine", writes, source, got)
			}
		}
		must(t, w.db.Close())
		if alive {
			if writes < 30 {
				t.Errorf("only %d writes in all", writes)
			}
			return
		}
	}
}

// flaky is a format that the store fails, until it does not.
type flaky struct {
	feeds.Format
	down bool
}

func (f *flaky) Apply(ctx context.Context, from feeds.Sender, m *feeds.Message, only []int) (feeds.Outcome, error) {
	if f.down {
		return feeds.Outcome{}, driver.ErrUnavailable
	}
	return f.Format.Apply(ctx, from, m, only)
}

// A message that was kept and could not be applied is applied by the process that
// goes on, without its sender.
func TestTheStoreComesBack(t *testing.T) {
	w := newWorld(t)
	f := &flaky{w.format, true}
	w.openInbox(f)
	a := w.try(practice, "application/fhir+json", []byte(bundle("transaction", at1, post(patient("1", mary, maryBorn)))))
	if e, ok := errs.As(a.err); !ok || e.Kind != errs.Unavailable || e.After <= 0 {
		t.Fatalf("%v", a.err)
	}
	f.down = false
	for range 2 { // the first look only notes it
		if _, err := w.inbox.Work(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.types(mary); got != "1 Patient" {
		t.Errorf("mary has %s", got)
	}
}

// Not to be opened: an inbox that has lost messages that were finished.
func TestALostInboxIsNoticed(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	must(t, w.inbox.Close(t.Context()))
	_, err := feeds.Open(t.Context(), feeds.Options{Store: emptied{w.db}, Partners: w.partners, Instance: "main", Now: w.clock})
	if !errors.Is(err, driver.ErrCorrupt) {
		t.Errorf("%v", err)
	}
}

type emptied struct{ *store.DB }

func (e emptied) Log(ctx context.Context, name string) (driver.Log, error) {
	return e.DB.Log(ctx, name+"-new")
}

// A start with nothing to replay is quick, and one after many messages replays
// only what follows the last mark.
func TestARestartReplaysLittle(t *testing.T) {
	w := newWorld(t)
	for i := range 300 {
		w.send(practice, bundle("transaction", time.Date(2026, 4, 1, 8, 0, i, 0, time.UTC).Format(time.RFC3339), post(patient("1", mary, maryBorn))))
	}
	for w.marked() < 256 { // it is written while messages go on
		runtime.Gosched()
	}
	counted := &counting{Format: w.format}
	w.openInbox(counted)
	if n := counted.n.Load(); n > 300-256 {
		t.Errorf("%d messages were replayed, want at most %d", n, 300-256)
	}
	must(t, w.inbox.Close(t.Context()))
	counted.n.Store(0)
	w.openInbox(counted)
	if n := counted.n.Load(); n != 0 {
		t.Errorf("%d messages were replayed after a stop in good order", n)
	}
}

// marked is how far the inbox is written down as finished.
func (w *world) marked() (next uint64) {
	w.t.Helper()
	d, err := w.db.Load(w.t.Context(), store.Ref{Collection: "inbox-mark", Partition: "main", ID: "finished"})
	if errs.KindOf(err) == errs.NotFound {
		return 0
	}
	must(w.t, err)
	r, _ := packed.NewReader(d.Body, 1)
	next = r.Uint()
	must(w.t, r.Close())
	return next
}

type counting struct {
	feeds.Format
	n atomic.Int64
}

func (c *counting) Apply(ctx context.Context, from feeds.Sender, m *feeds.Message, only []int) (feeds.Outcome, error) {
	c.n.Add(1)
	return c.Format.Apply(ctx, from, m, only)
}

package fhirbundle_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/feeds/fhirbundle"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// meeting is where appends wait for one another, so that two messages are in their logs
// before either is applied.
type meeting struct {
	mu      sync.Mutex
	waiting int
	all     chan struct{}
}

func (m *meeting) meet() {
	m.mu.Lock()
	if m.waiting--; m.waiting == 0 {
		close(m.all)
	}
	m.mu.Unlock()
	<-m.all
}

type metLog struct {
	driver.Log
	at *meeting
}

func (l metLog) Append(ctx context.Context, records ...[]byte) (uint64, error) {
	n, err := l.Log.Append(ctx, records...)
	if l.at.all != nil {
		l.at.meet()
	}
	return n, err
}

// instances opens two inboxes on the world's store, as two processes have them that know
// of each other.
func (w *world) instances(format feeds.Format) (at *meeting, one, other *world) {
	w.t.Helper()
	at = &meeting{}
	for _, o := range []struct {
		name string
		w    **world
	}{{"one", &one}, {"other", &other}} {
		*o.w = &world{t: w.t, now: w.now, db: w.db, partners: w.partners, records: w.records}
		(*o.w).openShared(o.name, format, at)
	}
	return at, one, other
}

func (w *world) openShared(name string, format feeds.Format, at *meeting) {
	w.t.Helper()
	var err error
	w.inbox, err = feeds.Open(w.t.Context(), feeds.Options{Store: w.db, Partners: w.partners, Instance: name, Now: w.clock,
		Formats: map[string]feeds.Format{fhirbundle.Name: format},
		Own: func(ctx context.Context, _, log string) (driver.Log, error) {
			l, err := w.db.Own(ctx, log)
			return metLog{l, at}, err
		}})
	must(w.t, err)
	must(w.t, w.inbox.Share(w.t.Context()))
	must(w.t, w.inbox.Recover(w.t.Context()))
	w.service = fhirbundle.NewService(w.inbox, w.partners, 0)
}

func named(id, bundle string) string {
	return strings.Replace(bundle, `"type":`, `"identifier":{"system":"urn:x","value":"`+id+`"},"type":`, 1)
}

// Two instances get two contents under one identifier at the same moment: one is applied,
// the other is held, and stays so whoever replays what and when.
func TestTwoContentsOfOneIdentifierAtOnce(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	at, one, other := w.instances(w.format)
	body := func(value string) string {
		return named("msg", bundle("transaction", at2, post(patient("h1", mary, maryBorn)), post(observation("a", "Patient/h1", value, at2))))
	}
	got := send(at, []*world{one, other}, body("71"), body("72"))
	if got != "200 409" && got != "409 200" {
		t.Fatalf("answers %s", got)
	}
	if held := w.held(hospital, feeds.Pending); held != "1 MESSAGE_ID_REUSED" {
		t.Errorf("held: %s", held)
	}
	before := w.digest(mary)
	one.openShared("one", w.format, &meeting{})
	other.openShared("other", w.format, &meeting{})
	if one.digest(mary) != before || w.held(hospital, feeds.Pending) != "1 MESSAGE_ID_REUSED" {
		t.Errorf("after both were started again: %s", w.held(hospital, feeds.Pending))
	}
	for _, o := range []*world{one, other} {
		if a := o.try(hospital, "application/fhir+json", []byte(body("73"))); a.status != 409 {
			t.Errorf("a third content: %d %s", a.status, a.body)
		}
	}
}

// send sends a message to each of two instances so that both are kept before either is
// applied, and returns the answers' statuses.
func send(at *meeting, to []*world, bodies ...string) string {
	at.waiting, at.all = len(to), make(chan struct{})
	status := make([]string, len(to))
	var g sync.WaitGroup
	for i, w := range to {
		g.Go(func() {
			a := w.try(hospital, "application/fhir+json", []byte(bodies[i]))
			switch {
			case a.err != nil:
				status[i] = a.err.Error()
			case a.status == 200:
				status[i] = "200"
			case a.status == 409:
				status[i] = "409"
			default:
				status[i] = string(a.body)
			}
		})
	}
	g.Wait()
	at.all = nil
	return strings.Join(status, " ")
}

// The same content to both is one message, of which the other log has a copy that counts
// for nothing.
func TestOneContentAtTwoInstancesAtOnce(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	counted := &counting{Format: w.format}
	at, one, other := w.instances(counted)
	body := named("msg", bundle("transaction", at2, post(patient("h1", mary, maryBorn)), post(observation("a", "Patient/h1", "71", at2))))
	if got := send(at, []*world{one, other}, body, body); got != "200 200" {
		t.Fatalf("answers %s", got)
	}
	if got := w.held(hospital, feeds.Pending) + w.held(hospital, feeds.Released); got != "" {
		t.Errorf("held: %s", got)
	}
	must(t, one.inbox.Close(t.Context()))
	must(t, other.inbox.Close(t.Context()))
	counted.n.Store(0)
	at, one, other = w.instances(counted)
	if n := counted.n.Load(); n != 0 {
		t.Errorf("%d are applied at the next start", n)
	}
	if got, err := one.inbox.Unfinished(t.Context()); err != nil || strings.Join(got, " ") != "main" {
		t.Errorf("unfinished: %v, %v", got, err) // that of the world, which was not closed
	}
	if got := send(at, []*world{other}, body); got != "200" {
		t.Errorf("sent once more: %s", got)
	}
}

// A result and the demographics that it waits for come to two instances, each before the
// other is applied: nobody is left to find out a minute later.
func TestAnArrivalAtTheOtherInstance(t *testing.T) {
	w := newWorld(t)
	var arrive func()
	_, one, other := w.instances(hooked{w.format, func() {
		if f := arrive; f != nil {
			arrive = nil
			f()
		}
	}})
	arrive = func() { other.knows("1", mary, maryBorn) }
	a := one.send(hospital, bundle("transaction", at2, post(patient("h1", mary, maryBorn)), post(observation("a", "Patient/h1", "71", at2))))
	if a.statuses() != "201 201" {
		t.Errorf("answer %s", a.body)
	}
	if got := w.types(mary); got != "1 Observation 1 Patient" || w.held(hospital, feeds.Pending) != "" {
		t.Errorf("mary has %s, held %s", got, w.held(hospital, feeds.Pending))
	}
}

// hooked calls after between applying and writing down what is held.
type hooked struct {
	feeds.Format
	after func()
}

func (h hooked) Apply(ctx context.Context, from feeds.Sender, m *feeds.Message, only []int) (feeds.Outcome, error) {
	out, err := h.Format.Apply(ctx, from, m, only)
	if m.Source == hospital {
		h.after()
	}
	return out, err
}

// What one that is gone has kept is applied by another, its keys first; should it have
// slept only, it takes nothing any more.
func TestAnInboxIsAdopted(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	f := &flaky{w.format, false}
	alone := &world{t: t, now: w.now, db: w.db, partners: w.partners, records: w.records}
	var err error
	alone.inbox, err = feeds.Open(t.Context(), feeds.Options{Store: w.db, Partners: w.partners, Instance: "alone", Now: w.clock,
		Formats: map[string]feeds.Format{fhirbundle.Name: f}, Own: func(ctx context.Context, _, log string) (driver.Log, error) { return w.db.Own(ctx, log) }})
	must(t, err)
	alone.service = fhirbundle.NewService(alone.inbox, w.partners, 0)
	body := func(value string) string {
		return named("msg-"+value[:1], bundle("transaction", at2, post(patient("h1", mary, maryBorn)), post(observation("a"+value[:1], "Patient/h1", value, at2))))
	}
	alone.send(hospital, body("11")) // applied, its key not written yet
	f.down = true
	if a := alone.try(hospital, "application/fhir+json", []byte(body("21"))); errs.KindOf(a.err) != errs.Unavailable {
		t.Fatalf("%v", a.err)
	}
	_, one, other := w.instances(w.format)
	if got, err := one.inbox.Unfinished(t.Context()); err != nil || strings.Join(got, " ") != "alone main" {
		t.Fatalf("unfinished: %v, %v", got, err)
	}
	n, err := one.inbox.Adopt(t.Context(), "alone")
	if err != nil || n != 2 {
		t.Fatalf("%d, %v", n, err)
	}
	if got := w.types(mary); got != "2 Observation 1 Patient" {
		t.Errorf("mary has %s", got)
	}
	for value, want := range map[string]int{"11": 200, "12": 409, "21": 200, "22": 409} {
		if a := other.try(hospital, "application/fhir+json", []byte(body(value))); a.status != want {
			t.Errorf("%s: %d %s", value, a.status, a.body)
		}
	}
	f.down = false
	if a := alone.try(hospital, "application/fhir+json", []byte(body("31"))); !errors.Is(a.err, driver.ErrFenced) || errs.KindOf(a.err) != errs.Unavailable {
		t.Errorf("the sleeper: %v", a.err)
	}
	if n, err := other.inbox.Adopt(t.Context(), "alone"); n != 0 || err != nil {
		t.Errorf("adopted again: %d, %v", n, err)
	}
	if got, err := one.inbox.Unfinished(t.Context()); err != nil || slices.Contains(got, "alone") {
		t.Errorf("unfinished: %v, %v", got, err)
	}
}

// What was kept alone is known to all once the inbox is shared.
func TestSharingMakesKeysKnown(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	body := func(value string) string {
		return named("msg", bundle("transaction", at2, post(patient("h1", mary, maryBorn)), post(observation("a", "Patient/h1", value, at2))))
	}
	w.send(hospital, body("1"))
	_, one, _ := w.instances(w.format)
	must(t, w.inbox.Share(t.Context()))
	if a := one.try(hospital, "application/fhir+json", []byte(body("2"))); a.status != 409 {
		t.Errorf("%d %s", a.status, a.body)
	}
	w.inbox.Unshare()
	if a := w.try(hospital, "application/fhir+json", []byte(body("3"))); a.status != 409 {
		t.Errorf("alone again: %d %s", a.status, a.body)
	}
}

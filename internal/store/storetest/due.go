package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// noon is the day on which the suite's work is due; far from any clock, as nothing here
// depends on one.
var noon = time.Date(2031, 5, 3, 12, 0, 0, 0, time.UTC)

// dueOp is an operation on a document that waits in a queue.
func dueOp(kind driver.OpKind, partition, id string, rev uint64, queue string, at time.Time) driver.Op {
	o := op(kind, partition, id, rev, "work "+id)
	o.Doc.Due = driver.Due{Queue: queue, At: at}
	return o
}

func (s *subject) due(queue string, before time.Time, limit int) (ids []string) {
	s.t.Helper()
	err := s.Due(context.Background(), queue, before, limit, func(d *driver.Doc) bool {
		if d.Due.Queue != queue || d.Due.At.After(before) || d.Partition == "" || d.Collection == "" {
			s.t.Errorf("%+v is not due in %s", d, queue)
		}
		ids = append(ids, d.ID)
		return true
	})
	if err != nil {
		s.t.Fatalf("due: %v", err)
	}
	return ids
}

func (s *subject) dues(queue string, before time.Time, limit int, want ...string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.due(queue, before, limit)); diff != "" {
		s.t.Errorf("due in %s (-want +got):\n%s", queue, diff)
	}
}

// at is so many minutes after noon.
func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func testDue(t *testing.T, s *suite) {
	e := s.engine(t)
	run(t, e, "oldest first, over partitions", testDueOrder)
	t.Run("what is read says when", func(t *testing.T) {
		d := e.read(ref("plain", "p", "a"))
		if !d.Due.At.Equal(at(1)) || d.Due.Queue != "push" || string(d.Body) != "work a" {
			t.Errorf("%+v", d)
		}
	})
	run(t, e, "moved and done", testDueMoves)
	run(t, e, "rescheduling keeps the rest", testReschedule)
	s.atOnce(t, "one worker gets it", func(t *testing.T) { testLease(&subject{t, e.Engine}) })
	e.check()
}

func testDueOrder(e *subject) {
	e.commit("p", dueOp(driver.Insert, "p", "c", 0, "push", at(3)), dueOp(driver.Insert, "p", "a", 0, "push", at(1)))
	e.commit("q", dueOp(driver.Insert, "q", "b", 0, "push", at(2)), dueOp(driver.Insert, "q", "other", 0, "pus", at(0)))
	e.commit("r", dueOp(driver.Insert, "r", "d", 0, "push", at(4)), op(driver.Insert, "r", "none", 0, ""))
	e.dues("push", at(3), 10, "a", "b", "c")
	e.dues("push", at(3), 2, "a", "b")
	e.dues("push", at(3).Add(-time.Microsecond), 10, "a", "b")
	e.dues("push", at(0), 10)
	e.dues("pus", at(9), 10, "other")
	e.dues("nothing", at(9), 10)
}

func testDueMoves(e *subject) {
	e.commit("p", dueOp(driver.Reschedule, "p", "a", 1, "push", at(60)))
	e.conflicts(0, "p", dueOp(driver.Reschedule, "p", "a", 1, "push", at(61)))
	e.conflicts(0, "p", dueOp(driver.Reschedule, "p", "absent", 1, "push", at(61)))
	e.holds("p", "a", "work a", 2)
	e.dues("push", at(30), 10, "b", "c", "d")
	e.commit("q", driver.Op{Kind: driver.Delete, Doc: driver.Doc{Ref: ref("plain", "q", "b"), Rev: 1}})
	e.commit("p", op(driver.Put, "p", "c", 0, "not due any more"))
	e.dues("push", at(90), 10, "d", "a")
	e.commit("p", dueOp(driver.Reschedule, "p", "a", 2, "", time.Time{}))
	e.dues("push", at(90), 10, "d")
}

func testReschedule(e *subject) {
	o := ranked(driver.Insert, "lying", "p", "k", 0, "w", 5)
	o.Doc.Expires = noon.AddDate(1, 0, 0)
	e.commit("p", o)
	e.commit("p", driver.Op{Kind: driver.Reschedule, Doc: driver.Doc{Ref: o.Doc.Ref, Rev: 1, Due: driver.Due{Queue: "keep", At: noon}}})
	e.finds(driver.Query{Collection: "lying", Partition: "p", Index: "by-number", Equal: []driver.Value{driver.Num(5)}}, "k")
	e.finds(driver.Query{Collection: "lying", Partition: "p", Index: "by-desc-word"}, "k")
	if d := e.read(o.Doc.Ref); !d.Expires.Equal(o.Doc.Expires) || string(d.Body) != "w/5" {
		e.t.Errorf("%+v", d)
	}
}

func testLease(e *subject) {
	for round := range 20 {
		p := fmt.Sprint("lease-", round)
		e.commit(p, dueOp(driver.Insert, p, "job", 0, "lease", noon))
		var wins atomic.Int32
		together(e.t, 6, func(int) error {
			won, err := insist(e, p, dueOp(driver.Reschedule, p, "job", 1, "lease", noon.Add(time.Hour)))
			if won {
				wins.Add(1)
			}
			return err
		})
		if wins.Load() != 1 {
			e.t.Fatalf("%d workers have it", wins.Load())
		}
	}
	e.dues("lease", noon, 100)
}

func testWork(t *testing.T, s *suite) {
	db := s.db(t)
	ctx := t.Context()
	queue := func(p, id string) {
		o := dueOp(driver.Insert, p, id, 0, "events", noon)
		if err := db.Commit(ctx, p, []store.Op{o}); err != nil {
			t.Fatal(err)
		}
	}
	round := store.Round{Queue: "events", Now: noon, Lease: time.Minute, Limit: 100}
	for i := range 20 {
		queue(fmt.Sprint("p", i), "event")
	}
	t.Run("each is handled once by workers that share a queue", func(t *testing.T) {
		var handled atomic.Int32
		together(t, s.crowd(4), func(int) error {
			_, err := db.Work(ctx, round, func(_ context.Context, d *store.Doc) ([]store.Op, error) {
				handled.Add(1)
				return []store.Op{store.Done(d)}, nil
			})
			return err
		})
		if handled.Load() != 20 {
			t.Errorf("handled %d times, want 20", handled.Load())
		}
	})
	t.Run("what fails comes back when its lease ends", func(t *testing.T) {
		queue("p", "event")
		broken := errors.New("provider away")
		fail := func(context.Context, *store.Doc) ([]store.Op, error) { return nil, broken }
		if n, err := db.Work(ctx, round, fail); n != 0 || !errors.Is(err, broken) {
			t.Errorf("handled %d, %v", n, err)
		}
		if n, err := db.Work(ctx, round, fail); n != 0 || err != nil {
			t.Errorf("within the lease: handled %d, %v", n, err)
		}
		later := round
		later.Now = noon.Add(time.Minute)
		n, err := db.Work(ctx, later, func(_ context.Context, d *store.Doc) ([]store.Op, error) {
			return []store.Op{store.Later(d, noon.Add(time.Hour))}, nil
		})
		if n != 1 || err != nil {
			t.Errorf("after the lease: handled %d, %v", n, err)
		}
		later.Now = noon.Add(time.Hour)
		n, err = db.Work(ctx, later, func(_ context.Context, d *store.Doc) ([]store.Op, error) {
			return []store.Op{store.Done(d)}, nil
		})
		if n != 1 || err != nil {
			t.Errorf("after an hour: handled %d, %v", n, err)
		}
	})
}

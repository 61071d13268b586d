package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Times far from any clock's, so that no engine needs one that a test can set.
var past, future = noon.AddDate(-30, 0, 0), noon.AddDate(100, 0, 0)

func expiring(kind driver.OpKind, id string, rev uint64, at time.Time) driver.Op {
	o := ranked(kind, "lying", "p", id, rev, "w", 1)
	o.Doc.Expires = at
	o.Doc.Due = driver.Due{Queue: "expiring", At: past}
	return o
}

func testExpiry(t *testing.T, s *suite) {
	e := s.engine(t)
	e.commit("p", expiring(driver.Insert, "old", 0, past), expiring(driver.Insert, "new", 0, future), expiring(driver.Insert, "ever", 0, time.Time{}))
	old := ref("lying", "p", "old")
	t.Run("absent for reads", func(t *testing.T) {
		e := subject{t, e}
		if e.read(old) != nil {
			t.Error("read an expired document")
		}
		e.finds(driver.Query{Collection: "lying", Partition: "p"}, "ever", "new")
		e.finds(driver.Query{Collection: "lying", Partition: "p", Index: "by-number"}, "ever", "new")
		e.finds(driver.Query{Collection: "lying", Partition: "p", Index: "by-word-desc-number", Reverse: true}, "new", "ever")
		e.dues("expiring", noon, 10, "ever", "new")
		if _, after := e.find(driver.Query{Collection: "lying", Partition: "p", Limit: 2}); after != nil {
			t.Error("a cursor before nothing but an expired document")
		}
		if d := e.read(ref("lying", "p", "new")); !d.Expires.Equal(future) {
			t.Errorf("expires %v, want %v", d.Expires, future)
		}
	})
	t.Run("absent for conditions", func(t *testing.T) {
		e := subject{t, e}
		e.conflicts(0, "p", expiring(driver.Replace, "old", 1, future))
		e.conflicts(0, "p", driver.Op{Kind: driver.Delete, Doc: driver.Doc{Ref: old, Rev: 1}})
		e.conflicts(0, "p", driver.Op{Kind: driver.Require, Doc: driver.Doc{Ref: old, Rev: 1}})
		e.commit("p", driver.Op{Kind: driver.Require, Doc: driver.Doc{Ref: old, Rev: 0}})
		e.commit("p", expiring(driver.Insert, "old", 0, future))
		e.finds(driver.Query{Collection: "lying", Partition: "p", Index: "by-number"}, "ever", "new", "old")
	})
	run(t, e, "swept", testSweep)
	e.check()
}

func testSweep(e *subject) {
	for i := range 5 {
		e.commit("p", expiring(driver.Put, fmt.Sprint("gone-", i), 0, past))
	}
	for want := 2; ; {
		n, err := e.Sweep(context.Background(), noon, 2)
		if err != nil || n > want {
			e.t.Fatalf("swept %d, %v", n, err)
		}
		if n == 0 {
			break
		}
	}
	e.finds(driver.Query{Collection: "lying", Partition: "p"}, "ever", "new", "old")
	e.commit("p", expiring(driver.Insert, "gone-0", 0, future))
}

package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// testReopen expects everything to be there again, also with a collection more.
func testReopen(t *testing.T, s *suite) {
	dir := t.TempDir()
	more := append(specs(), driver.Spec{Name: "younger"})
	for session, with := range [][]driver.Spec{specs(), specs(), more} {
		e := &subject{t, s.open(t, dir, with)}
		id := fmt.Sprint("session-", session)
		for old := range session {
			e.holds("p", fmt.Sprint("session-", old), "x", 1)
		}
		e.commit("p", op(driver.Insert, "p", id, 0, "x"), ranked(driver.Insert, "lying", "p", id, 0, "w", int64(-session)),
			dueOp(driver.Insert, "p", id+"-due", 0, "q", noon))
		l := e.log("log")
		if first, err := l.Append(context.Background(), []byte(id)); err != nil || first != uint64(session) {
			t.Fatalf("append %d, %v", first, err)
		}
		if got := records(t, l, 0, 0); len(got) != session+1 || !slices.IsSorted(got) {
			t.Errorf("log %q", got)
		}
		if ids, _ := e.find(driver.Query{Collection: "lying", Partition: "p", Index: "by-number"}); len(ids) != session+1 || ids[0] != id {
			t.Errorf("found %v", ids)
		}
		if got := e.due("q", noon, 10); len(got) != session+1 {
			t.Errorf("due %v", got)
		}
		e.check()
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		testClosed(t, e, l)
	}
}

// testClosed expects a closed engine to say so.
func testClosed(t *testing.T, e *subject, l driver.Log) {
	ctx := context.Background()
	_, finding := e.Find(ctx, driver.Query{Collection: "plain", Partition: "p"}, nil)
	_, logging := e.Log(ctx, "log")
	_, appending := l.Append(ctx, []byte("late"))
	_, sweeping := e.Sweep(ctx, noon, 1)
	for what, err := range map[string]error{
		"commit": e.Commit(ctx, "p", []driver.Op{op(driver.Put, "p", "late", 0, "")}),
		"get":    e.Get(ctx, []driver.Ref{ref("plain", "p", "late")}, nil),
		"due":    e.Due(ctx, "q", noon, 1, nil),
		"check":  e.Check(ctx, nil),
		"read":   l.Read(ctx, 0, nil),
		"find":   finding, "log": logging, "append": appending, "sweep": sweeping,
	} {
		if !errors.Is(err, driver.ErrClosed) {
			t.Errorf("%s after close: %v", what, err)
		}
	}
}

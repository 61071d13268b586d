package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

func testCommit(t *testing.T, s *suite) {
	e := s.engine(t)
	run(t, e, "conditions", testConditions)
	run(t, e, "all or nothing", testAllOrNothing)
	run(t, e, "require", testRequire)
	run(t, e, "partitions do not touch", testPartitions)
	run(t, e, "many at once, in order", testGetMany)
	run(t, e, "unicode and strange keys", testStrangeKeys)
	e.check()
}

func testConditions(e *subject) {
	e.commit("p", op(driver.Insert, "p", "a", 0, "one"))
	e.holds("p", "a", "one", 1)
	e.conflicts(0, "p", op(driver.Insert, "p", "a", 0, "again"))
	e.conflicts(0, "p", op(driver.Replace, "p", "a", 2, "wrong revision"))
	e.conflicts(0, "p", op(driver.Replace, "p", "absent", 1, "nothing there"))
	e.conflicts(0, "p", op(driver.Replace, "p", "absent", 0, "nothing there"))
	e.conflicts(0, "p", op(driver.Delete, "p", "a", 2, ""))
	e.commit("p", op(driver.Replace, "p", "a", 1, "two"))
	e.holds("p", "a", "two", 2)
	e.commit("p", op(driver.Put, "p", "a", 0, "three"), op(driver.Put, "p", "b", 0, "new"))
	e.holds("p", "a", "three", 3)
	e.holds("p", "b", "new", 1)
	e.commit("p", op(driver.Discard, "p", "b", 0, ""), op(driver.Discard, "p", "absent", 0, ""))
	e.holds("p", "b", "", 0)
	e.commit("p", op(driver.Delete, "p", "a", 3, ""))
	e.holds("p", "a", "", 0)
	e.commit("p", op(driver.Insert, "p", "a", 0, "anew"))
	e.holds("p", "a", "anew", 1)
}

func testAllOrNothing(e *subject) {
	e.commit("q", op(driver.Insert, "q", "a", 0, "one"), op(driver.Insert, "q", "b", 0, "one"))
	e.conflicts(2, "q",
		op(driver.Replace, "q", "a", 1, "two"), op(driver.Insert, "q", "c", 0, "one"),
		op(driver.Replace, "q", "b", 7, "two"), op(driver.Delete, "q", "absent", 1, ""))
	e.holds("q", "a", "one", 1)
	e.holds("q", "b", "one", 1)
	e.holds("q", "c", "", 0)
}

func testRequire(e *subject) {
	e.commit("r", op(driver.Insert, "r", "control", 0, "open"))
	e.commit("r", op(driver.Require, "r", "control", 1, ""), op(driver.Require, "r", "absent", 0, ""), op(driver.Insert, "r", "a", 0, "x"))
	e.conflicts(1, "r", op(driver.Insert, "r", "b", 0, "x"), op(driver.Require, "r", "control", 2, ""))
	e.conflicts(0, "r", op(driver.Require, "r", "a", 0, ""))
	e.conflicts(0, "r", op(driver.Require, "r", "absent", 1, ""))
	e.commit("r", op(driver.Require, "r", "control", 1, ""))
	e.holds("r", "control", "open", 1)
	e.holds("r", "b", "", 0)
}

func testPartitions(e *subject) {
	for _, p := range []string{"s", "s\x00", "s\x00a", "sa"} {
		e.commit(p, op(driver.Insert, p, "a", 0, p))
	}
	for _, p := range []string{"s", "s\x00", "s\x00a", "sa"} {
		e.holds(p, "a", p, 1)
		e.finds(driver.Query{Collection: "plain", Partition: p}, "a")
	}
}

func testGetMany(e *subject) {
	refs := []driver.Ref{ref("plain", "p", "a"), ref("plain", "nobody", "a"), ref("plain", "q", "b"), ref("plain", "q", "a")}
	var got []string
	err := e.Get(context.Background(), refs, func(d *driver.Doc) bool {
		got = append(got, d.Partition+"/"+d.ID)
		return len(got) < 2
	})
	if err != nil || fmt.Sprint(got) != "[p/a q/b]" {
		e.t.Errorf("visited %v, %v", got, err)
	}
}

func testStrangeKeys(e *subject) {
	for _, id := range []string{"Zoë", "Łukasz", "日本", "\U0001F469\u200d⚕️", "a b", "a/b", "$x.y", "\x00", "a\x00b", "a\x01", "\u00ff", strings.Repeat("é", driver.MaxKey/2)} {
		e.commit(id, op(driver.Insert, id, id, 0, id), ranked(driver.Insert, "lying", id, id, 0, id, 1))
		e.holds(id, id, id, 1)
		e.finds(driver.Query{Collection: "lying", Partition: id, Index: "by-desc-word", Equal: []driver.Value{driver.Str(id)}}, id)
	}
}

func testLimits(t *testing.T, s *suite) {
	e := s.engine(t)
	run(t, e, "2,000 operations are one commit", testManyOps)
	run(t, e, "bodies up to 1 MB", testBodies)
	long := strings.Repeat("x", driver.MaxKey+1)
	tooLarge := map[string][]driver.Op{
		"one operation too many": make([]driver.Op, driver.MaxOps+1),
		"a body too large":       {op(driver.Insert, "p", "a", 0, string(make([]byte, driver.MaxBody+1)))},
		"an id too long":         {op(driver.Insert, "p", long, 0, "")},
		"an index key too long":  {ranked(driver.Insert, "indexed", "p", "a", 0, strings.Repeat("x", driver.MaxIndexKey+1), 1)},
	}
	for i := range tooLarge["one operation too many"] {
		tooLarge["one operation too many"][i] = op(driver.Insert, "p", fmt.Sprint(i), 0, "")
	}
	for range driver.MaxCommit/driver.MaxBody + 1 {
		n := len(tooLarge["too many bytes"])
		tooLarge["too many bytes"] = append(tooLarge["too many bytes"], op(driver.Insert, "p", fmt.Sprint(n), 0, string(make([]byte, driver.MaxBody))))
	}
	for name, ops := range tooLarge {
		t.Run(name, func(t *testing.T) {
			if err := e.Commit(context.Background(), "p", ops); !errors.Is(err, driver.ErrTooLarge) {
				t.Errorf("%v, want %v", err, driver.ErrTooLarge)
			}
		})
	}
	refused := map[string][]driver.Op{
		"another partition":     {op(driver.Insert, "p", "a", 0, ""), op(driver.Insert, "q", "a", 0, "")},
		"a document twice":      {op(driver.Put, "p", "a", 0, ""), op(driver.Discard, "p", "a", 0, "")},
		"an unknown collection": {{Kind: driver.Put, Doc: driver.Doc{Ref: ref("unheard-of", "p", "a")}}},
		"an unknown operation":  {op(99, "p", "a", 0, "")},
		"an empty id":           {op(driver.Put, "p", "", 0, "")},
		"an id that is no text": {op(driver.Put, "p", "\xff", 0, "")},
		"keys missing":          {{Kind: driver.Put, Doc: driver.Doc{Ref: ref("indexed", "p", "a")}}},
	}
	for name, ops := range refused {
		t.Run(name, func(t *testing.T) {
			err := e.Commit(context.Background(), "p", ops)
			if err == nil || errors.As(err, new(*driver.ConflictError)) || errors.Is(err, driver.ErrUnavailable) {
				t.Errorf("%v, want a refusal", err)
			}
		})
	}
	if ids, _ := e.find(driver.Query{Collection: "plain", Partition: "p"}); len(ids) > 0 {
		t.Errorf("what was refused left %v", ids)
	}
	run(t, e, "a caller who has gone", testGone)
	e.check()
}

func testManyOps(e *subject) {
	ops := make([]driver.Op, driver.MaxOps)
	for i := range ops {
		ops[i] = ranked(driver.Insert, "lying", "p", fmt.Sprintf("id-%04d", i), 0, "w", int64(i))
	}
	e.commit("p", ops...)
	if ids, _ := e.find(driver.Query{Collection: "lying", Partition: "p"}); len(ids) != driver.MaxOps {
		e.t.Errorf("%d documents", len(ids))
	}
	ops[driver.MaxOps-1].Doc.ID = "id-0000x"
	e.conflicts(0, "p", ops...)
	if ids, _ := e.find(driver.Query{Collection: "lying", Partition: "p"}); len(ids) != driver.MaxOps {
		e.t.Errorf("%d documents after a conflict", len(ids))
	}
}

func testBodies(e *subject) {
	body := bytes.Repeat([]byte("0123456789abcdef"), driver.MaxBody/16)
	e.commit("big", op(driver.Insert, "big", "a", 0, string(body)), op(driver.Insert, "big", "empty", 0, ""))
	e.holds("big", "a", string(body), 1)
	e.holds("big", "empty", "", 1)
}

func testGone(e *subject) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.Commit(gone, "p", []driver.Op{op(driver.Put, "p", "a", 0, "")}); !errors.Is(err, context.Canceled) {
		e.t.Errorf("commit: %v", err)
	}
	if err := e.Get(gone, []driver.Ref{ref("plain", "p", "a")}, nil); !errors.Is(err, context.Canceled) {
		e.t.Errorf("get: %v", err)
	}
}

package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// mover opens an engine that goes with the test.
func (s *suite) mover(t *testing.T, dir string) driver.Mover {
	t.Helper()
	m, ok := s.open(t, dir, specs()).(driver.Mover)
	if !ok {
		t.Fatal("the engine cannot be moved")
	}
	t.Cleanup(func() { _ = m.Close() }) // some are closed before
	return m
}

// exported takes a collection out, limit documents at a time.
func exported(t *testing.T, m driver.Mover, collection string, limit int) (docs []driver.Doc) {
	t.Helper()
	for place, calls := []byte(nil), 0; calls == 0 || place != nil; calls++ {
		n := 0
		next, err := m.Export(context.Background(), collection, place, limit, func(d *driver.Doc) bool {
			n++
			c := *d
			c.Body = slices.Clone(d.Body)
			docs = append(docs, c)
			return true
		})
		if err != nil {
			t.Fatalf("export: %v", err)
		}
		if limit > 0 && n > limit || next != nil && n != limit {
			t.Errorf("%d documents, %d were asked for", n, limit)
		}
		place = next
	}
	return docs
}

// testMover expects what is taken out of one engine and put into another to be the same.
func testMover(t *testing.T, s *suite) {
	from := &subject{t, s.mover(t, t.TempDir())}
	// An hour ago: a time-to-live index, which goes by the server's clock, leaves it for now.
	lately := time.Now().Add(-time.Hour).Truncate(time.Microsecond).UTC()
	for _, p := range []string{"p", "q\x00\x01", "ä\x00"} {
		from.commit(p, op(driver.Insert, p, "a", 0, ""), op(driver.Insert, p, "b\x00", 0, "two"), dueOp(driver.Insert, p, "due", 0, "q", noon))
		for _, c := range []string{"indexed", "lying"} {
			gone := ranked(driver.Insert, c, p, "gone", 0, "w\x00", -1)
			gone.Doc.Expires, gone.Doc.Due = lately, driver.Due{Queue: "q", At: noon}
			unkeyed := ranked(driver.Insert, c, p, "unkeyed", 0, "", 0)
			unkeyed.Doc.Keys = [][]driver.Value{nil, nil, nil}
			later := ranked(driver.Insert, c, p, "later", 0, "\xff\x00w", 1<<40)
			later.Doc.Expires = future
			from.commit(p, gone, unkeyed, later, ranked(driver.Insert, c, p, "changed", 0, "w", 7))
			from.commit(p, ranked(driver.Replace, c, p, "changed", 1, "v", 8))
		}
	}
	dir := t.TempDir()
	to := &subject{t, s.mover(t, dir)}
	move := func(t *testing.T) {
		for _, spec := range specs() {
			for chunk := range slices.Chunk(exported(t, from.Engine.(driver.Mover), spec.Name, 0), 5) {
				if err := to.Engine.(driver.Mover).Import(context.Background(), chunk); err != nil {
					t.Fatalf("import: %v", err)
				}
			}
		}
	}
	move(t)
	t.Run("the same", func(t *testing.T) { testMoved(t, from.Engine.(driver.Mover), to.Engine.(driver.Mover)) })
	t.Run("in use", func(t *testing.T) {
		to := subject{t, to.Engine}
		to.finds(driver.Query{Collection: "lying", Partition: "p"}, "changed", "later", "unkeyed")
		to.finds(driver.Query{Collection: "lying", Partition: "p", Index: "by-word-desc-number"}, "changed", "later")
		to.finds(driver.Query{Collection: "indexed", Partition: "p", Index: "by-desc-word"}, "later", "changed")
		to.dues("q", noon, 10, "due", "due", "due")
		to.conflicts(0, "p", ranked(driver.Replace, "lying", "p", "changed", 1, "x", 9))
		to.commit("p", ranked(driver.Replace, "lying", "p", "changed", 2, "x", 9))
		if d := to.read(ref("lying", "p", "changed")); d == nil || d.Rev != 3 {
			t.Errorf("%+v, want revision 3", d)
		}
		to.check()
	})
	t.Run("again", func(t *testing.T) {
		move(t)
		testMoved(t, from.Engine.(driver.Mover), to.Engine.(driver.Mover))
	})
	t.Run("refused", func(t *testing.T) { testImportRefused(t, to.Engine.(driver.Mover)) })
	t.Run("mark", func(t *testing.T) { testMark(t, s, to.Engine.(driver.Mover), dir) })
}

func testMoved(t *testing.T, from, to driver.Mover) {
	t.Helper()
	order := cmpopts.SortSlices(func(a, b driver.Doc) bool { return fmt.Sprint(a.Ref) < fmt.Sprint(b.Ref) })
	for _, spec := range specs() {
		want := exported(t, from, spec.Name, 0)
		for _, limit := range []int{0, 1, 4, len(want), len(want) + 1} {
			got := exported(t, to, spec.Name, limit)
			if diff := cmp.Diff(want, got, order, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s, %d at a time (-want +got):\n%s", spec.Name, limit, diff)
			}
		}
		if n, err := to.Count(context.Background(), spec.Name); err != nil || n != int64(len(want)) {
			t.Errorf("%s has %d documents, %v, want %d", spec.Name, n, err, len(want))
		}
	}
	for _, m := range []driver.Mover{from, to} {
		if names, err := m.Collections(context.Background()); err != nil || !slices.Equal(names, []string{"indexed", "lying", "plain"}) {
			t.Errorf("collections %v, %v", names, err)
		}
	}
}

func testImportRefused(t *testing.T, to driver.Mover) {
	good := driver.Doc{Ref: ref("plain", "p", "x"), Rev: 1}
	without, unknown, keys := good, good, good
	without.Rev = 0
	unknown.Collection = "unknown"
	keys.Collection = "lying"
	for name, docs := range map[string][]driver.Doc{
		"without a revision": {without}, "to no known collection": {unknown}, "without keys": {keys}, "twice": {good, good},
	} {
		if err := to.Import(context.Background(), docs); err == nil {
			t.Errorf("imported %s", name)
		}
	}
	if _, err := to.Export(context.Background(), "unknown", nil, 0, func(*driver.Doc) bool { return true }); err == nil {
		t.Error("exported no known collection")
	}
}

// testMark expects the mark to be no document, and to be there again. It closes m.
func testMark(t *testing.T, s *suite, m driver.Mover, dir string) {
	ctx := context.Background()
	for _, want := range []string{"", "{\"one\": 1}", "two"} {
		if want != "" {
			if err := m.SetMark(ctx, want); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := m.Mark(ctx); got != want || err != nil {
			t.Errorf("mark %q, %v, want %q", got, err, want)
		}
	}
	if names, err := m.Collections(ctx); err != nil || len(names) != len(specs()) {
		t.Errorf("collections %v, %v", names, err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	again := s.mover(t, dir)
	if got, err := again.Mark(ctx); got != "two" || err != nil {
		t.Errorf("opened again: mark %q, %v", got, err)
	}
	if err := again.Check(ctx, nil); err != nil {
		t.Error(err)
	}
}

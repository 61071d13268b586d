package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

func num(n int64) *driver.Value { v := driver.Num(n); return &v }

func str(s string) *driver.Value { v := driver.Str(s); return &v }

func testFind(t *testing.T, s *suite) {
	e := s.engine(t)
	for _, collection := range []string{"indexed", "lying"} {
		t.Run(collection, func(t *testing.T) {
			e := &subject{t, e}
			fillFruit(e, collection)
			testOrders(e, collection)
			testMoves(e, collection)
		})
	}
	t.Run("refused", func(t *testing.T) {
		for name, q := range map[string]driver.Query{
			"no such collection":        {Collection: "unheard-of", Partition: "p"},
			"no such index":             {Collection: "indexed", Partition: "p", Index: "unheard-of"},
			"condition without index":   {Collection: "indexed", Partition: "p", Equal: []driver.Value{driver.Num(1)}},
			"another type":              {Collection: "indexed", Partition: "p", Index: "by-number", Equal: []driver.Value{driver.Str("1")}},
			"range of another type":     {Collection: "indexed", Partition: "p", Index: "by-number", From: str("1")},
			"too many values":           {Collection: "indexed", Partition: "p", Index: "by-number", Equal: []driver.Value{driver.Num(1), driver.Num(1)}},
			"no field left for a range": {Collection: "indexed", Partition: "p", Index: "by-number", Equal: []driver.Value{driver.Num(1)}, From: num(1)},
		} {
			if _, err := e.Find(context.Background(), q, func(*driver.Doc) bool { return true }); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	})
	e.check()
}

// fillFruit stores seven documents; "none" is in no index.
func fillFruit(e *subject, collection string) {
	put := func(id, word string, n int64) driver.Op {
		return ranked(driver.Insert, collection, "p", id, 0, word, n)
	}
	none := driver.Op{Kind: driver.Insert, Doc: driver.Doc{Ref: ref(collection, "p", "none"), Keys: make([][]driver.Value, 3)}}
	e.commit("p", put("a", "pear", 3), put("b", "apple", -1), put("c", "apple", 7), put("d", "apple", 7),
		put("e", "", 0), put("f", "app", 1<<40), none)
	e.commit("other", ranked(driver.Insert, collection, "other", "x", 0, "apple", 7))
}

func testOrders(e *subject, collection string) {
	q := driver.Query{Collection: collection, Partition: "p"}
	e.finds(q, "a", "b", "c", "d", "e", "f", "none")
	q.Reverse = true
	e.finds(q, "none", "f", "e", "d", "c", "b", "a")
	q = driver.Query{Collection: collection, Partition: "p", Index: "by-number"}
	e.finds(q, "b", "e", "a", "c", "d", "f")
	q.From, q.To = num(0), num(7)
	e.finds(q, "e", "a")
	q.From, q.To = num(7), nil
	e.finds(q, "c", "d", "f")
	q.Reverse = true
	e.finds(q, "f", "d", "c")
	q.From, q.To, q.Limit = nil, num(7), 2
	e.finds(q, "a", "e")
	q = driver.Query{Collection: collection, Partition: "p", Index: "by-word-desc-number"}
	e.finds(q, "e", "f", "c", "d", "b", "a")
	q.Equal = []driver.Value{driver.Str("apple")}
	e.finds(q, "c", "d", "b")
	q.From = num(0)
	e.finds(q, "c", "d")
	q.From, q.To = nil, num(7)
	e.finds(q, "b")
	q.From, q.To, q.Reverse = num(-1), num(8), true
	e.finds(q, "b", "d", "c")
	q = driver.Query{Collection: collection, Partition: "p", Index: "by-word-desc-number", From: str("app"), To: str("apple")}
	e.finds(q, "f")
	q = driver.Query{Collection: collection, Partition: "p", Index: "by-desc-word"}
	e.finds(q, "a", "b", "c", "d", "f", "e")
	q.From, q.To = str("app"), str("pear")
	e.finds(q, "b", "c", "d", "f")
	q.Partition = "nobody"
	e.finds(q)
}

// testMoves changes documents and expects every index to follow.
func testMoves(e *subject, collection string) {
	byNumber := driver.Query{Collection: collection, Partition: "p", Index: "by-number"}
	byWord := driver.Query{Collection: collection, Partition: "p", Index: "by-word-desc-number"}
	e.commit("p", ranked(driver.Replace, collection, "p", "a", 1, "apple", 5),
		ranked(driver.Replace, collection, "p", "none", 1, "zebra", 9))
	e.finds(byNumber, "b", "e", "a", "c", "d", "none", "f")
	e.finds(byWord, "e", "f", "c", "d", "a", "b", "none")
	out := ranked(driver.Put, collection, "p", "c", 0, "", 0)
	out.Doc.Keys = make([][]driver.Value, 3)
	e.commit("p", out, driver.Op{Kind: driver.Delete, Doc: driver.Doc{Ref: ref(collection, "p", "f"), Rev: 1}},
		driver.Op{Kind: driver.Discard, Doc: driver.Doc{Ref: ref(collection, "p", "none")}})
	e.finds(byNumber, "b", "e", "a", "d")
	e.finds(byWord, "e", "d", "a", "b")
	e.finds(driver.Query{Collection: collection, Partition: "p"}, "a", "b", "c", "d", "e")
	e.finds(driver.Query{Collection: collection, Partition: "other", Index: "by-number"}, "x")
}

func testCursor(t *testing.T, s *suite) {
	e := s.engine(t)
	const total = 100
	for _, collection := range []string{"indexed", "lying"} {
		for i := range total {
			e.commit("p", ranked(driver.Insert, collection, "p", fmt.Sprintf("%03d", i), 0, fmt.Sprint("w", i%3), int64(i/7)))
		}
		for _, index := range []string{"", "by-number", "by-word-desc-number", "by-desc-word"} {
			for _, reverse := range []bool{false, true} {
				name := fmt.Sprintf("%s %s reverse=%v", collection, index, reverse)
				q := driver.Query{Collection: collection, Partition: "p", Index: index, Reverse: reverse}
				t.Run(name, func(t *testing.T) { testPages(&subject{t, e}, q, total) })
			}
		}
		q := driver.Query{Collection: collection, Partition: "p", Index: "by-number"}
		t.Run(collection+" under writes", func(t *testing.T) { testPagesUnderWrites(&subject{t, e}, q, total) })
	}
	t.Run("no cursor", func(t *testing.T) {
		q := driver.Query{Collection: "indexed", Partition: "p", Index: "by-number", After: []byte("x")}
		if _, err := e.Find(context.Background(), q, nil); !errors.Is(err, driver.ErrCursor) {
			t.Errorf("%v, want %v", err, driver.ErrCursor)
		}
	})
	e.check()
}

// testPages reads in pages, by limit and by a visitor that stops, and expects what one
// reading finds.
func testPages(e *subject, q driver.Query, total int) {
	want, after := e.find(q)
	if len(want) != total || after != nil {
		e.t.Fatalf("%d documents, cursor %x", len(want), after)
	}
	for _, size := range []int{1, 7, 50, total, total + 1} {
		var got []string
		for q.Limit, q.After = size, nil; ; {
			ids, after := e.find(q)
			got = append(got, ids...)
			if q.After = after; after == nil {
				break
			}
			if len(ids) != size {
				e.t.Fatalf("a page of %d, want %d", len(ids), size)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			e.t.Errorf("pages of %d (-want +got):\n%s", size, diff)
		}
	}
	q.Limit, q.After = 0, nil
	n := 0
	after, err := e.Find(context.Background(), q, func(*driver.Doc) bool { n++; return n < 10 })
	if err != nil || n != 10 {
		e.t.Fatalf("stopped after %d: %v", n, err)
	}
	q.After = after
	if rest, _ := e.find(q); !slices.Equal(rest, want[10:]) {
		e.t.Errorf("went on with %v", rest)
	}
}

// testPagesUnderWrites adds and removes documents between the pages: what stays is seen
// once, also when the document of the cursor goes.
func testPagesUnderWrites(e *subject, q driver.Query, total int) {
	seen := map[string]int{}
	q.Limit = 10
	for page := 0; ; page++ {
		ids, after := e.find(q)
		for _, id := range ids {
			seen[id]++
		}
		if q.After = after; after == nil {
			break
		}
		last := ids[len(ids)-1]
		e.commit("p",
			driver.Op{Kind: driver.Discard, Doc: driver.Doc{Ref: ref(q.Collection, "p", last)}},
			ranked(driver.Insert, q.Collection, "p", fmt.Sprint("new-", page), 0, "w0", int64(page*3%20)))
	}
	for i := range total {
		if n := seen[fmt.Sprintf("%03d", i)]; n != 1 {
			e.t.Errorf("document %d was seen %d times", i, n)
		}
	}
}

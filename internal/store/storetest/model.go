package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// model is a partition of the "indexed" and "lying" collections in the plainest form
// that can be right.
type model map[driver.Ref]modelDoc

type modelDoc struct {
	rev    uint64
	word   string
	number int64
}

// apply says which operation fails first, or -1 after it has applied all.
func (m model) apply(ops []driver.Op, news []modelDoc) int {
	for i, o := range ops {
		d, there := m[o.Doc.Ref]
		ok := true
		switch o.Kind {
		case driver.Insert:
			ok = !there
		case driver.Replace, driver.Delete:
			ok = there && d.rev == o.Doc.Rev
		case driver.Require:
			ok = d.rev == o.Doc.Rev
		}
		if !ok {
			return i
		}
	}
	for i, o := range ops {
		switch o.Kind {
		case driver.Insert, driver.Replace, driver.Put:
			n := news[i]
			n.rev = m[o.Doc.Ref].rev + 1
			m[o.Doc.Ref] = n
		case driver.Delete, driver.Discard:
			delete(m, o.Doc.Ref)
		}
	}
	return -1
}

// find returns the ids that q should visit.
func (m model) find(q driver.Query) []string {
	type hit struct {
		id string
		modelDoc
	}
	var hits []hit
	for r, d := range m {
		if r.Collection != q.Collection || r.Partition != q.Partition {
			continue
		}
		if q.Index == "by-number" && (q.From != nil && d.number < q.From.N || q.To != nil && d.number >= q.To.N) {
			continue
		}
		if q.Index == "by-word-desc-number" && len(q.Equal) > 0 && d.word != q.Equal[0].S {
			continue
		}
		if q.Index == "by-word-desc-number" && (q.From != nil && d.number < q.From.N || q.To != nil && d.number >= q.To.N) {
			continue
		}
		if q.Index == "by-desc-word" && (q.From != nil && d.word < q.From.S || q.To != nil && d.word >= q.To.S) {
			continue
		}
		hits = append(hits, hit{r.ID, d})
	}
	slices.SortFunc(hits, func(a, b hit) int {
		order := 0
		switch q.Index {
		case "by-number":
			order = cmp.Compare(a.number, b.number)
		case "by-word-desc-number":
			order = cmp.Or(cmp.Compare(a.word, b.word), cmp.Compare(b.number, a.number))
		case "by-desc-word":
			order = cmp.Compare(b.word, a.word)
		}
		return cmp.Or(order, cmp.Compare(a.id, b.id))
	})
	var ids []string
	for _, h := range hits {
		ids = append(ids, h.id)
	}
	if q.Reverse {
		slices.Reverse(ids)
	}
	if q.Limit > 0 && len(ids) > q.Limit {
		ids = ids[:q.Limit]
	}
	return ids
}

var (
	words       = rapid.SampledFrom([]string{"", "a", "ab", "b", "\x00", "a\x00", "a\x00b", "\xff", "é"})
	numbers     = rapid.SampledFrom([]int64{-1 << 63, -7, -1, 0, 1, 7, 1<<63 - 1})
	ids         = rapid.SampledFrom([]string{"a", "b", "c", "ca", "\x00", "é"})
	partitions  = rapid.SampledFrom([]string{"p", "p\x00", "pp"})
	collections = rapid.SampledFrom([]string{"indexed", "lying"})
)

// testModel runs random commits and queries against the engine and the model.
func testModel(t *testing.T, s *suite) {
	e := s.engine(t)
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		m := model{}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			p := fmt.Sprint(run, "-", partitions.Draw(t, "partition"))
			modelCommit(t, e, m, p)
			q := drawQuery(t, p)
			var got []string
			_, err := e.Find(e.t.Context(), q, func(d *driver.Doc) bool { got = append(got, d.ID); return true })
			if err != nil {
				t.Fatal(err)
			}
			if want := m.find(q); !slices.Equal(got, want) {
				t.Fatalf("find %+v: %q, want %q", q, got, want)
			}
		}
	})
	e.check()
}

func modelCommit(t *rapid.T, e *subject, m model, partition string) {
	var ops []driver.Op
	var news []modelDoc
	used := map[driver.Ref]bool{}
	for range rapid.IntRange(1, 4).Draw(t, "operations") {
		n := modelDoc{word: words.Draw(t, "word"), number: numbers.Draw(t, "number")}
		o := ranked(driver.OpKind(rapid.IntRange(int(driver.Insert), int(driver.Discard)).Draw(t, "kind")),
			collections.Draw(t, "collection"), partition, ids.Draw(t, "id"), 0, n.word, n.number)
		if used[o.Doc.Ref] {
			continue
		}
		used[o.Doc.Ref] = true
		if o.Doc.Rev = m[o.Doc.Ref].rev; rapid.IntRange(0, 9).Draw(t, "wrong") == 0 {
			o.Doc.Rev++
		}
		ops, news = append(ops, o), append(news, n)
	}
	want := m.apply(ops, news)
	err := e.Commit(e.t.Context(), partition, ops)
	var conflict *driver.ConflictError
	switch {
	case want < 0 && err != nil:
		t.Fatalf("commit: %v", err)
	case want >= 0 && (!errors.As(err, &conflict) || conflict.Op != want):
		t.Fatalf("commit: %v, want a conflict at %d", err, want)
	}
}

func drawQuery(t *rapid.T, partition string) driver.Query {
	q := driver.Query{
		Collection: collections.Draw(t, "in"), Partition: partition,
		Index:   rapid.SampledFrom([]string{"", "by-number", "by-word-desc-number", "by-desc-word"}).Draw(t, "index"),
		Reverse: rapid.Bool().Draw(t, "reverse"), Limit: rapid.IntRange(0, 3).Draw(t, "limit"),
	}
	edge := func(name string) *driver.Value {
		if !rapid.Bool().Draw(t, name) {
			return nil
		}
		if q.Index == "by-desc-word" {
			return str(words.Draw(t, name+" word"))
		}
		return num(numbers.Draw(t, name+" number"))
	}
	switch q.Index {
	case "":
		return q
	case "by-word-desc-number":
		q.Equal = []driver.Value{driver.Str(words.Draw(t, "equal"))}
	}
	q.From, q.To = edge("from"), edge("to")
	return q
}

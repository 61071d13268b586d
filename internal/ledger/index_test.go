package ledger

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// memDocs keeps what the index puts, and reads it as an engine would.
type memDocs struct {
	mu   sync.Mutex
	docs map[driver.Ref]driver.Doc
	fail func(ref driver.Ref) error // may be nil
}

func (m *memDocs) Get(_ context.Context, refs []driver.Ref, visit driver.Visit) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range refs {
		if d, ok := m.docs[r]; ok && !visit(&d) {
			break
		}
	}
	return nil
}

func (m *memDocs) Find(_ context.Context, q driver.Query, visit driver.Visit) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []driver.Doc
	for r, d := range m.docs {
		if r.Collection == q.Collection && r.Partition == q.Partition && d.Keys[0][0] == q.Equal[0] && d.Keys[0][1].N < q.To.N {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, func(a, b driver.Doc) int { return strings.Compare(b.ID, a.ID) })
	for i := range found {
		if !visit(&found[i]) {
			break
		}
	}
	return nil, nil
}

func (m *memDocs) Commit(_ context.Context, partition string, ops []driver.Op) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, op := range ops {
		if op.Kind != driver.Put || op.Doc.Partition != partition {
			return errors.New("the index puts documents of one partition only")
		}
		if m.fail != nil {
			if err := m.fail(op.Doc.Ref); err != nil {
				return err
			}
		}
		op.Doc.Body = bytes.Clone(op.Doc.Body)
		m.docs[op.Doc.Ref] = op.Doc
	}
	return nil
}

// allOf pages through a person's accesses.
func allOf(t *testing.T, l *Ledger, person string, limit int) []uint64 {
	t.Helper()
	var seqs []uint64
	for cursor := ""; ; {
		page, next, err := l.Accesses(t.Context(), person, cursor, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page {
			if a.Person != person {
				t.Fatalf("event %d of somebody else", a.Seq)
			}
			seqs = append(seqs, a.Seq)
		}
		if cursor = next; cursor == "" {
			return seqs
		}
	}
}

// wantOf is what event gives person p3 in a log of n events, newest first.
func wantOf(n int) (seqs []uint64) {
	for i := n - 1; i >= 0; i-- {
		if i%7 == 3 {
			seqs = append(seqs, uint64(i))
		}
	}
	return seqs
}

func TestAccessesArePagedNewestFirst(t *testing.T) {
	m, docs := &memLog{}, &memDocs{docs: map[driver.Ref]driver.Doc{}}
	o := options(t, m)
	o.Docs = docs
	l := open(t, o)
	check := func(n int) {
		t.Helper()
		for _, limit := range []int{1, 10, 1000} {
			if got := allOf(t, l, "p3", limit); !slices.Equal(got, wantOf(n)) {
				t.Fatalf("of %d events by %d: got %v", n, limit, got)
			}
		}
		if got := allOf(t, l, "nobody", 10); len(got) != 0 {
			t.Fatalf("got %v for a person without events", got)
		}
	}
	check(0)
	add(t, l, 100)
	check(100) // nothing indexed
	if n, err := l.Index(t.Context()); n != 100 || err != nil {
		t.Fatalf("indexed %d, %v", n, err)
	}
	check(100) // all indexed
	add(t, l, 100)
	check(200) // both
	if n, err := l.Index(t.Context()); n != 100 || err != nil {
		t.Fatalf("indexed %d, %v", n, err)
	}
	check(200)

	// A batch that fails half way, after which more events come, is done again.
	add(t, l, 50)
	docs.fail = func(r driver.Ref) error {
		if r.Partition == "p5" || r.Collection == watermark {
			return driver.ErrUnavailable
		}
		return nil
	}
	if _, err := l.Index(t.Context()); !errors.Is(err, driver.ErrUnavailable) {
		t.Fatalf("got %v", err)
	}
	docs.fail = nil
	check(250)
	add(t, l, 20)
	if n, err := l.Index(t.Context()); n != 70 || err != nil {
		t.Fatalf("indexed %d, %v", n, err)
	}
	check(270)

	if err := l.Reindex(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(270)
	if n, err := l.Index(t.Context()); n != 270 || err != nil {
		t.Fatalf("indexed %d, %v", n, err)
	}
	check(270) // the batches of before and the one over all tell no event twice
}

func TestACursorOfSomebodyElseIsRefused(t *testing.T) {
	o := options(t, &memLog{})
	o.Docs = &memDocs{docs: map[driver.Ref]driver.Doc{}}
	l := open(t, o)
	if _, _, err := l.Accesses(t.Context(), "p3", "x' OR 1=1", 10); errs.KindOf(err) != errs.Invalid {
		t.Errorf("got %v", err)
	}
}

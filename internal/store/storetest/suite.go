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

// OpenFunc makes an engine with specs in dir, a folder of the engine's own; opened again it
// has what it had when it was closed.
type OpenFunc func(t *testing.T, dir string, specs []driver.Spec) driver.Engine

// Run holds an engine to the contract. It checks what a replicated document database can
// give as well, and nothing else.
func Run(t *testing.T, open OpenFunc) { runGroups(t, &suite{open: open}) }

// RunSequential is the part of Run in which nothing happens at once and nothing is killed. It
// is for a double of an engine's database, never for an engine that is to be relied on.
func RunSequential(t *testing.T, open OpenFunc) { runGroups(t, &suite{open: open, sequential: true}) }

func runGroups(t *testing.T, s *suite) {
	groups := []struct {
		name string
		test func(t *testing.T, s *suite)
	}{
		{"Commit", testCommit},
		{"Limits", testLimits},
		{"Find", testFind},
		{"Cursor", testCursor},
		{"Due", testDue},
		{"Expiry", testExpiry},
		{"Logs", testLogs},
		{"Model", testModel},
		{"Large", testLarge},
		{"Typed", testTyped},
		{"Claims", testClaims},
		{"Work", testWork},
		{"Reopen", testReopen},
		{"Mover", testMover},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) { g.test(t, s) })
	}
	s.atOnce(t, "Races", func(t *testing.T) { testRaces(t, s) })
	s.atOnce(t, "Crash", func(t *testing.T) { testCrash(t, s) })
}

// Specs of the suite's collections: one with the ids' order only, one with indexes, and
// the same lying in the order of one of them.
var (
	plain   = driver.Spec{Name: "plain"}
	indexed = driver.Spec{Name: "indexed", Indexes: indexes()}
	lying   = driver.Spec{Name: "lying", Indexes: indexes(), Clustered: "by-word-desc-number"}
)

func indexes() []driver.Index {
	return []driver.Index{
		{Name: "by-number", Fields: []driver.Field{{Kind: driver.Int}}},
		{Name: "by-word-desc-number", Fields: []driver.Field{{Kind: driver.String}, {Kind: driver.Int, Desc: true}}},
		{Name: "by-desc-word", Fields: []driver.Field{{Kind: driver.String, Desc: true}}},
	}
}

func specs() []driver.Spec { return []driver.Spec{plain, indexed, lying} }

// suite opens engines and says shortly what the tests do with them.
type suite struct {
	open       OpenFunc
	sequential bool
}

// atOnce is a subtest in which several write at once.
func (s *suite) atOnce(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		if s.sequential {
			t.Skip("what happens at once is not for this database: it is only a double")
		}
		test(t)
	})
}

// crowd is how many do the same at once: n, or one.
func (s *suite) crowd(n int) int {
	if s.sequential {
		return 1
	}
	return n
}

// engine opens one on a new folder; it is closed with the test.
func (s *suite) engine(t *testing.T) *subject {
	e := s.open(t, t.TempDir(), specs())
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &subject{t, e}
}

// subject is an engine with the short forms of what is done with it.
type subject struct {
	t *testing.T
	driver.Engine
}

func ref(collection, partition, id string) driver.Ref {
	return driver.Ref{Collection: collection, Partition: partition, ID: id}
}

// op is an operation on the plain collection.
func op(kind driver.OpKind, partition, id string, rev uint64, body string) driver.Op {
	return driver.Op{Kind: kind, Doc: driver.Doc{Ref: ref("plain", partition, id), Rev: rev, Body: []byte(body)}}
}

// ranked is an operation on a collection with the suite's indexes.
func ranked(kind driver.OpKind, collection, partition, id string, rev uint64, word string, number int64) driver.Op {
	return driver.Op{Kind: kind, Doc: driver.Doc{
		Ref: ref(collection, partition, id), Rev: rev, Body: fmt.Appendf(nil, "%s/%d", word, number),
		Keys: [][]driver.Value{
			{driver.Num(number)},
			{driver.Str(word), driver.Num(number)},
			{driver.Str(word)},
		},
	}}
}

func (s *subject) commit(partition string, ops ...driver.Op) {
	s.t.Helper()
	if err := s.Commit(context.Background(), partition, ops); err != nil {
		s.t.Fatalf("commit: %v", err)
	}
}

// conflicts commits and expects operation n to fail.
func (s *subject) conflicts(n int, partition string, ops ...driver.Op) {
	s.t.Helper()
	err := s.Commit(context.Background(), partition, ops)
	var conflict *driver.ConflictError
	if !errors.As(err, &conflict) {
		s.t.Fatalf("commit: %v, want a conflict", err)
	}
	if conflict.Op != n || conflict.Ref != ops[n].Doc.Ref {
		s.t.Errorf("conflict at operation %d of %v, want %d", conflict.Op, conflict.Ref, n)
	}
}

// read returns a document, or nil.
func (s *subject) read(r driver.Ref) *driver.Doc {
	s.t.Helper()
	var got *driver.Doc
	err := s.Get(context.Background(), []driver.Ref{r}, func(d *driver.Doc) bool {
		c := *d
		c.Body = slices.Clone(d.Body)
		got = &c
		return true
	})
	if err != nil {
		s.t.Fatalf("get: %v", err)
	}
	return got
}

// holds expects a document of the plain collection, "" for none.
func (s *subject) holds(partition, id, body string, rev uint64) {
	s.t.Helper()
	d := s.read(ref("plain", partition, id))
	switch {
	case d == nil && rev == 0:
	case d == nil:
		s.t.Errorf("%s/%s is absent, want %q at %d", partition, id, body, rev)
	case string(d.Body) != body || d.Rev != rev:
		s.t.Errorf("%s/%s is %q at %d, want %q at %d", partition, id, d.Body, d.Rev, body, rev)
	}
}

// find returns the ids that q visits.
func (s *subject) find(q driver.Query) (ids []string, after []byte) {
	s.t.Helper()
	after, err := s.Find(context.Background(), q, func(d *driver.Doc) bool {
		ids = append(ids, d.ID)
		return true
	})
	if err != nil {
		s.t.Fatalf("find: %v", err)
	}
	return ids, after
}

func (s *subject) finds(q driver.Query, want ...string) {
	s.t.Helper()
	got, _ := s.find(q)
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("find %+v (-want +got):\n%s", q, diff)
	}
}

// run is a subtest on an engine that is there.
func run(t *testing.T, e *subject, name string, test func(e *subject)) {
	t.Run(name, func(t *testing.T) { test(&subject{t, e.Engine}) })
}

// check expects the engine to find itself in order.
func (s *subject) check() {
	s.t.Helper()
	if err := s.Check(context.Background(), nil); err != nil {
		s.t.Errorf("check: %v", err)
	}
}

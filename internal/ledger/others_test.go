package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// county is a store with a ledger for each of some instances.
type county struct {
	t    testing.TB
	dir  string
	e    *bolt.Engine
	mine map[string]*Ledger
	at   time.Time
}

func newCounty(t testing.TB, instances ...string) *county {
	c := &county{t, t.TempDir(), nil, map[string]*Ledger{}, noon}
	c.start()
	t.Cleanup(func() { _ = c.e.Close() })
	for _, name := range instances {
		c.open(name)
	}
	return c
}

func (c *county) start() {
	c.t.Helper()
	var err error
	if c.e, err = bolt.Open(c.dir, Specs(), bolt.Options{NoSync: true}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *county) options(name string) Options {
	c.t.Helper()
	log, err := c.e.Own(context.Background(), LogName(name))
	if err != nil {
		c.t.Fatal(err)
	}
	key, err := LoadKey(c.t.TempDir()+"/key", name)
	if err != nil {
		c.t.Fatal(err)
	}
	o := options(c.t, nil)
	o.Log, o.Docs, o.Logs, o.Instance, o.Key = log, c.e, c.e, name, key
	return o
}

func (c *county) open(name string) *Ledger {
	c.t.Helper()
	c.mine[name] = open(c.t, c.options(name))
	return c.mine[name]
}

// looks appends an event about a person at the next second.
func (c *county) looks(instance, person string) {
	c.t.Helper()
	ev := event(0)
	c.at = c.at.Add(time.Second)
	ev.Time, ev.Person = c.at, person
	if _, err := c.mine[instance].Append(c.t.Context(), ev); err != nil {
		c.t.Fatal(err)
	}
}

// pages reads a person's list from one instance, page by page, and says what is done
// between two pages.
func (c *county) pages(instance, person string, limit int, between func()) (got []string) {
	c.t.Helper()
	last := time.Time{}
	for cursor := ""; ; {
		page, next, err := c.mine[instance].Accesses(c.t.Context(), person, cursor, limit)
		if err != nil {
			c.t.Fatal(err)
		}
		if len(page) > limit || next != "" && len(page) < limit {
			c.t.Errorf("a page of %d, and next %q", len(page), next)
		}
		for _, a := range page {
			if !last.IsZero() && !a.Time.Before(last) {
				c.t.Errorf("%s %d is not in its place", a.Instance, a.Seq)
			}
			last = a.Time
			got = append(got, fmt.Sprintf("%s%d", a.Instance, a.Seq))
		}
		if cursor = next; cursor == "" {
			return got
		}
		between()
	}
}

// A person's accesses are one list over all instances, whichever is asked, whatever is
// indexed, and whoever runs no longer; and its pages are those of one moment.
func TestAccessesOverAllInstances(t *testing.T) {
	c := newCounty(t, "a", "b", "gone")
	var want []string
	n := map[string]int{}
	look := func(instance string) {
		c.looks(instance, "p")
		want = append([]string{fmt.Sprintf("%s%d", instance, n[instance])}, want...)
		c.looks(instance, "other")
		n[instance] += 2
	}
	for i := range 30 {
		look([]string{"a", "b", "gone", "b"}[i%4])
	}
	gone := c.mine["gone"]
	if err := gone.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		for _, from := range []string{"a", "b"} {
			for _, limit := range []int{1, 7, 1000} {
				came := 0
				got := c.pages(from, "p", limit, func() {
					if came < 3 {
						c.looks([]string{"a", "b"}[came%2], "p")
						came++
					}
				})
				if !slices.Equal(got, want) {
					t.Fatalf("%s, from %s by %d: %v, want %v", when, from, limit, got, want)
				}
				for i := range came { // what came between, in the end, is there too
					instance := []string{"a", "b"}[i%2]
					want = append([]string{fmt.Sprintf("%s%d", instance, n[instance])}, want...)
					n[instance]++
				}
			}
		}
	}
	check("nothing indexed")
	if _, err := c.mine["a"].Index(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("one is indexed")
	all, err := Parts(t.Context(), c.e)
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	for _, p := range all {
		if _, err := c.mine["b"].IndexOf(t.Context(), p); err != nil { // also the one that is gone
			t.Fatal(err)
		}
	}
	check("all are indexed")
	look("b")
	c.open("new")
	look("new")
	check("another came")
	for _, wrong := range []string{"x' OR 1=1", "YTox", "YTp4LA", "Oi4uLzox"} {
		if _, _, err := c.mine["a"].Accesses(t.Context(), "p", wrong, 5); wrong != "YTox" && errs.KindOf(err) != errs.Invalid {
			t.Errorf("cursor %q: %v", wrong, err)
		}
	}
}

// Two that index the same log at once, one of them late, lose nothing and tell nothing twice.
func TestTwoIndexOneLog(t *testing.T) {
	c := newCounty(t, "a", "b")
	a := c.mine["a"]
	add(t, a, 100)
	late := Part{"a", shorter{a.o.Log, 60}} // as long as it was when the slow one looked
	stopped := errors.New("stopped")
	slow := index{stopping{c.e, stopped}, late}
	if _, err := a.Index(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := slow.indexBatch(t.Context(), 0, 60); !errors.Is(err, stopped) { // over what is there, and then it dies
		t.Fatal(err)
	}
	check := func(n int) {
		t.Helper()
		if got := allOf(t, c.mine["b"], "p3", 10); !slices.Equal(got, wantOf(n)) {
			t.Fatalf("got %v, want %v", got, wantOf(n))
		}
	}
	check(100)
	if err := (index{c.e, late}).setIndexed(t.Context(), 60); err != nil { // or it dies after
		t.Fatal(err)
	}
	add(t, a, 20)
	check(120)
	if _, err := a.Index(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(120)
}

type shorter struct {
	driver.Log
	n uint64
}

func (s shorter) Len() uint64 { return s.n }

// stopping fails at the watermark.
type stopping struct {
	Docs
	err error
}

func (s stopping) Commit(ctx context.Context, partition string, ops []driver.Op) error {
	if ops[0].Doc.Collection == watermark {
		return s.err
	}
	return s.Docs.Commit(ctx, partition, ops)
}

// Any instance proves an event of any other that signed for it, also of one that runs no
// longer; the proof says whose log it is.
func TestProofsOfOthers(t *testing.T) {
	c := newCounty(t, "a", "b")
	a, b := c.mine["a"], c.mine["b"]
	keys := note.VerifierList(a.o.Key.Verifier)
	proves := func(seq uint64) {
		t.Helper()
		p, err := b.ProofOf(t.Context(), "a", seq)
		if err != nil {
			t.Fatal(err)
		}
		e, ok, err := p.Check(keys)
		if err != nil || !ok || p.Instance != "a" || p.Portable().Instance != "a" || e.Request != event(int(seq)).Request {
			t.Errorf("%d: %+v, %v", seq, e, err)
		}
	}
	add(t, a, 10_000)
	if _, err := b.ProofOf(t.Context(), "a", 3); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("not signed for yet: %v", err)
	}
	for range 2 { // the second time the blocks are known
		if err := func() error { _, err := a.Checkpoint(t.Context()); return err }(); err != nil {
			t.Fatal(err)
		}
		for _, seq := range []uint64{0, 4095, 4096, a.Len() - 1} {
			proves(seq)
		}
		add(t, a, 9_000)
	}
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	proves(a.Len() - 1)
	for instance, seq := range map[string]uint64{"a": 1 << 40, "nobody": 0} {
		if _, err := b.ProofOf(t.Context(), instance, seq); errs.KindOf(err) != errs.NotFound {
			t.Errorf("%s %d: %v", instance, seq, err)
		}
	}
	extents, err := b.Extents(t.Context())
	if err != nil || fmt.Sprint(extents) != "[{b 0} {a 28000}]" {
		t.Errorf("%v, %v", extents, err)
	}
	var first string
	err = b.ReadOf(t.Context(), "a", 5, func(seq uint64, e Event) bool { first = fmt.Sprint(seq, " ", e.Request); return false })
	if err != nil || !strings.HasPrefix(first, "5 ") {
		t.Errorf("%s, %v", first, err)
	}
}

// Of two with one name the first takes no event and signs nothing any more.
func TestAFencedLedger(t *testing.T) {
	c := newCounty(t, "a")
	first := c.mine["a"]
	add(t, first, 10)
	o := first.o
	var err error
	if o.Log, err = c.e.Own(t.Context(), LogName("a")); err != nil {
		t.Fatal(err)
	}
	second := open(t, o)
	for range 2 {
		_, err := first.Append(t.Context(), event(10))
		if errs.KindOf(err) != errs.Unavailable || !errors.Is(err, driver.ErrFenced) {
			t.Errorf("%v", err)
		}
	}
	add(t, second, 5)
	if _, err := first.Checkpoint(t.Context()); !errors.Is(err, driver.ErrFenced) || !errors.Is(first.Healthy(), driver.ErrFenced) {
		t.Errorf("it signs: %v", err)
	}
	if err := first.Close(t.Context()); err != nil || second.Len() != 15 {
		t.Errorf("%v", err)
	}
	if err := second.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := Verify(t.Context(), verification(t, o.Log, o))
	if err != nil || !r.OK() || r.Signed != 15 {
		t.Errorf("%+v, %v", r, err)
	}
}

// BenchmarkAccesses is one page of 20 over three instances, in whose logs some thousands
// are not yet indexed: what 30 s bring at ten times the county's peak.
func BenchmarkAccesses(b *testing.B) {
	for _, tail := range []int{1, 1000, 3000, 10_000} {
		b.Run(fmt.Sprint("unindexed-", tail), func(b *testing.B) {
			c := newCounty(b, "a", "b", "c")
			for _, l := range c.mine {
				for i := range 20_000 + tail {
					if i == 20_000 {
						if _, err := l.Index(b.Context()); err != nil {
							b.Fatal(err)
						}
					}
					ev := event(i)
					ev.Person = fmt.Sprintf("person-%d", i%5000)
					if _, err := l.Append(b.Context(), ev); err != nil {
						b.Fatal(err)
					}
				}
			}
			for b.Loop() {
				if _, _, err := c.mine["a"].Accesses(b.Context(), "person-7", "", 20); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package instance_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/instance"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/storetest"
)

// yard is a store and the time.
type yard struct {
	t   *testing.T
	db  *store.DB
	now time.Time
}

func newYard(t *testing.T) *yard {
	return &yard{t, storetest.Open(t, instance.Specs()...), time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)}
}

func (y *yard) options(name, opening string) instance.Options {
	return instance.Options{Store: y.db, Name: name, Opening: opening, Now: func() time.Time { return y.now }}
}

func (y *yard) join(name string) *instance.Member {
	y.t.Helper()
	m, err := instance.Join(y.t.Context(), y.options(name, ""))
	if err != nil {
		y.t.Fatal(err)
	}
	return m
}

// renew returns whom the member sees.
func (y *yard) renew(m *instance.Member) string {
	y.t.Helper()
	var seen []string
	err := m.Renew(y.t.Context(), func(_ context.Context, others []instance.Other) error {
		seen = nil
		for _, o := range others {
			if o.Gone {
				o.Name = "(" + o.Name + ")"
			}
			seen = append(seen, o.Name)
		}
		return nil
	})
	if err != nil {
		y.t.Fatal(err)
	}
	slices.Sort(seen)
	return strings.Join(seen, " ")
}

func says(t *testing.T, err, want error, words ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%v, want %v", err, want)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

func TestANameHasOneHolder(t *testing.T) {
	y := newYard(t)
	m := y.join("main")
	_, err := instance.Join(t.Context(), y.options("main", ""))
	says(t, err, instance.ErrHeld, "DCR_INSTANCE", "2026-03-10T09:30:10Z")
	y.now = y.now.Add(instance.Life - time.Second)
	y.renew(m)
	y.now = y.now.Add(2 * time.Second)
	_, err = instance.Join(t.Context(), y.options("main", ""))
	says(t, err, instance.ErrHeld)
	y.now = y.now.Add(instance.Life)
	if !m.Overdue() {
		t.Error("it does not know that its lease ran out")
	}
	next := y.join("main") // it slept too long
	says(t, m.Renew(t.Context(), nil), instance.ErrLost, "took the name", "DCR_INSTANCE")
	says(t, m.Lost(), instance.ErrLost)
	if err := m.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	y.renew(next) // which the other's going does not touch
	if err := next.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	y.join("main")
}

// A sleeper that nobody replaced goes on.
func TestALateRenewal(t *testing.T) {
	y := newYard(t)
	m := y.join("main")
	y.now = y.now.Add(time.Hour)
	if y.renew(m); m.Overdue() {
		t.Error("overdue")
	}
}

// Whoever was killed with the store open is not waited for where one process at a time
// can open it.
func TestAnOpeningBefore(t *testing.T) {
	y := newYard(t)
	killed, err := instance.Join(t.Context(), y.options("main", "first"))
	if err != nil {
		t.Fatal(err)
	}
	if done, err := killed.Do(t.Context(), "sweep", time.Hour, func(context.Context) error { return y.still(killed) }); !done || err != nil {
		t.Fatal(done, err)
	}
	m, err := instance.Join(t.Context(), y.options("main", "second"))
	if err != nil {
		t.Fatal(err)
	}
	if got := y.renew(m); got != "" {
		t.Errorf("it sees %s", got)
	}
	_, err = instance.Join(t.Context(), y.options("main", "second"))
	says(t, err, instance.ErrHeld)
}

// still expects that nobody else gets the work.
func (y *yard) still(m *instance.Member) error {
	done, err := m.Do(y.t.Context(), "sweep", time.Hour, func(context.Context) error { return nil })
	if done {
		y.t.Error("two do the same")
	}
	return err
}

// Who joins waits until those who were there know, and those that are gone are buried.
func TestTakingNotice(t *testing.T) {
	y := newYard(t)
	a := y.join("a")
	if a.Unnoticed() != nil {
		t.Error("alone, it waits for somebody")
	}
	b := y.join("b")
	expect := func(when string, want ...string) {
		t.Helper()
		y.renew(b)
		if got := b.Unnoticed(); !slices.Equal(got, want) {
			t.Errorf("%s: waits for %v, want %v", when, got, want)
		}
	}
	expect("joined", "a")
	busy := errors.New("busy")
	if err := a.Renew(t.Context(), func(context.Context, []instance.Other) error { return busy }); !errors.Is(err, busy) {
		t.Errorf("%v", err)
	}
	expect("a could not", "a")
	if got := y.renew(a); got != "b" {
		t.Errorf("a sees %s", got)
	}
	expect("a knows")
	c := y.join("c")
	y.now = y.now.Add(instance.Life)
	y.renew(b)
	if got := y.renew(c); got != "(a) b" {
		t.Errorf("c sees %s", got)
	}
	if got := c.Unnoticed(); !slices.Equal(got, []string{"a"}) {
		t.Errorf("c waits for %v", got)
	}
	for _, o := range c.Others() {
		if err := c.Bury(t.Context(), o); err != nil { // b lives, and stays
			t.Fatal(err)
		}
	}
	if got := y.renew(c); got != "b" || c.Unnoticed() != nil {
		t.Errorf("c sees %s", got)
	}
	says(t, a.Renew(t.Context(), nil), instance.ErrLost, "Start this one again")
}

func TestWorkIsDoneByOne(t *testing.T) {
	y := newYard(t)
	a, b := y.join("a"), y.join("b")
	var running, most, times atomic.Int32
	var g sync.WaitGroup
	for range 50 {
		for _, m := range []*instance.Member{a, b} {
			g.Go(func() {
				done, err := m.Do(t.Context(), "sweep", time.Minute, func(context.Context) error {
					most.Store(max(most.Load(), running.Add(1)))
					running.Add(-1)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				if done {
					times.Add(1)
				}
			})
		}
	}
	g.Wait()
	if most.Load() != 1 || times.Load() == 0 {
		t.Errorf("%d at a time, %d in all", most.Load(), times.Load())
	}
	// One that is killed has it until its lease ends.
	killed := errors.New("killed")
	done, err := a.Do(t.Context(), "sweep", time.Minute, func(ctx context.Context) error {
		if done, err := b.Do(ctx, "sweep", time.Minute, nil); done || err != nil {
			t.Errorf("while the other does it: %v, %v", done, err)
		}
		y.now = y.now.Add(time.Minute)
		if done, err := b.Do(ctx, "sweep", time.Minute, func(context.Context) error { return nil }); !done || err != nil {
			t.Errorf("after the lease: %v, %v", done, err)
		}
		return killed
	})
	if !done || !errors.Is(err, killed) {
		t.Errorf("%v, %v", done, err)
	}
}

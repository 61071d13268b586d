package testkit

import (
	"context"
	"path/filepath"

	"github.com/dorsetcarerecord/dcr/internal/instance"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// over puts the world's faults between the service and its engine: its own, or that of
// the first world on the same store.
func (w *World) over(e driver.Engine) driver.Engine {
	if w.first == nil {
		w.engine = e
		return w.Faults.over(e)
	}
	_ = e.Close() // that of a folder which is used for the rest
	return w.Faults.over(kept{w.first.engine})
}

// kept is an engine that is closed by whoever opened it.
type kept struct{ driver.Engine }

func (kept) Close() error { return nil }

// Opening implements driver.Exclusive.
func (k kept) Opening() string { return k.Engine.(driver.Exclusive).Opening() }

// Another starts a further service on the store of w, as another instance: with its own
// logs, keys, listeners and faults. Time is the same for all.
func (w *World) Another(name string) *World {
	w.T.Helper()
	o := w.Prepare(name)
	fatal(w.T, o.TryStart())
	return o
}

// Prepare is Another that has not been started: TryStart tells whether it can be.
func (w *World) Prepare(name string) *World {
	w.T.Helper()
	c := *w.Config
	c.Instance, c.Data = name, filepath.Join(w.T.TempDir(), "data")
	c.LedgerKey, c.Checkpoints = filepath.Join(c.Data, "ledger.key"), []string{filepath.Join(filepath.Dir(c.Data), "checkpoints")}
	o := &World{T: w.T, Config: &c, Issuer: w.Issuer, Log: &Buffer{}, Faults: newFaults(), pki: w.pki, first: w}
	if w.first != nil {
		o.first = w.first
	}
	w.T.Cleanup(func() {
		if o.Server != nil {
			fatal(w.T, o.Server.Stop(context.Background()))
		}
	})
	return o
}

// Kill ends the service as kill -9 does: nothing of it reaches the store any more, and it
// gives nothing up. The store is that of the first world, which must not be killed.
func (w *World) Kill() {
	w.T.Helper()
	w.Faults.kill()
	_ = w.Server.Stop(w.T.Context()) // what it cannot write any more
	w.Server = nil
}

// Works lets each of the services renew its lease, and then do its background work once,
// one after the other.
func Works(all ...*World) {
	for _, w := range all {
		w.T.Helper()
		fatal(w.T, w.Server.Renew(w.T.Context()))
	}
	for _, w := range all {
		w.T.Helper()
		fatal(w.T, w.Server.Work(w.T.Context()))
	}
}

// Lapse lets the leases of those end that are not among the services, which renew theirs
// and do their background work.
func Lapse(all ...*World) {
	for range 2 {
		all[0].Pass(instance.Life / 2)
		Works(all...)
	}
	Works(all...)
}

// SourceOf returns the source system that was registered in another world on the same
// store, as it sends to this one.
func (w *World) SourceOf(s *Source) *Source { return &Source{w, s.client} }

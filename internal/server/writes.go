package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// writes remembers the last failure to write something until it is written again, so
// that /readyz says so too when callers get 503.
type writes struct {
	now    func() time.Time
	failed func() // counts; may be nil
	fenced func() // another writes there now; may be nil
	last   atomic.Pointer[failure]
}

type failure struct {
	at  time.Time
	err error
}

// forgotten is how long a failure is told if nobody tries again. Whoever sends
// requests only where /readyz says ok would otherwise never find out that there is
// room again.
const forgotten = time.Minute

// note takes what became of an attempt. A caller who has gone, who wants to write too
// much, or on top of what is there no longer, tells nothing of the disk, and one damaged
// document does not stop the others; who waited in vain does.
func (w *writes) note(err error) {
	kind := errs.KindOf(err)
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, driver.ErrTooLarge) || errors.Is(err, driver.ErrCorrupt):
	case kind == errs.Conflict || kind == errs.TooLarge:
	case err != nil:
		if w.fenced != nil && errors.Is(err, driver.ErrFenced) {
			w.fenced()
		}
		w.last.Store(&failure{w.now(), err})
		if w.failed != nil {
			w.failed()
		}
	case w.last.Load() != nil:
		w.last.Store(nil)
	}
}

func (w *writes) failing() error {
	f := w.last.Load()
	if f == nil || w.now().Sub(f.at).Abs() >= forgotten { // either way: the clock may have been put back
		return nil
	}
	return fmt.Errorf("the last write failed at %s: %w", f.at.UTC().Format(time.RFC3339), f.err)
}

// and makes a check for /readyz of what could not be written and of another cause to
// say no.
func (w *writes) and(healthy func() error) func(context.Context) error {
	return func(context.Context) error { return cmp.Or(healthy(), w.failing()) }
}

// watchedLog is a log whose appends are noted.
type watchedLog struct {
	driver.Log
	writes *writes
}

func (l watchedLog) Append(ctx context.Context, records ...[]byte) (uint64, error) {
	first, err := l.Log.Append(ctx, records...)
	l.writes.note(err)
	return first, err
}

package record

import (
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
)

// Numbered is a ledger whose events are known by their numbers too; *ledger.Ledger is
// one.
type Numbered interface {
	ReadOf(ctx context.Context, instance string, from uint64, visit func(seq uint64, e ledger.Event) bool) error
	ProofOf(ctx context.Context, instance string, seq uint64) (ledger.Proof, error)
}

// Access returns one event by its number. One that is not about the person is
// access.Absent, like one that is not there.
func (a *Accesses) Access(ctx context.Context, instance string, seq uint64) (found ledger.Event, err error) {
	numbered, ok := a.looks.(Numbered)
	if !ok {
		return found, errs.New(errs.Unavailable, "Single events cannot be read here.")
	}
	ok = false
	err = numbered.ReadOf(ctx, instance, seq, func(n uint64, e ledger.Event) bool {
		if ok = n == seq && a.Has(&e); ok {
			found = e
		}
		return false
	})
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return ledger.Event{}, err
	}
	if !ok {
		return ledger.Event{}, access.Absent()
	}
	return found, nil
}

// Proof returns the proof of one event by its number; whose it is, is looked at
// first.
func (a *Accesses) Proof(ctx context.Context, instance string, seq uint64) (ledger.Proof, error) {
	if _, err := a.Access(ctx, instance, seq); err != nil {
		return ledger.Proof{}, err
	}
	return a.looks.(Numbered).ProofOf(ctx, instance, seq)
}

// Holds reports whether a moment is one that the filter asks for.
func (f *DateFilter) Holds(at time.Time) bool {
	low := stamp(at).UnixMicro()
	return f.matches(low, low+time.Millisecond.Microseconds())
}

// Before reports whether a moment, and all before it, lie too early for the filter.
func (f *DateFilter) Before(at time.Time) bool {
	switch f.Prefix {
	case "", "eq", "ge", "gt", "sa":
		return at.Before(f.Low)
	}
	return false
}

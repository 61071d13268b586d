package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Append returns the event's sequence number once it is durable; a caller that
// gets an error must neither show nor change anything.
func (l *Ledger) Append(ctx context.Context, e *Event) (seq uint64, err error) {
	if l.o.Observe == nil {
		return l.append(ctx, e)
	}
	began := l.o.Now()
	seq, err = l.append(ctx, e)
	l.o.Observe(l.o.Now().Sub(began), err)
	return seq, err
}

func (l *Ledger) append(ctx context.Context, e *Event) (uint64, error) {
	if l.closed.Load() {
		return 0, unavailable(fmt.Errorf("ledger: closed"))
	}
	if err := l.fencedBy(); err != nil {
		return 0, unavailable(err)
	}
	s := l.scratch.Get().(*scratch)
	leaf, err := s.build(e)
	if err != nil {
		return 0, fmt.Errorf("ledger: %w", err)
	}
	s.one[0] = s.record
	seq, err := l.o.Log.Append(ctx, s.one[:]...)
	if err != nil {
		// The log may still be writing these bytes: they are not used again. Nor is it
		// known whether the event is there; settle finds it if it is.
		if errors.Is(err, driver.ErrFenced) {
			l.Fence(err)
		}
		return 0, unavailable(err)
	}
	l.scratch.Put(s)
	l.place(seq, leaf)
	return seq, nil
}

func unavailable(err error) error {
	err = errs.Wrap(errs.Unavailable, err, "The access ledger cannot be written at the moment, so nothing can be shown or changed. Try again.")
	if e, ok := errs.As(err); ok {
		e.After = 2 * time.Second
	}
	return err
}

// A slot holds a leaf that is durable but whose predecessors have not been placed
// yet.
type slot struct {
	leaf tlog.Hash
	full bool
}

// maxWaiting bounds how many leaves wait for one before them, whose Append failed
// or was put off by the scheduler; then the log is asked.
const maxWaiting = 1024

// place puts a durable leaf into the tree at its place. Appends that share an fsync
// return in any order; the tree grows in the log's.
func (l *Ledger) place(seq uint64, leaf tlog.Hash) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case seq < l.tree.size:
		return // settle was here before us
	case seq-l.tree.size >= maxWaiting:
		// A failure here shows at the next checkpoint, which settles again.
		_ = l.settleLocked(context.Background())
		return
	case seq > l.tree.size:
		l.waiting[seq%maxWaiting] = slot{leaf, true}
		return
	}
	l.addLocked(leaf)
	l.drainLocked()
	if l.tree.size-l.signed >= l.o.Every {
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

// drainLocked moves the leaves that now have their turn into the tree.
func (l *Ledger) drainLocked() {
	for {
		s := &l.waiting[l.tree.size%maxWaiting]
		if !s.full {
			return
		}
		s.full = false
		l.addLocked(s.leaf)
	}
}

func (l *Ledger) addLocked(leaf tlog.Hash) {
	if block, done := l.tree.add(leaf); done {
		l.blocks = append(l.blocks, block)
	}
}

// settleLocked brings the tree to the log's length by reading what is not in it
// yet: also the events of Appends that returned an error and are there all the same.
func (l *Ledger) settleLocked(ctx context.Context) error {
	end := l.o.Log.Len()
	if l.tree.size >= end {
		return nil
	}
	var bad error
	err := l.o.Log.Read(ctx, l.tree.size, func(n uint64, record []byte) bool {
		if n >= end {
			return false
		}
		leaf, err := leafOf(record)
		if err != nil {
			bad = fmt.Errorf("event %d: %w", n, err)
			return false
		}
		l.waiting[n%maxWaiting].full = false
		l.addLocked(leaf)
		return true
	})
	if err == nil {
		err = bad
	}
	if err != nil {
		return fmt.Errorf("ledger: read back: %w", err)
	}
	l.drainLocked()
	return nil
}

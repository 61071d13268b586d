package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

const day = 24 * time.Hour

// Options say what a ledger stands on. Log, Instance, Key, Folders and Now are
// required.
type Options struct {
	Log      driver.Log // the log of this instance, named LogName(Instance)
	Instance string
	Key      Key
	Older    []note.Verifier // keys that signed before Key did
	// Folders take the checkpoints, each a copy: at least one outside the data
	// folder, best one of them on another machine.
	Folders []string
	// Derived is a folder for what proofs need and can be computed again; without
	// it, that is done after every start.
	Derived  string
	Docs     Docs          // for the index by person; nil: no index
	Logs     Logs          // of the store, for those of the other instances; nil: there are none
	Every    uint64        // a checkpoint after so many events; 0: 100,000
	Interval time.Duration // and after such a time, if there were any; 0: a minute
	Now      func() time.Time
	Observe  func(d time.Duration, err error) // each Append; may be nil
	Missing  func(logs int)                   // how many logs of other instances are gone, at opening and with each checkpoint; may be nil
	Logger   *slog.Logger                     // may be nil
	// Adopt takes a log without any checkpoint as it is. An operator asks for it
	// after losing the checkpoints, knowing that nothing then vouches for the past.
	Adopt bool
}

// Ledger is the access ledger of one instance. Its methods may be called
// concurrently.
type Ledger struct {
	o       Options
	keys    note.Verifiers
	scratch sync.Pool
	closed  atomic.Bool
	fenced  atomic.Pointer[error]
	foreign foreign

	mu      sync.Mutex
	tree    tree
	waiting [maxWaiting]slot
	blocks  []tlog.Hash // roots of the complete blocks of 2^blockLevel leaves
	signed  uint64      // size of the last checkpoint

	signing sync.Mutex // one checkpoint at a time
	last    atomic.Pointer[Checkpoint]
	kept    *Checkpoint           // the one before last, which stays
	trouble atomic.Pointer[error] // of the last attempt at a checkpoint
	wake    chan struct{}
	stop    context.CancelFunc
	running sync.WaitGroup

	derived  chan struct{} // closed when blocks is complete, or derivedErr set
	badBlock error
	saved    int // blocks that the file in Derived holds
}

// Open checks the log against the last signed checkpoint and returns the ledger.
// It refuses, saying what to do, if the log is shorter or gives another root: the
// server must not go on writing to a ledger that was cut or changed.
func Open(ctx context.Context, o Options) (*Ledger, error) {
	if o.Log == nil || o.Instance == "" || o.Key.Signer == nil || len(o.Folders) == 0 || o.Now == nil {
		return nil, errors.New("ledger: Log, Instance, Key, Folders and Now are required")
	}
	if o.Every == 0 {
		o.Every = 100_000
	}
	if o.Interval == 0 {
		o.Interval = time.Minute
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	l := &Ledger{o: o, wake: make(chan struct{}, 1), derived: make(chan struct{}),
		keys: note.VerifierList(append([]note.Verifier{o.Key.Verifier}, o.Older...)...)}
	l.scratch.New = func() any { return &scratch{record: make([]byte, 0, 512)} }

	base, err := l.check(ctx)
	if err != nil {
		return nil, fmt.Errorf("ledger of instance %s: %w", o.Instance, err)
	}
	back, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	l.loadBlocks(back, base)
	if last := l.last.Load(); last != nil {
		l.others(ctx, last) // says at once what is gone
	} else {
		// From now on a log without a checkpoint means that checkpoints were lost.
		if _, err := l.Checkpoint(ctx); err != nil {
			stop()
			l.running.Wait()
			return nil, fmt.Errorf("ledger of instance %s: %w", o.Instance, err)
		}
	}
	l.running.Go(func() { l.checkpoints(back) })
	return l, nil
}

// check replays the log from the last checkpoint but one: so the last is compared
// with what the log holds, and not only believed. It returns the tree it began from.
func (l *Ledger) check(ctx context.Context) (base tree, err error) {
	found, err := lastOf(l.o.Folders, l.o.Instance, l.keys)
	if err != nil {
		return base, fmt.Errorf("%w. Put the right checkpoint or key back; `dcr ledger verify` tells more", err)
	}
	length := l.o.Log.Len()
	if len(found) == 0 {
		if length > 0 && !l.o.Adopt {
			return base, fmt.Errorf("the log holds %d events, but there is no checkpoint in %v. Put the checkpoints back; if they are lost, "+
				"verify the log against a copy kept elsewhere and start once with DCR_ADOPT_LEDGER=true", length, l.o.Folders)
		}
		return base, l.replay(ctx, nil)
	}
	last := found[0]
	if length < last.Size {
		return base, fmt.Errorf("the log holds %d events, but %d were signed for on %s: its tail was lost or removed. Restore the newest backup of the "+
			"data folder; if nothing newer exists, keep the checkpoints as evidence elsewhere, empty %v and start once with DCR_ADOPT_LEDGER=true",
			length, last.Size, last.Time.Format(time.RFC3339), l.o.Folders)
	}
	if len(found) > 1 {
		l.kept, base = found[1], found[1].tree
	}
	l.tree = base
	if err := l.replay(ctx, last); err != nil {
		return base, err
	}
	l.last.Store(last)
	l.signed = last.Size
	return base, nil
}

// replay adds the log's events after the tree's size, comparing with want on the way.
func (l *Ledger) replay(ctx context.Context, want *Checkpoint) error {
	var bad error
	compare := func() bool {
		if want == nil || l.tree.size != want.Size || l.tree.root() == want.Root {
			return true
		}
		bad = fmt.Errorf("the log does not give the root that was signed at %d events on %s: an event before that was changed. "+
			"Find it with `dcr ledger verify`, then restore a backup that verifies", want.Size, want.Time.Format(time.RFC3339))
		return false
	}
	if !compare() {
		return bad
	}
	next := l.tree.size
	err := l.o.Log.Read(ctx, next, func(n uint64, record []byte) bool {
		leaf, err := leafOf(record)
		if err != nil {
			bad = fmt.Errorf("event %d: %w. Look with `dcr ledger verify`, then restore a backup that verifies", n, err)
			return false
		}
		l.addLocked(leaf)
		next = n + 1
		return compare()
	})
	if err != nil {
		return fmt.Errorf("event %d cannot be read: %w. Look with `dcr ledger verify`, then restore a backup that verifies", next, err)
	}
	return bad
}

// Checkpoint signs the log as it is now and writes that to every folder. If
// nothing was added since the last one, it returns that.
func (l *Ledger) Checkpoint(ctx context.Context) (*Checkpoint, error) {
	l.signing.Lock()
	defer l.signing.Unlock()
	c, err := l.checkpoint(ctx)
	l.trouble.Store(&err)
	return c, err
}

func (l *Ledger) checkpoint(ctx context.Context) (*Checkpoint, error) {
	l.mu.Lock()
	err := l.settleLocked(ctx)
	t := l.tree
	l.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if err := l.fencedBy(); err != nil {
		return nil, err
	}
	before := l.last.Load()
	if before != nil && before.Size == t.size && l.Healthy() == nil && l.signedNow(before) {
		return before, nil
	}
	c, err := newCheckpoint(l.o.Instance, &t, l.others(ctx, before), l.o.Now(), l.o.Key.Signer)
	if err != nil {
		return nil, err
	}
	// Counted even if saving fails: the next try comes with the interval, not with
	// the next event.
	l.mu.Lock()
	l.signed = c.Size
	l.mu.Unlock()
	if err = c.save(l.o.Folders); err != nil {
		return nil, err
	}
	l.last.Store(c)
	l.publish(ctx, c)
	switch {
	case before == nil || before.Size == c.Size:
	case c.supersedes(before, l.kept, l.o.Every):
		if err := before.remove(l.o.Folders); err != nil {
			l.o.Logger.Warn("ledger checkpoint not removed", "error", err) // harmless: one too many
		}
	default:
		l.kept = before
	}
	l.saveBlocks()
	return c, nil
}

// Fence ends the ledger because this instance must not go on, which err says: no event is
// taken any more, no checkpoint is signed for what another may append.
func (l *Ledger) Fence(err error) { l.fenced.CompareAndSwap(nil, &err) }

func (l *Ledger) fencedBy() error {
	if err := l.fenced.Load(); err != nil {
		return fmt.Errorf("ledger of instance %s: %w", l.o.Instance, *err)
	}
	return nil
}

// Healthy returns why no event is taken any more, or why the last attempt to write a
// checkpoint failed, or nil. In the second case events are still taken, but nothing
// vouches for the newest.
func (l *Ledger) Healthy() error {
	if err := l.fencedBy(); err != nil {
		return err
	}
	if err := l.trouble.Load(); err != nil {
		return *err
	}
	return nil
}

// Len returns the number of events.
func (l *Ledger) Len() uint64 { return l.o.Log.Len() }

// checkpoints writes one whenever Every events or Interval have passed.
func (l *Ledger) checkpoints(ctx context.Context) {
	tick := time.NewTicker(l.o.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-l.wake:
		}
		if _, err := l.Checkpoint(ctx); err != nil && ctx.Err() == nil {
			l.o.Logger.Error("ledger checkpoint failed", "error", err)
		}
	}
}

// Close writes a last checkpoint. Callers must have stopped; an Append that still
// comes is refused.
func (l *Ledger) Close(ctx context.Context) error {
	if l.closed.Swap(true) {
		return nil
	}
	l.stop()
	l.running.Wait()
	if l.fencedBy() != nil {
		return nil
	}
	_, err := l.Checkpoint(ctx)
	return err
}

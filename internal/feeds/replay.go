package feeds

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// lease is how long a worker that claimed due quarantine has it for itself.
const lease = 5 * time.Minute

// replay applies again what waits of a message, and reports whether anything did.
// If nothing does, all of it is applied again, for what arrives by it: the process
// may have died before that was known.
func (b *Inbox) replay(ctx context.Context, t ticket) (out Outcome, waits bool, err error) {
	m, err := b.read(ctx, t.instance, t.seq)
	if err != nil {
		return Outcome{}, false, err
	}
	if m.Source != t.source {
		return Outcome{}, false, fmt.Errorf("feeds: message %d is not the one that waits: %w", t.seq, driver.ErrCorrupt)
	}
	from, err := b.sender(ctx, m)
	if err != nil {
		return Outcome{}, false, err
	}
	defer b.lock(m.Source, m.Key).Unlock()
	if _, err := b.remember(ctx, m); err != nil { // whether its key was another's
		return Outcome{}, false, err
	}
	open, err := b.pending(ctx, t)
	if err != nil {
		return Outcome{}, false, err
	}
	waits = len(open) > 0
	if err := from.Permit(b.o.Now()); err != nil {
		return Outcome{}, waits, b.leave(ctx, open, err)
	}
	only := slices.Sorted(maps.Keys(open))
	if _, whole := open[Whole]; whole || !waits {
		only = nil
	}
	out, err = b.process(ctx, from, m, only, true)
	return out, waits, err
}

// leave puts off what a source may not send any longer.
func (b *Inbox) leave(ctx context.Context, open map[int]Item, why error) error {
	now := b.o.Now()
	for _, it := range open {
		it.Tries++
		it.Code, it.Words = errs.CodeOf(why), errs.Message(why)
		it.Retry = now.Add(backoff(it.Tries))
		op, err := b.put(&it)
		if err != nil {
			return err
		}
		if err := b.o.Store.Commit(ctx, it.Source, []driver.Op{op}); err != nil {
			return err
		}
	}
	return nil
}

// read returns a message of any instance's log.
func (b *Inbox) read(ctx context.Context, instance string, seq uint64) (*Message, error) {
	log := b.log
	if instance != b.o.Instance {
		var err error
		if log, err = b.o.Store.Log(ctx, logName(instance)); err != nil {
			return nil, fmt.Errorf("feeds: open the inbox of another instance: %w", err)
		}
	}
	var m *Message
	var bad error
	err := log.Read(ctx, seq, func(n uint64, record []byte) bool {
		m, bad = readMessage(instance, n, record)
		return false
	})
	if err := errors.Join(err, bad); err != nil {
		return nil, err
	}
	if m == nil || m.Seq != seq {
		return nil, fmt.Errorf("feeds: message %d is not in the inbox: %w", seq, driver.ErrCorrupt)
	}
	return m, nil
}

// sender gathers who sent m as they stand now. A source that is registered no
// longer is one that may send nothing.
func (b *Inbox) sender(ctx context.Context, m *Message) (Sender, error) {
	c, _, err := b.o.Partners.Client(ctx, m.Source)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return Sender{}, err
	}
	a, _, err := b.o.Partners.Agreement(ctx, m.Org)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return Sender{}, err
	}
	return Sender{Client: c, Agreement: a}, nil
}

// Work does what is due: quarantine that is to be tried again, and messages whose
// applying failed for want of the store. It returns how many it tried, and is
// called every so often while the process runs. One message that fails keeps no
// other waiting.
func (b *Inbox) Work(ctx context.Context, limit int) (tried int, err error) {
	var faults []error
	for _, seq := range b.track.abandoned(b.log.Len(), limit) {
		faults = append(faults, b.recoverOne(ctx, seq))
		tried++
	}
	due, err := b.claim(ctx, limit)
	faults = append(faults, err)
	for _, t := range due {
		faults = append(faults, b.replayAll(ctx, t))
		tried++
	}
	return tried, errors.Join(append(faults, b.mark(ctx, 1))...)
}

// replayAll replays a message and releases what waited for it.
func (b *Inbox) replayAll(ctx context.Context, t ticket) error {
	out, _, err := b.replay(ctx, t)
	if err != nil {
		return err
	}
	return b.releaseAfter(ctx, &out)
}

// releaseAfter releases what waited for what an outcome brought.
func (b *Inbox) releaseAfter(ctx context.Context, out *Outcome) error {
	if err := b.release(ctx, out.Arrived); err != nil {
		return err
	}
	return b.drop(ctx, out.used)
}

// claim takes due quarantine for this worker, and returns its messages.
func (b *Inbox) claim(ctx context.Context, limit int) ([]ticket, error) {
	now := b.o.Now()
	var items []Item
	var bad error
	err := b.o.Store.Due(ctx, dueQueue, now, limit, func(d *driver.Doc) bool {
		it, err := readItem(d)
		if err != nil {
			bad = err
			return false
		}
		items = append(items, it)
		return true
	})
	if err := errors.Join(err, bad); err != nil {
		return nil, err
	}
	var mine []ticket
	for _, it := range items {
		op := driver.Op{Kind: driver.Reschedule, Doc: driver.Doc{Rev: it.rev, Due: driver.Due{Queue: dueQueue, At: now.Add(lease)},
			Ref: driver.Ref{Collection: quarantine, Partition: it.Source, ID: it.ID}}}
		err = b.o.Store.Commit(ctx, it.Source, []driver.Op{op})
		if _, conflict := errors.AsType[*driver.ConflictError](err); conflict {
			continue
		}
		if err != nil {
			return nil, err
		}
		if t := (ticket{it.Source, it.Instance, it.Seq}); !slices.Contains(mine, t) {
			mine = append(mine, t)
		}
	}
	return mine, nil
}

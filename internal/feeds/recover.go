package feeds

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

const (
	markID   = "finished"
	markForm = 1
	// batchBytes bounds what Recover holds at a time.
	batchBytes = 32 << 20
)

// Recover replays what follows the last mark: what a run before this one received
// and may not have finished. It must return before anything is received.
func (b *Inbox) Recover(ctx context.Context) error {
	length := b.log.Len()
	for from := b.track.next; from < length; {
		batch, err := readBatch(ctx, b.o.Instance, b.log, from, length)
		if err != nil {
			return err
		}
		var g errgroup.Group
		g.SetLimit(b.o.Workers)
		for _, m := range batch {
			g.Go(func() error { return b.finish(ctx, m) })
		}
		if err := g.Wait(); err != nil {
			return fmt.Errorf("feeds: replay the inbox: %w", err)
		}
		from += uint64(len(batch))
	}
	return b.mark(ctx, 1)
}

// readBatch reads some messages of an instance from a number on.
func readBatch(ctx context.Context, instance string, log driver.Log, from, length uint64) ([]*Message, error) {
	var batch []*Message
	var bad error
	size := 0
	err := log.Read(ctx, from, func(n uint64, record []byte) bool {
		var m *Message
		if m, bad = readMessage(instance, n, record); bad != nil {
			return false
		}
		batch = append(batch, m)
		size += len(record)
		return size < batchBytes && n+1 < length
	})
	if err := errors.Join(err, bad); err != nil {
		return nil, err
	}
	if len(batch) == 0 {
		return nil, fmt.Errorf("feeds: message %d is not in the inbox: %w", from, driver.ErrCorrupt)
	}
	return batch, nil
}

// recoverOne finishes a message that nobody works on.
func (b *Inbox) recoverOne(ctx context.Context, seq uint64) error {
	m, err := b.read(ctx, b.o.Instance, seq)
	if err != nil {
		return err
	}
	return b.finish(ctx, m)
}

// finish applies a message that is in the log but may not have been applied. It
// was received while its sender was allowed to send it, so that counts.
func (b *Inbox) finish(ctx context.Context, m *Message) error {
	if !b.track.begin(m.Seq) {
		return nil
	}
	out, err := b.applyAgain(ctx, m)
	if err == nil {
		err = b.releaseAfter(ctx, &out)
	}
	b.track.end(m.Seq, err == nil)
	return err
}

func (b *Inbox) applyAgain(ctx context.Context, m *Message) (Outcome, error) {
	from, err := b.sender(ctx, m)
	if err != nil {
		return Outcome{}, err
	}
	defer b.lock(m.Source, m.Key).Unlock()
	if isCopy, err := b.remember(ctx, m); err != nil || isCopy {
		return Outcome{}, err
	}
	if err := from.Permit(m.Received); err != nil {
		out := whole(errs.CodeOf(err), errs.Message(err), AwaitAgreement(m.Org))
		_, err := b.settle(ctx, m, nil, out.Held)
		return out, err
	}
	return b.process(ctx, from, m, nil, true)
}

// readMark returns how far the log of an instance had been finished when that was last
// written.
func (b *Inbox) readMark(ctx context.Context, instance string) (next uint64, err error) {
	var bad error
	refs := [1]driver.Ref{{Collection: marks, Partition: instance, ID: markID}}
	err = b.o.Store.Get(ctx, refs[:], func(d *driver.Doc) bool {
		r, _ := packed.NewReader(d.Body, markForm)
		next = r.Uint()
		bad = r.Close()
		return true
	})
	if err := errors.Join(err, bad); err != nil {
		return 0, fmt.Errorf("feeds: read how far the inbox has been finished: %w", err)
	}
	return next, nil
}

// markSoon marks, without making anybody wait, if there are enough messages more
// than the last mark passed. It may fail: an older mark only makes the next start
// replay more.
func (b *Inbox) markSoon(ctx context.Context) {
	every := uint64(b.o.Mark)
	if _, due := b.track.unsaved(every); due && b.marking.TryLock() {
		b.marks.Go(func() {
			defer b.marking.Unlock()
			limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			defer cancel()
			_ = b.markLocked(limit, every)
		})
	}
}

// mark writes down how far the log has been finished, if that is at least every
// messages more than was written before.
func (b *Inbox) mark(ctx context.Context, every uint64) error {
	b.marking.Lock()
	defer b.marking.Unlock()
	return b.markLocked(ctx, every)
}

func (b *Inbox) markLocked(ctx context.Context, every uint64) error {
	next, ok := b.track.unsaved(every)
	if !ok {
		return nil
	}
	if err := b.writeKeys(ctx); err != nil {
		return fmt.Errorf("feeds: write down the keys of messages: %w", err)
	}
	if err := b.writeMark(ctx, b.o.Instance, next); err != nil {
		return err
	}
	b.track.wrote(next)
	return nil
}

func (b *Inbox) writeMark(ctx context.Context, instance string, next uint64) error {
	doc := driver.Doc{Ref: driver.Ref{Collection: marks, Partition: instance, ID: markID}, Body: packed.AppendUint([]byte{markForm}, next)}
	if err := b.o.Store.Commit(ctx, instance, []driver.Op{{Kind: driver.Put, Doc: doc}}); err != nil {
		return fmt.Errorf("feeds: write down how far the inbox has been finished: %w", err)
	}
	return nil
}

// Close writes down how far the inbox has been finished. Nothing may be received
// any more.
func (b *Inbox) Close(ctx context.Context) error {
	b.marks.Wait()
	return b.mark(ctx, 1)
}

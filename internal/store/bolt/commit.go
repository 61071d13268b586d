package bolt

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// A batch takes no further request beyond these.
const (
	maxBatch      = 256
	maxBatchOps   = 4096
	maxBatchBytes = 8 << 20
)

type request struct {
	ctx    context.Context
	writes []write
	size   int
	err    error
	done   chan struct{}
}

// Commit implements driver.Engine.
func (e *Engine) Commit(ctx context.Context, partition string, ops []driver.Op) error {
	if err := ctx.Err(); err != nil || len(ops) == 0 {
		return err
	}
	if err := e.schema.CheckCommit(partition, ops); err != nil {
		return err
	}
	writes, size, err := e.encode(ops)
	if err != nil {
		return err
	}
	r := &request{ctx: ctx, writes: writes, size: size, done: make(chan struct{})}
	e.closing.RLock()
	if e.closed {
		e.closing.RUnlock()
		return driver.ErrClosed
	}
	select {
	case e.requests <- r:
		e.closing.RUnlock()
	case <-ctx.Done():
		e.closing.RUnlock()
		return gaveUp("commit", ctx.Err())
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done(): // the disk does not answer
		return gaveUp("commit", ctx.Err())
	}
}

func gaveUp(what string, err error) error {
	return fmt.Errorf("store: %s, given up waiting for the disk: %w", what, err)
}

// commitLoop commits what waits with one transaction and answers. Letting others run
// once before it looks gathers those who are about to commit; any timer was
// measured to be slower.
func (e *Engine) commitLoop() {
	var batch []*request
	for first := range e.requests {
		runtime.Gosched()
		batch = e.gather(append(batch[:0], first))
		if err := e.commitBatch(batch); err != nil {
			for _, r := range batch {
				r.err = err // conflicts too: what they conflicted with may not have happened
			}
		}
		for i, r := range batch {
			close(r.done)
			batch[i] = nil
		}
	}
}

func (e *Engine) gather(batch []*request) []*request {
	ops, size := len(batch[0].writes), batch[0].size
	for len(batch) < maxBatch && ops < maxBatchOps && size < maxBatchBytes {
		select {
		case r, ok := <-e.requests:
			if !ok {
				return batch
			}
			batch = append(batch, r)
			ops += len(r.writes)
			size += r.size
		default:
			return batch
		}
	}
	return batch
}

// commitBatch commits those requests whose conditions hold; an error means that none
// was. Each sees what those before it wrote.
func (e *Engine) commitBatch(batch []*request) error {
	if err := e.broken.Load(); err != nil {
		return *err
	}
	tx, err := e.db.Begin(true)
	if err != nil {
		return unavailable("begin a commit", err)
	}
	b := batchTx{tx: tx, now: e.now().UnixMicro()}
	for _, r := range batch {
		if r.err = r.ctx.Err(); r.err != nil {
			continue
		}
		if r.err = b.check(r.writes); r.err != nil {
			continue
		}
		if err := b.apply(r.writes); err != nil {
			return errors.Join(fmt.Errorf("store: commit: %w", err), tx.Rollback())
		}
	}
	if !b.changed {
		return tx.Rollback()
	}
	e.reserve.ensure(tx.Size())
	began := time.Now()
	if err = tx.Commit(); err != nil {
		err = e.failed(unavailable("commit", err))
	}
	if e.observe != nil {
		e.observe(time.Since(began), err)
	}
	return err
}

// Healthy tells why nothing can be written until a restart, or nil.
func (e *Engine) Healthy() error {
	if err := e.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// failed looks at the error of a transaction that could not be made durable. After a
// failed sync nobody knows what of the file is on the disk, and what is written on top
// of it would not be safe: unless the disk was only full, nothing more is written.
func (e *Engine) failed(err error) error {
	if !full(err) {
		broken := fmt.Errorf("%w (nothing more is written: check the disk and restart)", err)
		e.broken.Store(&broken)
	}
	return err
}

func unavailable(what string, err error) error {
	return fmt.Errorf("%w: %s: %w", driver.ErrUnavailable, what, err)
}

// full says whether err tells of a full disk, after which the file is as it was and
// writing may be tried again. bbolt keeps the text of some errors only.
func full(err error) bool {
	for _, no := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, no) || strings.Contains(err.Error(), no.Error()) {
			return true
		}
	}
	return false
}

package bolt

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Sweep implements driver.Engine.
func (e *Engine) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	e.closing.RLock()
	defer e.closing.RUnlock()
	if e.closed {
		return 0, driver.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := e.broken.Load(); err != nil {
		return 0, *err
	}
	tx, err := e.db.Begin(true)
	if err != nil {
		return 0, unavailable("begin a sweep", err)
	}
	defer end(tx)
	b := batchTx{tx: tx, now: now.UnixMicro()}
	n, err := b.sweep(e.collections, limit)
	if err != nil || !b.changed {
		return 0, err
	}
	if err := tx.Commit(); err != nil {
		return 0, e.failed(unavailable("sweep", err))
	}
	return n, nil
}

// sweep removes at most limit documents that have expired.
func (b *batchTx) sweep(collections map[string]*collection, limit int) (int, error) {
	type victim struct {
		c    *collection
		pk   []byte
		plen int
	}
	var victims []victim
	hi := driver.AppendInt(nil, b.now+1)
	cur := b.tx.Bucket(expiryBucket).Cursor()
	for k, _ := cur.First(); k != nil && bytes.Compare(k, hi) < 0 && len(victims) < limit; k, _ = cur.Next() {
		name, pk, err := driver.CutString(k[8:])
		if err != nil {
			return 0, fmt.Errorf("%w: an entry of the expiry index", driver.ErrCorrupt)
		}
		_, id, err := driver.CutString(pk)
		if err != nil {
			return 0, fmt.Errorf("%w: an entry of the expiry index", driver.ErrCorrupt)
		}
		if c := collections[name]; c != nil {
			victims = append(victims, victim{c, bytes.Clone(pk), len(pk) - len(id)})
		}
	}
	for _, v := range victims {
		old, err := b.load(v.c, v.pk, v.plen)
		if err != nil {
			return 0, err
		}
		if err := b.remove(v.c, v.pk, v.plen, &old); err != nil {
			return 0, err
		}
	}
	return len(victims), nil
}

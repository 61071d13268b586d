package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// reader is what one read needs; kept in a pool, as reads are many and short.
type reader struct {
	doc    driver.Doc
	value  value
	key    []byte
	docKey []byte
	leaves []uint64
}

var readers = sync.Pool{New: func() any { return &reader{key: make([]byte, 0, 256), docKey: make([]byte, 0, 256)} }}

func (r *reader) release() {
	r.doc, r.value = driver.Doc{}, value{}
	readers.Put(r)
}

func (e *Engine) begin(ctx context.Context) (*bbolt.Tx, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	tx, err := e.db.Begin(false)
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return nil, driver.ErrClosed
	}
	if err != nil {
		return nil, unavailable("begin a read", err)
	}
	return tx, nil
}

// end gives a transaction up; one that was committed or given up before stays so.
func end(tx *bbolt.Tx) { _ = tx.Rollback() }

// Get implements driver.Engine. All refs are read in one transaction.
func (e *Engine) Get(ctx context.Context, refs []driver.Ref, visit driver.Visit) error {
	for i := range refs {
		if _, err := e.schema.CheckRef(&refs[i]); err != nil {
			return err
		}
	}
	tx, err := e.begin(ctx)
	if err != nil {
		return err
	}
	defer end(tx) // also when visit panics
	r := readers.Get().(*reader)
	defer r.release()
	now := e.now().UnixMicro()
	for i := range refs {
		c := e.collections[refs[i].Collection]
		r.key = driver.AppendString(r.key[:0], refs[i].Partition)
		plen := len(r.key)
		r.key = append(r.key, refs[i].ID...)
		doc, v, err := find(tx, c, r.key, plen, r.docKey)
		if err != nil {
			return err
		}
		if v == nil {
			continue
		}
		if err := r.value.parse(c.spec.Name, doc, v); err != nil {
			return err
		}
		if r.value.expired(now) {
			continue
		}
		r.doc.Ref = refs[i]
		r.value.fill(&r.doc)
		if !visit(&r.doc) {
			return nil
		}
	}
	return nil
}

// Due implements driver.Engine.
func (e *Engine) Due(ctx context.Context, queue string, before time.Time, limit int, visit driver.Visit) error {
	tx, err := e.begin(ctx)
	if err != nil {
		return err
	}
	defer end(tx)
	r := readers.Get().(*reader)
	defer r.release()
	now := e.now().UnixMicro()
	prefix := driver.AppendString(nil, queue)
	hi := driver.AppendInt(bytes.Clone(prefix), before.UnixMicro()+1)
	cur := tx.Bucket(dueBucket).Cursor()
	for k, _ := cur.Seek(prefix); k != nil && bytes.Compare(k, hi) < 0 && limit > 0; k, _ = cur.Next() {
		found, err := e.loadEntry(tx, r, k[len(prefix)+8:])
		if err != nil {
			return fmt.Errorf("read queue %s: %w", queue, err)
		}
		if !found || r.value.expired(now) {
			continue
		}
		r.value.fill(&r.doc)
		if limit--; !visit(&r.doc) {
			return nil
		}
	}
	return nil
}

// loadEntry reads the document that the end of a key in the due bucket names. Not
// found: its collection is unknown to this program.
func (e *Engine) loadEntry(tx *bbolt.Tx, r *reader, entry []byte) (found bool, err error) {
	name, pk, err := driver.CutString(entry)
	if err != nil {
		return false, fmt.Errorf("%w: %w", driver.ErrCorrupt, err)
	}
	partition, id, err := driver.CutString(pk)
	if err != nil {
		return false, fmt.Errorf("%w: %w", driver.ErrCorrupt, err)
	}
	c := e.collections[name]
	if c == nil {
		return false, nil
	}
	doc, v, err := find(tx, c, pk, len(pk)-len(id), r.docKey)
	if err != nil {
		return false, err
	}
	if v == nil {
		return false, fmt.Errorf("%w: a document of %s is missing", driver.ErrCorrupt, name)
	}
	r.doc.Ref = driver.Ref{Collection: c.spec.Name, Partition: partition, ID: string(id)}
	return true, r.value.parse(name, doc, v)
}

package bolt

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

var _ driver.Mover = (*Engine)(nil)

var markKey = []byte("mark") // in the bucket meta

// Collections implements driver.Mover.
func (e *Engine) Collections(ctx context.Context) ([]string, error) {
	tx, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end(tx)
	stored := map[string]storedSpec{}
	if err := json.Unmarshal(tx.Bucket(metaBucket).Get(specsKey), &stored); err != nil {
		return nil, fmt.Errorf("%w: the data file's list of collections: %w", driver.ErrCorrupt, err)
	}
	return slices.Sorted(maps.Keys(stored)), nil
}

// Count implements driver.Mover.
func (e *Engine) Count(ctx context.Context, collection string) (int64, error) {
	c, tx, err := e.beginIn(ctx, collection)
	if err != nil {
		return 0, err
	}
	defer end(tx)
	k := checker{tx: tx}
	return int64(k.size(c.docs)), nil
}

func (e *Engine) beginIn(ctx context.Context, collection string) (*collection, *bbolt.Tx, error) {
	c := e.collections[collection]
	if c == nil {
		return nil, nil, fmt.Errorf("store: unknown collection %q", collection)
	}
	tx, err := e.begin(ctx)
	return c, tx, err
}

// Export implements driver.Mover. A place is a document's key in its bucket.
func (e *Engine) Export(ctx context.Context, collection string, after []byte, limit int, visit driver.Visit) ([]byte, error) {
	c, tx, err := e.beginIn(ctx, collection)
	if err != nil {
		return nil, err
	}
	defer end(tx)
	cur := tx.Bucket(c.docs).Cursor()
	k, b := cur.Seek(after)
	if after != nil && bytes.Equal(k, after) {
		k, b = cur.Next()
	}
	var d driver.Doc
	for n := 1; k != nil; n++ {
		if err := c.export(&d, k, b); err != nil {
			return nil, err
		}
		last, goOn := k, visit(&d)
		if k, b = cur.Next(); k != nil && (!goOn || n == limit) {
			return bytes.Clone(last), nil
		}
		if !goOn {
			return nil, nil
		}
	}
	return nil, nil
}

// export reads what lies under a key of the bucket of documents.
func (c *collection) export(d *driver.Doc, key, b []byte) error {
	var v value
	if err := v.parse(c.spec.Name, key, b); err != nil {
		return err
	}
	pk, plen, err := c.splitDoc(key)
	if err != nil {
		return err
	}
	partition, id, err := driver.CutString(pk)
	if err != nil {
		return fmt.Errorf("%w: a key of %s", driver.ErrCorrupt, c.spec.Name)
	}
	d.Ref = driver.Ref{Collection: c.spec.Name, Partition: partition, ID: string(id)}
	v.fill(d)
	if d.Keys, err = c.exportKeys(&v, key[plen:]); err != nil {
		return fmt.Errorf("%w: an index key of a document of %s", driver.ErrCorrupt, c.spec.Name)
	}
	return nil
}

// exportKeys gives the values of all index keys back; place is what follows P in the document's key.
func (c *collection) exportKeys(v *value, place []byte) ([][]driver.Value, error) {
	keys := make([][]driver.Value, len(c.indexes))
	list := skipCount(v.keys)
	for i := range c.indexes {
		key := []byte(nil)
		switch {
		case i != c.clustered:
			key, list = nextKey(list)
		case place[0] == inOrder:
			key = place[1:]
		}
		if key == nil {
			continue
		}
		var err error
		if keys[i], _, err = driver.CutKey(&c.spec.Indexes[i], key); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// Import implements driver.Mover: all of docs in one transaction.
func (e *Engine) Import(ctx context.Context, docs []driver.Doc) error {
	if err := e.schema.CheckImport(docs); err != nil {
		return err
	}
	writes := make([]write, len(docs))
	for i := range docs {
		if err := e.encodeOp(&writes[i], &driver.Op{Kind: driver.Put, Doc: docs[i]}); err != nil {
			return err
		}
		writes[i].keep = docs[i].Rev
	}
	return e.alone(ctx, "import", func(b *batchTx) error {
		for i := range writes {
			w := &writes[i]
			old, err := b.load(w.c, w.pk, w.plen)
			if err != nil {
				return err
			}
			if err := b.store(w, &old); err != nil {
				return err
			}
		}
		return nil
	})
}

// alone writes beside the committer, which waits meanwhile.
func (e *Engine) alone(ctx context.Context, what string, write func(b *batchTx) error) error {
	e.closing.RLock()
	defer e.closing.RUnlock()
	if e.closed {
		return driver.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := e.Healthy(); err != nil {
		return err
	}
	tx, err := e.db.Begin(true)
	if err != nil {
		return unavailable("begin "+what, err)
	}
	defer end(tx)
	if err := write(&batchTx{tx: tx, now: e.now().UnixMicro()}); err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	e.reserve.ensure(tx.Size())
	if err := tx.Commit(); err != nil {
		return e.failed(unavailable(what, err))
	}
	return nil
}

// Mark implements driver.Mover.
func (e *Engine) Mark(ctx context.Context) (string, error) {
	tx, err := e.begin(ctx)
	if err != nil {
		return "", err
	}
	defer end(tx)
	return string(tx.Bucket(metaBucket).Get(markKey)), nil
}

// SetMark implements driver.Mover.
func (e *Engine) SetMark(ctx context.Context, mark string) error {
	return e.alone(ctx, "mark the store", func(b *batchTx) error {
		return b.tx.Bucket(metaBucket).Put(markKey, []byte(mark))
	})
}

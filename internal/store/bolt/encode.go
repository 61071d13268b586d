package bolt

import (
	"encoding/binary"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// write is one operation of a commit, encoded by whoever calls Commit so that the
// committer, of which there is one, has little left to do.
type write struct {
	kind  driver.OpKind
	rev   uint64
	keep  uint64 // the revision that an imported document has; 0: the one that follows
	c     *collection
	pk    []byte // P, id
	plen  int    // length of P
	ref   driver.Ref
	doc   []byte // the document's key in its bucket
	keys  []byte // the list of its index keys, as in the value
	value []byte // not sealed
	due   driver.Due
	// expires is when the document expires, in Unix microseconds, or 0.
	expires int64
}

func (e *Engine) encode(ops []driver.Op) ([]write, int, error) {
	writes := make([]write, len(ops))
	size := 0
	for i := range ops {
		if err := e.encodeOp(&writes[i], &ops[i]); err != nil {
			return nil, 0, err
		}
		size += len(writes[i].value)
	}
	return writes, size, nil
}

func (e *Engine) encodeOp(w *write, op *driver.Op) error {
	d := &op.Doc
	c := e.collections[d.Collection]
	*w = write{kind: op.Kind, rev: d.Rev, c: c, ref: d.Ref, due: d.Due}
	room := 2*(len(d.Partition)+len(d.ID)) + 64
	stores := op.Kind == driver.Insert || op.Kind == driver.Replace || op.Kind == driver.Put
	if stores {
		for _, key := range d.Keys {
			room += 2 * keySize(key)
		}
		room += fixedLen + len(d.Body) + len(d.Due.Queue) + 64
	}
	arena := driver.AppendString(make([]byte, 0, room), d.Partition)
	w.plen = len(arena)
	arena = append(arena, d.ID...)
	w.pk = arena[:len(arena):len(arena)]
	if !stores {
		return nil
	}
	w.expires = micros(d.Expires)
	w.doc = w.pk
	var err error
	if c.clustered >= 0 {
		start := len(arena)
		if arena, err = c.appendDocKey(arena, w.pk[:w.plen], d); err != nil {
			return err
		}
		w.doc = arena[start:len(arena):len(arena)]
	}
	start := len(arena)
	if arena, err = c.appendKeys(arena, d.Keys); err != nil {
		return err
	}
	w.keys = arena[start:len(arena):len(arena)]
	start = len(arena)
	w.value = appendValue(arena, d.Due, w.expires, w.keys, d.Body)[start:]
	return nil
}

// appendDocKey appends the key of d in the bucket of a clustered collection.
func (c *collection) appendDocKey(dst, p []byte, d *driver.Doc) ([]byte, error) {
	dst = append(dst, p...)
	key := d.Keys[c.clustered]
	if key == nil {
		return append(append(dst, noOrder), d.ID...), nil
	}
	dst, err := driver.AppendKey(append(dst, inOrder), &c.spec.Indexes[c.clustered], key)
	return append(dst, d.ID...), err
}

// appendKeys appends the list of the keys of all indexes but the clustered one.
func (c *collection) appendKeys(dst []byte, keys [][]driver.Value) ([]byte, error) {
	n := c.secondary()
	if n == 0 {
		return dst, nil
	}
	dst = binary.AppendUvarint(dst, uint64(n))
	var key []byte
	var err error
	for i := range keys {
		if i == c.clustered {
			continue
		}
		if keys[i] == nil {
			dst = append(dst, 0)
			continue
		}
		if key, err = driver.AppendKey(key[:0], &c.spec.Indexes[i], keys[i]); err != nil {
			return nil, err
		}
		dst = binary.AppendUvarint(dst, uint64(len(key))+1)
		dst = append(dst, key...)
	}
	return dst, nil
}

func (c *collection) secondary() int {
	if c.clustered >= 0 {
		return len(c.indexes) - 1
	}
	return len(c.indexes)
}

func keySize(key []driver.Value) int {
	n := 4
	for i := range key {
		n += len(key[i].S) + 10
	}
	return n
}

// micros returns t in Unix microseconds, and 0 for no time at all.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	if n := t.UnixMicro(); n != 0 {
		return n
	}
	return 1
}

func appendDueKey(dst []byte, queue string, at int64, collection string, pk []byte) []byte {
	dst = driver.AppendInt(driver.AppendString(dst, queue), at)
	return append(driver.AppendString(dst, collection), pk...)
}

func appendExpiryKey(dst []byte, at int64, collection string, pk []byte) []byte {
	return append(driver.AppendString(driver.AppendInt(dst, at), collection), pk...)
}

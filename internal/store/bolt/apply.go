package bolt

import (
	"bytes"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// batchTx is a write transaction with what the committer needs over and over.
type batchTx struct {
	tx      *bbolt.Tx
	now     int64 // Unix microseconds
	changed bool
	olds    []stored
	scratch []byte
	second  []byte
}

// stored is a document as it lies in the file; the zero one is not there.
type stored struct {
	doc   []byte // its key in the bucket of documents
	value value
	there bool // expired ones too
	live  bool
}

// find looks a document up. room is where its key is put together.
func find(tx *bbolt.Tx, c *collection, pk []byte, plen int, room []byte) (doc, v []byte, err error) {
	doc = pk
	if c.pointers != nil {
		suffix := tx.Bucket(c.pointers).Get(pk)
		if suffix == nil {
			return nil, nil, nil
		}
		doc = append(append(room[:0], pk[:plen]...), suffix...)
	}
	v = tx.Bucket(c.docs).Get(doc)
	if v == nil && c.pointers != nil {
		return nil, nil, fmt.Errorf("%w: a document of %s is missing where its id points", driver.ErrCorrupt, c.spec.Name)
	}
	return doc, v, nil
}

func (b *batchTx) load(c *collection, pk []byte, plen int) (s stored, err error) {
	doc, v, err := find(b.tx, c, pk, plen, nil)
	if err != nil || v == nil {
		return s, err
	}
	if err := s.value.parse(c.spec.Name, doc, v); err != nil {
		return s, err
	}
	s.doc, s.there, s.live = doc, true, !s.value.expired(b.now)
	return s, nil
}

// check finds whether the conditions of a request hold, before anything of it is
// written.
func (b *batchTx) check(writes []write) error {
	b.olds = b.olds[:0]
	for i := range writes {
		w := &writes[i]
		s, err := b.load(w.c, w.pk, w.plen)
		if err != nil {
			return err
		}
		if !holds(w, &s) {
			return &driver.ConflictError{Op: i, Ref: w.ref}
		}
		b.olds = append(b.olds, s)
	}
	return nil
}

func holds(w *write, s *stored) bool {
	switch w.kind {
	case driver.Insert:
		return !s.live
	case driver.Replace, driver.Delete, driver.Reschedule:
		return s.live && s.value.rev == w.rev
	case driver.Require:
		if w.rev == 0 {
			return !s.live
		}
		return s.live && s.value.rev == w.rev
	}
	return true
}

// apply writes a request that check let pass. An error leaves the transaction half
// done: it must be rolled back.
func (b *batchTx) apply(writes []write) error {
	for i := range writes {
		w, old := &writes[i], &b.olds[i]
		var err error
		switch w.kind {
		case driver.Require:
			continue
		case driver.Delete, driver.Discard:
			err = b.remove(w.c, w.pk, w.plen, old)
		case driver.Reschedule:
			w.doc, w.keys, w.expires = old.doc, old.value.keys, old.value.expires
			w.value = appendValue(nil, w.due, w.expires, w.keys, old.value.body)
			err = b.store(w, old)
		default:
			err = b.store(w, old)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *batchTx) remove(c *collection, pk []byte, plen int, old *stored) error {
	if !old.there {
		return nil
	}
	return b.store(&write{c: c, pk: pk, plen: plen}, old)
}

// store puts w in the place of old; a w without a value only takes old away.
func (b *batchTx) store(w *write, old *stored) error {
	b.changed = true
	moved := !bytes.Equal(old.doc, w.doc)
	docs := b.tx.Bucket(w.c.docs)
	if old.there && moved {
		if err := docs.Delete(old.doc); err != nil {
			return err
		}
	}
	if w.value != nil {
		rev := uint64(1)
		if old.live {
			rev = old.value.rev + 1
		}
		if w.keep > 0 {
			rev = w.keep
		}
		seal(w.doc, w.value, rev)
		if err := docs.Put(w.doc, w.value); err != nil {
			return err
		}
	}
	if w.c.pointers != nil && moved {
		if err := set(b.tx.Bucket(w.c.pointers), w.pk, w.suffix()); err != nil {
			return err
		}
	}
	if err := b.storeKeys(w, old, moved); err != nil {
		return err
	}
	return b.storeTimes(w, old)
}

// suffix is what follows P in the document's key; nil for one that goes.
func (w *write) suffix() []byte {
	if w.doc == nil {
		return nil
	}
	return w.doc[w.plen:]
}

// set puts v, or deletes the key if v is nil.
func set(bucket *bbolt.Bucket, key, v []byte) error {
	if v == nil {
		return bucket.Delete(key)
	}
	return bucket.Put(key, v)
}

func (b *batchTx) storeKeys(w *write, old *stored, moved bool) error {
	if w.c.secondary() == 0 {
		return nil
	}
	was, is := skipCount(old.value.keys), skipCount(w.keys)
	p, id := w.pk[:w.plen], w.pk[w.plen:]
	for _, name := range w.c.indexes {
		if name == nil {
			continue
		}
		var before, after []byte
		before, was = nextKey(was)
		after, is = nextKey(is)
		same := before != nil && after != nil && bytes.Equal(before, after)
		if same && !moved {
			continue
		}
		bucket := b.tx.Bucket(name)
		if before != nil && !same {
			b.scratch = append(append(append(b.scratch[:0], p...), before...), id...)
			if err := bucket.Delete(b.scratch); err != nil {
				return err
			}
		}
		if after != nil {
			b.scratch = append(append(append(b.scratch[:0], p...), after...), id...)
			if err := bucket.Put(b.scratch, w.suffix()); err != nil {
				return err
			}
		}
	}
	return nil
}

func skipCount(list []byte) []byte {
	if len(list) == 0 {
		return nil
	}
	_, rest := cutCount(list)
	return rest
}

// nextKey is cutKey for a list that may have ended: of a document that is not there.
func nextKey(list []byte) (key, rest []byte) {
	if len(list) == 0 {
		return nil, nil
	}
	return cutKey(list)
}

func (b *batchTx) storeTimes(w *write, old *stored) error {
	b.scratch, b.second = b.scratch[:0], b.second[:0]
	if len(old.value.queue) > 0 {
		b.scratch = appendDueKey(b.scratch, string(old.value.queue), old.value.dueAt, w.c.spec.Name, w.pk)
	}
	if w.value != nil && w.due.Queue != "" {
		b.second = appendDueKey(b.second, w.due.Queue, w.due.At.UnixMicro(), w.c.spec.Name, w.pk)
	}
	if err := b.exchange(dueBucket); err != nil {
		return err
	}
	b.scratch, b.second = b.scratch[:0], b.second[:0]
	if old.value.expires != 0 {
		b.scratch = appendExpiryKey(b.scratch, old.value.expires, w.c.spec.Name, w.pk)
	}
	if w.value != nil && w.expires != 0 {
		b.second = appendExpiryKey(b.second, w.expires, w.c.spec.Name, w.pk)
	}
	return b.exchange(expiryBucket)
}

// exchange takes scratch out of a bucket and puts second in; either may be empty.
func (b *batchTx) exchange(name []byte) error {
	if bytes.Equal(b.scratch, b.second) {
		return nil
	}
	bucket := b.tx.Bucket(name)
	if len(b.scratch) > 0 {
		if err := bucket.Delete(b.scratch); err != nil {
			return err
		}
	}
	if len(b.second) > 0 {
		return bucket.Put(b.second, []byte{})
	}
	return nil
}

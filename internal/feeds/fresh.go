package feeds

import (
	"context"
	"errors"
	"sync"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// fresh holds the keys of messages that the log has and the store has not yet: the
// log is what is durable, and a start reads it from the last mark on, so keys can
// be written many at a time, before the mark that passes them.
type fresh struct {
	mu      sync.Mutex
	keys    map[freshKey]freshDoc
	writing map[freshKey]freshDoc // being written, and to be found meanwhile
}

// freshKey names a key: source, and id of its document.
type freshKey struct{ source, id string }

type freshDoc struct {
	known known
	body  []byte
}

func (f *fresh) add(m *Message) {
	ref := keyRef(m)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.keys == nil {
		f.keys = map[freshKey]freshDoc{}
	}
	f.keys[freshKey{ref.Partition, ref.ID}] = freshDoc{known{m.Hash, m.Instance, m.Seq, m.Received}, appendKnown(nil, m)}
}

func (f *fresh) find(ref driver.Ref) (known, bool) {
	k := freshKey{ref.Partition, ref.ID}
	f.mu.Lock()
	defer f.mu.Unlock()
	if d, ok := f.keys[k]; ok {
		return d.known, true
	}
	d, ok := f.writing[k]
	return d.known, ok
}

func (f *fresh) none() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.keys) == 0 && len(f.writing) == 0
}

// begin takes all keys to be written.
func (f *fresh) begin() map[freshKey]freshDoc {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writing, f.keys = f.keys, nil
	return f.writing
}

// end forgets what was written; what could not be is fresh again.
func (f *fresh) end(written bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !written {
		if f.keys == nil {
			f.keys = map[freshKey]freshDoc{}
		}
		for k, d := range f.writing {
			f.keys[k] = d
		}
	}
	f.writing = nil
}

// writeKeys writes all fresh keys into the store. One that is there already was
// written by another instance, or by a run before this one.
func (b *Inbox) writeKeys(ctx context.Context) error {
	bySource := map[string][]driver.Op{}
	for k, d := range b.fresh.begin() {
		op := driver.Op{Kind: driver.Insert, Doc: driver.Doc{Ref: driver.Ref{Collection: keys, Partition: k.source, ID: k.id}, Body: d.body}}
		bySource[k.source] = append(bySource[k.source], op)
	}
	var err error
	for source, ops := range bySource {
		for len(ops) > 0 && err == nil {
			n := min(len(ops), driver.MaxOps)
			err = b.insertEach(ctx, source, ops[:n])
			ops = ops[n:]
		}
	}
	b.fresh.end(err == nil)
	return err
}

// insertEach inserts those documents that are not there yet.
func (b *Inbox) insertEach(ctx context.Context, partition string, ops []driver.Op) error {
	for len(ops) > 0 {
		err := b.o.Store.Commit(ctx, partition, ops)
		conflict, ok := errors.AsType[*driver.ConflictError](err)
		if !ok {
			return err
		}
		ops = append(ops[:conflict.Op:conflict.Op], ops[conflict.Op+1:]...)
	}
	return nil
}

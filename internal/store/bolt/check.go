package bolt

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// checker verifies one moment of the file.
type checker struct {
	ctx   context.Context
	e     *Engine
	tx    *bbolt.Tx
	done  int64
	total int64
	tell  func(done, total int64)

	dues, expiries int // entries that the documents call for
}

// Check implements driver.Engine.
func (e *Engine) Check(ctx context.Context, progress func(done, total int64)) error {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	if err := e.checkPages(); err != nil {
		return err
	}
	tx, err := e.begin(ctx)
	if err != nil {
		return err
	}
	defer end(tx)
	logs, logBytes, err := e.allLogs(ctx)
	if err != nil {
		return err
	}
	k := &checker{ctx: ctx, e: e, tx: tx, total: tx.Size() + logBytes, tell: progress}
	for _, name := range e.collectionNames() {
		if err := k.collection(e.collections[name]); err != nil {
			return err
		}
	}
	if err := k.times(); err != nil {
		return err
	}
	k.done = tx.Size()
	for _, l := range logs {
		if err := l.Check(ctx, k.count); err != nil {
			return err
		}
	}
	progress(k.total, k.total)
	return nil
}

func (k *checker) count(n int64) {
	k.done += n
	k.tell(min(k.done, k.total), k.total)
}

// checkPages lets bbolt check that every page is reached once or free. Commits wait
// meanwhile, as the list of free pages must stand still: about a second for each GB.
func (e *Engine) checkPages() error {
	e.closing.RLock()
	defer e.closing.RUnlock()
	if e.closed {
		return driver.ErrClosed
	}
	return pages(e.db)
}

func pages(db *bbolt.DB) error {
	tx, err := db.Begin(true)
	if err != nil {
		return unavailable("begin a check", err)
	}
	defer end(tx)
	var first error
	for err := range tx.Check() { // drained, or its goroutine would stay
		if first == nil {
			first = err
		}
	}
	if first != nil {
		return fmt.Errorf("%w: the data file: %w", driver.ErrCorrupt, first)
	}
	return nil
}

func (e *Engine) collectionNames() []string {
	var names []string
	for name := range e.collections {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// collection verifies each document and that each index has exactly the entries that
// the documents call for: every one is there, and there are no more.
func (k *checker) collection(c *collection) error {
	entries := make([]int, len(c.indexes))
	pointers := 0
	var v value
	err := k.tx.Bucket(c.docs).ForEach(func(doc, b []byte) error {
		if err := k.ctx.Err(); err != nil {
			return err
		}
		k.count(int64(len(doc) + len(b)))
		if err := v.parse(c.spec.Name, doc, b); err != nil {
			return err
		}
		pk, plen, err := c.splitDoc(doc)
		if err != nil {
			return err
		}
		if c.pointers != nil {
			pointers++
			if !bytes.Equal(k.tx.Bucket(c.pointers).Get(pk), doc[plen:]) {
				return fmt.Errorf("%w: the id of a document of %s does not point to it", driver.ErrCorrupt, c.spec.Name)
			}
		}
		if err := k.keys(c, &v, pk, doc, plen, entries); err != nil {
			return err
		}
		return k.documentTimes(c, &v, pk)
	})
	if err != nil {
		return err
	}
	if c.pointers != nil && k.size(c.pointers) != pointers {
		return fmt.Errorf("%w: ids of %s point to no document", driver.ErrCorrupt, c.spec.Name)
	}
	for i, name := range c.indexes {
		if name != nil && k.size(name) != entries[i] {
			return fmt.Errorf("%w: index %s of %s has entries of no document", driver.ErrCorrupt, c.spec.Indexes[i].Name, c.spec.Name)
		}
	}
	return nil
}

// splitDoc returns P, id of the document that lies under a key, and the length of P.
func (c *collection) splitDoc(doc []byte) (pk []byte, plen int, err error) {
	_, rest, err := driver.CutString(doc)
	if err != nil || len(rest) == 0 {
		return nil, 0, fmt.Errorf("%w: a key of %s", driver.ErrCorrupt, c.spec.Name)
	}
	plen = len(doc) - len(rest)
	if c.pointers == nil {
		return doc, plen, nil
	}
	id := rest[1:]
	if rest[0] == inOrder {
		if id, err = driver.SkipKey(&c.spec.Indexes[c.clustered], id); err != nil {
			return nil, 0, fmt.Errorf("%w: a key of %s", driver.ErrCorrupt, c.spec.Name)
		}
	}
	return append(bytes.Clone(doc[:plen]), id...), plen, nil
}

func (k *checker) keys(c *collection, v *value, pk, doc []byte, plen int, entries []int) error {
	list := skipCount(v.keys)
	for i, name := range c.indexes {
		if name == nil {
			continue
		}
		var key []byte
		if key, list = nextKey(list); key == nil {
			continue
		}
		entries[i]++
		at := slices.Concat(pk[:plen], key, pk[plen:])
		if !bytes.Equal(k.tx.Bucket(name).Get(at), doc[plen:]) {
			return fmt.Errorf("%w: a document of %s is not where index %s should have it", driver.ErrCorrupt, c.spec.Name, c.spec.Indexes[i].Name)
		}
	}
	return nil
}

func (k *checker) documentTimes(c *collection, v *value, pk []byte) error {
	if len(v.queue) > 0 {
		k.dues++
		if k.tx.Bucket(dueBucket).Get(appendDueKey(nil, string(v.queue), v.dueAt, c.spec.Name, pk)) == nil {
			return fmt.Errorf("%w: a document of %s is not in its queue", driver.ErrCorrupt, c.spec.Name)
		}
	}
	if v.expires != 0 {
		k.expiries++
		if k.tx.Bucket(expiryBucket).Get(appendExpiryKey(nil, v.expires, c.spec.Name, pk)) == nil {
			return fmt.Errorf("%w: a document of %s is not in the order of expiry", driver.ErrCorrupt, c.spec.Name)
		}
	}
	return nil
}

// times verifies that the queues and the order of expiry have no entries too many,
// but for collections that this program does not know.
func (k *checker) times() error {
	dues, err := k.known(dueBucket, func(entry []byte) []byte {
		_, rest, err := driver.CutString(entry)
		if err != nil || len(rest) < 8 {
			return nil
		}
		return rest[8:]
	})
	if err != nil {
		return err
	}
	expiries, err := k.known(expiryBucket, func(entry []byte) []byte { return entry[min(8, len(entry)):] })
	if err != nil {
		return err
	}
	if dues != k.dues || expiries != k.expiries {
		return fmt.Errorf("%w: a queue or the order of expiry has entries of no document", driver.ErrCorrupt)
	}
	return nil
}

func (k *checker) known(bucket []byte, rest func([]byte) []byte) (n int, err error) {
	err = k.tx.Bucket(bucket).ForEach(func(entry, _ []byte) error {
		name, _, err := driver.CutString(rest(entry))
		if err != nil {
			return fmt.Errorf("%w: an entry of %s", driver.ErrCorrupt, bucket)
		}
		if k.e.collections[name] != nil {
			n++
		}
		return nil
	})
	return n, err
}

func (k *checker) size(bucket []byte) int {
	n := 0
	cur := k.tx.Bucket(bucket).Cursor()
	for key, _ := cur.First(); key != nil; key, _ = cur.Next() {
		n++
	}
	return n
}

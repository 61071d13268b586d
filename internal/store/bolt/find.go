package bolt

import (
	"bytes"
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// scan walks the documents of one query.
type scan struct {
	c      *collection
	ix     *driver.Index // nil: in the order of ids
	q      *driver.Query
	cur    *bbolt.Cursor
	docs   *bbolt.Bucket // where the documents are, if the cursor walks pointers to them
	plen   int           // length of P
	prefix []byte        // what all keys begin with; a driver cursor follows
	lo, hi []byte
	now    int64
	r      *reader
	ids    driver.Strings
}

// Find implements driver.Engine.
func (e *Engine) Find(ctx context.Context, q driver.Query, visit driver.Visit) ([]byte, error) {
	spec, ix, err := e.schema.CheckQuery(&q)
	if err != nil {
		return nil, err
	}
	tx, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end(tx) // also when visit panics
	r := readers.Get().(*reader)
	defer r.release()
	s := scan{c: e.collections[spec.Name], ix: ix, q: &q, now: e.now().UnixMicro(), r: r}
	if err := s.begin(tx); err != nil {
		return nil, err
	}
	if s.docs == nil && !q.Reverse && (q.Limit == 0 || q.Limit >= aheadLeast) {
		r.leaves = e.ahead.scan(s.cur.Bucket(), s.begins(), s.hi, q.Limit, r.leaves)
	}
	return s.run(ctx, visit)
}

// begin opens the bucket that has the query's order, and finds its range.
func (s *scan) begin(tx *bbolt.Tx) error {
	s.prefix = driver.AppendString(s.r.key[:0], s.q.Partition)
	s.plen = len(s.prefix)
	bucket := s.c.docs
	switch {
	case s.ix == nil && s.c.pointers != nil:
		bucket = s.c.pointers
	case s.ix == nil:
	default:
		if name := s.c.indexes[s.position()]; name != nil {
			bucket = name
		} else {
			s.prefix = append(s.prefix, inOrder)
		}
	}
	s.r.key = s.prefix
	if &bucket[0] != &s.c.docs[0] {
		s.docs = tx.Bucket(s.c.docs)
	}
	s.cur = tx.Bucket(bucket).Cursor()
	s.r.doc.Ref = driver.Ref{Collection: s.c.spec.Name, Partition: s.q.Partition}
	if s.ix == nil {
		s.lo, s.hi = s.prefix, driver.Successor(s.prefix)
		return nil
	}
	var err error
	s.lo, s.hi, err = driver.Bounds(s.prefix, s.ix, s.q)
	return err
}

func (s *scan) position() int {
	for i := range s.c.spec.Indexes {
		if &s.c.spec.Indexes[i] == s.ix {
			return i
		}
	}
	return -1
}

func (s *scan) run(ctx context.Context, visit driver.Visit) (after []byte, err error) {
	k, v := s.first()
	for n := 0; s.within(k); k, v = s.next() {
		if n%256 == 255 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		live, err := s.load(k, v)
		if err != nil {
			return nil, err
		}
		if !live {
			continue
		}
		if after != nil {
			return after, nil // there is one after the last
		}
		s.r.value.fill(&s.r.doc)
		n++
		if goOn := visit(&s.r.doc); !goOn || n == s.q.Limit {
			after = bytes.Clone(k[len(s.prefix):])
		}
	}
	return nil, nil
}

// after is the key behind which the query goes on, or nil.
func (s *scan) after() []byte {
	if len(s.q.After) == 0 {
		return nil
	}
	return append(bytes.Clone(s.prefix), s.q.After...)
}

// begins is where a query that is not reversed begins.
func (s *scan) begins() []byte {
	if after := s.after(); bytes.Compare(after, s.lo) > 0 {
		return after
	}
	return s.lo
}

// first moves to the first key in the query's direction, behind its cursor.
func (s *scan) first() (k, v []byte) {
	after := s.after()
	if !s.q.Reverse {
		if k, v = s.cur.Seek(s.begins()); after != nil && bytes.Equal(k, after) {
			return s.cur.Next()
		}
		return k, v
	}
	from := s.hi
	if after != nil && (from == nil || bytes.Compare(after, from) < 0) {
		from = after
	}
	if from == nil {
		return s.cur.Last()
	}
	if k, _ = s.cur.Seek(from); k == nil {
		return s.cur.Last()
	}
	return s.cur.Prev()
}

func (s *scan) next() (k, v []byte) {
	if s.q.Reverse {
		return s.cur.Prev()
	}
	return s.cur.Next()
}

func (s *scan) within(k []byte) bool {
	if k == nil {
		return false
	}
	if s.q.Reverse {
		return bytes.Compare(k, s.lo) >= 0
	}
	return s.hi == nil || bytes.Compare(k, s.hi) < 0
}

// load reads the document at the cursor and says whether it is there for readers.
func (s *scan) load(k, v []byte) (live bool, err error) {
	doc := k
	if s.docs != nil {
		doc = append(append(s.r.docKey[:0], k[:s.plen]...), v...)
		s.r.docKey = doc
		if v = s.docs.Get(doc); v == nil {
			return false, fmt.Errorf("%w: a document of %s is missing where an index points", driver.ErrCorrupt, s.c.spec.Name)
		}
	}
	if err := s.r.value.parse(s.c.spec.Name, doc, v); err != nil {
		return false, err
	}
	if s.r.value.expired(s.now) {
		return false, nil
	}
	id := k[len(s.prefix):]
	if s.ix != nil {
		if id, err = driver.SkipKey(s.ix, id); err != nil {
			return false, fmt.Errorf("%w: a key of %s", driver.ErrCorrupt, s.c.spec.Name)
		}
	}
	s.r.doc.ID = s.ids.Of(id)
	return true, nil
}

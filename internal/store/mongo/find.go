package mongo

import (
	"context"
	"errors"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// batchMost is how many documents a query asks for at once.
const batchMost = 1000

// Find implements driver.Engine: one range of one index, in its order.
func (e *Engine) Find(ctx context.Context, q driver.Query, visit driver.Visit) (after []byte, err error) {
	spec, ix, err := e.schema.CheckQuery(&q)
	if err != nil {
		return nil, err
	}
	c := e.collections[spec.Name]
	field, hint, within, err := bounds(ix, &q)
	if err != nil {
		return nil, err
	}
	leave, err := e.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	filter := bson.D{{Key: fPartition, Value: q.Partition}, {Key: field, Value: within}, liveAt(e.now())}
	order := 1
	if q.Reverse {
		order = -1
	}
	o := options.Find().SetHint(hint).SetSort(bson.D{{Key: field, Value: order}})
	if q.Limit > 0 { // and one more, to know whether there is one after the last
		o.SetLimit(int64(q.Limit) + 1).SetBatchSize(int32(min(q.Limit+2, batchMost)))
	}
	cur, err := c.docs.Find(ctx, filter, o)
	if err != nil {
		return nil, readFault(ctx, "find", err)
	}
	s := scan{c: c, ix: ix, limit: q.Limit}
	after, err = s.run(ctx, cur, visit)
	return after, readFault(ctx, "find", errors.Join(err, done(ctx, cur)))
}

// scan walks the documents of one query.
type scan struct {
	c     *collection
	ix    *driver.Index // nil: in the order of ids
	limit int
}

// run visits and returns the place of the last one visited, if there is one after it.
func (s *scan) run(ctx context.Context, cur *mongo.Cursor, visit driver.Visit) (after []byte, err error) {
	for n := 1; cur.Next(ctx); n++ {
		if after != nil {
			return after, nil
		}
		var p parsed
		if err := p.parse(s.c, cur.Current); err != nil {
			return nil, err
		}
		if goOn := visit(&p.doc); goOn && n != s.limit {
			continue
		}
		if after, err = s.place(&p); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// bounds returns the field and the index that have the order of q, and its range: between its own
// ends, behind its cursor.
func bounds(ix *driver.Index, q *driver.Query) (field, hint string, within bson.D, err error) {
	var lo, hi, after string
	if ix == nil {
		field, hint = fID, idIndex
		lo, hi, after = idPrefix(q.Partition), idEnd(q.Partition), docID(q.Partition, string(q.After))
		if !utf8.Valid(q.After) {
			return "", "", nil, driver.ErrCursor
		}
	} else {
		field, hint = fKeys+"."+ix.Name, keyIndex+ix.Name
		l, h, err := driver.Bounds(nil, ix, q)
		if err != nil {
			return "", "", nil, err
		}
		lo, hi, after = ordered(l), ordered(h), ordered(q.After)
	}
	low, high := bson.E{Key: "$gte", Value: lo}, bson.E{Key: "$lt", Value: hi}
	if len(q.After) > 0 && !q.Reverse && after >= lo {
		low = bson.E{Key: "$gt", Value: after}
	}
	if len(q.After) > 0 && q.Reverse && (hi == "" || after < hi) {
		high.Value = after
		hi = after
	}
	within = bson.D{low}
	if hi != "" {
		within = append(within, high)
	}
	return field, hint, within, nil
}

// place returns where a document is in the order, as a cursor.
func (s *scan) place(p *parsed) ([]byte, error) {
	if s.ix == nil {
		return []byte(p.doc.ID), nil
	}
	key, ok := p.key(s.ix.Name)
	b, err := bytesOf(key)
	if err != nil || !ok {
		return nil, corrupt(s.c, "a document without the key that it was found by")
	}
	return b, nil
}

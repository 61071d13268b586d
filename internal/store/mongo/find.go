package mongo

import (
	"context"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
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
	more := false
	for n := 0; cur.Next(ctx); {
		if more = after != nil; more {
			break
		}
		var p parsed
		if err := p.parse(c, cur.Current); err != nil {
			_ = done(ctx, cur)
			return nil, err
		}
		n++
		if goOn := visit(&p.doc); goOn && n != q.Limit {
			continue
		}
		if after, err = cursor(c, ix, &p); err != nil {
			_ = done(ctx, cur)
			return nil, err
		}
	}
	if err := done(ctx, cur); err != nil {
		return nil, readFault(ctx, "find", err)
	}
	if !more {
		return nil, nil
	}
	return after, nil
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

// cursor returns the place of a document in an order.
func cursor(c *collection, ix *driver.Index, p *parsed) ([]byte, error) {
	if ix == nil {
		return []byte(p.doc.ID), nil
	}
	key, ok := p.key(ix.Name)
	b, err := bytesOf(key)
	if err != nil || !ok {
		return nil, corrupt(c, "a document without the key that it was found by")
	}
	return b, nil
}

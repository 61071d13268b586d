package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// source is the due documents of one collection, oldest first; head is the next of them.
type source struct {
	c    *collection
	cur  *mongo.Cursor
	head parsed
}

// Due implements driver.Engine. It reads the collections that the queue has had documents of, side
// by side.
func (e *Engine) Due(ctx context.Context, queue string, before time.Time, limit int, visit driver.Visit) error {
	leave, err := e.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if limit <= 0 {
		return nil
	}
	var sources []*source
	defer func() {
		for _, s := range sources {
			_ = done(ctx, s.cur) // what went wrong was told when it was read
		}
	}()
	names, err := e.queues.of(ctx, e.db, queue)
	if err != nil {
		return readFault(ctx, "look for queues", err)
	}
	for _, name := range names {
		c := e.collections[name]
		if c == nil {
			continue // unknown to this program
		}
		s, err := e.dueIn(ctx, c, queue, before, limit)
		if err != nil {
			return readFault(ctx, "look for due work", err)
		}
		sources = append(sources, s)
	}
	return readFault(ctx, "look for due work", merge(ctx, sources, limit, visit))
}

func (e *Engine) dueIn(ctx context.Context, c *collection, queue string, before time.Time, limit int) (*source, error) {
	filter := bson.D{
		{Key: fQueue, Value: queue},
		{Key: fDue, Value: bson.D{{Key: "$lte", Value: before.UnixMicro()}}},
		liveAt(e.now()),
	}
	o := options.Find().SetHint(dueIndex).SetSort(bson.D{{Key: fDue, Value: 1}, {Key: fID, Value: 1}}).SetLimit(int64(limit)).SetBatchSize(int32(min(limit+1, batchMost)))
	cur, err := c.docs.Find(ctx, filter, o)
	return &source{c: c, cur: cur}, err
}

// next moves to the next document and says whether there is one.
func (s *source) next(ctx context.Context) (bool, error) {
	if !s.cur.Next(ctx) {
		return false, s.cur.Err()
	}
	return true, s.head.parse(s.c, s.cur.Current)
}

// merge visits at most limit documents, the oldest of all sources first.
func merge(ctx context.Context, all []*source, limit int, visit driver.Visit) error {
	var open []*source
	for _, s := range all {
		more, err := s.next(ctx)
		if err != nil {
			return err
		}
		if more {
			open = append(open, s)
		}
	}
	for ; limit > 0 && len(open) > 0; limit-- {
		oldest := 0
		for i := range open {
			if open[i].head.due < open[oldest].head.due {
				oldest = i
			}
		}
		if !visit(&open[oldest].head.doc) {
			return nil
		}
		more, err := open[oldest].next(ctx)
		if err != nil {
			return err
		}
		if !more {
			open = append(open[:oldest], open[oldest+1:]...)
		}
	}
	return nil
}

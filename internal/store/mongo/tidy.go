package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Sweep implements driver.Engine. A document that was renewed since it was seen stays.
func (e *Engine) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	leave, err := e.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	n := 0
	for _, c := range e.collections {
		if n >= limit {
			break
		}
		removed, err := sweep(ctx, c, now.UnixMicro(), limit-n)
		if err != nil {
			return n, readFault(ctx, "sweep", err)
		}
		n += removed
	}
	return n, nil
}

func sweep(ctx context.Context, c *collection, now int64, limit int) (int, error) {
	filter := bson.D{{Key: fTidy, Value: bson.D{{Key: "$lte", Value: tidyDate(now)}}}, expiredAt(now)}
	o := options.Find().SetHint(expiryIndex).SetLimit(int64(limit)).SetProjection(bson.D{{Key: fPartition, Value: 1}})
	cur, err := c.docs.Find(ctx, filter, o)
	if err != nil {
		return 0, err
	}
	var models []mongo.WriteModel
	for cur.Next(ctx) {
		id, _ := cur.Current.Lookup(fID).StringValueOK()
		p, _ := cur.Current.Lookup(fPartition).StringValueOK()
		models = append(models, mongo.NewDeleteOneModel().SetFilter(bson.D{{Key: fID, Value: id}, {Key: fPartition, Value: p}, expiredAt(now)}))
	}
	if err := done(ctx, cur); err != nil || len(models) == 0 {
		return 0, err
	}
	r, err := c.docs.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
	if err != nil {
		return 0, err
	}
	return int(r.DeletedCount), nil
}

// Check implements driver.Engine: it reads every document and every record and verifies their
// checksums and that their keys are keys of their indexes. That the database's own indexes and
// documents agree is for its validate command.
func (e *Engine) Check(ctx context.Context, progress func(done, total int64)) error {
	leave, err := e.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	var read, total int64
	tick := func() {
		if read++; progress != nil {
			progress(read, max(read, total))
		}
	}
	for _, c := range e.collections {
		if progress == nil {
			break
		}
		if n, err := c.docs.EstimatedDocumentCount(ctx); err == nil { // only the bar is worse without
			total += n
		}
	}
	for _, c := range e.collections {
		if err := check(ctx, c, tick); err != nil {
			return readFault(ctx, "check", err)
		}
	}
	names, err := e.logNames(ctx)
	if err != nil {
		return readFault(ctx, "check", err)
	}
	for _, name := range names {
		r := logReader{e: e, name: name}
		if err := r.read(ctx, 0, func(uint64, []byte) bool { tick(); return true }); err != nil {
			return readFault(ctx, "check", err)
		}
	}
	return nil
}

func check(ctx context.Context, c *collection, tick func()) error {
	cur, err := c.docs.Find(ctx, bson.D{}, options.Find().SetHint(idIndex))
	if err != nil {
		return err
	}
	for cur.Next(ctx) {
		if err := checkDocument(c, cur.Current); err != nil {
			_ = done(ctx, cur)
			return err
		}
		tick()
	}
	return done(ctx, cur)
}

func checkDocument(c *collection, raw bson.Raw) error {
	var p parsed
	if err := p.parse(c, raw); err != nil {
		return err
	}
	if partition, _ := raw.Lookup(fPartition).StringValueOK(); partition != p.doc.Partition {
		return corrupt(c, "a document whose partition is not that of its id")
	}
	for i := range c.spec.Indexes {
		ix := &c.spec.Indexes[i]
		key, there := p.key(ix.Name)
		if !there {
			continue
		}
		b, err := bytesOf(key)
		if err == nil {
			b, err = driver.SkipKey(ix, b)
		}
		if err != nil || string(b) != p.doc.ID {
			return corrupt(c, fmt.Sprintf("a key of index %s", ix.Name))
		}
	}
	return nil
}

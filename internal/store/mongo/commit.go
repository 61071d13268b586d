package mongo

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Commit implements driver.Engine. One operation is one conditional write; several are a
// transaction. Neither is interrupted once it has begun.
func (e *Engine) Commit(ctx context.Context, partition string, ops []driver.Op) error {
	leave, err := e.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if len(ops) == 0 {
		return nil
	}
	if err := e.schema.CheckCommit(partition, ops); err != nil {
		return err
	}
	ctx, cancel := e.own(ctx)
	defer cancel()
	began := time.Now()
	if err := e.queues.note(ctx, e.db, ops); err != nil {
		return err
	}
	if len(ops) == 1 {
		err = retry(ctx, again, func() error { return e.write(ctx, &ops[0]) })
	} else {
		err = e.transact(ctx, func(ctx context.Context) error { return e.writeAll(ctx, ops) })
	}
	err = fault("commit", err)
	e.observe(began, err)
	return err
}

func conflict(n int, op *driver.Op) error { return &driver.ConflictError{Op: n, Ref: op.Doc.Ref} }

// named is the filter for a document; more narrows it. The partition is in it because that is what
// a sharded cluster finds the document by.
func named(d *driver.Doc, more ...bson.E) bson.D {
	return append(bson.D{{Key: fID, Value: docID(d.Partition, d.ID)}, {Key: fPartition, Value: d.Partition}}, more...)
}

func atRev(rev uint64) bson.E { return bson.E{Key: fRev, Value: int64(rev)} }

func liveAt(now int64) bson.E {
	return bson.E{Key: fExpires, Value: bson.D{{Key: "$gt", Value: now}}}
}

func expiredAt(now int64) bson.E {
	return bson.E{Key: fExpires, Value: bson.D{{Key: "$lte", Value: now}}}
}

// write does a single operation.
func (e *Engine) write(ctx context.Context, op *driver.Op) error {
	c, d, now := e.collections[op.Doc.Collection], &op.Doc, e.now()
	held := named(d, atRev(d.Rev), liveAt(now))
	switch op.Kind {
	case driver.Insert:
		return e.insert(ctx, c, op, now)
	case driver.Put:
		return e.put(ctx, c, d, now)
	case driver.Require:
		return e.require(ctx, c, op, now)
	case driver.Replace:
		doc, err := whole(c, d, d.Rev+1)
		if err != nil {
			return err
		}
		r, err := c.docs.ReplaceOne(ctx, held, doc)
		return matched(r, err, op)
	case driver.Reschedule:
		r, err := c.docs.UpdateOne(ctx, held, reschedule(d, d.Rev+1))
		return matched(r, err, op)
	case driver.Delete:
		r, err := c.docs.DeleteOne(ctx, held)
		if err == nil && r.DeletedCount == 0 {
			return conflict(0, op)
		}
		return err
	}
	_, err := c.docs.DeleteOne(ctx, named(d)) // Discard
	return err
}

func matched(r *mongo.UpdateResult, err error, op *driver.Op) error {
	if err == nil && r.MatchedCount == 0 {
		return conflict(0, op)
	}
	return err
}

// occupied is how often a place is tried that was taken and was free a moment after.
const occupied = 3

// insert puts a document where none is, or one that has expired.
func (e *Engine) insert(ctx context.Context, c *collection, op *driver.Op, now int64) error {
	doc, err := whole(c, &op.Doc, 1)
	if err != nil {
		return err
	}
	for range occupied {
		if _, err = c.docs.InsertOne(ctx, doc); !mongo.IsDuplicateKeyError(err) {
			return err
		}
		r, err := c.docs.ReplaceOne(ctx, named(&op.Doc, expiredAt(now)), doc)
		if err != nil || r.MatchedCount > 0 {
			return err
		}
		if there, err := e.look(ctx, c.docs, &op.Doc, now); err != nil || there > 0 {
			return errOr(err, conflict(0, op))
		}
	}
	return conflict(0, op)
}

func errOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// put writes a document whatever is there: over a live one its revision goes on, over an expired
// one it begins again.
func (e *Engine) put(ctx context.Context, c *collection, d *driver.Doc, now int64) error {
	set, unset, err := content(c, d)
	if err != nil {
		return err
	}
	fresh, err := whole(c, d, 1)
	if err != nil {
		return err
	}
	update := bson.D{{Key: "$inc", Value: bson.D{{Key: fRev, Value: int64(1)}}}, {Key: "$set", Value: set}}
	if len(unset) > 0 {
		update = append(update, bson.E{Key: "$unset", Value: unset})
	}
	for range occupied {
		_, err = c.docs.UpdateOne(ctx, named(d, liveAt(now)), update, options.UpdateOne().SetUpsert(true))
		if !mongo.IsDuplicateKeyError(err) {
			return err
		}
		// One is there that has expired, or that another made at this moment.
		r, err := c.docs.ReplaceOne(ctx, named(d, expiredAt(now)), fresh)
		if err != nil || r.MatchedCount > 0 {
			return err
		}
	}
	return errRetry
}

// require only looks: with nothing else in the commit there is nothing to hold still for.
func (e *Engine) require(ctx context.Context, c *collection, op *driver.Op, now int64) error {
	rev, err := e.look(ctx, c.linear, &op.Doc, now)
	if err == nil && rev != op.Doc.Rev {
		return conflict(0, op)
	}
	return err
}

// look returns the revision of a live document, 0 for none.
func (e *Engine) look(ctx context.Context, in *mongo.Collection, d *driver.Doc, now int64) (uint64, error) {
	only := bson.D{{Key: fRev, Value: 1}, {Key: fExpires, Value: 1}}
	raw, err := in.FindOne(ctx, named(d), options.FindOne().SetProjection(only)).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if expires, _ := raw.Lookup(fExpires).AsInt64OK(); expires <= now {
		return 0, nil
	}
	rev, _ := raw.Lookup(fRev).AsInt64OK()
	return uint64(rev), nil
}

// reschedule is the update that changes what a document is due in, and its revision.
func reschedule(d *driver.Doc, rev uint64) bson.D {
	set, unset := bson.D{atRev(rev)}, bson.D{}
	due(d.Due, func(there bool, e bson.E) {
		if there {
			set = append(set, e)
		} else {
			unset = append(unset, bson.E{Key: e.Key, Value: ""})
		}
	})
	update := bson.D{{Key: "$set", Value: set}}
	if len(unset) > 0 {
		update = append(update, bson.E{Key: "$unset", Value: unset})
	}
	return update
}

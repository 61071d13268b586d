package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// transact runs f in a transaction and commits it, again and again until its outcome is known or
// the time is up. f may run more than once.
func (e *Engine) transact(ctx context.Context, f func(ctx context.Context) error) error {
	if e.oneByOne {
		return f(ctx)
	}
	s, err := e.client.StartSession(options.Session().SetCausalConsistency(false))
	if err != nil {
		return err
	}
	defer s.EndSession(context.WithoutCancel(ctx))
	o := options.Transaction().SetReadConcern(readconcern.Snapshot()).SetReadPreference(readpref.Primary())
	return retry(ctx, again, func() error {
		if err := s.StartTransaction(o); err != nil { // its write concern is the client's
			return err
		}
		if err := f(mongo.NewSessionContext(ctx, s)); err != nil {
			e.abort(ctx, s)
			return err
		}
		return retry(ctx, commitAgain, func() error { return s.CommitTransaction(ctx) })
	})
}

// abort gives a transaction up. If the server does not hear of it, it does so by itself.
func (e *Engine) abort(ctx context.Context, s *mongo.Session) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.o.Timeout)
	defer cancel()
	_ = s.AbortTransaction(ctx)
}

// old is what is in the place of an operation when its transaction begins.
type old struct {
	there   bool // expired ones too
	rev     uint64
	expires int64
}

func (o *old) liveRev(now int64) uint64 {
	if !o.there || o.expires <= now {
		return 0
	}
	return o.rev
}

// batch is what a transaction writes in one collection, in this order.
type batch struct {
	c *collection

	inserts, updates, deletes []mongo.WriteModel
}

// writeAll looks at all that the operations concern, finds the first that does not hold, and
// writes. The filters carry the revisions that were seen: who wrote since makes a conflict that
// the transaction is retried for.
func (e *Engine) writeAll(ctx context.Context, ops []driver.Op) error {
	now := e.now()
	olds, err := e.olds(ctx, ops)
	if err != nil {
		return err
	}
	for i := range ops {
		if !holds(&ops[i], olds[i].liveRev(now)) {
			return conflict(i, &ops[i])
		}
	}
	batches := map[string]*batch{}
	var order []*batch // by first operation, so that two like commits meet at the first thing they share
	for i := range ops {
		b := batches[ops[i].Doc.Collection]
		if b == nil {
			b = &batch{c: e.collections[ops[i].Doc.Collection]}
			batches[ops[i].Doc.Collection] = b
			order = append(order, b)
		}
		if err := b.add(&ops[i], &olds[i], now); err != nil {
			return err
		}
	}
	for _, b := range order {
		if err := b.write(ctx); err != nil {
			return err
		}
	}
	return nil
}

func holds(op *driver.Op, rev uint64) bool {
	switch op.Kind {
	case driver.Insert:
		return rev == 0
	case driver.Replace, driver.Delete, driver.Reschedule:
		return rev != 0 && rev == op.Doc.Rev
	case driver.Require:
		return rev == op.Doc.Rev
	}
	return true
}

// olds reads what is in the places of all operations.
func (e *Engine) olds(ctx context.Context, ops []driver.Op) ([]old, error) {
	ids := map[string]bson.A{}
	where := make(map[[2]string]int, len(ops))
	for i := range ops {
		d := &ops[i].Doc
		id := docID(d.Partition, d.ID)
		ids[d.Collection] = append(ids[d.Collection], id)
		where[[2]string{d.Collection, id}] = i
	}
	olds := make([]old, len(ops))
	only := options.Find().SetHint(idIndex).SetBatchSize(driver.MaxOps + 1).
		SetProjection(bson.D{{Key: fRev, Value: 1}, {Key: fExpires, Value: 1}})
	for name, list := range ids {
		filter := bson.D{{Key: fID, Value: bson.D{{Key: "$in", Value: list}}}, {Key: fPartition, Value: ops[0].Doc.Partition}}
		cur, err := e.collections[name].docs.Find(ctx, filter, only)
		if err != nil {
			return nil, err
		}
		for cur.Next(ctx) {
			id, _ := cur.Current.Lookup(fID).StringValueOK()
			rev, _ := cur.Current.Lookup(fRev).AsInt64OK()
			expires, _ := cur.Current.Lookup(fExpires).AsInt64OK()
			olds[where[[2]string{name, id}]] = old{there: true, rev: uint64(rev), expires: expires}
		}
		if err := done(ctx, cur); err != nil {
			return nil, err
		}
	}
	return olds, nil
}

// done closes a cursor and returns what went wrong while it was read.
func done(ctx context.Context, cur *mongo.Cursor) error {
	err := cur.Err()
	_ = cur.Close(context.WithoutCancel(ctx)) // it only frees what the server would free in time
	return err
}

// add turns an operation that holds into what is written for it.
func (b *batch) add(op *driver.Op, o *old, now int64) error {
	d := &op.Doc
	seen := named(d, atRev(o.rev))
	switch op.Kind {
	case driver.Insert, driver.Replace, driver.Put:
		doc, err := whole(b.c, d, o.liveRev(now)+1)
		if err != nil {
			return err
		}
		if o.there {
			b.updates = append(b.updates, mongo.NewReplaceOneModel().SetFilter(seen).SetReplacement(doc))
		} else {
			b.inserts = append(b.inserts, mongo.NewInsertOneModel().SetDocument(doc))
		}
	case driver.Reschedule:
		b.updates = append(b.updates, mongo.NewUpdateOneModel().SetFilter(seen).SetUpdate(reschedule(d, o.rev+1)))
	case driver.Delete, driver.Discard:
		if o.there {
			b.deletes = append(b.deletes, mongo.NewDeleteOneModel().SetFilter(seen))
		}
	case driver.Require:
		b.hold(seen, d, o)
	}
	return nil
}

// hold writes something that changes nothing in the place of a required document, because what a
// transaction only read, another may change before it commits. Where there must be no document, one
// is inserted and deleted again: the key of its _id is what two transactions then meet at.
func (b *batch) hold(seen bson.D, d *driver.Doc, o *old) {
	if o.there {
		touch := bson.D{{Key: "$inc", Value: bson.D{{Key: fTouch, Value: int64(1)}}}}
		b.updates = append(b.updates, mongo.NewUpdateOneModel().SetFilter(seen).SetUpdate(touch))
		return
	}
	b.inserts = append(b.inserts, mongo.NewInsertOneModel().SetDocument(named(d)))
	b.deletes = append(b.deletes, mongo.NewDeleteOneModel().SetFilter(named(d)))

}

// write sends a batch. That a filter did not match is a conflict that the snapshot did not show.
func (b *batch) write(ctx context.Context) error {
	models := append(append(append([]mongo.WriteModel(nil), b.inserts...), b.updates...), b.deletes...)
	if len(models) == 0 {
		return nil
	}
	r, err := b.c.docs.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(true))
	if mongo.IsDuplicateKeyError(err) {
		return errRetry
	}
	if err != nil {
		return err
	}
	if r.InsertedCount != int64(len(b.inserts)) || r.MatchedCount != int64(len(b.updates)) || r.DeletedCount != int64(len(b.deletes)) {
		return errRetry
	}
	return nil
}

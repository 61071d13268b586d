package mongo

import (
	"context"
	"fmt"
	"math/rand/v2"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Own implements driver.Engine. The new owner keeps the place of the next batch with an empty one
// that bears its name: of all who would write there, now or after having slept for an hour, it
// alone can, and whoever cannot knows that it is fenced. So each append stays one conditional
// write, without a transaction.
func (e *Engine) Own(ctx context.Context, name string) (driver.Log, error) {
	if err := driver.CheckLogName(name); err != nil {
		return nil, err
	}
	leave, err := e.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	e.logsMu.Lock()
	defer e.logsMu.Unlock()
	if before := e.logs[name]; before != nil {
		before.fenced.Store(true)
		before.close()
	}
	if err := e.nameLog(ctx, name); err != nil {
		return nil, fault("own log "+name, err)
	}
	requests := make(chan *request)
	l := &log{logReader: logReader{e: e, name: name}, writer: rand.Int64(), requests: requests}
	if err := l.hold(ctx); err != nil {
		return nil, fault("own log "+name, err)
	}
	e.logs[name] = l
	l.done.Go(func() { l.loop(requests) })
	return l, nil
}

// mostHolds bounds how often an owner tries to get behind another that goes on appending.
const mostHolds = 100

// hold keeps the place behind the last batch.
func (l *log) hold(ctx context.Context) error {
	for range mostHolds {
		n, _, err := l.end(ctx)
		if err != nil {
			return err
		}
		free := bson.D{{Key: fID, Value: batchID(l.name, n)}, {Key: fLog, Value: l.name}, {Key: fCount, Value: int64(0)}}
		err = retry(ctx, again, func() error {
			_, err := l.batches().UpdateOne(ctx, free, bson.D{{Key: "$set", Value: bson.D{{Key: fWriter, Value: l.writer}}}}, options.UpdateOne().SetUpsert(true))
			return err
		})
		if mongo.IsDuplicateKeyError(err) {
			continue // a batch came in between
		}
		if err != nil {
			return err
		}
		l.next, l.held = n, true
		l.length.Store(n)
		return nil
	}
	return fmt.Errorf("%w: another goes on appending to log %s", driver.ErrUnavailable, l.name)
}

// fill puts a batch in the place of the empty one.
func (l *log) fill(ctx context.Context, b *appended, docs []any) error {
	mine := bson.D{{Key: fID, Value: batchID(l.name, b.first)}, {Key: fLog, Value: l.name}, {Key: fCount, Value: int64(0)}, {Key: fWriter, Value: l.writer}}
	var filled bool
	replace := func(ctx context.Context) error {
		r, err := l.batches().ReplaceOne(ctx, mine, docs[0])
		filled = err == nil && r.MatchedCount == 1
		if filled && len(docs) > 1 {
			_, err = l.batches().InsertMany(ctx, docs[1:], options.InsertMany().SetOrdered(true))
		}
		return err
	}
	var err error
	if len(docs) == 1 {
		err = retry(ctx, again, func() error { return replace(ctx) })
	} else {
		err = l.e.transact(ctx, replace)
	}
	if err == nil && !filled {
		err = l.whose(ctx, b)
	}
	if err == nil {
		l.held = false
	}
	return err
}

// isEmpty says that a document keeps the place of a batch.
func isEmpty(raw bson.Raw) bool {
	n, is := raw.Lookup(fCount).AsInt64OK()
	return is && n == 0
}

package mongo

import (
	"context"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// queues knows which collections have had documents in which queues, so that whoever asks for due
// work looks into one or two collections and not into all. A pair is noted before the first commit
// that needs it, once by each process, and never removed.
type queues struct{ noted sync.Map }

type inQueue struct{ queue, collection string }

const (
	fOf = "of" // the queue
	fIn = "in" // the collection
)

func (q *queues) note(ctx context.Context, db *mongo.Database, ops []driver.Op) error {
	for i := range ops {
		pair := inQueue{ops[i].Doc.Due.Queue, ops[i].Doc.Collection}
		if pair.queue == "" {
			continue
		}
		if _, known := q.noted.Load(pair); known {
			continue
		}
		id := docID(pair.queue, pair.collection)
		_, err := db.Collection(queuesName).UpdateOne(ctx, bson.D{{Key: fID, Value: id}},
			bson.D{{Key: "$set", Value: bson.D{{Key: fOf, Value: pair.queue}, {Key: fIn, Value: pair.collection}}}},
			options.UpdateOne().SetUpsert(true))
		if err != nil && !mongo.IsDuplicateKeyError(err) {
			return fault("note a queue", err)
		}
		q.noted.Store(pair, true)
	}
	return nil
}

// of lists the collections that a queue has had documents of.
func (q *queues) of(ctx context.Context, db *mongo.Database, queue string) (names []string, err error) {
	filter := bson.D{{Key: fID, Value: bson.D{{Key: "$gte", Value: idPrefix(queue)}, {Key: "$lt", Value: idEnd(queue)}}}}
	cur, err := db.Collection(queuesName).Find(ctx, filter, options.Find().SetHint(idIndex))
	if err != nil {
		return nil, err
	}
	for cur.Next(ctx) {
		if name, ok := cur.Current.Lookup(fIn).StringValueOK(); ok {
			names = append(names, name)
		}
	}
	return names, done(ctx, cur)
}

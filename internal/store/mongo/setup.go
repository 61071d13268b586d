package mongo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Collections of the engine's own. No spec's name has a dot.
const (
	formatName = "store.format"
	queuesName = "store.queues"
	proofName  = "store.proof"
	logsName   = "log.names"
	batchName  = "log.batches"
)

// Names of indexes beside those of the specs, which are "key-" and the spec's name for it.
const (
	idIndex     = "_id_"
	dueIndex    = "due"
	expiryIndex = "expiry"
	keyIndex    = "key-"
)

// tidyAfter is how long after its expiry, by the server's clock, a document may be removed by the
// time-to-live index: a clock that is ahead takes nothing early.
const tidyAfter = 24 * 60 * 60

// setUp makes what is missing of collections and indexes. Several servers may do so at once.
func (e *Engine) setUp(ctx context.Context) error {
	if err := e.makeCollections(ctx); err != nil {
		return err
	}
	for _, c := range e.collections {
		if err := e.index(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// makeCollections makes them beforehand: a transaction that has to is slow, and may fail.
func (e *Engine) makeCollections(ctx context.Context) error {
	if err := e.checkFormat(ctx); err != nil {
		return err
	}
	there, err := e.there(ctx)
	if err != nil {
		return err
	}
	names := slices.Collect(maps.Keys(e.collections))
	for _, name := range append(names, queuesName, logsName, batchName) {
		if err := e.create(ctx, name, there); err != nil {
			return err
		}
	}
	return nil
}

// there lists the collections that exist. One with a collation is refused: it would compare
// strings in another order than ours.
func (e *Engine) there(ctx context.Context) (map[string]bool, error) {
	specs, err := e.db.ListCollectionSpecifications(ctx, bson.D{})
	if err != nil {
		return nil, fault("list the collections", err)
	}
	there := map[string]bool{}
	for _, s := range specs {
		if _, err := s.Options.LookupErr("collation"); err == nil {
			return nil, fmt.Errorf("store: the MongoDB collection %s has a collation: make it anew without one", s.Name)
		}
		there[s.Name] = true
	}
	return there, nil
}

func (e *Engine) create(ctx context.Context, name string, there map[string]bool) error {
	const exists = 48
	if there[name] {
		return nil
	}
	err := e.db.CreateCollection(ctx, name)
	if server := mongo.ServerError(nil); errors.As(err, &server) && server.HasErrorCode(exists) {
		return nil
	}
	return fault("make collection "+name, err)
}

// index makes the indexes of a collection. Those that are there cost nothing; a user without the
// right to make indexes needs only that they are.
func (e *Engine) index(ctx context.Context, c *collection) error {
	have, err := c.docs.Indexes().ListSpecifications(ctx)
	if err != nil {
		return fault("list the indexes of "+c.spec.Name, err)
	}
	there := map[string]bool{}
	for _, ix := range have {
		there[ix.Name] = true
	}
	var missing []mongo.IndexModel
	for name, model := range indexes(c.spec) {
		if !there[name] {
			missing = append(missing, model)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.docs.Indexes().CreateMany(ctx, missing)
	return fault("make the indexes of "+c.spec.Name, err)
}

// indexes are those of a collection, by name. Each holds only the documents that have its field,
// so that one which is not used costs nothing.
func indexes(spec *driver.Spec) map[string]mongo.IndexModel {
	all := map[string]mongo.IndexModel{}
	add := func(name, field string, keys bson.D, o *options.IndexOptionsBuilder) {
		only := bson.D{{Key: field, Value: bson.D{{Key: "$exists", Value: true}}}}
		all[name] = mongo.IndexModel{Keys: keys, Options: o.SetName(name).SetPartialFilterExpression(only)}
	}
	for i := range spec.Indexes {
		field := fKeys + "." + spec.Indexes[i].Name
		add(keyIndex+spec.Indexes[i].Name, field, bson.D{{Key: fPartition, Value: 1}, {Key: field, Value: 1}}, options.Index())
	}
	add(dueIndex, fQueue, bson.D{{Key: fQueue, Value: 1}, {Key: fDue, Value: 1}, {Key: fID, Value: 1}}, options.Index())
	add(expiryIndex, fTidy, bson.D{{Key: fTidy, Value: 1}}, options.Index().SetExpireAfterSeconds(tidyAfter))
	return all
}

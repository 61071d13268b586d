package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

var _ driver.Mover = (*Engine)(nil)

// markID is where the mark is noted, beside the format.
const markID = "mark"

// Collections implements driver.Mover. What the engine or the database keeps for itself has a dot in
// its name.
func (e *Engine) Collections(ctx context.Context) ([]string, error) {
	leave, err := e.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	names, err := e.db.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		return nil, readFault(ctx, "list the collections", err)
	}
	own := []string{formatName, queuesName, proofName, logsName, batchName}
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(own, name) || strings.HasPrefix(name, "system.") })
	slices.Sort(names)
	return names, nil
}

// Count implements driver.Mover.
func (e *Engine) Count(ctx context.Context, collection string) (int64, error) {
	c, leave, err := e.enterIn(ctx, collection)
	if err != nil {
		return 0, err
	}
	defer leave()
	n, err := c.docs.EstimatedDocumentCount(ctx)
	return n, readFault(ctx, "count", err)
}

func (e *Engine) enterIn(ctx context.Context, collection string) (*collection, func(), error) {
	c := e.collections[collection]
	if c == nil {
		return nil, nil, fmt.Errorf("store: unknown collection %q", collection)
	}
	leave, err := e.enter(ctx)
	return c, leave, err
}

// Export implements driver.Mover. A place is a document's _id.
func (e *Engine) Export(ctx context.Context, collection string, after []byte, limit int, visit driver.Visit) ([]byte, error) {
	c, leave, err := e.enterIn(ctx, collection)
	if err != nil {
		return nil, err
	}
	defer leave()
	filter := bson.D{}
	if after != nil {
		filter = bson.D{{Key: fID, Value: bson.D{{Key: "$gt", Value: string(after)}}}}
	}
	o := options.Find().SetHint(idIndex).SetSort(bson.D{{Key: fID, Value: 1}})
	if limit > 0 { // and one more, to know whether there is one after the last
		o.SetLimit(int64(limit) + 1).SetBatchSize(int32(min(limit+2, batchMost)))
	}
	cur, err := c.docs.Find(ctx, filter, o)
	if err != nil {
		return nil, readFault(ctx, "export", err)
	}
	place, err := c.exportAll(ctx, cur, limit, visit)
	return place, readFault(ctx, "export", errors.Join(err, done(ctx, cur)))
}

func (c *collection) exportAll(ctx context.Context, cur *mongo.Cursor, limit int, visit driver.Visit) (place []byte, err error) {
	for n := 1; cur.Next(ctx); n++ {
		if place != nil {
			return place, nil
		}
		if err := checkDocument(c, cur.Current); err != nil {
			return nil, err
		}
		var p parsed
		if err := p.parse(c, cur.Current); err != nil {
			return nil, err
		}
		if p.doc.Keys, err = c.exportKeys(&p); err != nil {
			return nil, err
		}
		if goOn := visit(&p.doc); !goOn || n == limit {
			place = []byte(p.id)
		}
	}
	return nil, nil
}

// exportKeys gives the values of all index keys back.
func (c *collection) exportKeys(p *parsed) ([][]driver.Value, error) {
	keys := make([][]driver.Value, len(c.spec.Indexes))
	for i := range keys {
		ix := &c.spec.Indexes[i]
		key, there := p.key(ix.Name)
		if !there {
			continue
		}
		b, err := bytesOf(key)
		if err == nil {
			keys[i], _, err = driver.CutKey(ix, b)
		}
		if err != nil {
			return nil, corrupt(c, "a key of index "+ix.Name)
		}
	}
	return keys, nil
}

// Import implements driver.Mover: each document is put by itself, so that doing it again comes to
// the same.
func (e *Engine) Import(ctx context.Context, docs []driver.Doc) error {
	if err := e.schema.CheckImport(docs); err != nil {
		return err
	}
	leave, err := e.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	ops := make([]driver.Op, len(docs))
	models := map[*collection][]mongo.WriteModel{}
	for i := range docs {
		ops[i].Doc = docs[i]
		c := e.collections[docs[i].Collection]
		doc, err := whole(c, &docs[i], docs[i].Rev)
		if err != nil {
			return err
		}
		models[c] = append(models[c], mongo.NewReplaceOneModel().SetFilter(named(&docs[i])).SetReplacement(doc).SetUpsert(true))
	}
	if err := e.queues.note(ctx, e.db, ops); err != nil {
		return err
	}
	for c, list := range models {
		err := retry(ctx, again, func() error {
			_, err := c.docs.BulkWrite(ctx, list, options.BulkWrite().SetOrdered(false))
			return err
		})
		if err != nil {
			return fault("import", err)
		}
	}
	return nil
}

// Mark implements driver.Mover.
func (e *Engine) Mark(ctx context.Context) (string, error) {
	leave, err := e.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	raw, err := e.db.Collection(formatName).FindOne(ctx, bson.D{{Key: fID, Value: markID}}).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return "", nil
	}
	if err != nil {
		return "", readFault(ctx, "read the mark", err)
	}
	mark, _ := raw.Lookup(fIs).StringValueOK()
	return mark, nil
}

// SetMark implements driver.Mover.
func (e *Engine) SetMark(ctx context.Context, mark string) error {
	leave, err := e.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	_, err = e.db.Collection(formatName).UpdateOne(ctx, bson.D{{Key: fID, Value: markID}},
		bson.D{{Key: "$set", Value: bson.D{{Key: fIs, Value: mark}}}}, options.UpdateOne().SetUpsert(true))
	return fault("mark the store", err)
}

package mongo

import (
	"context"
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// manyRefs is how many documents are read with one command.
const manyRefs = 256

// Get implements driver.Engine. Several documents are read at the time of one snapshot that a
// majority has; those of linearizable collections after them, each by itself, because a snapshot
// may be what a deposed primary holds.
func (e *Engine) Get(ctx context.Context, refs []driver.Ref, visit driver.Visit) error {
	for i := range refs {
		if _, err := e.schema.CheckRef(&refs[i]); err != nil {
			return err
		}
	}
	leave, err := e.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	at, end, err := e.snapshot(ctx, refs)
	if err != nil {
		return readFault(ctx, "begin a snapshot", err)
	}
	defer end()
	now := e.now()
	for len(refs) > 0 {
		n := min(len(refs), manyRefs)
		goOn, err := e.getSome(ctx, at, refs[:n], now, visit)
		if err != nil || !goOn {
			return readFault(ctx, "read", err)
		}
		refs = refs[n:]
	}
	return nil
}

// snapshot returns a context in which all reads are of one time, if there are several.
func (e *Engine) snapshot(ctx context.Context, refs []driver.Ref) (at context.Context, end func(), err error) {
	if len(refs) < 2 || e.oneByOne {
		return ctx, func() {}, nil
	}
	if e.routed {
		if err := e.hearTime(ctx, refs); err != nil {
			return nil, nil, err
		}
	}
	s, err := e.client.StartSession(options.Session().SetSnapshot(true))
	if err != nil {
		return nil, nil, err
	}
	return mongo.NewSessionContext(ctx, s), func() { s.EndSession(context.WithoutCancel(ctx)) }, nil
}

// hearTime reads something of each partition first. A router takes the time of a snapshot from its
// own clock, which may be behind what was written through another; the answer of a shard brings the
// clock up to what that shard has acknowledged.
func (e *Engine) hearTime(ctx context.Context, refs []driver.Ref) error {
	heard := map[string]bool{}
	for _, r := range refs {
		if heard[r.Partition] {
			continue
		}
		heard[r.Partition] = true
		if _, err := e.look(ctx, e.collections[r.Collection].docs, &driver.Doc{Ref: r}, 0); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) getSome(ctx, at context.Context, refs []driver.Ref, now int64, visit driver.Visit) (goOn bool, err error) {
	found := make(map[driver.Ref]bson.Raw, len(refs))
	if err := e.fetch(at, refs, found); err != nil {
		return false, err
	}
	if err := e.fetchLinear(ctx, refs, found); err != nil {
		return false, err
	}
	for i := range refs {
		raw := found[refs[i]]
		if raw == nil {
			continue
		}
		var p parsed
		if err := p.parse(e.collections[refs[i].Collection], raw); err != nil {
			return false, err
		}
		if p.expires > now && !visit(&p.doc) {
			return false, nil
		}
	}
	return true, nil
}

// fetch reads those of refs that are of no linearizable collection: a command for each
// collection.
func (e *Engine) fetch(ctx context.Context, refs []driver.Ref, found map[driver.Ref]bson.Raw) error {
	byName := map[string][]driver.Ref{}
	for _, r := range refs {
		if !e.schema.Spec(r.Collection).Linearizable {
			byName[r.Collection] = append(byName[r.Collection], r)
		}
	}
	for name, list := range byName {
		cur, err := e.collections[name].docs.Find(ctx, anyOf(list), options.Find().SetHint(idIndex).SetBatchSize(manyRefs+1))
		if err != nil {
			return err
		}
		for cur.Next(ctx) {
			id, _ := cur.Current.Lookup(fID).StringValueOK()
			partition, name2, err := cutID(id)
			if err != nil {
				return corrupt(e.collections[name], "a document that is not one of this service's")
			}
			found[driver.Ref{Collection: name, Partition: partition, ID: name2}] = slices.Clone(cur.Current)
		}
		if err := done(ctx, cur); err != nil {
			return err
		}
	}
	return nil
}

// anyOf is the filter for documents of one collection.
func anyOf(refs []driver.Ref) bson.D {
	ids, partitions := make(bson.A, 0, len(refs)), bson.A{}
	for _, r := range refs {
		ids = append(ids, docID(r.Partition, r.ID))
		if !slices.Contains(partitions, any(r.Partition)) {
			partitions = append(partitions, r.Partition)
		}
	}
	return bson.D{oneOf(fID, ids), oneOf(fPartition, partitions)}
}

func oneOf(field string, values bson.A) bson.E {
	if len(values) == 1 {
		return bson.E{Key: field, Value: values[0]}
	}
	return bson.E{Key: field, Value: bson.D{{Key: "$in", Value: values}}}
}

// fetchLinear reads the others of refs: the server gives this promise for one document at a time.
func (e *Engine) fetchLinear(ctx context.Context, refs []driver.Ref, found map[driver.Ref]bson.Raw) error {
	for _, r := range refs {
		c := e.collections[r.Collection]
		if !c.spec.Linearizable {
			continue
		}
		raw, err := c.linear.FindOne(ctx, named(&driver.Doc{Ref: r})).Raw()
		if errors.Is(err, mongo.ErrNoDocuments) {
			continue
		}
		if err != nil {
			return err
		}
		found[r] = raw
	}
	return nil
}

package mongo

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// OpenDouble opens an engine on a server that has no transactions nor the indexes that the engine
// needs, and has not proved anything: the operations of a commit are run one by one.
func OpenDouble(ctx context.Context, o Options, specs []driver.Spec) (*Engine, error) {
	e, err := connect(o, specs)
	if err != nil {
		return nil, err
	}
	e.oneByOne = true
	if err := e.makeCollections(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Prove runs one step of the proof that a server gives.
func Prove(ctx context.Context, e *Engine, step string) error {
	return map[string]func(context.Context) error{
		"kind": e.proveKind, "abort": e.proveAbort, "swap": e.proveSwap, "majority": e.proveMajority,
	}[step](ctx)
}

// Drop removes an engine's database.
func Drop(ctx context.Context, o Options) error {
	e, err := connect(o, nil)
	if err != nil {
		return err
	}
	return errors.Join(e.db.Drop(ctx), e.Close())
}

// ErrProof is how each refusal of a server begins.
var ErrProof = errProof

// SetFormat makes a database one of another version.
func SetFormat(ctx context.Context, e *Engine, version string) error {
	_, err := e.db.Collection(formatName).UpdateOne(ctx, bson.D{{Key: fID, Value: "format"}},
		bson.D{{Key: "$set", Value: bson.D{{Key: fIs, Value: version}}}})
	return err
}

// Damage sets fields of a stored document, as no engine would.
func Damage(ctx context.Context, e *Engine, r driver.Ref, fields map[string]any) error {
	_, err := e.collections[r.Collection].docs.UpdateOne(ctx, named(&driver.Doc{Ref: r}), bson.D{{Key: "$set", Value: fields}})
	return err
}

package mongo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
)

// errProof begins each refusal of a server.
var errProof = errors.New("store: this MongoDB cannot keep the record")

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errProof, fmt.Sprintf(format, args...))
}

const (
	minWireVersion = 13 // 5.0: reads of one snapshot outside a transaction
	proofRounds    = 4
	proofWriters   = 8
)

// prove has the server show that it does what commits rely on, and is not only said to: some
// servers that speak the protocol refuse transactions, others accept and ignore them.
func (e *Engine) prove(ctx context.Context) error {
	for _, step := range []func(context.Context) error{e.proveKind, e.proveAbort, e.proveSwap, e.proveMajority} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// proveKind asks the server what it is.
func (e *Engine) proveKind(ctx context.Context) error {
	raw, err := e.db.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Raw()
	if err != nil {
		return fault("connect", err)
	}
	set, _ := raw.Lookup("setName").StringValueOK()
	msg, _ := raw.Lookup("msg").StringValueOK()
	e.routed = msg == "isdbgrid"
	if set == "" && !e.routed {
		return refuse("it is a single server without a replica set, on which there are no transactions: start mongod with --replSet and run rs.initiate(); a set of one member is enough to try it")
	}
	if wire, _ := raw.Lookup("maxWireVersion").AsInt64OK(); wire < minWireVersion {
		return refuse("it is older than version 5.0: upgrade it")
	}
	return nil
}

// proofID names a document of one proof; a server that is starting beside uses another.
func proofID() bson.E { return bson.E{Key: fID, Value: "proof-" + rand.Text()} }

func (e *Engine) proofs() *mongo.Collection { return e.db.Collection(proofName) }

func (e *Engine) forget(ctx context.Context, id bson.E) {
	_, _ = e.proofs().DeleteOne(ctx, bson.D{id}) // a document left behind does no harm
}

// proveAbort expects a transaction that is given up to leave nothing.
func (e *Engine) proveAbort(ctx context.Context) error {
	const advice = "use a replica set or a sharded cluster of MongoDB itself, with the WiredTiger storage engine"
	gone, kept := proofID(), proofID()
	defer e.forget(ctx, gone)
	defer e.forget(ctx, kept)
	// Made outside, so that the collection is there.
	if _, err := e.proofs().InsertOne(ctx, bson.D{kept, {Key: fRev, Value: 1}}); err != nil {
		return fault("write a proof", err)
	}
	s, err := e.client.StartSession()
	if err != nil {
		return refuse("it has no sessions, and so no transactions: %s", advice)
	}
	defer s.EndSession(context.WithoutCancel(ctx))
	if err := s.StartTransaction(); err != nil {
		return refuse("it begins no transaction: %s", advice)
	}
	in := mongo.NewSessionContext(ctx, s)
	_, err = e.proofs().InsertOne(in, bson.D{gone})
	if err == nil {
		_, err = e.proofs().UpdateOne(in, bson.D{kept}, bson.D{{Key: "$set", Value: bson.D{{Key: fRev, Value: 2}}}})
	}
	aborting := s.AbortTransaction(ctx)
	if err = errors.Join(err, aborting); err != nil {
		if passed := fault("try a transaction", err); decide(err) != final || mongo.IsNetworkError(err) || mongo.IsTimeout(err) {
			return passed
		}
		return refuse("it refuses transactions: %s", advice)
	}
	n, err := e.proofs().CountDocuments(ctx, bson.D{gone})
	if err != nil {
		return fault("read a proof", err)
	}
	raw, err := e.proofs().FindOne(ctx, bson.D{kept}).Raw()
	if err != nil {
		return fault("read a proof", err)
	}
	if rev, _ := raw.Lookup(fRev).AsInt64OK(); n != 0 || rev != 1 {
		return refuse("a transaction that was given up left its writes behind: %s", advice)
	}
	return nil
}

// proveSwap expects exactly one of several who change a document at once from the same revision to
// succeed.
func (e *Engine) proveSwap(ctx context.Context) error {
	id := proofID()
	defer e.forget(ctx, id)
	if _, err := e.proofs().InsertOne(ctx, bson.D{id, {Key: fRev, Value: 0}}); err != nil {
		return fault("write a proof", err)
	}
	for round := range proofRounds {
		var wins atomic.Int64
		errs := make([]error, proofWriters)
		var wg sync.WaitGroup
		for n := range proofWriters {
			wg.Go(func() {
				r, err := e.proofs().UpdateOne(ctx, bson.D{id, {Key: fRev, Value: round}}, bson.D{{Key: "$set", Value: bson.D{{Key: fRev, Value: round + 1}, {Key: fWriter, Value: n}}}})
				if errs[n] = err; err == nil {
					wins.Add(r.ModifiedCount)
				}
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil && decide(err) == final {
			return fault("write a proof", err)
		}
		if wins.Load() != 1 {
			return refuse("of %d who changed a document at once %d were told that they did, and exactly one may be: use MongoDB itself", proofWriters, wins.Load())
		}
	}
	return nil
}

// proveMajority expects what a majority acknowledged to be read, by majority and linearizable.
func (e *Engine) proveMajority(ctx context.Context) error {
	id := proofID()
	defer e.forget(ctx, id)
	if _, err := e.proofs().InsertOne(ctx, bson.D{id}); err != nil {
		return fault("write a proof", err)
	}
	for _, level := range []*readconcern.ReadConcern{readconcern.Majority(), readconcern.Linearizable()} {
		c := e.db.Collection(proofName, options.Collection().SetReadConcern(level))
		switch _, err := c.FindOne(ctx, bson.D{id}).Raw(); {
		case errors.Is(err, mongo.ErrNoDocuments):
			return refuse("what a majority has acknowledged is not found when it is read with concern %q", level.Level)
		case err != nil:
			return fault("read a proof", err)
		}
	}
	return nil
}

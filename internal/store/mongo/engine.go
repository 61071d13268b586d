// Package mongo is the store's engine on MongoDB, for where one machine is not enough: a replica
// set or a sharded cluster of version 5.0 or later, and any number of servers on it.
//
// Each document is one MongoDB document, its body binary and never looked into. What makes a
// commit of several documents one is a transaction; what makes a conditional write safe is its
// filter. Reads go to the primary and see what a majority has; a collection whose spec asks for it
// is read linearizable.
package mongo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Options of an engine; what is zero has a default.
type Options struct {
	URI      string // mongodb:// or mongodb+srv://, with what is needed for TLS and authentication
	Database string

	Now     func() time.Time // the clock that documents expire by; time.Now
	Timeout time.Duration    // of one operation, retries included; 10 s
	MaxPool uint64           // connections to each server; 128

	// Observe is told of each commit and each batch of a log that was written, or could not be;
	// it may be nil.
	Observe func(took time.Duration, err error)
}

const (
	defaultTimeout = 10 * time.Second
	defaultPool    = 128
	setupTimeout   = 30 * time.Minute // an index over a large collection is built while the engine opens
)

// collection is a spec with where its documents are.
type collection struct {
	spec   *driver.Spec
	docs   *mongo.Collection
	linear *mongo.Collection // the same, read linearizable
}

// Engine is a database of a cluster.
type Engine struct {
	o           Options
	client      *mongo.Client
	db          *mongo.Database
	schema      *driver.Schema
	collections map[string]*collection
	queues      queues
	routed      bool // behind the routers of a sharded cluster

	// oneByOne runs the operations of a commit one after another, without a transaction. Only the
	// tests set it, for a double of the wire that has none.
	oneByOne bool

	closing sync.RWMutex // held for reading by whatever is under way
	closed  bool
	logsMu  sync.Mutex
	logs    map[string]*log
}

var _ driver.Engine = (*Engine)(nil)

// Open connects to a cluster, has it prove that it keeps what the engine relies on, and makes the
// collections and indexes that are missing. It refuses, with a sentence that says what to do, a
// server on which a commit would not be safe.
func Open(ctx context.Context, o Options, specs []driver.Spec) (*Engine, error) {
	e, err := connect(o, specs)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	if err := e.prove(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if err := e.setUp(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func connect(o Options, specs []driver.Spec) (*Engine, error) {
	schema, err := driver.NewSchema(specs)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxPool == 0 {
		o.MaxPool = defaultPool
	}
	if o.Database == "" {
		return nil, errors.New("store: no name is given for the MongoDB database")
	}
	clientOptions, err := clientOptions(&o)
	if err != nil {
		return nil, err
	}
	client, err := mongo.Connect(clientOptions)
	if err != nil {
		return nil, errURI
	}
	e := &Engine{o: o, client: client, db: client.Database(o.Database), schema: schema, collections: map[string]*collection{}, logs: map[string]*log{}}
	linear := options.Collection().SetReadConcern(readconcern.Linearizable())
	schema.Specs(func(s *driver.Spec) {
		e.collections[s.Name] = &collection{spec: s, docs: e.db.Collection(s.Name), linear: e.db.Collection(s.Name, linear)}
	})
	return e, nil
}

// errURI says nothing of what is in the connection string: that may be a password.
var errURI = errors.New("store: the MongoDB connection string cannot be used: it begins with mongodb:// or mongodb+srv://, with user and password percent-encoded")

// clientOptions are applied over the connection string, which may say where the servers are and
// how to get in, and may not weaken what is promised.
func clientOptions(o *Options) (*options.ClientOptions, error) {
	c := options.Client().ApplyURI(o.URI)
	if c.Validate() != nil {
		return nil, errURI
	}
	journaled := true
	c.SetAppName("dcrd")
	// A commit that returned is on the disks of a majority; a read sees only such.
	c.SetWriteConcern(&writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &journaled})
	c.SetReadConcern(readconcern.Majority())
	c.SetReadPreference(readpref.Primary())
	// Retries by the driver, which the server recognises as such, hide an election from single
	// writes and reads, as long as there is time.
	c.SetRetryWrites(true).SetRetryReads(true)
	// The commands of the stable API alone, so that an upgraded server answers as before.
	c.SetServerAPIOptions(options.ServerAPI(options.ServerAPIVersion1).SetStrict(true).SetDeprecationErrors(true))
	// A request should rather fail and be tried again by who asked than hang: choosing a server may
	// take half of the time that an operation has. The rest of an election is outlasted by clients.
	c.SetTimeout(o.Timeout).SetServerSelectionTimeout(o.Timeout / 2).SetConnectTimeout(o.Timeout / 2)
	// Each request holds a connection for a few milliseconds, a transaction for a few more. Some are
	// kept ready; what a burst opened is closed after a while.
	c.SetMaxPoolSize(o.MaxPool).SetMinPoolSize(min(8, o.MaxPool)).SetMaxConnIdleTime(10 * time.Minute)
	return c, nil
}

// enter begins a call; leave ends it. Close waits for those that have begun.
func (e *Engine) enter(ctx context.Context) (leave func(), err error) {
	e.closing.RLock()
	if e.closed {
		e.closing.RUnlock()
		return nil, driver.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		e.closing.RUnlock()
		return nil, err
	}
	return e.closing.RUnlock, nil
}

// own returns a context for a write, which is not interrupted when its caller goes, so that its
// outcome is known.
func (e *Engine) own(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), e.o.Timeout)
}

func (e *Engine) now() int64 { return e.o.Now().UnixMicro() }

func (e *Engine) observe(began time.Time, err error) {
	if e.o.Observe == nil {
		return
	}
	if errors.As(err, new(*driver.ConflictError)) {
		err = nil
	}
	e.o.Observe(time.Since(began), err)
}

// Close implements driver.Engine.
func (e *Engine) Close() error {
	e.closing.Lock()
	defer e.closing.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	for _, l := range e.logs {
		l.close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), e.o.Timeout)
	defer cancel()
	if err := e.client.Disconnect(ctx); err != nil {
		return fmt.Errorf("store: disconnect from MongoDB: %w", err)
	}
	return nil
}

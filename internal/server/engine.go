package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
	"github.com/dorsetcarerecord/dcr/internal/store/migrate"
	"github.com/dorsetcarerecord/dcr/internal/store/mongo"
)

// EngineOptions are what an engine needs beside the configuration; all may be left out.
type EngineOptions struct {
	Now     func() time.Time
	NoSync  bool // for tests: commits return before they are durable
	Observe func(took time.Duration, err error)
}

// OpenEngine opens the store that is configured: that of MongoDB if it has a connection
// string, else the embedded one in the data folder. A store that was moved elsewhere, or is
// not whole yet, is refused, and so is a server that cannot keep the record; each with a
// sentence that says what to do.
func OpenEngine(ctx context.Context, c *config.Config, o EngineOptions) (driver.Engine, error) {
	open := OpenEmbedded
	if c.MongoDB.URI != "" {
		open = OpenMongoDB
	}
	e, err := open(ctx, c, o)
	if err != nil {
		return nil, err
	}
	if err := migrate.Usable(ctx, e); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// OpenEmbedded opens the embedded store, whatever is configured, to move it.
func OpenEmbedded(_ context.Context, c *config.Config, o EngineOptions) (driver.Mover, error) {
	e, err := bolt.Open(c.Data, store.Specs(Specs()...), bolt.Options{Now: o.Now, NoSync: o.NoSync, Observe: o.Observe})
	if err != nil {
		return nil, err // not e: a nil *bolt.Engine is no nil driver.Mover
	}
	return e, nil
}

// OpenMongoDB opens the store of MongoDB, to move it.
func OpenMongoDB(ctx context.Context, c *config.Config, o EngineOptions) (driver.Mover, error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil { // for what this dcrd keeps for itself
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	m := c.MongoDB
	e, err := mongo.Open(ctx, mongo.Options{URI: m.URI.Reveal(), Database: m.Database, Now: o.Now, Timeout: m.Timeout, MaxPool: m.Pool, Observe: o.Observe},
		store.Specs(Specs()...))
	if err != nil {
		return nil, err
	}
	return e, nil
}

// healthy is an engine that knows when nothing can be written until a restart. Of others only
// their writes tell.
type healthy interface{ Healthy() error }

func health(e driver.Engine) error {
	if h, ok := e.(healthy); ok {
		return h.Healthy()
	}
	return nil
}

package server

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
	"github.com/dorsetcarerecord/dcr/internal/store/mongo"
)

// EngineOptions are what an engine needs beside the configuration; all may be left out.
type EngineOptions struct {
	Now     func() time.Time
	NoSync  bool // for tests: commits return before they are durable
	Observe func(took time.Duration, err error)
}

// OpenEngine opens the store that is configured: that of MongoDB if it has a connection
// string, else the embedded one in the data folder. A server that cannot keep the record is
// refused with a sentence that says what to do.
func OpenEngine(ctx context.Context, c *config.Config, o EngineOptions) (driver.Engine, error) {
	specs := store.Specs(Specs()...)
	if m := c.MongoDB; m.URI != "" {
		if err := os.MkdirAll(c.Data, 0o700); err != nil { // for what this dcrd keeps for itself
			return nil, fmt.Errorf("make the data folder: %w", err)
		}
		e, err := mongo.Open(ctx, mongo.Options{URI: m.URI.Reveal(), Database: m.Database, Now: o.Now, Timeout: m.Timeout, MaxPool: m.Pool, Observe: o.Observe}, specs)
		if err != nil {
			return nil, err // not e: a nil *mongo.Engine is no nil driver.Engine
		}
		return e, nil
	}
	e, err := bolt.Open(c.Data, specs, bolt.Options{Now: o.Now, NoSync: o.NoSync, Observe: o.Observe})
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

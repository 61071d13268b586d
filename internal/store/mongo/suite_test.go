package mongo_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
	"github.com/dorsetcarerecord/dcr/internal/store/mongo"
	"github.com/dorsetcarerecord/dcr/internal/store/mongo/mongotest"
	"github.com/dorsetcarerecord/dcr/internal/store/storetest"
)

// uriEnv names a replica set to hold the engine to the whole contract on. The databases
// dcr-test-... in it are made and dropped.
const uriEnv = "DCR_TEST_MONGODB_URI"

// TestConformance is how the engine is accepted.
func TestConformance(t *testing.T) {
	uri := os.Getenv(uriEnv)
	if uri == "" {
		t.Skip("no MongoDB to run on: set " + uriEnv + " to a replica set of your own")
	}
	storetest.Run(t, func(t *testing.T, dir string, specs []driver.Spec) driver.Engine {
		return opened(t, mongo.Open, optionsFor(t, uri, dir), specs)
	})
}

// TestOnADouble runs what can be run on a double of the wire: of the contract, keys, order, paging,
// conditional writes and errors.
func TestOnADouble(t *testing.T) {
	uri := mongotest.Ferret(t)
	t.Run("it is refused", func(t *testing.T) { testDoubleIsRefused(t, uri) })
	t.Run("of two who append one is fenced", func(t *testing.T) { testFencing(t, uri) })
	t.Run("a later format is refused", func(t *testing.T) { testLaterFormat(t, uri) })
	t.Run("damage is found", func(t *testing.T) { testDamage(t, uri) })
	t.Run("the record is moved to it and back", func(t *testing.T) { testMoved(t, uri) })
	t.Run("the contract", func(t *testing.T) { testSequentially(t, uri) })
}

func testSequentially(t *testing.T, uri string) {
	storetest.RunSequential(t, func(t *testing.T, dir string, specs []driver.Spec) driver.Engine {
		return opened(t, mongo.OpenDouble, optionsFor(t, uri, dir), specs)
	})
}

// optionsFor gives each folder of the suite a database of its own.
func optionsFor(t *testing.T, uri, dir string) mongo.Options {
	t.Helper()
	h := sha256.Sum256([]byte(dir))
	// The double is slow, and the machine may be busy with other tests.
	o := mongo.Options{URI: uri, Timeout: 2 * time.Minute, Database: "dcr-test-" + hex.EncodeToString(h[:8])}
	t.Cleanup(func() {
		if err := mongo.Drop(context.WithoutCancel(t.Context()), o); err != nil {
			t.Errorf("drop: %v", err)
		}
	})
	return o
}

func opened(t *testing.T, open func(context.Context, mongo.Options, []driver.Spec) (*mongo.Engine, error), o mongo.Options, specs []driver.Spec) driver.Engine {
	t.Helper()
	e, err := open(t.Context(), o, specs)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Package storetest defines what a store is: Run holds an engine to the contract of
// package driver. Open gives the tests of other packages a store of their own.
package storetest

import (
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
)

// Open returns a new store with these collections that goes with the test. It does not
// wait for the disk.
func Open(t testing.TB, specs ...store.Spec) *store.DB {
	t.Helper()
	return OpenAt(t, t.TempDir(), time.Now, specs...)
}

// OpenAt is Open in a folder and by a clock of the test's choice.
func OpenAt(t testing.TB, dir string, now func() time.Time, specs ...store.Spec) *store.DB {
	t.Helper()
	engine, err := bolt.Open(dir, store.Specs(specs...), bolt.Options{Now: now, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(engine, specs...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

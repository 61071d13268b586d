// Package ledgertest opens a ledger for tests of the rooms that stand on it.
package ledgertest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Store is where the ledger is kept.
type Store interface {
	ledger.Docs
	Log(ctx context.Context, name string) (driver.Log, error)
}

// Open opens the ledger of an instance with a key of its own, until the test ends.
func Open(t testing.TB, s Store, instance string, now func() time.Time) *ledger.Ledger {
	t.Helper()
	l, err := open(t, s, instance, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(context.Background()) })
	return l
}

func open(t testing.TB, s Store, instance string, now func() time.Time) (*ledger.Ledger, error) {
	log, err := s.Log(t.Context(), ledger.LogName(instance))
	if err != nil {
		return nil, err
	}
	secret, err := ledger.NewKey(instance, rand.Reader)
	if err != nil {
		return nil, err
	}
	key, err := ledger.ParseKey(secret)
	if err != nil {
		return nil, err
	}
	return ledger.Open(t.Context(), ledger.Options{Log: log, Instance: instance, Key: key, Folders: []string{t.TempDir()}, Docs: s, Now: now})
}

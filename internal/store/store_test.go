package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// broken is an engine that fails with an error of the test's.
type broken struct {
	driver.Engine
	err error
}

func (b *broken) Get(context.Context, []driver.Ref, driver.Visit) error { return b.err }

func (b *broken) Log(context.Context, string) (driver.Log, error) { return nil, b.err }

func TestErrorsHaveTheirKinds(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want errs.Kind
	}{
		{&driver.ConflictError{}, errs.Conflict},
		{driver.ErrNotFound, errs.NotFound},
		{driver.ErrTooLarge, errs.TooLarge},
		{driver.ErrCursor, errs.Invalid},
		{driver.ErrUnavailable, errs.Unavailable},
		{driver.ErrClosed, errs.Unavailable},
		{context.DeadlineExceeded, errs.Unavailable},
		{driver.ErrCorrupt, errs.Internal},
		{errors.New("anything else"), errs.Internal},
	} {
		engine := &broken{}
		db, err := store.Open(engine)
		if err != nil {
			t.Fatal(err)
		}
		engine.err = fmt.Errorf("deep inside: %w", tt.err)
		got := db.Get(t.Context(), []store.Ref{{}}, nil)
		if errs.KindOf(got) != tt.want || !errors.Is(got, tt.err) {
			t.Errorf("%v is of kind %v, want %v", got, errs.KindOf(got), tt.want)
		}
		if e, ok := errs.As(got); ok && e.Kind == errs.Unavailable && e.After != 2*time.Second {
			t.Errorf("%v says to come back after %v", got, e.After)
		}
		if l, err := db.Log(t.Context(), "log"); l != nil || errs.KindOf(err) != tt.want {
			t.Errorf("log %v, %v", l, err)
		}
	}
}

func TestOpenWantsItsOwnCollections(t *testing.T) {
	specs := []store.Spec{{Name: "plain"}}
	engine, err := bolt.Open(t.TempDir(), specs, bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	if _, err := store.Open(engine, specs...); err == nil {
		t.Error("opened on an engine without the store's own collections")
	}
}

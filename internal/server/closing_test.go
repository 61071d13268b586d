package server

import (
	"context"
	"errors"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// stuck is an engine that does not close.
type stuck struct {
	driver.Engine
	open chan struct{}
}

func (stuck) Get(context.Context, []driver.Ref, driver.Visit) error { return nil }

func (s stuck) Close() error { <-s.open; return nil }

// A stop does not wait longer than it may for a disk that does not answer.
func TestAStoreThatDoesNotCloseIsLeft(t *testing.T) {
	e := stuck{open: make(chan struct{})}
	defer close(e.open)
	db, err := store.Open(e, Specs()...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := closing(db)(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

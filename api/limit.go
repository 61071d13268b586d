package api

import (
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// turns bounds how many of something run at once.
type turns struct {
	free chan struct{}
	wait time.Duration
}

func newTurns(n int, wait time.Duration) turns { return turns{make(chan struct{}, n), wait} }

// take waits for a turn, which done gives back; after a while it is Unavailable.
func (t turns) take(ctx context.Context) error {
	select {
	case t.free <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(t.wait)
	defer timer.Stop()
	select {
	case t.free <- struct{}{}:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	return &errs.Error{Kind: errs.Unavailable, Message: "Too many whole records are being read at this moment. Try again.", After: time.Second}
}

func (t turns) done() { <-t.free }

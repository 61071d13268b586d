package server

import (
	"context"
	"sync"
	"time"
)

// sweepAfter is how long what expired is left lying: what a clock that is ahead takes
// for expired must count again when the clock is put right. Else an assertion that was
// used could be used twice.
const sweepAfter = 24 * time.Hour

func (s *Server) sweep(ctx context.Context) error {
	_, err := s.parts.db.Sweep(ctx, s.o.Now().Add(-sweepAfter), 10_000)
	return err
}

// startBackground begins the work that nobody waits for. Each of it is safe to be
// cut off and done again.
func (s *Server) startBackground(ctx context.Context) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := s.parts
	jobs := []struct {
		name  string
		every time.Duration
		f     func(context.Context) error
	}{
		{"try quarantine again", 5 * time.Second, func(ctx context.Context) error { _, err := p.inbox.Work(ctx, 100); return err }},
		{"index the ledger", 30 * time.Second, func(ctx context.Context) error { _, err := p.ledger.Index(ctx); return err }},
		{"sweep what expired", time.Minute, s.sweep},
	}
	var running sync.WaitGroup
	for _, j := range jobs {
		running.Go(func() {
			tick := time.NewTicker(j.every)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
				if err := j.f(ctx); err != nil && ctx.Err() == nil {
					s.log.Error("background work failed, and is tried again", "work", j.name, "err", err)
				}
			}
		})
	}
	s.onStop("background work", func(context.Context) error {
		cancel()
		running.Wait()
		return nil
	})
	return nil
}

package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/instance"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
)

// sweepAfter is how long what expired is left lying: what a clock that is ahead takes
// for expired must count again when the clock is put right. Else an assertion that was
// used could be used twice.
const sweepAfter = 24 * time.Hour

func (s *Server) sweep(ctx context.Context) error {
	_, err := s.parts.member.Do(ctx, "sweep", time.Minute, func(ctx context.Context) error {
		_, err := s.parts.db.Sweep(ctx, s.o.Now().Add(-sweepAfter), 10_000)
		return err
	})
	return err
}

// indexLedger brings the index by person to the end of every instance's log, also of one
// that runs no longer. One instance at a time does so for a log.
func (s *Server) indexLedger(ctx context.Context) error {
	parts, err := ledger.Parts(ctx, s.parts.db)
	if err != nil {
		return err
	}
	var failed []error
	for _, part := range parts {
		_, err := s.parts.member.Do(ctx, "index-"+part.Instance, 5*time.Minute, func(ctx context.Context) error {
			_, err := s.parts.ledger.IndexOf(ctx, part)
			return err
		})
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// job is work that nobody waits for. Each is safe to be cut off and done again.
type job struct {
	name  string
	every time.Duration
	f     func(context.Context) error
}

// jobs lists the background's work: the lease first, for all else depends on it.
func (s *Server) jobs() []job {
	return []job{
		{"renew the lease", instance.Every, s.renewSoon},
		{"take over from others", 5 * time.Second, func(ctx context.Context) error { s.takeOverAndReceive(ctx); return nil }},
		{"try quarantine again", 5 * time.Second, func(ctx context.Context) error { _, err := s.parts.inbox.Work(ctx, 100); return err }},
		{"hand on questions of residents", 10 * time.Second, s.workInquiries},
		{"index the ledger", 30 * time.Second, s.indexLedger},
		{"sweep what expired", time.Minute, s.sweep},
	}
}

// Renew renews the instance's lease, as the background does. Tests call it that let time
// pass.
func (s *Server) Renew(ctx context.Context) error { return s.renew(ctx) }

// Work does each of the background's jobs once, in their order, and returns the first
// error. Tests call it instead of waiting.
func (s *Server) Work(ctx context.Context) error {
	for _, j := range s.jobs() {
		if err := j.f(ctx); err != nil {
			return fmt.Errorf("%s: %w", j.name, err)
		}
	}
	return nil
}

// startBackground begins the work that nobody waits for.
func (s *Server) startBackground(ctx context.Context) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	for _, j := range s.jobs() {
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

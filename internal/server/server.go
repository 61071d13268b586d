// Package server puts the rooms together: the store, the ledger, the record, the
// feeds, the listeners. dcrd runs it, and tests start the whole of it in one call.
package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/obs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Options are what Start needs.
type Options struct {
	Config  *config.Config
	Log     slog.Handler
	Version string
	Now     func() time.Time                  // nil: time.Now
	NoSync  bool                              // for tests: commits return before they are durable
	Engine  func(driver.Engine) driver.Engine // for tests: puts something between the store and its engine; may be nil
}

// Server is a running service.
type Server struct {
	o       Options
	log     *slog.Logger
	metrics *obs.Metrics
	health  *obs.Health
	parts   *parts
	started time.Time

	listeners []*listener
	failed    chan error // a listener that ended by itself
	lost      chan error // why this instance must not go on
	receiving atomic.Bool
	stops     []stop // what to undo, in the order in which it was done
}

type stop struct {
	name string
	f    func(context.Context) error
}

// Start opens everything and returns when requests are taken. An error says what
// is wrong and what to do; then nothing is left running.
func Start(ctx context.Context, o Options) (*Server, error) {
	// What lives long is small, since the data is in the mapped file: collecting
	// later spares a tenth of the processor, and the limit bounds what it costs.
	debug.SetGCPercent(800)
	debug.SetMemoryLimit(o.Config.Limits.Memory)
	s := newServer(o)
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.undo(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func newServer(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Server{o: o, log: slog.New(o.Log), metrics: obs.NewMetrics(), started: o.Now(), failed: make(chan error, 8), lost: make(chan error, 1),
		health: obs.NewHealth("instance", "store", "ledger", "inbox", "listeners")}
}

// start does all in order. Operators can ask how it goes from the first moment on;
// the inbox is brought up to date before anybody reads; the listeners come last.
func (s *Server) start(ctx context.Context) error {
	steps := []struct {
		name string
		f    func(context.Context) error
	}{
		{"listen for operators", s.listenOps},
		{"open the record", s.openParts},
		{"bring the inbox up to date", s.recoverInbox},
		{"begin the background work", s.startBackground},
		{"open the local socket", s.listenSocket},
		{"listen", s.listen},
	}
	for _, step := range steps {
		if err := step.f(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	s.health.Set("listeners", nil)
	s.log.Info("ready", "took", s.o.Now().Sub(s.started).String(), "version", s.o.Version, "instance", s.o.Config.Instance)
	return nil
}

// recoverInbox also finishes what other instances left, before anything is received.
func (s *Server) recoverInbox(ctx context.Context) error {
	if err := s.renew(ctx); err != nil {
		return err
	}
	if err := s.parts.inbox.Recover(ctx); err != nil {
		return err
	}
	s.takeOverAndReceive(ctx)
	s.health.Check("instance", s.holdsLease)
	s.health.Check("inbox", func(ctx context.Context) error { return cmp.Or(s.receives(ctx), s.parts.received.failing()) })
	return nil
}

// onStop adds what Stop is to undo.
func (s *Server) onStop(name string, f func(context.Context) error) {
	s.stops = append(s.stops, stop{name, f})
}

// Run waits until ctx is done, a listener fails or the instance's lease is lost, then
// stops.
func (s *Server) Run(ctx context.Context) error {
	var err error
	select {
	case <-ctx.Done():
		s.log.Info("stopping")
	case err = <-s.failed:
		s.log.Error("a listener failed", "err", err)
	case err = <-s.lost:
		s.log.Error("stopping: this instance must not go on", "err", err)
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Config.Limits.Stop)
	defer cancel()
	return errors.Join(err, s.Stop(limit))
}

// closeTime is how long each room has to close when the requests have used up the time.
const closeTime = 5 * time.Second

// Stop takes no more requests, lets those under way end until ctx is done, and
// closes everything in the opposite order of Start. What is closed then has time of
// its own: that a caller was slow must not cost the ledger its last checkpoint.
func (s *Server) Stop(ctx context.Context) error {
	s.health.Set("listeners", errors.New("stopping"))
	return s.undo(ctx)
}

func (s *Server) undo(ctx context.Context) error {
	var all []error
	for i := len(s.stops) - 1; i >= 0; i-- {
		limit, cancel := ctx, context.CancelFunc(func() {})
		if ctx.Err() != nil {
			limit, cancel = context.WithTimeout(context.WithoutCancel(ctx), closeTime)
		}
		if err := s.stops[i].f(limit); err != nil {
			all = append(all, fmt.Errorf("stop %s: %w", s.stops[i].name, err))
		}
		cancel()
	}
	s.stops = nil
	return errors.Join(all...)
}

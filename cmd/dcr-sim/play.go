package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/sync/errgroup"

	"github.com/dorsetcarerecord/dcr/internal/seed"
)

// sending says how the history is sent.
type sending struct {
	workers   int
	rate      float64 // messages a second; 0: no limit
	from      int
	trickle   time.Duration
	noHistory bool
}

// world is a county at play.
type world struct {
	county  *seed.County
	sources map[string]*source
	stderr  io.Writer
	pace    *pace
	sent    atomic.Int64
	refused atomic.Int64
}

// play issues tokens and sends until ctx ends.
func play(ctx context.Context, dir string, o sending, stderr io.Writer) error {
	s, err := readSettings(dir)
	if err != nil {
		return err
	}
	w, err := newWorld(dir, s, o, stderr)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	handler, err := newIssuer(dir, s, w.county, time.Now)
	if err == nil {
		err = serve(ctx, g, s.Issuer, handler)
	}
	if err != nil {
		return fmt.Errorf("the issuer of tokens: %w", err)
	}
	if s.NHSLogin != "" {
		handler, err := newNHSLogin(dir, s, w.county, time.Now)
		if err == nil {
			err = serve(ctx, g, s.NHSLogin, handler)
		}
		if err != nil {
			return fmt.Errorf("NHS login: %w", err)
		}
	}
	g.Go(func() error {
		if !o.noHistory {
			if err := w.history(ctx, o); err != nil {
				return err
			}
		}
		return w.events(ctx, o.trickle)
	})
	return g.Wait()
}

// serve listens on an address until ctx ends.
func serve(ctx context.Context, g *errgroup.Group, address string, handler http.Handler) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	g.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		return server.Close()
	})
	return nil
}

func newWorld(dir string, s settings, o sending, stderr io.Writer) (*world, error) {
	w := &world{county: s.county(), sources: map[string]*source{}, stderr: stderr, pace: newPace(o.rate)}
	for _, org := range w.county.Organisations() {
		if org.Source == "" {
			continue
		}
		src, err := newSource(dir, s.Sources, org, time.Now)
		if err != nil {
			return nil, fmt.Errorf("the source %s: %w", org.Source, err)
		}
		w.sources[org.Source] = src
	}
	return w, nil
}

// history sends the sources' directories, then every person's history: the
// sources of one person one after the other, the practice first.
func (w *world) history(ctx context.Context, o sending) error {
	for b := range w.county.Directory() {
		if err := w.deliver(ctx, b); err != nil {
			return err
		}
	}
	begun := time.Now()
	o.from = min(o.from, w.county.Len())
	fmt.Fprintf(w.stderr, "dcr-sim: sending the history of %d people\n", w.county.Len()-o.from)
	bar := progressbar.NewOptions(w.county.Len()-o.from, progressbar.OptionSetWriter(terminal(w.stderr)), progressbar.OptionSetDescription("history sent"),
		progressbar.OptionShowCount(), progressbar.OptionSetItsString("people"), progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionClearOnFinish())
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(o.workers)
	for i := o.from; i < w.county.Len() && ctx.Err() == nil; i++ {
		g.Go(func() error {
			for b := range w.county.Bundles(i) {
				if err := w.deliver(ctx, b); err != nil {
					return err
				}
			}
			return bar.Add(1)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	fmt.Fprintf(w.stderr, "dcr-sim: %d people's history sent in %s: %d messages, %d refused\n", w.county.Len()-o.from,
		time.Since(begun).Round(time.Millisecond), w.sent.Load(), w.refused.Load())
	return nil
}

// terminal is where a bar can be drawn: w, if somebody watches it.
func terminal(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return f
		}
	}
	return io.Discard
}

// events sends something new now and then until ctx ends.
func (w *world) events(ctx context.Context, every time.Duration) error {
	if every <= 0 {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case at := <-tick.C:
			if err := w.deliver(ctx, w.county.Event(uint64(at.UnixMilli()), at)); err != nil {
				return err
			}
		}
	}
}

// mostRefusals is how many refusals are told in words.
const mostRefusals = 10

// deliver sends a bundle until dcrd has taken or refused it.
func (w *world) deliver(ctx context.Context, b seed.SourceBundle) error {
	wait := 100 * time.Millisecond
	for {
		if err := w.pace.take(ctx); err != nil {
			return err
		}
		err := w.sources[b.Source].send(ctx, b.Bytes)
		var no *refused
		var again *later
		switch {
		case err == nil:
			w.sent.Add(1)
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &no):
			w.sent.Add(1)
			if w.refused.Add(1) <= mostRefusals {
				fmt.Fprintf(w.stderr, "dcr-sim: %s: %v\n", b.Source, err)
			}
			return nil
		case errors.As(err, &again):
			if wait >= 5*time.Second {
				fmt.Fprintf(w.stderr, "dcr-sim: %s waits for dcrd: %v\n", b.Source, err)
			}
			if err := pause(ctx, max(wait, again.after)); err != nil {
				return err
			}
			wait = min(2*wait, 5*time.Second)
		default:
			return fmt.Errorf("%s: %w", b.Source, err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// pace spreads messages evenly.
type pace struct {
	mu    sync.Mutex
	every time.Duration
	next  time.Time
}

func newPace(rate float64) *pace {
	if rate <= 0 {
		return &pace{}
	}
	return &pace{every: time.Duration(float64(time.Second) / rate)}
}

func (p *pace) take(ctx context.Context) error {
	if p.every == 0 {
		return ctx.Err()
	}
	p.mu.Lock()
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	wait := p.next.Sub(now)
	p.next = p.next.Add(p.every)
	p.mu.Unlock()
	return pause(ctx, wait)
}

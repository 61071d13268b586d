package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// disturb kills dcrd and starts it again until ctx ends: every so often on average,
// so that it hits what is done once a minute at any moment.
func (s *soak) disturb(ctx, whole context.Context) error {
	r := rand.New(rand.NewPCG(s.seed, 4000))
	for s.kill > 0 && wait(ctx, time.Duration((0.5+r.Float64())*float64(s.kill))) {
		if err := s.strike(whole); err != nil {
			return err
		}
	}
	return nil
}

// strike kills dcrd once and starts it again.
func (s *soak) strike(ctx context.Context) error {
	s.calm.killing()
	defer s.calm.ready()
	if err := s.service.Kill(); err != nil {
		return err
	}
	took, err := s.service.Start(ctx)
	s.restarts = append(s.restarts, took)
	return err
}

// sample is what the process's own memory was at a time.
type sample struct {
	at time.Duration
	mb int
}

// watch keeps tokens young, samples the memory, and tells how far it is.
func (s *soak) watch(ctx context.Context) {
	var answered, acknowledged int64
	last, every := time.Now(), max(time.Second, min(10*time.Second, s.length/20))
	for minted := time.Now(); wait(ctx, time.Second); {
		now := time.Now()
		if now.Sub(minted) > 5*time.Minute {
			s.mint()
			minted = now
		}
		mb := s.service.RSS()
		if mb > 0 && s.calm.during(now, now) {
			s.memory = append(s.memory, sample{now.Sub(s.began), mb})
		}
		if now.Sub(last) < every {
			continue
		}
		a, b, took := s.answered.Load(), s.acknowledged.Load(), now.Sub(last).Seconds()
		reads, writes := s.worst(), quantile(&s.times[write])
		fmt.Fprintf(s.out, "%6s of %s: %.0f reads/s (p99 so far %s), %.0f messages/s (%s), %d choices, %d MB, %d kills, %d findings\n",
			now.Sub(s.began).Round(time.Second), s.length, float64(a-answered)/took, reads, float64(b-acknowledged)/took, writes,
			s.choices.Load(), mb, s.calm.count(), s.findings.total())
		answered, acknowledged, last = a, b, now
	}
}

func quantile(t *times) time.Duration {
	d, _ := t.quantile(0.99)
	return d
}

// worst is the largest p99 of the kinds of reads.
func (s *soak) worst() time.Duration {
	var d time.Duration
	for k := range write {
		d = max(d, quantile(&s.times[k]))
	}
	return d
}

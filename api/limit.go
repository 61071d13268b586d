package api

import (
	"context"
	"hash/maphash"
	"sync"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// limiter is a token bucket for each caller, kept as the one time at which the
// bucket will be full again.
type limiter struct {
	each   time.Duration // until one token comes back
	depth  time.Duration // of a full bucket
	seed   maphash.Seed
	shards [16]shard
}

type shard struct {
	sync.Mutex
	full map[string]time.Time
}

// maxBuckets is how many callers a shard remembers before it forgets those whose
// bucket is full.
const maxBuckets = 4096

// newLimiter returns nil, which limits nobody, if perSecond is 0.
func newLimiter(perSecond float64, burst int) *limiter {
	if perSecond <= 0 {
		return nil
	}
	each := time.Duration(float64(time.Second) / perSecond)
	l := &limiter{each: each, depth: each * time.Duration(burst), seed: maphash.MakeSeed()}
	for i := range l.shards {
		l.shards[i].full = map[string]time.Time{}
	}
	return l
}

// take takes a token of the caller's bucket, or returns how long until there is
// one.
func (l *limiter) take(caller string, now time.Time) (after time.Duration) {
	s := &l.shards[maphash.String(l.seed, caller)%uint64(len(l.shards))]
	s.Lock()
	defer s.Unlock()
	full, ok := s.full[caller]
	if full.Before(now) {
		full = now
	}
	full = full.Add(l.each)
	if wait := full.Sub(now) - l.depth; wait > 0 {
		return wait
	}
	if !ok && len(s.full) >= maxBuckets {
		for k, t := range s.full {
			if t.Before(now) {
				delete(s.full, k)
			}
		}
	}
	s.full[caller] = full
	return 0
}

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

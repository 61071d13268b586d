package web

import (
	"hash/maphash"
	"sync"
	"time"
)

// Limiter is a token bucket for each key (a caller, an address), kept as the one time
// at which the bucket will be full again. It lies in memory: each instance has its own.
type Limiter struct {
	each   time.Duration // until one token comes back
	depth  time.Duration // of a full bucket
	seed   maphash.Seed
	shards [16]shard
}

type shard struct {
	sync.Mutex
	full map[string]time.Time
}

// maxBuckets is how many keys a shard remembers before it forgets those whose bucket is
// full, and if there are none, some others.
const maxBuckets = 4096

// NewLimiter returns nil, which limits nobody, if perSecond is 0.
func NewLimiter(perSecond float64, burst int) *Limiter {
	if perSecond <= 0 {
		return nil
	}
	each := time.Duration(float64(time.Second) / perSecond)
	l := &Limiter{each: each, depth: each * time.Duration(burst), seed: maphash.MakeSeed()}
	for i := range l.shards {
		l.shards[i].full = map[string]time.Time{}
	}
	return l
}

// Take takes a token of the key's bucket, or returns how long until there is one.
func (l *Limiter) Take(key string, now time.Time) (after time.Duration) { return l.take(key, now, 1) }

// take takes what is of the worth of a number of tokens, which may be a fraction.
func (l *Limiter) take(key string, now time.Time, tokens float64) (after time.Duration) {
	if l == nil {
		return 0
	}
	s := l.shard(key)
	s.Lock()
	defer s.Unlock()
	full, ok := s.full[key]
	if full.Before(now) {
		full = now
	}
	full = full.Add(time.Duration(float64(l.each) * tokens))
	if wait := full.Sub(now) - l.depth; wait > 0 {
		return wait
	}
	if !ok && len(s.full) >= maxBuckets {
		s.forget(now)
	}
	s.full[key] = full
	return 0
}

// give gives tokens back that were taken.
func (l *Limiter) give(key string, tokens float64) {
	if l == nil {
		return
	}
	s := l.shard(key)
	s.Lock()
	defer s.Unlock()
	if full, ok := s.full[key]; ok {
		s.full[key] = full.Add(-time.Duration(float64(l.each) * tokens))
	}
}

func (l *Limiter) shard(key string) *shard {
	return &l.shards[maphash.String(l.seed, key)%uint64(len(l.shards))]
}

// forget makes room: for a while at least, so that not every new key looks at all.
func (s *shard) forget(now time.Time) {
	for k, t := range s.full {
		if t.Before(now) {
			delete(s.full, k)
		}
	}
	for k := range s.full { // in no order
		if len(s.full) <= maxBuckets*7/8 {
			return
		}
		delete(s.full, k)
	}
}

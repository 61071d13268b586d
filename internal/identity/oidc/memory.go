package oidc

import (
	"sync"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
)

// Size of the memory of verified tokens.
const (
	shards   = 64
	perShard = 256
)

// memory holds verified tokens by the SHA-256 of their bytes, so that the token
// itself is kept nowhere. It is split so that readers do not queue for one lock,
// and bounded: when full, it forgets.
type memory struct{ shards [shards]shard }

type shard struct {
	mu     sync.RWMutex
	tokens map[[32]byte]remembered
}

// remembered is a verified token.
type remembered struct {
	caller    identity.Caller
	keys      *keySet
	withdrawn uint64
}

// counts reports whether the token would still be taken, were it verified again.
func (r *remembered) counts(now time.Time) bool {
	return now.Before(r.caller.Expires) && r.withdrawn == r.keys.withdrawn.Load()
}

func newMemory() *memory {
	m := new(memory)
	for i := range m.shards {
		m.shards[i].tokens = make(map[[32]byte]remembered)
	}
	return m
}

func (m *memory) get(hash [32]byte, now time.Time) (identity.Caller, bool) {
	s := &m.shards[hash[0]%shards]
	s.mu.RLock()
	r, ok := s.tokens[hash]
	s.mu.RUnlock()
	if !ok || !r.counts(now) {
		return identity.Caller{}, false
	}
	return r.caller, true
}

func (m *memory) put(hash [32]byte, r remembered, now time.Time) {
	s := &m.shards[hash[0]%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tokens) >= perShard {
		s.makeRoom(now)
	}
	s.tokens[hash] = r
}

// makeRoom forgets some tokens that no longer count, or else any one. It looks at
// a few only: a full shard must not make every new token slow.
func (s *shard) makeRoom(now time.Time) {
	looked, full := 0, len(s.tokens)
	var last [32]byte
	for hash, r := range s.tokens {
		if last = hash; !r.counts(now) {
			delete(s.tokens, hash)
		}
		if looked++; looked == 8 {
			break
		}
	}
	if len(s.tokens) == full {
		delete(s.tokens, last)
	}
}

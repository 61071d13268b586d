package oidc

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
)

// However many tokens come, each part of the memory keeps to its size, and the
// newest is in it.
func TestMemoryIsBounded(t *testing.T) {
	m, now, keys := newMemory(), time.Unix(1e9, 0), new(keySet)
	for n := range uint64(4 * perShard) {
		var hash [32]byte // all in one shard
		binary.BigEndian.PutUint64(hash[8:], n)
		m.put(hash, remembered{caller: identity.Caller{ID: "x", Expires: now.Add(time.Minute)}, keys: keys}, now)
		if _, ok := m.get(hash, now); !ok {
			t.Fatalf("token %d is not remembered", n)
		}
		if size := len(m.shards[0].tokens); size > perShard {
			t.Fatalf("%d tokens in a shard", size)
		}
	}
	later := now.Add(time.Minute) // none of them counts any more
	before := len(m.shards[0].tokens)
	m.put([32]byte{31: 1}, remembered{caller: identity.Caller{Expires: later.Add(1)}, keys: keys}, later)
	if size := len(m.shards[0].tokens); size != before-7 {
		t.Errorf("%d tokens after %d: eight that had ended should have made room", size, before)
	}
}

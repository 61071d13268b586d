package feeds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// lock returns the locked mutex of a message.
func (b *Inbox) lock(source, key string) *sync.Mutex {
	var h maphash.Hash
	h.SetSeed(b.seed)
	_, _ = h.WriteString(source)
	_ = h.WriteByte(0)
	_, _ = h.WriteString(key)
	mu := &b.locks[h.Sum64()%uint64(len(b.locks))]
	mu.Lock()
	return mu
}

// admit makes m durable, unless it has been received before: then m becomes what
// it was. Where its key is another message's, m gets a key of its own and is
// marked, so that it is kept, told apart from its repeats, and never applied.
func (b *Inbox) admit(ctx context.Context, m *Message) (repeated bool, err error) {
	k, found, err := b.find(ctx, m)
	if err != nil {
		return false, err
	}
	if found && k.hash != m.Hash {
		m.reuse()
		if k, found, err = b.find(ctx, m); err != nil {
			return false, err
		}
	}
	if found {
		m.Instance, m.Seq, m.Received = k.instance, k.seq, k.received
		b.o.Metrics.Repeated(m.Source)
		return true, nil
	}
	shared, err := b.keep(ctx, m)
	if err != nil || !shared {
		return false, err
	}
	mine := m.Seq
	repeated, err = b.register(ctx, m)
	if err != nil || repeated {
		b.track.end(mine, repeated) // a repeat is the other's to finish; else Work comes back to it
	}
	return repeated, err
}

// keep appends m to the log. It tells whether m's key must be registered before m is
// applied, since others may receive the same.
func (b *Inbox) keep(ctx context.Context, m *Message) (shared bool, err error) {
	b.sharing.RLock()
	defer b.sharing.RUnlock()
	if m.Seq, err = b.log.Append(ctx, appendMessage(make([]byte, 0, len(m.Body)+512), m)); err != nil {
		return false, fmt.Errorf("feeds: keep a message: %w", err)
	}
	b.track.begin(m.Seq)
	b.o.Metrics.Appended(m.Source, len(m.Body))
	if !b.sharing.on {
		b.fresh.add(m)
	}
	return b.sharing.on, nil
}

// reuse gives m a key of its own.
func (m *Message) reuse() {
	m.Key += "#" + hex.EncodeToString(m.Hash[:8])
	m.Reused = true
}

// end gives a message back to the tracker, if it was ours to finish.
func (b *Inbox) end(m *Message, mine, finished bool) {
	if mine {
		b.track.end(m.Seq, finished)
	}
}

func keyRef(m *Message) driver.Ref {
	sum := sha256.Sum256([]byte(m.Key))
	return driver.Ref{Collection: keys, Partition: m.Source, ID: hex.EncodeToString(sum[:16])}
}

// find returns what is known of m's key.
func (b *Inbox) find(ctx context.Context, m *Message) (k known, found bool, err error) {
	var bad error
	refs := [1]driver.Ref{keyRef(m)}
	if k, found = b.fresh.find(refs[0]); found {
		return k, true, nil
	}
	err = b.o.Store.Get(ctx, refs[:], func(d *driver.Doc) bool {
		k, bad = readKnown(d.Body)
		found = true
		return true
	})
	return k, found, errors.Join(err, bad)
}

// remember sees to it that m's key is known, for a message that was in the log
// already. Where another message has the key, with other content, m is one whose key
// was reused; with the same content, m is a copy, and the other is the one that counts.
func (b *Inbox) remember(ctx context.Context, m *Message) (isCopy bool, err error) {
	k, found, err := b.find(ctx, m)
	switch {
	case err != nil:
		return false, err
	case !found:
		b.sharing.RLock()
		on := b.sharing.on
		if !on {
			b.fresh.add(m)
		}
		b.sharing.RUnlock()
		if on {
			was := *m
			isCopy, err = b.register(ctx, &was)
			m.Key, m.Reused = was.Key, was.Reused
		}
		return isCopy, err
	case k.hash != m.Hash && !m.Reused:
		m.reuse()
		return b.remember(ctx, m)
	}
	return k.instance != m.Instance || k.seq != m.Seq, nil
}

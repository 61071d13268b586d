package feeds

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

const (
	heardID     = "heard"
	heardFormat = 1

	// heardEvery is how often it is written down that a source was heard: what is kept
	// may be that much too old.
	heardEvery = time.Minute
)

// hearing remembers when it was last written down of each source.
type hearing struct {
	mu      sync.Mutex
	written map[string]time.Time
}

// due reports whether it is time to write that a source was heard now, and takes it
// upon the caller.
func (h *hearing) due(source string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if last, ok := h.written[source]; ok && now.Sub(last) < heardEvery && !now.Before(last) {
		return false
	}
	if h.written == nil {
		h.written = map[string]time.Time{}
	}
	h.written[source] = now
	return true
}

// forget lets the next message write it.
func (h *hearing) forget(source string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.written, source)
}

// heardSoon writes down, beside the message's own way, that a source was heard: a
// repeat counts too. It may fail: the next message tries again.
func (b *Inbox) heardSoon(ctx context.Context, source string, at time.Time) {
	if !b.hearing.due(source, at) {
		return
	}
	b.marks.Go(func() {
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		doc := driver.Doc{Ref: heardRef(source), Body: packed.AppendTime([]byte{heardFormat}, at)}
		if b.o.Store.Commit(limit, source, []driver.Op{{Kind: driver.Put, Doc: doc}}) != nil {
			b.hearing.forget(source)
		}
	})
}

func heardRef(source string) driver.Ref {
	return driver.Ref{Collection: heardOf, Partition: source, ID: heardID}
}

// Heard returns when each of the sources was last heard, by any instance and to
// within a minute; those never heard are not there. Whether the messages could be
// applied makes no difference.
func (b *Inbox) Heard(ctx context.Context, sources []string) (map[string]time.Time, error) {
	refs := make([]driver.Ref, len(sources))
	for i, s := range sources {
		refs[i] = heardRef(s)
	}
	out := make(map[string]time.Time, len(sources))
	var bad error
	err := b.o.Store.Get(ctx, refs, func(d *driver.Doc) bool {
		r, _ := packed.NewReader(d.Body, heardFormat)
		out[d.Partition] = r.Time()
		bad = r.Close()
		return bad == nil
	})
	if err := cmp.Or(err, bad); err != nil {
		return nil, fmt.Errorf("feeds: when sources were heard: %w", err)
	}
	return out, nil
}

package feeds

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// markerID is the document of a waiting partition that says that there is
// something in it, so that one read tells it of many partitions.
const markerID = "!"

// arrivals remembers, roughly, when something last arrived: a message that found
// it missing and wrote down that it waits can tell whether it came in between.
type arrivals struct {
	mu    sync.Mutex
	once  sync.Once
	seed  maphash.Seed
	clock uint64
	last  [4096]uint64
}

func (a *arrivals) slot(key string) *uint64 {
	a.once.Do(func() { a.seed = maphash.MakeSeed() })
	return &a.last[maphash.String(a.seed, key)%uint64(len(a.last))]
}

func (a *arrivals) now() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.clock
}

func (a *arrivals) note(keys []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.clock++
	for _, k := range keys {
		*a.slot(k) = a.clock
	}
}

// any reports whether what one of held awaits has arrived since.
func (a *arrivals) any(held []Held, since uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(held, func(h Held) bool { return h.Await != "" && *a.slot(h.Await) > since })
}

// await writes down that what is held waits. It is written before the quarantine
// itself: a ticket without one does no harm.
func (b *Inbox) await(ctx context.Context, m *Message, held []Held) error {
	byKey := map[string][]driver.Op{}
	for _, h := range held {
		if h.Await == "" {
			continue
		}
		key := awaitKey(h.Await)
		ops := byKey[key]
		if ops == nil {
			ops = append(ops, driver.Op{Kind: driver.Put, Doc: driver.Doc{Ref: driver.Ref{Collection: waiting, Partition: key, ID: markerID}}})
		}
		doc := driver.Doc{Ref: driver.Ref{Collection: waiting, Partition: key, ID: heldID(m, h.Entry)}, Body: appendTicket(nil, m)}
		byKey[key] = append(ops, driver.Op{Kind: driver.Put, Doc: doc})
	}
	for key, ops := range byKey {
		if err := commitAll(ctx, b.o.Store, key, ops); err != nil {
			return err
		}
	}
	return nil
}

// awaitKey bounds what a source can make the name of a partition.
func awaitKey(await string) string {
	if len(await) <= 200 {
		return await
	}
	return await[:100] + "#" + shortHash(await)
}

// commitAll commits operations that need not be atomic together.
func commitAll(ctx context.Context, s Store, partition string, ops []driver.Op) error {
	const most = 500
	for chunk := range slices.Chunk(ops, most) {
		if err := s.Commit(ctx, partition, chunk); err != nil {
			return err
		}
	}
	return nil
}

// release replays what waited for any of the keys, and what waited for what
// arrives by that, in the order of the inbox. Tickets are taken away at the end only:
// should the process die on the way, whoever calls release again finds them, and the
// chain goes on though its first messages have been applied.
func (b *Inbox) release(ctx context.Context, keys []string) error {
	var used []driver.Ref
	stale := map[ticket]bool{}
	for len(keys) > 0 {
		b.arrivals.note(keys)
		found, err := b.waitingFor(ctx, keys)
		if err != nil {
			return err
		}
		keys = nil
		for _, f := range found {
			if stale[f.ticket] {
				continue
			}
			out, waits, err := b.replay(ctx, f.ticket)
			if err != nil && !isTransient(ctx, err) {
				continue // it stays, and Work, which comes back to it, reports it
			}
			if err != nil {
				return err
			}
			if !waits {
				stale[f.ticket] = true
				used = append(used, f.refs...)
			}
			keys = append(keys, out.Arrived...)
			used = append(used, out.used...)
		}
	}
	return b.drop(ctx, used)
}

// drop takes tickets away.
func (b *Inbox) drop(ctx context.Context, used []driver.Ref) error {
	byKey := map[string][]driver.Op{}
	for _, ref := range used {
		byKey[ref.Partition] = append(byKey[ref.Partition], driver.Op{Kind: driver.Discard, Doc: driver.Doc{Ref: ref}})
	}
	for key, ops := range byKey {
		slices.SortFunc(ops, func(x, y driver.Op) int { return strings.Compare(x.Doc.ID, y.Doc.ID) })
		ops = slices.CompactFunc(ops, func(x, y driver.Op) bool { return x.Doc.ID == y.Doc.ID })
		if err := commitAll(ctx, b.o.Store, key, ops); err != nil {
			return err
		}
	}
	return nil
}

// waits is a message that waits, and the tickets that say so.
type waits struct {
	ticket
	refs []driver.Ref
}

// waitingFor returns the messages that wait for any of the keys, each once, in the
// order in which they were received.
func (b *Inbox) waitingFor(ctx context.Context, keys []string) ([]waits, error) {
	refs := make([]driver.Ref, 0, len(keys))
	seen := make(map[string]struct{}, len(keys))
	for _, k := range keys {
		k = awaitKey(k)
		if _, ok := seen[k]; !ok {
			seen[k] = struct{}{}
			refs = append(refs, driver.Ref{Collection: waiting, Partition: k, ID: markerID})
		}
	}
	var markers []driver.Doc
	if err := b.o.Store.Get(ctx, refs, func(d *driver.Doc) bool {
		markers = append(markers, driver.Doc{Ref: d.Ref, Rev: d.Rev})
		return true
	}); err != nil {
		return nil, err
	}
	all := map[ticket][]driver.Ref{}
	for _, m := range markers {
		if err := b.tickets(ctx, m, all); err != nil {
			return nil, err
		}
	}
	found := make([]waits, 0, len(all))
	for t, refs := range all {
		found = append(found, waits{t, refs})
	}
	slices.SortFunc(found, func(x, y waits) int { return x.compare(y.ticket) })
	return found, nil
}

// tickets adds those of one waiting partition, and takes its marker away if there
// is nothing else in it and nothing has come since.
func (b *Inbox) tickets(ctx context.Context, marker driver.Doc, all map[ticket][]driver.Ref) error {
	n, err := b.readTickets(ctx, marker.Partition, all)
	if err != nil || n > 0 {
		return err
	}
	err = b.o.Store.Commit(ctx, marker.Partition, []driver.Op{{Kind: driver.Delete, Doc: marker}})
	if _, conflict := errors.AsType[*driver.ConflictError](err); conflict {
		_, err = b.readTickets(ctx, marker.Partition, all)
	}
	return err
}

func (b *Inbox) readTickets(ctx context.Context, partition string, all map[ticket][]driver.Ref) (n int, err error) {
	var bad error
	_, err = b.o.Store.Find(ctx, driver.Query{Collection: waiting, Partition: partition}, func(d *driver.Doc) bool {
		if d.ID == markerID {
			return true
		}
		var t ticket
		if t, bad = readTicket(d.Body); bad != nil {
			return false
		}
		all[t] = append(all[t], d.Ref)
		n++
		return true
	})
	return n, errors.Join(err, bad)
}

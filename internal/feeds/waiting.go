package feeds

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"
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
// arrives by that, in the order of the inbox.
func (b *Inbox) release(ctx context.Context, keys []string) error {
	for len(keys) > 0 {
		b.arrivals.note(keys)
		tickets, err := b.waitingFor(ctx, keys)
		if err != nil {
			return err
		}
		keys = nil
		for _, t := range tickets {
			out, err := b.replay(ctx, t)
			if err != nil {
				return err
			}
			keys = append(keys, out.Arrived...)
		}
	}
	return nil
}

// waitingFor returns the messages that wait for any of the keys, each once, in the
// order in which they were received.
func (b *Inbox) waitingFor(ctx context.Context, keys []string) ([]ticket, error) {
	refs := make([]driver.Ref, 0, len(keys))
	seen := make(map[string]struct{}, len(keys))
	for _, k := range keys {
		k = awaitKey(k)
		if _, ok := seen[k]; !ok {
			seen[k] = struct{}{}
			refs = append(refs, driver.Ref{Collection: waiting, Partition: k, ID: markerID})
		}
	}
	type marker struct {
		ref driver.Ref
		rev uint64
	}
	var hit []marker
	if err := b.o.Store.Get(ctx, refs, func(d *driver.Doc) bool {
		hit = append(hit, marker{d.Ref, d.Rev})
		return true
	}); err != nil {
		return nil, err
	}
	var all []ticket
	for _, h := range hit {
		ts, err := b.tickets(ctx, h.ref, h.rev)
		if err != nil {
			return nil, err
		}
		all = append(all, ts...)
	}
	slices.SortFunc(all, ticket.compare)
	return slices.Compact(all), nil
}

// tickets reads one waiting partition, and takes its marker away if there is
// nothing else in it and nothing has come since.
func (b *Inbox) tickets(ctx context.Context, marker driver.Ref, rev uint64) ([]ticket, error) {
	all, err := b.readTickets(ctx, marker.Partition)
	if err != nil || len(all) > 0 {
		return all, err
	}
	err = b.o.Store.Commit(ctx, marker.Partition, []driver.Op{{Kind: driver.Delete, Doc: driver.Doc{Ref: marker, Rev: rev}}})
	if _, conflict := errors.AsType[*driver.ConflictError](err); conflict {
		return b.readTickets(ctx, marker.Partition)
	}
	return nil, err
}

func (b *Inbox) readTickets(ctx context.Context, partition string) (all []ticket, err error) {
	var bad error
	_, err = b.o.Store.Find(ctx, driver.Query{Collection: waiting, Partition: partition}, func(d *driver.Doc) bool {
		if d.ID == markerID {
			return true
		}
		t, err := readTicket(d.Body)
		if err != nil {
			bad = err
			return false
		}
		all = append(all, t)
		return true
	})
	return all, errors.Join(err, bad)
}

package feeds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Alone, an inbox writes the keys of messages many at a time, after they were applied: its
// own log is what it finds repeats by meanwhile. With other inboxes on the store that would
// let two with one key, received by two instances at the same moment, both be applied. So
// while there are others, each message's key is registered after it is in the log and
// before it is applied: of two, one is first, and the other finds out whether it is its
// repeat or has another content.

// sharing says whether there are others. It is held for reading from deciding how a key is
// kept until it is kept so.
type sharing struct {
	sync.RWMutex
	on bool
}

// Share makes the inbox one of several. When it has returned, every message received is
// known to all; those who begin to receive wait for that.
func (b *Inbox) Share(ctx context.Context) error {
	b.sharing.Lock()
	b.sharing.on = true
	b.sharing.Unlock()
	if b.fresh.none() {
		return nil
	}
	b.marking.Lock()
	defer b.marking.Unlock()
	return b.writeKeys(ctx)
}

// Unshare makes it the only one again. Whoever comes later waits for Share.
func (b *Inbox) Unshare() {
	b.sharing.Lock()
	defer b.sharing.Unlock()
	b.sharing.on = false
}

func (b *Inbox) shared() bool {
	b.sharing.RLock()
	defer b.sharing.RUnlock()
	return b.sharing.on
}

// elsewhere reports whether what is held may have arrived at another instance since it was
// found missing. That it waits has been written down by now: whoever brings it from here on
// sees that, so to look once more is enough.
func (b *Inbox) elsewhere(held []Held) bool {
	return b.shared() && slices.ContainsFunc(held, func(h Held) bool { return h.Await != "" })
}

// register writes down that m has its key, if nobody else has. Else m becomes what it is: a
// repeat of the other, which then counts for m; or one whose key was reused.
func (b *Inbox) register(ctx context.Context, m *Message) (repeated bool, err error) {
	for {
		err := b.o.Store.Commit(ctx, m.Source, []driver.Op{{Kind: driver.Insert, Doc: driver.Doc{Ref: keyRef(m), Body: appendKnown(nil, m)}}})
		if _, conflict := errors.AsType[*driver.ConflictError](err); !conflict {
			return false, err
		}
		k, found, err := b.find(ctx, m)
		switch {
		case err != nil:
			return false, err
		case !found:
			return false, fmt.Errorf("feeds: a message's key is there and cannot be read: %w", driver.ErrCorrupt)
		case k.hash != m.Hash && m.Reused:
			return false, fmt.Errorf("feeds: a reused key has another content: %w", driver.ErrCorrupt)
		case k.hash != m.Hash:
			m.reuse()
		case k.instance == m.Instance && k.seq == m.Seq:
			return false, nil
		default:
			m.Instance, m.Seq, m.Received = k.instance, k.seq, k.received
			b.o.Metrics.Repeated(m.Source)
			return true, nil
		}
	}
}

// Unfinished lists the other instances whose inbox holds what they had not finished when
// they last wrote that down; those that live are among them.
func (b *Inbox) Unfinished(ctx context.Context) (instances []string, err error) {
	names, err := b.o.Store.Logs(ctx)
	if err != nil {
		return nil, fmt.Errorf("feeds: list the inboxes: %w", err)
	}
	for _, name := range names {
		instance, is := strings.CutPrefix(name, logPrefix)
		if !is || instance == b.o.Instance {
			continue
		}
		log, err := b.o.Store.Log(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("feeds: the inbox of instance %s: %w", instance, err)
		}
		next, err := b.readMark(ctx, instance)
		if err != nil {
			return nil, err
		}
		if next < log.Len() {
			instances = append(instances, instance)
		}
	}
	return instances, nil
}

// Adopt finishes what an instance received that is gone. It can append no more then, should
// it only have slept: what it had acknowledged is all found. Keys come first, so that
// nothing is received in their place meanwhile.
func (b *Inbox) Adopt(ctx context.Context, instance string) (messages int, err error) {
	log, err := b.o.Own(ctx, instance, logName(instance))
	if err != nil {
		return 0, fmt.Errorf("feeds: take over the inbox of instance %s: %w", instance, err)
	}
	next, err := b.readMark(ctx, instance)
	end := log.Len()
	if err != nil || next >= end {
		return 0, err
	}
	for _, step := range []func(context.Context, *Message) error{b.adoptKey, b.adoptMessage} {
		if err := b.each(ctx, instance, log, next, end, step); err != nil {
			return 0, fmt.Errorf("feeds: finish the inbox of instance %s: %w", instance, err)
		}
	}
	return int(end - next), b.writeMark(ctx, instance, end)
}

// each does something with each message from..to.
func (b *Inbox) each(ctx context.Context, instance string, log driver.Log, from, to uint64, do func(context.Context, *Message) error) error {
	for from < to {
		batch, err := readBatch(ctx, instance, log, from, to)
		if err != nil {
			return err
		}
		var g errgroup.Group
		g.SetLimit(b.o.Workers)
		for _, m := range batch {
			g.Go(func() error { return do(ctx, m) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
		from += uint64(len(batch))
	}
	return nil
}

func (b *Inbox) adoptKey(ctx context.Context, m *Message) error {
	defer b.lock(m.Source, m.Key).Unlock()
	_, err := b.register(ctx, m)
	return err
}

func (b *Inbox) adoptMessage(ctx context.Context, m *Message) error {
	out, err := b.applyAgain(ctx, m)
	if err != nil {
		return err
	}
	return b.releaseAfter(ctx, &out)
}

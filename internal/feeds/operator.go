package feeds

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// List returns a source's quarantine in a state, the newest first, and a cursor
// for what follows ("" at the end).
func (b *Inbox) List(ctx context.Context, source string, state State, cursor string, limit int) (items []Item, next string, err error) {
	after, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, "", errs.New(errs.Invalid, "the cursor is not one of ours")
	}
	if len(after) == 0 {
		after = nil
	}
	var bad error
	end, err := b.o.Store.Find(ctx, driver.Query{
		Collection: quarantine, Partition: source, Index: byState, Equal: []driver.Value{driver.Num(int64(state))}, After: after, Limit: limit,
	}, func(d *driver.Doc) bool {
		it, err := readItem(d)
		if err != nil {
			bad = err
			return false
		}
		items = append(items, it)
		return true
	})
	if err := errors.Join(err, bad); err != nil {
		return nil, "", err
	}
	return items, base64.RawURLEncoding.EncodeToString(end), nil
}

// Show returns one item of a source's quarantine, and the message as it was sent.
func (b *Inbox) Show(ctx context.Context, source, id string) (Item, *Message, error) {
	it, err := b.get(ctx, source, id)
	if err != nil {
		return Item{}, nil, err
	}
	m, err := b.read(ctx, it.Instance, it.Seq)
	return it, m, err
}

func (b *Inbox) get(ctx context.Context, source, id string) (Item, error) {
	var it Item
	bad := errs.New(errs.NotFound, "there is no such item in the source's quarantine")
	refs := [1]driver.Ref{{Collection: quarantine, Partition: source, ID: id}}
	err := b.o.Store.Get(ctx, refs[:], func(d *driver.Doc) bool {
		it, bad = readItem(d)
		return true
	})
	return it, errors.Join(err, bad)
}

// Replay tries again what is open of one item's message (id ""): of all of the
// source's messages, in the order of the inbox. It returns how many items were
// released.
func (b *Inbox) Replay(ctx context.Context, source, id string) (released int, err error) {
	tickets, err := b.toReplay(ctx, source, id)
	if err != nil {
		return 0, err
	}
	for _, t := range tickets {
		before, err := b.pending(ctx, t)
		if err != nil {
			return released, err
		}
		if err := b.replayAll(ctx, t); err != nil {
			return released, err
		}
		after, err := b.pending(ctx, t)
		if err != nil {
			return released, err
		}
		for entry := range before {
			if _, still := after[entry]; !still {
				released++
			}
		}
	}
	return released, nil
}

func (b *Inbox) toReplay(ctx context.Context, source, id string) ([]ticket, error) {
	if id != "" {
		it, err := b.get(ctx, source, id)
		return []ticket{{source, it.Instance, it.Seq}}, err
	}
	var all []ticket
	for cursor := ""; ; {
		items, next, err := b.List(ctx, source, Pending, cursor, 500)
		if err != nil {
			return nil, err
		}
		for _, it := range items {
			all = append(all, ticket{source, it.Instance, it.Seq})
		}
		if next == "" {
			break
		}
		cursor = next
	}
	slices.SortFunc(all, ticket.compare)
	return slices.Compact(all), nil
}

// Discard gives an open item up: it is tried no more. The inbox keeps the message.
func (b *Inbox) Discard(ctx context.Context, source, id string) error {
	it, err := b.get(ctx, source, id)
	if err != nil {
		return err
	}
	if it.State != Pending {
		return errs.New(errs.Conflict, "the item is not open any more")
	}
	it.State, it.Closed = Discarded, b.o.Now()
	op, err := b.put(&it)
	if err != nil {
		return err
	}
	op.Kind, op.Doc.Rev = driver.Replace, it.rev
	err = b.o.Store.Commit(ctx, source, []driver.Op{op})
	if _, conflict := errors.AsType[*driver.ConflictError](err); conflict {
		return errs.New(errs.Conflict, "the item changed meanwhile: look at it again")
	}
	return err
}

// AgreementChanged releases what waited for an organisation's agreement.
func (b *Inbox) AgreementChanged(ctx context.Context, org nhs.ODS) error {
	return b.release(ctx, []string{AwaitAgreement(org)})
}

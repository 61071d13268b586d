package feeds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// State is how a quarantined message or entry stands. Stored: add at the end.
type State int64

// States.
const (
	Pending   State = iota + 1 // waits, for an arrival or for a person
	Released                   // applied since
	Discarded                  // an operator gave it up; the inbox still has it
)

var states = [...]string{"none", "pending", "released", "discarded"}

func (s State) String() string {
	if s < 0 || int(s) >= len(states) {
		return states[0]
	}
	return states[s]
}

// Item is a message, or an entry of one, in quarantine. It holds nothing of what
// was sent.
type Item struct {
	ID       string    `json:"-"`
	Source   string    `json:"-"`
	State    State     `json:"state"`
	Instance string    `json:"instance"`
	Seq      uint64    `json:"seq"`
	Entry    int       `json:"entry"` // its index, or Whole
	Type     string    `json:"type,omitzero"`
	Code     string    `json:"code"`
	Words    string    `json:"words"`
	Fault    bool      `json:"fault,omitzero"` // refused as wrong in itself
	Issues   []Issue   `json:"issues,omitempty"`
	Await    string    `json:"await,omitzero"` // what would release it
	Since    time.Time `json:"since"`
	Closed   time.Time `json:"closed,omitzero"` // when it was released or discarded
	Tries    int       `json:"tries,omitzero"`
	Retry    time.Time `json:"retry,omitzero"` // when it is tried again by itself

	rev uint64
}

// mostIssues bounds what one item keeps.
const mostIssues = 20

// heldID names a quarantine document: "<instance>.<seq>" for a whole message,
// "<instance>.<seq>.<entry>" for an entry.
func heldID(m *Message, entry int) string {
	id := m.Instance + "." + strconv.FormatUint(m.Seq, 10)
	if entry == Whole {
		return id
	}
	return id + "." + strconv.Itoa(entry)
}

// readItem reads a quarantine document.
func readItem(d *driver.Doc) (Item, error) {
	var it Item
	if err := json.Unmarshal(d.Body, &it); err != nil {
		return Item{}, fmt.Errorf("feeds: quarantine document: %w", driver.ErrCorrupt)
	}
	it.ID, it.Source, it.rev = strings.Clone(d.ID), strings.Clone(d.Partition), d.Rev
	return it, nil
}

// put is the operation that stores an item.
func (b *Inbox) put(it *Item) (driver.Op, error) {
	body, err := json.Marshal(it)
	if err != nil {
		return driver.Op{}, fmt.Errorf("feeds: quarantine document: %w", err)
	}
	doc := driver.Doc{Ref: driver.Ref{Collection: quarantine, Partition: it.Source, ID: it.ID}, Body: body, Keys: [][]driver.Value{
		{driver.Num(int64(it.State)), driver.At(it.Since)},
		{driver.Str(it.Instance), driver.Num(int64(it.Seq))},
	}}
	if it.State == Pending && !it.Retry.IsZero() {
		doc.Due = driver.Due{Queue: dueQueue, At: it.Retry}
	}
	if it.State != Pending {
		doc.Expires = it.Closed.Add(b.o.Keep)
	}
	return driver.Op{Kind: driver.Put, Doc: doc}, nil
}

// items returns the quarantine documents of a message by entry.
func (b *Inbox) items(ctx context.Context, t ticket) (map[int]Item, error) {
	all := map[int]Item{}
	var bad error
	_, err := b.o.Store.Find(ctx, driver.Query{
		Collection: quarantine, Partition: t.source, Index: byMessage,
		Equal: []driver.Value{driver.Str(t.instance), driver.Num(int64(t.seq))},
	}, func(d *driver.Doc) bool {
		var it Item
		if it, bad = readItem(d); bad != nil {
			return false
		}
		all[it.Entry] = it
		return true
	})
	return all, errors.Join(err, bad)
}

// pending is items without those that have been dealt with.
func (b *Inbox) pending(ctx context.Context, t ticket) (map[int]Item, error) {
	all, err := b.items(ctx, t)
	maps.DeleteFunc(all, func(_ int, it Item) bool { return it.State != Pending })
	return all, err
}

// settle makes the quarantine of m say what an application of only found: held
// is what waits now; what waited before and is not in it was released. What an
// operator discarded stays so. It returns the tickets that are needed no longer.
func (b *Inbox) settle(ctx context.Context, m *Message, only []int, held []Held) (used []driver.Ref, err error) {
	before, err := b.items(ctx, ticket{m.Source, m.Instance, m.Seq})
	if err != nil || len(before) == 0 && len(held) == 0 {
		return nil, err
	}
	held = slices.DeleteFunc(slices.Clone(held), func(h Held) bool { return before[h.Entry].State == Discarded })
	if err := b.await(ctx, m, held); err != nil {
		return nil, err
	}
	now := b.o.Now()
	changed := make([]Item, 0, len(held)+len(before))
	still := make(map[int]bool, len(held))
	for _, h := range held {
		still[h.Entry] = true
		old, known := before[h.Entry]
		changed = append(changed, b.item(m, h, old, known, now))
		if old.State != Pending {
			b.o.Metrics.Quarantined(m.Source, h.Code)
		}
		if known && old.Await != h.Await {
			used = append(used, ticketRefs(old)...)
		}
	}
	for entry, it := range before {
		if it.State != Pending || still[entry] || entry != Whole && (still[Whole] || !covers(only, entry)) {
			continue
		}
		it.State, it.Closed = Released, now
		changed = append(changed, it)
		used = append(used, ticketRefs(it)...)
		b.o.Metrics.Released(m.Source)
	}
	ops := make([]driver.Op, len(changed))
	for i := range changed {
		if ops[i], err = b.put(&changed[i]); err != nil {
			return nil, err
		}
	}
	return used, commitAll(ctx, b.o.Store, m.Source, ops)
}

// ticketRefs returns the ticket of an item, if it waits for something.
func ticketRefs(it Item) []driver.Ref {
	if it.Await == "" {
		return nil
	}
	return []driver.Ref{{Collection: waiting, Partition: awaitKey(it.Await), ID: it.ID}}
}

// item is what is written of h; old is what was written before, if known.
func (b *Inbox) item(m *Message, h Held, old Item, known bool, now time.Time) Item {
	it := Item{
		ID: heldID(m, h.Entry), Source: m.Source, State: Pending, Instance: m.Instance, Seq: m.Seq, Entry: h.Entry, Type: h.Type,
		Code: h.Code, Words: h.Words, Fault: h.Fault, Issues: h.Issues[:min(len(h.Issues), mostIssues)], Await: h.Await, Since: now,
	}
	if known && old.State == Pending {
		it.Since, it.Tries = old.Since, old.Tries+1
	}
	if h.Await != "" || h.Code == ApplyFailed {
		it.Retry = now.Add(backoff(it.Tries))
	}
	return it
}

// backoff is how long what waits is left before it is tried again though nothing
// is known to have arrived.
func backoff(tries int) time.Duration {
	steps := [...]time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 12 * time.Hour, 24 * time.Hour}
	return steps[min(tries, len(steps)-1)]
}

func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

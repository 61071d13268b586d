package feeds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Store is what the inbox needs of the store.
type Store interface {
	Get(ctx context.Context, refs []driver.Ref, visit driver.Visit) error
	Find(ctx context.Context, q driver.Query, visit driver.Visit) (after []byte, err error)
	Commit(ctx context.Context, partition string, ops []driver.Op) error
	Due(ctx context.Context, queue string, before time.Time, limit int, visit driver.Visit) error
	Log(ctx context.Context, name string) (driver.Log, error)
	Logs(ctx context.Context) ([]string, error)
}

// Partners tells what is registered; errs.NotFound where nothing is.
type Partners interface {
	Client(ctx context.Context, id string) (c partner.Client, rev uint64, err error)
	Agreement(ctx context.Context, org nhs.ODS) (a partner.Agreement, rev uint64, err error)
}

// Options are what Open needs. Metrics may be nil; all else is required unless a
// default is named.
type Options struct {
	Store    Store
	Partners Partners
	Formats  map[string]Format
	Instance string // letters, digits and dashes; names this process's own log
	Now      func() time.Time
	Metrics  Metrics
	Keep     time.Duration // how long released quarantine stays listed; default 90 days
	Mark     int           // messages finished before that is written down; default 256
	Workers  int           // messages replayed at once by Recover; default 4

	// Own opens a log that only this instance is to append to, and fences whoever did
	// before; nil: Store.Log, for an inbox that is the only one.
	Own func(ctx context.Context, instance, log string) (driver.Log, error)
	// Ready says why nothing may be received yet, if so; nil: it always may.
	Ready func(ctx context.Context) error
}

// Collections of the inbox.
const (
	keys       = "inbox-keys" // partition: source; id: hash of the message's key
	marks      = "inbox-mark" // partition: instance; how far its log has been finished
	quarantine = "quarantine" // partition: source; id: see heldID
	waiting    = "waiting"    // partition: what is awaited; id: that of the quarantine document
	heardOf    = "heard"      // partition: source; id: heardID. When it last sent
)

// dueQueue is where quarantine that could be released waits to be tried again.
const dueQueue = "quarantine"

// Indexes of quarantine.
const (
	byState   = "state"
	byMessage = "message"
)

// Specs declares the collections of the inbox.
func Specs() []driver.Spec {
	return []driver.Spec{
		{Name: keys, Small: true},
		{Name: marks, Small: true},
		{Name: quarantine, Small: true, Indexes: []driver.Index{
			{Name: byState, Fields: []driver.Field{{Kind: driver.Int}, {Kind: driver.Int, Desc: true}}},
			{Name: byMessage, Fields: []driver.Field{{Kind: driver.String}, {Kind: driver.Int}}},
		}},
		{Name: waiting, Small: true},
		{Name: heardOf, Small: true},
	}
}

// Inbox keeps and applies what sources send. All methods may be called
// concurrently.
type Inbox struct {
	o        Options
	log      driver.Log
	track    *tracker
	fresh    fresh
	marking  sync.Mutex // one mark at a time
	marks    sync.WaitGroup
	locks    [256]sync.Mutex // by message, so that two copies of one do not race
	seed     maphash.Seed
	arrivals arrivals
	hearing  hearing
	sharing  sharing
}

// Open opens the inbox. Recover must have returned before anything is received.
func Open(ctx context.Context, o Options) (*Inbox, error) {
	if o.Metrics == nil {
		o.Metrics = noMetrics{}
	}
	if o.Keep == 0 {
		o.Keep = 90 * 24 * time.Hour
	}
	if o.Mark == 0 {
		o.Mark = 256
	}
	if o.Workers == 0 {
		o.Workers = 4
	}
	if o.Own == nil {
		o.Own = func(ctx context.Context, _, log string) (driver.Log, error) { return o.Store.Log(ctx, log) }
	}
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
	log, err := o.Own(ctx, o.Instance, logName(o.Instance))
	if err != nil {
		return nil, fmt.Errorf("feeds: open the inbox: %w", err)
	}
	b := &Inbox{o: o, log: log, seed: maphash.MakeSeed()}
	next, err := b.readMark(ctx, o.Instance)
	if err != nil {
		return nil, err
	}
	if next > log.Len() {
		return nil, fmt.Errorf("feeds: the inbox holds %d messages, though %d have been finished; restore its log from a backup: %w", log.Len(), next, driver.ErrCorrupt)
	}
	b.track = newTracker(next)
	return b, nil
}

const logPrefix = "inbox-"

func logName(instance string) string { return logPrefix + instance }

// Receipt is what the inbox says of a message received.
type Receipt struct {
	Message  Message
	Outcome  Outcome
	Repeated bool // received before, with the same content
}

// HeldID is the id of the quarantine document of what is held, for the operator
// and for the answer.
func (r *Receipt) HeldID(h Held) string { return heldID(&r.Message, h.Entry) }

// Receive keeps m, applies it and says what became of it. m has no Seq, Hash or
// Received yet. A refusal because of the sender leaves nothing behind; after any
// other error the message is kept or not, and must be sent again: errs.Unavailable.
func (b *Inbox) Receive(ctx context.Context, from Sender, m Message) (Receipt, error) {
	now := b.o.Now()
	if err := from.Permit(now); err != nil {
		return Receipt{}, err
	}
	if err := b.o.Ready(ctx); err != nil {
		return Receipt{}, unavailable(err)
	}
	m.Source, m.Org, m.Received, m.Instance = from.Client.ID, from.Client.Org, now, b.o.Instance
	m.Hash = sha256.Sum256(m.Body)
	if m.Key == "" {
		m.Key = hex.EncodeToString(m.Hash[:])
	}
	lock := b.lock(m.Source, m.Key)
	repeated, err := b.admit(ctx, &m)
	if err != nil {
		lock.Unlock()
		return Receipt{}, unavailable(err)
	}
	b.heardSoon(ctx, m.Source, now)
	// A repeat is finished by whoever received it first, unless nobody did.
	mine := !repeated || m.Instance == b.o.Instance && b.track.begin(m.Seq)
	receipt := Receipt{Message: m, Repeated: repeated}
	receipt.Outcome, err = b.process(ctx, from, &m, nil, repeated)
	lock.Unlock()
	if err != nil {
		b.end(&m, mine, false)
		return Receipt{}, unavailable(err)
	}
	// From here on the message is applied and the answer is yes; if releasing others
	// fails, the message counts as unfinished and is replayed.
	err = b.releaseAfter(ctx, &receipt.Outcome)
	b.end(&m, mine, err == nil)
	b.markSoon(ctx)
	return receipt, nil
}

// unavailable says that the store could not be used, unless err says more.
func unavailable(err error) error {
	if errs.KindOf(err) != errs.Internal {
		return err
	}
	e := errs.Wrap(errs.Unavailable, err, "the message could not be kept safely: send it again")
	if u, ok := errs.As(e); ok {
		u.After = 5 * time.Second
	}
	return e
}

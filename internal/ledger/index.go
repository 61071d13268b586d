package ledger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Docs is what the index by person stands on; a driver.Engine is one.
type Docs interface {
	Get(ctx context.Context, refs []driver.Ref, visit driver.Visit) error
	Find(ctx context.Context, q driver.Query, visit driver.Visit) (after []byte, err error)
	Commit(ctx context.Context, partition string, ops []driver.Op) error
}

// The index holds, for each batch of events and each person in it, one document
// in the person's partition with the sequence numbers, and one watermark for each
// instance. Batches are keyed by where they begin, and begin at the watermark: one
// that was cut short by a crash is written again over itself.
const (
	byPerson  = "ledger-by-person"
	watermark = "ledger-watermark"
	byLog     = "log"

	batchSize = 1 << 16
	writers   = 256 // commits at a time, which share fsyncs
)

// Specs returns the collections of the ledger.
func Specs() []driver.Spec {
	return []driver.Spec{
		{Name: byPerson, Indexes: []driver.Index{{Name: byLog, Fields: []driver.Field{{Kind: driver.String}, {Kind: driver.Int}}}}},
		{Name: watermark},
	}
}

var errNoIndex = errors.New("ledger: opened without documents, so there is no index by person")

// Index brings the index by person to the log's end and returns how many events it
// took in. It is called from time to time by one worker; Accesses reads what is not
// yet indexed from the log itself, so nothing is late, only slower.
func (l *Ledger) Index(ctx context.Context) (indexed uint64, err error) {
	if l.o.Docs == nil {
		return 0, errNoIndex
	}
	from, err := l.indexed(ctx)
	if err != nil {
		return 0, err
	}
	for began := from; ; {
		to := min(l.o.Log.Len(), from+batchSize)
		if from >= to {
			return from - began, nil
		}
		if err := l.indexBatch(ctx, from, to); err != nil {
			return from - began, fmt.Errorf("ledger: index: %w", err)
		}
		from = to
	}
}

// Reindex forgets how far the index is, so that the next Index makes it anew.
func (l *Ledger) Reindex(ctx context.Context) error {
	if l.o.Docs == nil {
		return errNoIndex
	}
	return l.setIndexed(ctx, 0)
}

func (l *Ledger) indexBatch(ctx context.Context, from, to uint64) error {
	people := map[string][]byte{}
	last := map[string]uint64{}
	err := l.eachPayload(ctx, from, to, func(seq uint64, payload []byte) (bool, error) {
		person, err := personOf(payload)
		if err != nil || len(person) == 0 || len(person) > driver.MaxKey {
			return true, err // no id that this service gave, and none that the store could hold
		}
		p := string(person)
		people[p] = binary.AppendUvarint(people[p], seq-last[p]) // the first as it is, then the steps
		last[p] = seq
		return true, nil
	})
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(writers)
	for person, seqs := range people {
		g.Go(func() error { return l.o.Docs.Commit(ctx, person, []driver.Op{l.batchOp(person, from, seqs)}) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return l.setIndexed(context.WithoutCancel(ctx), to)
}

func (l *Ledger) batchOp(person string, from uint64, seqs []byte) driver.Op {
	return driver.Op{Kind: driver.Put, Doc: driver.Doc{
		Ref:  driver.Ref{Collection: byPerson, Partition: person, ID: fmt.Sprintf("%s-%016x", l.o.Instance, from)},
		Body: seqs,
		Keys: [][]driver.Value{{driver.Str(l.o.Instance), driver.Num(int64(from))}},
	}}
}

// indexed returns the number of the first event that is not in the index.
func (l *Ledger) indexed(ctx context.Context) (n uint64, err error) {
	var bad error
	err = l.o.Docs.Get(ctx, []driver.Ref{l.watermark()}, func(d *driver.Doc) bool {
		n, bad = strconv.ParseUint(string(d.Body), 10, 64)
		return true
	})
	if err = errors.Join(err, bad); err != nil {
		return 0, fmt.Errorf("ledger: read the index's watermark: %w", err)
	}
	// A log shorter than its index was restored from a backup: what it lacks is gone.
	return min(n, l.o.Log.Len()), nil
}

func (l *Ledger) setIndexed(ctx context.Context, n uint64) error {
	return l.o.Docs.Commit(ctx, l.watermark().Partition, []driver.Op{{Kind: driver.Put,
		Doc: driver.Doc{Ref: l.watermark(), Body: strconv.AppendUint(nil, n, 10), Keys: nil}}})
}

func (l *Ledger) watermark() driver.Ref {
	return driver.Ref{Collection: watermark, Partition: LogName(l.o.Instance), ID: "by-person"}
}

// Access is an event about a person, with its number.
type Access struct {
	Seq uint64
	Event
}

// Accesses returns the events about a person, newest first, at most limit of them,
// and the cursor for those before them, or "" when there are none. cursor is ""
// for the newest. Who may ask is not decided here.
func (l *Ledger) Accesses(ctx context.Context, person, cursor string, limit int) (page []Access, next string, err error) {
	if l.o.Docs == nil {
		return nil, "", errNoIndex
	}
	before := l.o.Log.Len()
	if cursor != "" {
		n, err := strconv.ParseUint(cursor, 10, 63)
		if err != nil {
			return nil, "", errs.New(errs.Invalid, "the cursor is not one that this service gave")
		}
		before = min(before, n)
	}
	seqs, err := l.seqs(ctx, person, before, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("ledger: accesses: %w", err)
	}
	if len(seqs) > limit {
		seqs = seqs[:limit]
		next = strconv.FormatUint(seqs[limit-1], 10)
	}
	for _, seq := range seqs {
		err := l.eachPayload(ctx, seq, seq+1, func(seq uint64, payload []byte) (bool, error) {
			if payload == nil {
				return false, nil
			}
			e, err := decodeEvent(payload)
			if err == nil && e.Person == person {
				page = append(page, Access{seq, e})
			}
			return false, err
		})
		if err != nil {
			return nil, "", err
		}
	}
	return page, next, nil
}

// seqs returns the numbers of the events about person before the given one,
// newest first: those not yet indexed from the log, then those of the index.
func (l *Ledger) seqs(ctx context.Context, person string, before uint64, limit int) ([]uint64, error) {
	indexed, err := l.indexed(ctx)
	if err != nil {
		return nil, err
	}
	var out, part []uint64
	err = l.eachPayload(ctx, indexed, before, func(seq uint64, payload []byte) (bool, error) {
		p, err := personOf(payload)
		if string(p) == person {
			part = append(part, seq)
		}
		return true, err
	})
	out = appendReversed(out, part, before, limit)
	if err != nil || len(out) >= limit {
		return out, err
	}
	before = min(before, indexed)
	end := driver.Num(int64(before))
	var bad error
	_, err = l.o.Docs.Find(ctx, driver.Query{Collection: byPerson, Partition: person, Index: byLog,
		Equal: []driver.Value{driver.Str(l.o.Instance)}, To: &end, Reverse: true}, func(d *driver.Doc) bool {
		if part, bad = decodeSeqs(part[:0], d.Body); bad != nil {
			return false
		}
		out = appendReversed(out, part, before, limit)
		before = min(before, part[0]) // what an interrupted batch left is not told twice
		return len(out) < limit
	})
	return out, errors.Join(err, bad)
}

func decodeSeqs(out []uint64, b []byte) ([]uint64, error) {
	for at := uint64(0); len(b) > 0; {
		n, w := binary.Uvarint(b)
		if w <= 0 {
			return nil, driver.ErrCorrupt
		}
		at, b = at+n, b[w:]
		out = append(out, at)
	}
	if len(out) == 0 {
		return nil, driver.ErrCorrupt
	}
	return out, nil
}

// appendReversed appends the numbers below before, last first, up to limit in all.
func appendReversed(out, seqs []uint64, before uint64, limit int) []uint64 {
	for i := len(seqs) - 1; i >= 0 && len(out) < limit; i-- {
		if seqs[i] < before {
			out = append(out, seqs[i])
		}
	}
	return out
}

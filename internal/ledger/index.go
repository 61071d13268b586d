package ledger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sync/errgroup"

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
// instance. Batches begin at the watermark and are named by where they begin and end:
// one that was cut short by a crash is written again, over itself or, if the log has
// grown, beside itself, and so is one that two write at a time. Of two that overlap, what
// the one has told the other does not tell again.
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
		{Name: checkpointDocs, Small: true},
	}
}

var errNoIndex = errors.New("ledger: opened without documents, so there is no index by person")

// Index brings the index by person to the end of this instance's log and returns how
// many events it took in. It is called from time to time; Accesses reads what is not yet
// indexed from the log itself, so nothing is late, only slower.
func (l *Ledger) Index(ctx context.Context) (indexed uint64, err error) {
	return l.IndexOf(ctx, l.part())
}

// IndexOf is Index of the log of any instance, such as one that runs no longer. Two that
// index the same log at a time do each other no harm.
func (l *Ledger) IndexOf(ctx context.Context, p Part) (indexed uint64, err error) {
	if l.o.Docs == nil {
		return 0, errNoIndex
	}
	return index{l.o.Docs, p}.grow(ctx)
}

// Reindex forgets how far the index is, so that the next Index makes it anew.
func (l *Ledger) Reindex(ctx context.Context) error {
	if l.o.Docs == nil {
		return errNoIndex
	}
	return index{l.o.Docs, l.part()}.setIndexed(ctx, 0)
}

// index is that by person of one log.
type index struct {
	docs Docs
	part Part
}

func (x index) grow(ctx context.Context) (indexed uint64, err error) {
	from, err := x.indexed(ctx)
	if err != nil {
		return 0, err
	}
	for began := from; ; {
		to := min(x.part.Log.Len(), from+batchSize)
		if from >= to {
			return from - began, nil
		}
		if err := x.indexBatch(ctx, from, to); err != nil {
			return from - began, fmt.Errorf("ledger: index: %w", err)
		}
		from = to
	}
}

func (x index) indexBatch(ctx context.Context, from, to uint64) error {
	people := map[string][]byte{}
	last := map[string]uint64{}
	err := x.part.eachPayload(ctx, from, to, func(seq uint64, payload []byte) (bool, error) {
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
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(writers)
	for person, seqs := range people {
		g.Go(func() error { return x.docs.Commit(within, person, []driver.Op{x.batchOp(person, from, to, seqs)}) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return x.setIndexed(context.WithoutCancel(ctx), to)
}

func (x index) batchOp(person string, from, to uint64, seqs []byte) driver.Op {
	return driver.Op{Kind: driver.Put, Doc: driver.Doc{
		Ref:  driver.Ref{Collection: byPerson, Partition: person, ID: fmt.Sprintf("%s-%016x-%016x", x.part.Instance, from, to)},
		Body: seqs,
		Keys: [][]driver.Value{{driver.Str(x.part.Instance), driver.Num(int64(from))}},
	}}
}

// indexed returns the number of the first event that is not in the index.
func (x index) indexed(ctx context.Context) (n uint64, err error) {
	var bad error
	err = x.docs.Get(ctx, []driver.Ref{x.watermark()}, func(d *driver.Doc) bool {
		n, bad = strconv.ParseUint(string(d.Body), 10, 64)
		return true
	})
	if err = errors.Join(err, bad); err != nil {
		return 0, fmt.Errorf("ledger: read the index's watermark: %w", err)
	}
	// A log shorter than its index was restored from a backup: what it lacks is gone.
	return min(n, x.part.Log.Len()), nil
}

func (x index) setIndexed(ctx context.Context, n uint64) error {
	return x.docs.Commit(ctx, x.watermark().Partition, []driver.Op{{Kind: driver.Put,
		Doc: driver.Doc{Ref: x.watermark(), Body: strconv.AppendUint(nil, n, 10), Keys: nil}}})
}

func (x index) watermark() driver.Ref {
	return driver.Ref{Collection: watermark, Partition: LogName(x.part.Instance), ID: "by-person"}
}

// seqs returns the numbers of the events about person before the given one,
// newest first: those not yet indexed from the log, then those of the index.
func (x index) seqs(ctx context.Context, person string, before uint64, limit int) ([]uint64, error) {
	indexed, err := x.indexed(ctx)
	if err != nil {
		return nil, err
	}
	var out, part []uint64
	err = x.part.eachPayload(ctx, indexed, before, func(seq uint64, payload []byte) (bool, error) {
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
	_, err = x.docs.Find(ctx, driver.Query{Collection: byPerson, Partition: person, Index: byLog,
		Equal: []driver.Value{driver.Str(x.part.Instance)}, To: &end, Reverse: true}, func(d *driver.Doc) bool {
		if part, bad = decodeSeqs(part[:0], d.Body); bad != nil {
			return false
		}
		out = appendReversed(out, part, before, limit)
		before = min(before, part[0]) // what two batches have is not told twice
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

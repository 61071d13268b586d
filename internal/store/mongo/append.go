package mongo

import (
	"context"
	"encoding/binary"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// write makes the records of all requests durable, in one document if they fit. After an error the
// next write begins by looking what is there.
func (l *log) write(ctx context.Context, requests []*request) error {
	if l.fenced.Load() {
		return l.lost()
	}
	if l.unsure {
		if err := l.settle(ctx); err != nil {
			return err
		}
	}
	for _, b := range l.pack(requests) {
		if err := l.put(ctx, &b); err != nil {
			l.unsure = true
			return fault("append to log "+l.name, err)
		}
		l.next = b.first + uint64(b.count)
		l.grow(l.next)
	}
	return nil
}

// pack numbers the records and puts them in as few batches as they fit.
func (l *log) pack(requests []*request) (batches []appended) {
	next, b := l.next, appended{first: l.next, writer: l.writer}
	flush := func() {
		if b.count > 0 {
			batches = append(batches, b)
		}
		b = appended{first: next, writer: l.writer}
	}
	for _, r := range requests {
		if r.err = r.ctx.Err(); r.err != nil {
			continue
		}
		r.first = next
		for _, rec := range r.records {
			if len(b.payload)+len(rec)+binary.MaxVarintLen64 > maxPayload {
				flush()
			}
			b.payload = appendRecord(b.payload, rec)
			b.count++
			next++
		}
	}
	flush()
	return batches
}

// put writes one batch at its place.
func (l *log) put(ctx context.Context, b *appended) error {
	docs := b.documents(l.name)
	var err error
	if l.held {
		return l.fill(ctx, b, docs)
	}
	if len(docs) == 1 {
		err = retry(ctx, again, func() error {
			_, err := l.batches().InsertOne(ctx, docs[0])
			return err
		})
	} else {
		err = l.e.transact(ctx, func(ctx context.Context) error {
			_, err := l.batches().InsertMany(ctx, docs, options.InsertMany().SetOrdered(true))
			return err
		})
	}
	if !mongo.IsDuplicateKeyError(err) {
		return err
	}
	return l.whose(ctx, b)
}

// whose finds out who wrote what is in the place of a batch: this one, and the answer was lost, or
// another.
func (l *log) whose(ctx context.Context, b *appended) error {
	raw, err := l.batches().FindOne(ctx, bson.D{{Key: fID, Value: batchID(l.name, b.first)}, {Key: fLog, Value: l.name}},
		options.FindOne().SetProjection(bson.D{{Key: fWriter, Value: 1}, {Key: fCount, Value: 1}})).Raw()
	if err != nil {
		return err
	}
	w, _ := raw.Lookup(fWriter).AsInt64OK()
	if n, _ := raw.Lookup(fCount).AsInt64OK(); w == l.writer && n > 0 {
		return nil
	}
	return l.lost()
}

// settle finds out whether a batch is there whose writing ended in an error.
func (l *log) settle(ctx context.Context) error {
	n, writer, err := l.end(ctx)
	if err != nil {
		return fault("append to log "+l.name, err)
	}
	if n > l.next && writer != l.writer {
		return l.lost()
	}
	if n > l.next {
		l.held = false
	}
	l.next, l.unsure = max(n, l.next), false
	l.grow(l.next)
	return nil
}

// lost says that another writes this log, and that this one does so no more: what it would append
// stands on what it believes to be there.
func (l *log) lost() error {
	l.fenced.Store(true)
	return fmt.Errorf("%w: %w: log %s", driver.ErrUnavailable, driver.ErrFenced, l.name)
}

package store

import (
	"context"
	"errors"
	"time"
)

// Handle does what a due document asks for and returns what to commit in its partition
// when that is done: Done(d), a Replace, a Reschedule to a later time. It may be called
// again for the same document, when it failed or the lease ran out. If it returns
// nothing, the document comes back when its lease ends.
type Handle func(ctx context.Context, d *Doc) ([]Op, error)

// Done returns the operation that takes a document off its queue for good.
func Done(d *Doc) Op { return Op{Kind: Delete, Doc: Doc{Ref: d.Ref, Rev: d.Rev}} }

// Later returns the operation that makes a document due again.
func Later(d *Doc, at time.Time) Op {
	return Op{Kind: Reschedule, Doc: Doc{Ref: d.Ref, Rev: d.Rev, Due: Due{Queue: d.Due.Queue, At: at}}}
}

// Round is one look at a queue.
type Round struct {
	Queue string
	Now   time.Time
	Lease time.Duration // how long a document stays hidden from other workers once claimed
	Limit int
}

// Work claims documents that are due and hands them to handle, one after the other. It
// returns how many were handled without an error; the errors are joined, and a
// document whose handling failed comes back when its lease ends. Several workers may
// share a queue: a claim is a compare-and-swap, and only one wins.
func (db *DB) Work(ctx context.Context, r Round, handle Handle) (handled int, err error) {
	var due []*Doc
	err = db.Due(ctx, r.Queue, r.Now, r.Limit, func(d *Doc) bool {
		due = append(due, clone(d))
		return true
	})
	if err != nil {
		return 0, err
	}
	var failed []error
	for _, d := range due {
		if err := ctx.Err(); err != nil {
			failed = append(failed, err)
			break
		}
		until := Later(d, r.Now.Add(r.Lease))
		if err := db.Commit(ctx, d.Partition, []Op{until}); err != nil {
			if !lost(err) { // otherwise another worker has it
				failed = append(failed, err)
			}
			continue
		}
		d.Rev, d.Due = d.Rev+1, until.Doc.Due
		ops, err := handle(ctx, d)
		if err == nil && len(ops) > 0 {
			err = db.Commit(ctx, d.Partition, ops)
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		handled++
	}
	return handled, errors.Join(failed...)
}

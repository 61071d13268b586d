// Package store is how the rooms of the house keep things: documents in partitions,
// committed atomically within one, and append-only logs. It stands on an engine of
// package driver and adds what engines need not know: bodies over a megabyte, errors
// by kind, typed collections, claims and the handing out of due work.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// retryAfter is when to try again after the store was unavailable.
const retryAfter = 2 * time.Second

// Specs returns specs and those of the collections that the store itself needs: what
// an engine is opened with.
func Specs(specs ...Spec) []Spec {
	return append(append([]Spec(nil), specs...),
		Spec{Name: partsCollection, Small: true},
		Spec{Name: claimsCollection, Small: true, Linearizable: true},
	)
}

// DB is the store. Its errors are of a kind of package errs where a caller can act on
// them: Conflict (with a *ConflictError inside), TooLarge, Invalid for a cursor that is
// none, Unavailable; anything else is a fault.
type DB struct {
	engine  driver.Engine
	schema  *driver.Schema
	observe func(error)
}

// Observe has f told what became of each commit. It is called before the store is
// used by anybody else.
func (db *DB) Observe(f func(error)) { db.observe = f }

// Open returns a store on engine, which was opened with Specs(specs...). Closing the
// store closes the engine.
func Open(engine driver.Engine, specs ...Spec) (*DB, error) {
	schema, err := driver.NewSchema(Specs(specs...))
	if err != nil {
		return nil, err
	}
	// An engine opened without Specs would tell only when the first large body comes.
	probe := head{set: "probe"}
	if err := engine.Get(context.Background(), []Ref{probe.ref("probe", 0)}, func(*Doc) bool { return true }); err != nil {
		return nil, kind(err)
	}
	return &DB{engine: engine, schema: schema}, nil
}

// Get visits those of refs that exist, in their order; absent ones are no error. Those
// of one partition are read at one moment, but for bodies over driver.MaxBody, what
// comes after such a one, and documents of Linearizable collections.
func (db *DB) Get(ctx context.Context, refs []Ref, visit Visit) error {
	for {
		w := whole{visit: visit}
		if err := db.engine.Get(ctx, refs, w.look); err != nil {
			return kind(err)
		}
		if w.large == nil {
			return nil
		}
		goOn, err := db.visitLarge(ctx, w.large, visit)
		if err != nil || !goOn {
			return err
		}
		refs = refs[after(refs, w.large.Ref):]
	}
}

func after(refs []Ref, r Ref) int {
	for i := range refs {
		if refs[i] == r {
			return i + 1
		}
	}
	return len(refs)
}

// Load returns a copy of one document, or an error of kind NotFound.
func (db *DB) Load(ctx context.Context, ref Ref) (*Doc, error) {
	var found *Doc
	err := db.Get(ctx, []Ref{ref}, func(d *Doc) bool {
		found = clone(d)
		return false
	})
	if err == nil && found == nil {
		err = errs.Wrap(errs.NotFound, driver.ErrNotFound, "no such document")
	}
	return found, err
}

func clone(d *Doc) *Doc {
	c := *d
	c.Body = append([]byte(nil), d.Body...)
	return &c
}

// Find visits the documents of q in its order and returns a cursor to resume after
// the last one visited, or nil if there is none after it.
func (db *DB) Find(ctx context.Context, q Query, visit Visit) (cursor []byte, err error) {
	for {
		w := whole{visit: visit}
		cursor, err := db.engine.Find(ctx, q, w.look)
		if err != nil || w.large == nil {
			return cursor, kind(err)
		}
		goOn, err := db.visitLarge(ctx, w.large, visit)
		if err != nil {
			return nil, err
		}
		if !goOn || cursor == nil || q.Limit > 0 && q.Limit == w.seen {
			return cursor, nil
		}
		if q.After = cursor; q.Limit > 0 {
			q.Limit -= w.seen
		}
	}
}

// Commit applies all of ops or none; see driver.Engine. Bodies may be up to MaxBody;
// one over driver.MaxBody counts as an operation for each megabyte.
func (db *DB) Commit(ctx context.Context, partition string, ops []Op) error {
	err := db.commit(ctx, partition, ops)
	if db.observe != nil {
		db.observe(err)
	}
	return err
}

func (db *DB) commit(ctx context.Context, partition string, ops []Op) error {
	if db.plain(ops) {
		return kind(db.engine.Commit(ctx, partition, ops))
	}
	return db.commitLarge(ctx, partition, ops)
}

// Due visits at most limit documents due in queue not after before, oldest first;
// those with bodies over driver.MaxBody come last.
func (db *DB) Due(ctx context.Context, queue string, before time.Time, limit int, visit Visit) error {
	var large []*Doc
	stopped := false
	err := db.engine.Due(ctx, queue, before, limit, func(d *Doc) bool {
		if isHead(d.Body) {
			large = append(large, clone(d))
			return true
		}
		stopped = !visit(d)
		return !stopped
	})
	if err != nil {
		return kind(err)
	}
	for _, d := range large {
		if stopped {
			break
		}
		goOn, err := db.visitLarge(ctx, d, visit)
		if err != nil {
			return err
		}
		stopped = !goOn
	}
	return nil
}

// Sweep removes at most limit documents that expired before now.
func (db *DB) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	n, err := db.engine.Sweep(ctx, now, limit)
	return n, kind(err)
}

// Log opens a log, making it if it is new.
func (db *DB) Log(ctx context.Context, name string) (Log, error) {
	l, err := db.engine.Log(ctx, name)
	if err != nil {
		return nil, kind(err)
	}
	return log{l}, nil
}

// Own opens a log to append to it alone; see driver.Engine.
func (db *DB) Own(ctx context.Context, name string) (Log, error) {
	l, err := db.engine.Own(ctx, name)
	if err != nil {
		return nil, kind(err)
	}
	return log{l}, nil
}

// Opening names this opening of a store that one process at a time can open, "" of any
// other; see driver.Exclusive.
func (db *DB) Opening() string {
	if e, ok := db.engine.(driver.Exclusive); ok {
		return e.Opening()
	}
	return ""
}

// Logs lists the names of the logs.
func (db *DB) Logs(ctx context.Context) ([]string, error) {
	names, err := db.engine.Logs(ctx)
	return names, kind(err)
}

// Check verifies everything; the error names the first fault.
func (db *DB) Check(ctx context.Context, progress func(done, total int64)) error {
	return kind(db.engine.Check(ctx, progress))
}

// Backup writes a copy of the store, if its engine can.
func (db *DB) Backup(ctx context.Context, w io.Writer, progress func(done, total int64)) error {
	b, ok := db.engine.(driver.Backuper)
	if !ok {
		return errs.New(errs.Unsupported, "this store is not backed up with dcr, but with what MongoDB has: snapshots or mongodump --oplog, as docs/guides/mongodb.md says under Backup")
	}
	return kind(b.Backup(ctx, w, progress))
}

// Close waits for what is under way and closes the engine.
func (db *DB) Close() error { return db.engine.Close() }

// log gives the errors of a log their kinds.
type log struct{ Log }

func (l log) Append(ctx context.Context, records ...[]byte) (uint64, error) {
	n, err := l.Log.Append(ctx, records...)
	return n, kind(err)
}

func (l log) Read(ctx context.Context, from uint64, visit func(uint64, []byte) bool) error {
	return kind(l.Log.Read(ctx, from, visit))
}

// kind classifies an engine's error. What is classified already stays as it is.
func kind(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errs.As(err); ok {
		return err
	}
	var conflict *ConflictError
	switch {
	case errors.As(err, &conflict):
		return errs.Wrap(errs.Conflict, err, "it was changed meanwhile: read it again")
	case errors.Is(err, driver.ErrTooLarge):
		return errs.Wrap(errs.TooLarge, err, "this is more than the service stores at once")
	case errors.Is(err, driver.ErrCursor):
		return errs.Wrap(errs.Invalid, err, "this page link is not one of ours: begin from the first page")
	case errors.Is(err, driver.ErrNotFound):
		return errs.Wrap(errs.NotFound, err, "no such document")
	case errors.Is(err, driver.ErrUnavailable), errors.Is(err, driver.ErrClosed), errors.Is(err, context.DeadlineExceeded):
		err = errs.Wrap(errs.Unavailable, err, "the service cannot store or read just now: try again in a moment")
		if e, ok := errs.As(err); ok {
			e.After = retryAfter
		}
		return err
	}
	return fmt.Errorf("store: %w", err)
}

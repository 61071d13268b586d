// Package migrate moves a whole store from one engine to another: documents with their revisions,
// keys, queues and expiries, and the logs with their numbering. It can be killed at any moment and
// goes on where it was; at the end both sides are read and must have the same digest.
//
// A mark in either store says what it is to the other, from before the first document is moved: a
// store that is being moved, was moved, or is not whole yet, is refused by Usable. The documents
// and logs of the source are never touched.
package migrate

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Stage is what a migration is doing, in the order in which it does it.
type Stage string

// Stages.
const (
	Copying   Stage = "copying"
	Verifying Stage = "verifying"
)

// Options of a migration. Nobody else may use either store meanwhile.
type Options struct {
	From, To         driver.Mover
	FromName, ToName string        // for people: "the folder /var/lib/dcr", without secrets
	Specs            []driver.Spec // that both were opened with
	Now              func() time.Time
	Progress         func(stage Stage, done, total int64) // of documents and log records; may be nil

	// Alone is asked before either side is marked and may refuse, because somebody uses the source. It
	// may be nil, and may write to the source: nothing was copied yet.
	Alone func(ctx context.Context) error

	Page int // documents or records at a time; 0: 1,000
}

// Most of one page: an import and an append have to fit.
const (
	pageMost  = 1000
	pageBytes = 8 << 20
)

// Result is what a migration came to.
type Result struct {
	Digest  Digest
	Resumed bool // an earlier run had begun
	Before  bool // it had been done before, and nothing was
}

// leftOut is how long after its expiry a document is not moved any more: well before a
// time-to-live index may remove it, so that it does not lack on one side only, and well after a
// clock that is ahead could have called it expired for nothing.
const leftOut = 12 * time.Hour

type migration struct {
	Options
	schema  *driver.Schema
	mark    mark // of To
	resumed bool
	done    int64
	total   int64
}

// Run moves the store, or goes on moving it. When it returns without an error, To is the store and
// From is marked as moved.
func Run(ctx context.Context, o Options) (Result, error) {
	m := &migration{Options: o}
	if m.Page <= 0 || m.Page > pageMost {
		m.Page = pageMost
	}
	if m.Progress == nil {
		m.Progress = func(Stage, int64, int64) {}
	}
	var err error
	if m.schema, err = driver.NewSchema(o.Specs); err != nil {
		return Result{}, err
	}
	finished, err := m.begin(ctx)
	if err != nil || finished {
		return Result{Digest: m.mark.Digest, Before: finished}, err
	}
	if m.total, err = m.hold(ctx); err != nil {
		return Result{}, err
	}
	if err := m.copyDocuments(ctx); err != nil {
		return Result{}, fmt.Errorf("copy the documents: %w", err)
	}
	if err := m.copyLogs(ctx); err != nil {
		return Result{}, fmt.Errorf("copy the logs: %w", err)
	}
	return m.finish(ctx)
}

// begin marks both sides, or finds an earlier run in their marks; finished says that it had come to
// its end.
func (m *migration) begin(ctx context.Context) (finished bool, err error) {
	from, err := readMark(ctx, m.From)
	if err != nil {
		return false, err
	}
	if m.mark, err = readMark(ctx, m.To); err != nil {
		return false, err
	}
	if from.Role == target && !from.Done {
		return false, errs.New(errs.Unprocessable, "%s is itself only a part of %s: finish that migration first", m.FromName, from.Other)
	}
	same := m.mark.Role == target && from.Role == source && m.mark.ID == from.ID
	switch {
	case same && from.Done && m.mark.Done:
		return true, nil
	case same:
		m.resumed = true
		return false, nil
	case from.Role == source && from.Done:
		return false, errs.New(errs.Unprocessable, "%s was moved to %s on %s: that is the record now", m.FromName, from.Other, day(from.At))
	case m.mark.Role == target && !m.mark.Done:
		return false, errs.New(errs.Unprocessable, "%s holds an unfinished migration of %s: remove what is in it, or finish that one", m.ToName, m.mark.Other)
	}
	if err := m.known(ctx); err != nil {
		return false, err
	}
	if err := m.vacant(ctx); err != nil {
		return false, err
	}
	if m.Alone != nil {
		if err := m.Alone(ctx); err != nil {
			return false, err
		}
	}
	id, now := rand.Text(), m.Now()
	if err := writeMark(ctx, m.From, mark{Role: source, ID: id, Other: m.ToName, At: now}); err != nil {
		return false, err
	}
	m.mark = mark{Role: target, ID: id, Other: m.FromName, At: now}
	return false, writeMark(ctx, m.To, m.mark)
}

// known refuses a source with collections that this program does not know: they would be lost.
func (m *migration) known(ctx context.Context) error {
	names, err := m.From.Collections(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if m.schema.Spec(name) == nil {
			return errs.New(errs.Unprocessable, "%s has a collection %s, which this version of the program does not know and would leave behind: use the version that wrote it", m.FromName, name)
		}
	}
	return nil
}

// vacant refuses a target that holds anything.
func (m *migration) vacant(ctx context.Context) error {
	holds := func(what string) error {
		return errs.New(errs.Unprocessable, "%s is not empty: it has %s; name an empty one, or move away what is there", m.ToName, what)
	}
	names, err := m.To.Collections(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if m.schema.Spec(name) == nil {
			return holds("a collection " + name + " of something else")
		}
		found := false
		if _, err := m.To.Export(ctx, name, nil, 1, func(*driver.Doc) bool { found = true; return false }); err != nil {
			return err
		}
		if found {
			return holds("documents in " + name)
		}
	}
	logs, err := m.To.Logs(ctx)
	if err == nil && len(logs) > 0 {
		err = holds("a log " + logs[0])
	}
	return err
}

// hold takes the logs of the source over, so that whoever still has one open can append no more, and
// so can do nothing: every look and every message begins with an append. It returns about how
// much there is to move.
func (m *migration) hold(ctx context.Context) (n int64, err error) {
	names, err := m.From.Logs(ctx)
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		l, err := m.From.Own(ctx, name)
		if err != nil {
			return 0, err
		}
		n += int64(l.Len())
	}
	for _, name := range m.collections() {
		count, err := m.From.Count(ctx, name)
		if err != nil {
			return 0, err
		}
		n += count
		if name < m.mark.Collection {
			m.done += count
		}
	}
	return n, nil
}

// collections lists all in the order in which they are moved.
func (m *migration) collections() (names []string) {
	m.schema.Specs(func(s *driver.Spec) { names = append(names, s.Name) })
	slices.Sort(names)
	return names
}

func (m *migration) tell(stage Stage, n int64, total int64) {
	m.done += n
	m.Progress(stage, min(m.done, total), total)
}

// finish compares the two sides and says in both which is the record. The source is marked first:
// killed between the two, neither can be used until the migration is run again.
func (m *migration) finish(ctx context.Context) (Result, error) {
	m.done = 0
	before := m.Now().Add(-leftOut)
	tell := func(n int64) { m.tell(Verifying, n, 2*m.total) }
	from, err := digest(ctx, m.From, m.collections(), before, tell)
	if err != nil {
		return Result{}, fmt.Errorf("read %s: %w", m.FromName, err)
	}
	to, err := digest(ctx, m.To, m.collections(), before, tell)
	if err != nil {
		return Result{}, fmt.Errorf("read %s: %w", m.ToName, err)
	}
	if from != to {
		return Result{}, errs.New(errs.Unprocessable,
			"%s and %s are not the same (%s, %s): something wrote to one of them meanwhile; stop every dcrd, give the migration up (dcr migrate with --abandon), empty the target, and begin again", m.FromName, m.ToName, from, to)
	}
	now := m.Now()
	if err := writeMark(ctx, m.From, mark{Role: source, ID: m.mark.ID, Other: m.ToName, At: now, Done: true, Digest: from}); err != nil {
		return Result{}, err
	}
	if err := writeMark(ctx, m.To, mark{Role: target, ID: m.mark.ID, Other: m.FromName, At: now, Done: true, Digest: to}); err != nil {
		return Result{}, err
	}
	m.Progress(Verifying, 2*m.total, 2*m.total)
	return Result{Digest: to, Resumed: m.resumed}, nil
}

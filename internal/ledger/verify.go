package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Verification says what to verify. It needs no server and no secret.
type Verification struct {
	Log         driver.Log
	Instance    string
	Checkpoints []File // as many as there are; see Checkpoints
	Keys        note.Verifiers
	Derived     string                   // the folder of the derived hashes, if at hand: narrows a range to 4,096 events
	Progress    func(done, total uint64) // may be nil
}

// File is a checkpoint and what it is called in the report.
type File struct {
	Name string
	Text []byte
}

// Checkpoints reads the checkpoints of an instance in a folder, unverified.
func Checkpoints(folder, instance string) ([]File, error) {
	sizes, err := sizesIn(folder, instance)
	if err != nil {
		return nil, fmt.Errorf("list the checkpoints: %w", err)
	}
	var files []File
	for _, n := range sizes {
		path := filepath.Join(folder, fileName(instance, n))
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read the checkpoint: %w", err)
		}
		files = append(files, File{path, text})
	}
	return files, nil
}

// FindingKind is the kind of a finding.
type FindingKind uint8

// Kinds of finding.
const (
	Altered   FindingKind = iota + 1 // one event was changed: From is its number
	Rewritten                        // events From..To-1 are not those that were signed, though each is whole in itself
	Truncated                        // events From..To-1 were signed and are no longer there
	Vanished                         // the whole log, of To events, is no longer there
)

// Finding is one thing that does not hold.
type Finding struct {
	Kind     FindingKind
	From, To uint64 // half-open
	What     string
}

func (f Finding) String() string {
	switch f.Kind {
	case Rewritten:
		return fmt.Sprintf("between event %d and event %d: %s", f.From, f.To-1, f.What)
	case Truncated:
		return fmt.Sprintf("from event %d on: %s", f.From, f.What)
	case Vanished:
		return "all events: " + f.What
	}
	return fmt.Sprintf("event %d: %s", f.From, f.What)
}

// Report is what Verify found.
type Report struct {
	Events         uint64
	Retired        uint64 // events whose payload was retired
	Checkpoints    int    // that were compared
	Signed         uint64 // events that the newest of them vouches for
	Root           tlog.Hash
	Findings       []Finding // in ascending order; the first names the first bad event
	BadCheckpoints []string  // not signed by the keys, or two that contradict each other

	others extents // what the checkpoints say of other instances' logs
}

// OK reports whether all holds.
func (r Report) OK() bool { return len(r.Findings) == 0 && len(r.BadCheckpoints) == 0 }

// maxFindings ends a verification that finds nothing right any more.
const maxFindings = 100

// Verify computes everything anew from the log and compares it with every
// checkpoint. The error tells that it could not be done; what it found is in the
// report. Each checkpoint carries the tree's right edge, so what lies after a bad
// event is still verified.
func Verify(ctx context.Context, v Verification) (Report, error) {
	w := &walk{v: v, total: v.Log.Len()}
	w.openCheckpoints()
	if err := w.records(ctx); err != nil {
		return w.report, fmt.Errorf("ledger: verify: %w", err)
	}
	if n := len(w.due); n > 0 && len(w.report.Findings) < maxFindings {
		last := w.due[n-1]
		w.find(Truncated, w.next, last.Size, fmt.Sprintf("the log ends, but %d events were signed for", last.Size))
	}
	w.report.Events = w.next
	if !w.blind {
		w.report.Root = w.tree.root()
	}
	return w.report, nil
}

type walk struct {
	v      Verification
	total  uint64
	due    []*Checkpoint // not yet reached
	report Report

	next   uint64 // the number of the next record
	tree   tree
	blind  bool   // a leaf is missing, so the tree says nothing until the next checkpoint
	faulty bool   // a finding since the last checkpoint
	since  uint64 // size of the last checkpoint that was reached
	blocks map[uint64]tlog.Hash
}

func (w *walk) find(kind FindingKind, from, to uint64, what string) {
	w.report.Findings = append(w.report.Findings, Finding{kind, from, to, what})
}

func (w *walk) openCheckpoints() {
	roots := map[uint64]tlog.Hash{}
	w.report.others = extents{}
	for _, f := range w.v.Checkpoints {
		c, err := OpenCheckpoint(f.Text, w.v.Keys)
		if err == nil && c.Instance != w.v.Instance {
			err = errors.New("it is of another instance")
		}
		if err != nil {
			w.report.BadCheckpoints = append(w.report.BadCheckpoints, fmt.Sprintf("%s: %v", f.Name, err))
			continue
		}
		if root, ok := roots[c.Size]; ok {
			if root != c.Root {
				w.report.BadCheckpoints = append(w.report.BadCheckpoints, f.Name+": another checkpoint of the same size has another root")
			}
			continue
		}
		roots[c.Size] = c.Root
		w.report.others.add(c.Others)
		w.due = append(w.due, c)
	}
	sort.Slice(w.due, func(i, j int) bool { return w.due[i].Size < w.due[j].Size })
	w.report.Checkpoints = len(w.due)
	if n := len(w.due); n > 0 {
		w.report.Signed = w.due[n-1].Size
	}
	w.reach()
}

// records walks the log. Where the log itself says that a record is corrupt, it
// goes on behind it.
func (w *walk) records(ctx context.Context) error {
	for w.next < w.total && len(w.report.Findings) < maxFindings {
		err := w.v.Log.Read(ctx, w.next, func(n uint64, record []byte) bool {
			w.record(record)
			return w.next < w.total && len(w.report.Findings) < maxFindings
		})
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, driver.ErrCorrupt):
			return err
		}
		w.find(Altered, w.next, w.next+1, "the log's own checksum does not hold")
		w.blind = true
		w.step()
	}
	return nil
}

func (w *walk) record(record []byte) {
	leaf, err := leafOf(record)
	switch {
	case err != nil:
		w.find(Altered, w.next, w.next+1, err.Error())
		w.faulty = true
		w.blind = w.blind || len(record) <= formAt
	case isRetired(record):
		w.report.Retired++
	}
	if !w.blind {
		if block, done := w.tree.add(leaf); done {
			if w.blocks == nil {
				w.blocks = map[uint64]tlog.Hash{}
			}
			w.blocks[w.next/blockSize] = block
		}
	}
	w.step()
}

func (w *walk) step() {
	w.next++
	w.reach()
	if w.v.Progress != nil && (w.next%blockSize == 0 || w.next == w.total) {
		w.v.Progress(w.next, w.total)
	}
}

// reach compares with the checkpoints of this size and goes on from their edge.
func (w *walk) reach() {
	for len(w.due) > 0 && w.due[0].Size == w.next {
		c := w.due[0]
		w.due = w.due[1:]
		if !w.blind && !w.faulty && w.tree.root() != c.Root {
			from, to := w.narrow(c)
			w.find(Rewritten, from, to, "an event here was replaced, moved or removed; each holds in itself, but together they do not give the signed root")
		}
		w.tree, w.blind, w.faulty, w.since = c.tree, false, false, c.Size
		clear(w.blocks)
	}
}

// narrow returns where between the last checkpoint and c the change lies, by the
// derived hashes, if those are at hand and fit c.
func (w *walk) narrow(c *Checkpoint) (from, to uint64) {
	from, to = w.since, c.Size
	if w.v.Derived == "" {
		return from, to
	}
	signed := readBlocks(hashesFile(w.v.Derived, w.v.Instance), c.Size/blockSize)
	if !fits(signed, c.tree) {
		return from, to
	}
	for n := from / blockSize; n < c.Size/blockSize; n++ {
		if w.blocks[n] != signed[n] {
			return max(from, n*blockSize), min(to, (n+1)*blockSize)
		}
	}
	return max(from, c.Size/blockSize*blockSize), to
}

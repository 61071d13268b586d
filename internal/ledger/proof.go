package ledger

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// Proof shows that an event is in the log that a checkpoint signs for.
type Proof struct {
	Instance   string // whose log
	Seq        uint64
	Leaf       tlog.Hash        // the event's hash in the tree; see record.go for how it is made
	Data       []byte           // what was hashed after the leading 0: mark, salt, payload; nil if it was retired
	Path       tlog.RecordProof // RFC 6962 audit path
	Checkpoint []byte           // the signed note
	Key        string           // the public key that it was signed with, as Key.Public has it
}

// Proof returns the proof of an event of this instance under the newest checkpoint,
// making one if the event is newer. Whose event it is, and who may ask, is not decided
// here.
func (l *Ledger) Proof(ctx context.Context, seq uint64) (Proof, error) {
	if seq >= l.o.Log.Len() {
		return Proof{}, noEvent()
	}
	c := l.last.Load()
	if seq >= c.Size || !l.signedNow(c) {
		var err error
		if c, err = l.Checkpoint(ctx); err != nil {
			return Proof{}, fmt.Errorf("ledger: proof: %w", err)
		}
	}
	r, err := l.reader(ctx)
	if err != nil {
		return Proof{}, fmt.Errorf("ledger: proof of event %d: %w", seq, err)
	}
	return r.prove(ctx, c, l.o.Key.Public, seq)
}

// signedNow reports whether a checkpoint was signed with the key that signs now, which
// is the one that a proof names: after a change of keys the newest may still be of the
// key before.
func (l *Ledger) signedNow(c *Checkpoint) bool {
	_, err := note.Open(c.Note, note.VerifierList(l.o.Key.Verifier))
	return err == nil
}

func noEvent() error { return errs.New(errs.NotFound, "there is no event of that number") }

// prove makes the proof of an event under a checkpoint.
func (r *reader) prove(ctx context.Context, c *Checkpoint, key string, seq uint64) (Proof, error) {
	p := Proof{Instance: r.part.Instance, Seq: seq, Checkpoint: c.Note, Key: key}
	var bad error
	err := r.part.Log.Read(ctx, seq, func(_ uint64, record []byte) bool {
		if p.Leaf, bad = leafOf(record); bad == nil && !isRetired(record) {
			p.Data = append([]byte(nil), record[formAt+1:]...)
		}
		return false
	})
	if err == nil {
		err = bad
	}
	if err == nil {
		p.Path, err = tlog.ProveRecord(int64(c.Size), int64(seq), r)
	}
	if err == nil {
		err = tlog.CheckRecord(p.Path, int64(c.Size), c.Root, int64(seq), p.Leaf)
	}
	if err != nil {
		return Proof{}, fmt.Errorf("ledger: proof of event %d: %w", seq, err)
	}
	return p, nil
}

// Check verifies a proof with nothing but the ledger's public key, and returns the
// event; false if its payload was retired.
func (p Proof) Check(keys note.Verifiers) (e Event, ok bool, err error) {
	c, err := OpenCheckpoint(p.Checkpoint, keys)
	if err != nil {
		return e, false, err
	}
	if p.Data != nil {
		record := append(append(p.Leaf[:], whole), p.Data...)
		if _, err := leafOf(record); err != nil {
			return e, false, err
		}
		if e, err = decodeEvent(record[eventAt:]); err != nil {
			return e, false, err
		}
	}
	if p.Seq >= c.Size {
		return e, false, fmt.Errorf("the checkpoint ends before event %d", p.Seq)
	}
	if err := tlog.CheckRecord(p.Path, int64(c.Size), c.Root, int64(p.Seq), p.Leaf); err != nil {
		return e, false, err
	}
	return e, p.Data != nil, nil
}

// Consistency proves that the log of oldSize events is the beginning of the log of
// newSize events: tlog.CheckTree verifies it against the roots of two checkpoints.
func (l *Ledger) Consistency(ctx context.Context, oldSize, newSize uint64) (tlog.TreeProof, error) {
	if oldSize == 0 || oldSize > newSize || newSize > l.o.Log.Len() {
		return nil, errs.New(errs.Invalid, "sizes must be ascending, at least 1 and at most the ledger's length")
	}
	l.mu.Lock()
	err := l.settleLocked(ctx)
	l.mu.Unlock()
	var r *reader
	if err == nil {
		r, err = l.reader(ctx)
	}
	var p tlog.TreeProof
	if err == nil {
		p, err = tlog.ProveTree(int64(newSize), int64(oldSize), r)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: consistency: %w", err)
	}
	return p, nil
}

// A reader computes the hashes that one proof asks for.
type reader struct {
	ctx    context.Context
	part   Part
	blocks []tlog.Hash
	leaves map[uint64][]tlog.Hash // of the blocks read so far
}

func (l *Ledger) reader(ctx context.Context) (*reader, error) {
	select {
	case <-l.derived:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if l.badBlock != nil {
		return nil, l.badBlock
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return &reader{ctx: ctx, part: l.part(), blocks: l.blocks, leaves: map[uint64][]tlog.Hash{}}, nil
}

// ReadHashes implements tlog.HashReader: complete subtrees only, which is all that
// proofs ask for.
func (r *reader) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, index := range at {
		level, n := tlog.SplitStoredHashIndex(index)
		from, to := uint64(n)<<level, uint64(n+1)<<level // the leaves below it
		if level >= blockLevel {
			from, to = from/blockSize, to/blockSize
			if to > uint64(len(r.blocks)) {
				return nil, fmt.Errorf("no block %d", to)
			}
			out[i] = fold(r.blocks[from:to])
			continue
		}
		leaves, err := r.block(from / blockSize)
		if err != nil {
			return nil, err
		}
		from, to = from%blockSize, (to-1)%blockSize+1
		if to > uint64(len(leaves)) {
			return nil, fmt.Errorf("no event %d", to)
		}
		out[i] = fold(leaves[from:to])
	}
	return out, nil
}

// block returns the leaves of a block, as many as there are.
func (r *reader) block(n uint64) ([]tlog.Hash, error) {
	if leaves, ok := r.leaves[n]; ok {
		return leaves, nil
	}
	from := n * blockSize
	to := min(from+blockSize, r.part.Log.Len())
	var leaves []tlog.Hash
	err := r.part.eachLeaf(r.ctx, from, to, func(h tlog.Hash) { leaves = append(leaves, h) })
	r.leaves[n] = leaves
	return leaves, err
}

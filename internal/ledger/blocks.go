package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// A proof needs hashes from all over the tree. Kept are only the roots of
// complete blocks of 4,096 events, in memory and in a file (32 bytes a block:
// 8 KB for a million events); what lies below is computed from the block's own
// records, what lies above from the blocks. Append pays nothing for it, a proof
// reads two blocks. The file is derived: it is compared with the signed right edge
// when read, and computed again from the log when it does not fit.
const (
	blockLevel = 12
	blockSize  = 1 << blockLevel
)

func hashesFile(folder, instance string) string {
	return filepath.Join(folder, LogName(instance)+".hashes")
}

// readBlocks returns at most the first n blocks of a file; fewer if it has fewer.
func readBlocks(file string, n uint64) []tlog.Hash {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	n = min(n, uint64(len(raw)/tlog.HashSize))
	blocks := make([]tlog.Hash, n)
	for i := range blocks {
		copy(blocks[i][:], raw[i*tlog.HashSize:])
	}
	return blocks
}

// loadBlocks completes l.blocks, which replaying filled from base on. What the
// file does not have is computed in the background.
func (l *Ledger) loadBlocks(ctx context.Context, base tree) {
	need := int(base.size / blockSize)
	var blocks []tlog.Hash
	if l.o.Derived != "" {
		blocks = readBlocks(hashesFile(l.o.Derived, l.o.Instance), uint64(need))
	}
	if fits(blocks, base) {
		l.blocks = append(blocks, l.blocks...)
		l.saved = need
		close(l.derived)
		return
	}
	// The place of those to come is kept, so that new blocks find theirs.
	l.blocks = append(make([]tlog.Hash, need), l.blocks...)
	l.running.Go(func() {
		defer close(l.derived)
		l.badBlock = l.deriveBlocks(ctx, need, base)
	})
}

func (l *Ledger) deriveBlocks(ctx context.Context, need int, base tree) error {
	var t tree
	blocks := make([]tlog.Hash, 0, need)
	err := l.part().eachLeaf(ctx, 0, uint64(need)*blockSize, func(leaf tlog.Hash) {
		if block, done := t.add(leaf); done {
			blocks = append(blocks, block)
		}
	})
	if err != nil {
		return err
	}
	if !fits(blocks, base) {
		return errors.New("ledger: the log does not give its signed root; find out with `dcr ledger verify`")
	}
	l.mu.Lock()
	copy(l.blocks, blocks)
	l.mu.Unlock()
	return nil
}

// fits reports whether blocks are those of the tree, by its right edge.
func fits(blocks []tlog.Hash, t tree) bool {
	if uint64(len(blocks)) != t.size/blockSize {
		return false
	}
	var upper tree
	for _, b := range blocks {
		upper.add(b)
	}
	for k := range 64 - blockLevel {
		if upper.size>>k&1 == 1 && upper.edge[k] != t.edge[k+blockLevel] {
			return false
		}
	}
	return true
}

// saveBlocks adds the blocks that the file does not have yet. A failure costs
// time at the next start, no more.
func (l *Ledger) saveBlocks() {
	select {
	case <-l.derived:
	default:
		return
	}
	l.mu.Lock()
	blocks := l.blocks
	l.mu.Unlock()
	if l.o.Derived == "" || l.badBlock != nil || l.saved >= len(blocks) {
		return
	}
	err := os.MkdirAll(l.o.Derived, 0o700)
	var f *os.File
	if err == nil {
		f, err = os.OpenFile(hashesFile(l.o.Derived, l.o.Instance), os.O_CREATE|os.O_WRONLY, 0o600)
	}
	if err != nil {
		l.o.Logger.Warn("ledger hashes not saved", "error", err)
		return
	}
	var raw []byte
	for i := l.saved; i < len(blocks); i++ {
		raw = append(raw, blocks[i][:]...)
	}
	_, err = f.WriteAt(raw, int64(l.saved)*tlog.HashSize)
	if err = errors.Join(err, f.Close()); err != nil {
		l.o.Logger.Warn("ledger hashes not saved", "error", err)
		return
	}
	l.saved = len(blocks)
}

// eachLeaf visits the leaves from..to as the records state them.
func (p Part) eachLeaf(ctx context.Context, from, to uint64, visit func(tlog.Hash)) error {
	if from >= to {
		return nil
	}
	next, bad := from, error(nil)
	err := p.Log.Read(ctx, from, func(n uint64, record []byte) bool {
		if n >= to {
			return false
		}
		if len(record) <= formAt {
			bad = fmt.Errorf("event %d: %w", n, errShort)
			return false
		}
		visit(tlog.Hash(record[:formAt]))
		next++
		return next < to
	})
	if err == nil {
		err = bad
	}
	if err == nil && next < to {
		err = fmt.Errorf("the log ends at event %d", next)
	}
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

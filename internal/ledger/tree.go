package ledger

import (
	"crypto/sha256"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// A tree is a Merkle tree (RFC 6962) of which only the right edge is kept: for
// each bit of its size, the root of the complete subtree that the bit stands for.
// That is enough to add leaves and to give the root.
type tree struct {
	size uint64
	edge [64]tlog.Hash // edge[k] counts if bit k of size is set
}

// add adds a leaf. When that completes a block of 2^blockLevel leaves, it returns
// the block's root and true.
func (t *tree) add(h tlog.Hash) (block tlog.Hash, done bool) {
	k := 0
	for ; t.size>>k&1 == 1; k++ {
		h = nodeHash(&t.edge[k], &h)
		if k+1 == blockLevel {
			block, done = h, true
		}
	}
	t.edge[k] = h
	t.size++
	return block, done
}

func (t *tree) root() tlog.Hash {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	k := bits.TrailingZeros64(t.size)
	h := t.edge[k]
	for k++; k < 64; k++ {
		if t.size>>k&1 == 1 {
			h = nodeHash(&t.edge[k], &h)
		}
	}
	return h
}

// hashes returns the right edge, largest subtree first.
func (t *tree) hashes() []tlog.Hash {
	var out []tlog.Hash
	for k := 63; k >= 0; k-- {
		if t.size>>k&1 == 1 {
			out = append(out, t.edge[k])
		}
	}
	return out
}

// treeOf is the inverse of hashes; false if there are not as many as the size asks.
func treeOf(size uint64, hashes []tlog.Hash) (t tree, ok bool) {
	if bits.OnesCount64(size) != len(hashes) {
		return t, false
	}
	t.size = size
	for k := 63; k >= 0; k-- {
		if size>>k&1 == 1 {
			t.edge[k], hashes = hashes[0], hashes[1:]
		}
	}
	return t, true
}

// fold returns the root of a complete subtree; the number of hashes is a power
// of two.
func fold(hashes []tlog.Hash) tlog.Hash {
	var t tree
	for _, h := range hashes {
		t.add(h)
	}
	return t.edge[bits.TrailingZeros64(t.size)]
}

// nodeHash is tlog.NodeHash without its allocations.
func nodeHash(left, right *tlog.Hash) tlog.Hash {
	var b [1 + 2*tlog.HashSize]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+tlog.HashSize:], right[:])
	return sha256.Sum256(b[:])
}

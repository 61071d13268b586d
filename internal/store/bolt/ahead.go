package bolt

import (
	"bytes"
	"encoding/binary"
	"os"
	"sort"
	"unsafe"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

const (
	aheadLeast = 4   // leaves from which looking is worth it
	aheadMost  = 256 // leaves that are asked for at once
	aheadLook  = 512 // branches that are looked at for them; a damaged file may have rings
)

// ahead has the pages of a long scan read side by side, if they are not in memory. A
// cursor meets them one after the other, and the thread waits for each, which the
// scheduler does not know of: two such scans and a small machine does nothing else.
//
// It finds the pages in the branches above them, in a mapping of its own. These are
// bbolt's pages, in the machine's byte order: a header of 16 bytes (id 8, flags 2,
// count 2, overflow 4), then for each child 16 bytes (where its key is from here 4, the
// key's length 4, page 8). What does not look like that is left alone.
type ahead struct {
	data []byte // the file, mapped; bytes behind its end must not be touched
	page uint64 // bytes of one
}

const (
	headerLen  = 16
	childLen   = 16
	branchFlag = 1
)

// openAhead maps the data file. Without address space for it, nothing is read ahead.
func openAhead(db *bbolt.DB) (*ahead, error) {
	f, err := os.Open(db.Path())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := unix.Mmap(int(f.Fd()), 0, mapSize, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_NORESERVE)
	if err != nil {
		return &ahead{}, nil
	}
	// Branches are met one at a time, from anywhere.
	return &ahead{data: data, page: uint64(db.Info().PageSize)}, unix.Madvise(data, unix.MADV_RANDOM)
}

func (a *ahead) close() error {
	if a.data == nil {
		return nil
	}
	return unix.Munmap(a.data)
}

// scan is told what a scan of a bucket is about to read: the keys from lo up to hi, nil
// for no end, and so many documents, 0 for all. room is for the list of leaves, which
// it returns.
func (a *ahead) scan(bucket *bbolt.Bucket, lo, hi []byte, limit int, room []uint64) []uint64 {
	w := walk{data: a.data[:min(bucket.Tx().Size(), int64(len(a.data)))], page: a.page, lo: lo, hi: hi, most: aheadMost, leaves: room[:0]}
	if limit > 0 {
		w.most = min(limit, aheadMost)
	}
	root := uint64(bucket.Root())
	w.children(root, w.depth(root))
	// The last one tells: a part of the range may just have been read, the end least likely.
	if n := len(w.leaves); n >= aheadLeast && a.missing(w.leaves[n-1]) {
		a.ask(w.leaves)
	}
	return w.leaves
}

// ask has the pages read. An error changes nothing: they are read when they are needed.
func (a *ahead) ask(pages []uint64) {
	for len(pages) > 0 {
		n := 1
		for n < len(pages) && pages[n] == pages[0]+uint64(n) {
			n++
		}
		_ = unix.Madvise(a.data[pages[0]*a.page:][:uint64(n)*a.page], unix.MADV_WILLNEED)
		pages = pages[n:]
	}
}

// missing says whether the beginning of a page is not in memory.
func (a *ahead) missing(page uint64) bool {
	var there byte
	_, _, no := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&a.data[page*a.page])), 1, uintptr(unsafe.Pointer(&there)))
	return no == 0 && there&1 == 0
}

// walk goes over the branches of one scan.
type walk struct {
	data   []byte
	page   uint64
	lo, hi []byte
	most   int
	looked int
	leaves []uint64
}

// branch returns the bytes from a page on, and how many children it has: none if it is
// no branch, or enough were looked at.
func (w *walk) branch(id uint64) (b []byte, n int) {
	if w.looked++; w.looked > aheadLook || id < 2 || id >= uint64(len(w.data))/w.page {
		return nil, 0
	}
	b = w.data[id*w.page:]
	if binary.NativeEndian.Uint64(b) != id || binary.NativeEndian.Uint16(b[8:]) != branchFlag {
		return nil, 0
	}
	n = int(binary.NativeEndian.Uint16(b[10:]))
	if len(b) < headerLen+n*childLen {
		return nil, 0
	}
	return b, n
}

// child returns the first key and the page of a child.
func child(b []byte, i int) (key []byte, page uint64) {
	e := b[headerLen+i*childLen:]
	at, n := uint64(binary.NativeEndian.Uint32(e)), uint64(binary.NativeEndian.Uint32(e[4:]))
	if at+n > uint64(len(e)) {
		return nil, 0
	}
	return e[at : at+n], binary.NativeEndian.Uint64(e[8:])
}

// first is the child in which lo is, or would be.
func (w *walk) first(b []byte, n int) int {
	return max(0, sort.Search(n, func(i int) bool { key, _ := child(b, i); return bytes.Compare(key, w.lo) > 0 })-1)
}

// depth tells how many branches are above the leaf of lo, as above every leaf.
func (w *walk) depth(id uint64) (d int) {
	for b, n := w.branch(id); n > 0; b, n = w.branch(id) {
		_, id = child(b, w.first(b, n))
		d++
	}
	return d
}

// children lists the leaves below a branch that is so high above them.
func (w *walk) children(id uint64, height int) {
	b, n := w.branch(id)
	if n == 0 || height == 0 {
		return
	}
	first := w.first(b, n)
	for i := first; i < n && len(w.leaves) < w.most; i++ {
		key, page := child(b, i)
		if i > first && w.hi != nil && bytes.Compare(key, w.hi) >= 0 {
			return
		}
		if height > 1 {
			w.children(page, height-1)
		} else if page >= 2 && page < uint64(len(w.data))/w.page {
			w.leaves = append(w.leaves, page)
		}
	}
}

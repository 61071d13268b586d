package bolt

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"go.etcd.io/bbolt"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// The pages that are read ahead are the very leaves that a cursor meets.
func TestAheadFindsTheLeavesOfAScan(t *testing.T) {
	e, err := Open(t.TempDir(), []driver.Spec{{Name: "notes"}}, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	const partitions, each = 40, 60
	for p := range partitions {
		var ops []driver.Op
		for i := range each {
			body := make([]byte, 100+(i*i*37+p*91)%800) // no leaf needs a second page
			ops = append(ops, driver.Op{Kind: driver.Insert, Doc: driver.Doc{Ref: driver.Ref{Collection: "notes", Partition: fmt.Sprint("person ", p), ID: fmt.Sprintf("%03d", i)}, Body: body}})
		}
		if err := e.Commit(t.Context(), ops[0].Doc.Partition, ops); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := e.begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer end(tx)
	docs := tx.Bucket(e.collections["notes"].docs)
	for p := range partitions {
		prefix := driver.AppendString(nil, fmt.Sprint("person ", p))
		for _, from := range []string{"", "000", "030x", "059"} {
			lo, hi := append(slices.Clone(prefix), from...), driver.Successor(prefix)
			want := leavesOf(e, docs, lo, hi)
			got := e.ahead.scan(docs, lo, hi, 0, nil)
			// A scan that begins behind the last key of a leaf does not read that leaf.
			if slices.Equal(got, want) || len(got) == len(want)+1 && slices.Equal(got[1:], want) {
				continue
			}
			t.Errorf("person %d from %q: pages %v, the cursor meets %v", p, from, got, want)
		}
	}
	lo, hi := driver.AppendString(nil, "person 0"), []byte(nil)
	if got, want := e.ahead.scan(docs, lo, hi, 7, nil), leavesOf(e, docs, lo, hi); !slices.Equal(got, want[:7]) {
		t.Errorf("limited to 7: %v, want the first 7 of %v", got, want)
	}
}

// leavesOf is where the values lie that a cursor meets.
func leavesOf(e *Engine, b *bbolt.Bucket, lo, hi []byte) (pages []uint64) {
	info := e.db.Info()
	c := b.Cursor()
	for k, v := c.Seek(lo); k != nil && (hi == nil || string(k) < string(hi)); k, v = c.Next() {
		page := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(v)))-info.Data) / uint64(info.PageSize)
		if len(pages) == 0 || page != pages[len(pages)-1] {
			pages = append(pages, page)
		}
	}
	return pages
}

// Whatever the bytes are, a walk over them ends and stays within them.
func TestAheadSurvivesDamagedBranches(t *testing.T) {
	e, err := Open(t.TempDir(), []driver.Spec{{Name: "notes"}}, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var ops []driver.Op
	for i := range 500 {
		ops = append(ops, driver.Op{Kind: driver.Insert, Doc: driver.Doc{Ref: driver.Ref{Collection: "notes", Partition: "p", ID: fmt.Sprintf("%03d", i)}, Body: make([]byte, 1000)}})
	}
	if err := e.Commit(t.Context(), "p", ops); err != nil {
		t.Fatal(err)
	}
	tx, err := e.begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer end(tx)
	whole := slices.Clone(e.ahead.data[:tx.Size()])
	root := uint64(tx.Bucket(e.collections["notes"].docs).Root())
	page := e.ahead.page
	r := rand.New(rand.NewPCG(1, 2))
	branch := slices.Clone(whole[root*page : (root+1)*page])
	for n := range 20000 {
		damaged := whole[root*page : (root+1)*page]
		copy(damaged, branch)
		for range 1 + r.IntN(8) {
			damaged[r.IntN(len(damaged))] = byte(r.Uint32())
		}
		if n%10 == 0 { // a ring
			binary.NativeEndian.PutUint64(damaged[headerLen+childLen*r.IntN(20)+8:], root)
		}
		w := walk{data: whole, page: page, lo: driver.AppendString(nil, "p"), most: aheadMost}
		w.children(root, w.depth(root))
		for _, leaf := range w.leaves {
			if leaf >= uint64(len(whole))/page {
				t.Fatalf("page %d of %d", leaf, uint64(len(whole))/page)
			}
		}
	}
}

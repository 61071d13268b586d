package feeds

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Messages finish in any order; what is written down never passes one that has
// not finished.
func TestTrackerFinishesInAnyOrder(t *testing.T) {
	tr := newTracker(10)
	order := rand.New(rand.NewPCG(1, 2)).Perm(100)
	finished := map[uint64]bool{}
	for i := range uint64(100) {
		if !tr.begin(10 + i) {
			t.Fatalf("message %d could not be begun", 10+i)
		}
	}
	for _, i := range order {
		seq := uint64(10 + i)
		tr.end(seq, true)
		finished[seq] = true
		next, _ := tr.unsaved(1)
		for s := uint64(10); s < next; s++ {
			if !finished[s] {
				t.Fatalf("finished up to %d, though %d is not", next, s)
			}
		}
	}
	if next, ok := tr.unsaved(100); next != 110 || !ok {
		t.Errorf("unsaved = %d, %v; want 110, true", next, ok)
	}
	tr.wrote(110)
	if _, ok := tr.unsaved(1); ok {
		t.Error("unsaved after it was written")
	}
	if tr.begin(50) {
		t.Error("a finished message could be begun again")
	}
}

// A message that nobody works on is taken up by the second look, so that one whose
// appending is just returning is left to its receiver.
func TestTrackerFindsTheAbandoned(t *testing.T) {
	tr := newTracker(0)
	tr.begin(0)
	tr.begin(1)
	tr.end(0, false) // its applying failed
	tr.begin(3)
	tr.end(3, true)
	// 1 is being worked on; 2 was appended, though its appending seemed to fail.
	if got := tr.abandoned(4, 10); got != nil {
		t.Errorf("first look found %v", got)
	}
	if diff := cmp.Diff([]uint64{0, 2}, tr.abandoned(4, 10)); diff != "" {
		t.Error(diff)
	}
}

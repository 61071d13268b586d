package bolt_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Whoever waits for a commit is told when their time is up that it does not come, and
// what had not been begun by then never happens. The clock, which the committer asks
// before it writes, stands for the disk.
func TestCommitGivesUpWhenTheDiskHangs(t *testing.T) {
	var gate sync.RWMutex
	e, err := bolt.Open(t.TempDir(), testSpecs, bolt.Options{NoSync: true, Now: func() time.Time {
		gate.RLock()
		defer gate.RUnlock()
		return time.Now()
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	gate.Lock()
	for _, id := range []string{"being written", "waiting", "waiting too"} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		err := e.Commit(ctx, "p", []driver.Op{insert("p", id, nil)})
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want %v", id, err, context.DeadlineExceeded)
		}
	}
	gate.Unlock()
	if err := e.Commit(t.Context(), "p", []driver.Op{insert("p", "after", nil)}); err != nil {
		t.Fatal(err)
	}
	if n := count(t, e, "p"); n != 1 {
		t.Errorf("%d documents, want the last alone: the callers of the others had gone before anything was written", n)
	}
}

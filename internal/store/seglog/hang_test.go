package seglog

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// gated is a file whose syncs wait while somebody holds the gate.
type gated struct {
	osFile
	gate *sync.RWMutex
}

func (f gated) Datasync() error {
	f.gate.RLock()
	defer f.gate.RUnlock()
	return f.osFile.Datasync()
}

// Whoever waits for a disk that does not answer is told so when their time is up;
// also those who have not got as far as the committer. When it answers, what was
// being written is there or not, what had not been begun is not, and the log goes on.
func TestAppendGivesUpWhenTheDiskHangs(t *testing.T) {
	var gate sync.RWMutex
	l, err := Open(filepath.Join(t.TempDir(), "log"), Options{openFile: func(path string, flag int) (osFile, error) {
		f, err := openReal(path, flag)
		return gated{f, &gate}, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	fill(t, l, 10)
	gate.Lock()
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		_, err := l.Append(ctx, record(10))
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want %v", err, context.DeadlineExceeded)
		}
	}
	if n := l.Len(); n != 10 {
		t.Errorf("%d records count, of which 10 are durable", n)
	}
	gate.Unlock()
	if _, err := l.Append(t.Context()); err != nil { // in the queue behind all of them
		t.Fatal(err)
	}
	fill(t, l, 20)
	holds(t, l, 20)
}

package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

var testSpecs = []driver.Spec{{Name: "plain"}}

// reopen opens a store of one plain collection that goes with the test.
func reopen(t *testing.T, dir string) *bolt.Engine {
	t.Helper()
	e, err := bolt.Open(dir, testSpecs, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func insert(partition, id string, body []byte) driver.Op {
	return driver.Op{Kind: driver.Insert, Doc: driver.Doc{Ref: driver.Ref{Collection: "plain", Partition: partition, ID: id}, Body: body}}
}

func count(t *testing.T, e *bolt.Engine, partition string) int {
	t.Helper()
	return countIn(t, e, partition, "", "")
}

func countLike(t *testing.T, e *bolt.Engine, prefix, suffix string) int {
	t.Helper()
	return countIn(t, e, "p", prefix, suffix)
}

func countIn(t *testing.T, e *bolt.Engine, partition, prefix, suffix string) (n int) {
	t.Helper()
	_, err := e.Find(t.Context(), driver.Query{Collection: "plain", Partition: partition}, func(d *driver.Doc) bool {
		if strings.HasPrefix(d.ID, prefix) && strings.HasSuffix(d.ID, suffix) {
			n++
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// damage replaces bytes in a file by others of the same length.
func damage(t *testing.T, path, old, new string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(b, []byte(old)) || len(old) != len(new) {
		t.Fatalf("%q is not in %s: %v", old, path, err)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(b, []byte(old), []byte(new)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestBackupWhileWriting has a writer that appends a record and then commits a document
// that refers to it: in the copy no document refers to a record that is not there.
func TestBackupWhileWriting(t *testing.T) {
	e := reopen(t, t.TempDir())
	l, err := e.Log(t.Context(), "inbox")
	if err != nil {
		t.Fatal(err)
	}
	var stop atomic.Bool
	var acked atomic.Int64
	done := make(chan error)
	go func() { done <- writeReferring(e, l, &stop, &acked) }()
	for acked.Load() < 20 {
		count(t, e, "p")
	}
	before := acked.Load()
	var copied bytes.Buffer
	told := int64(0)
	err = e.Backup(t.Context(), &copied, func(done, total int64) {
		if done < told || done > total {
			t.Errorf("progress %d after %d, of %d", done, told, total)
		}
		told = done
	})
	stop.Store(true)
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "restored")
	if err := bolt.Restore(&copied, dir); err != nil {
		t.Fatal(err)
	}
	r := reopen(t, dir)
	if err := r.Check(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	log, err := r.Log(t.Context(), "inbox")
	if err != nil {
		t.Fatal(err)
	}
	n := count(t, r, "p")
	if int64(n) < before || log.Len() < uint64(n) {
		t.Errorf("%d documents and %d records; %d were acknowledged before", n, log.Len(), before)
	}
	if err := bolt.Restore(&bytes.Buffer{}, dir); err == nil {
		t.Error("restored over a store")
	}
}

func writeReferring(e *bolt.Engine, l driver.Log, stop *atomic.Bool, acked *atomic.Int64) error {
	for !stop.Load() {
		n, err := l.Append(context.Background(), []byte("message"))
		if err != nil {
			return err
		}
		if err := e.Commit(context.Background(), "p", []driver.Op{insert("p", fmt.Sprintf("%08d", n), nil)}); err != nil {
			return err
		}
		acked.Add(1)
	}
	return nil
}

func TestRestoreRefuses(t *testing.T) {
	e := reopen(t, t.TempDir())
	l, err := e.Log(t.Context(), "log")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), []byte("a record that can be found")); err != nil {
		t.Fatal(err)
	}
	if err := e.Commit(t.Context(), "p", []driver.Op{insert("p", "a", []byte("a body that can be found"))}); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := e.Backup(t.Context(), &b, nil); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	tests := map[string][]byte{
		"nothing":           nil,
		"rubbish":           []byte("rubbish"),
		"cut in the middle": whole[:len(whole)/2],
		"cut at the end":    whole[:len(whole)-3000],
		"a flipped record":  bytes.Replace(whole, []byte("a record that"), []byte("A record that"), 1),
		"a flipped body":    bytes.Replace(whole, []byte("a body that"), []byte("A body that"), 1),
		"a file elsewhere":  bytes.Replace(whole, []byte("logs/log/0"), []byte("logs/../.0"), 1),
	}
	for name, stream := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := bolt.Restore(bytes.NewReader(stream), dir); !errors.Is(err, driver.ErrCorrupt) {
				t.Errorf("%v, want %v", err, driver.ErrCorrupt)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("it left %v", left)
			}
		})
	}
	if err := bolt.Restore(bytes.NewReader(whole), t.TempDir()); err != nil {
		t.Error(err)
	}
}

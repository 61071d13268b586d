package seglog

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func open(t *testing.T, dir string, o Options) *Log {
	t.Helper()
	l, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func shut(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// record is what the tests append at a number.
func record(n uint64) []byte {
	return fmt.Appendf(nil, "record %d %s", n, bytes.Repeat([]byte("."), int(n%50)))
}

// fill appends records up to a length, some at a time.
func fill(t *testing.T, l *Log, to uint64) {
	t.Helper()
	for l.Len() < to {
		var recs [][]byte
		for n := l.Len(); n < min(l.Len()+5, to); n++ {
			recs = append(recs, record(n))
		}
		if first, err := l.Append(t.Context(), recs...); err != nil || first+uint64(len(recs)) != l.Len() {
			t.Fatalf("append at %d: %v", first, err)
		}
	}
}

// holds expects exactly the records below a length, read from every tenth on.
func holds(t *testing.T, l *Log, length uint64) {
	t.Helper()
	if l.Len() != length {
		t.Fatalf("%d records, want %d", l.Len(), length)
	}
	for from := uint64(0); from < max(length, 1); from += 10 {
		next := from
		err := l.Read(t.Context(), from, func(n uint64, rec []byte) bool {
			if n != next || !bytes.Equal(rec, record(n)) {
				t.Fatalf("record %d is %q, want number %d", n, rec, next)
			}
			next++
			return true
		})
		if err != nil || next != length {
			t.Fatalf("read from %d to %d: %v", from, next, err)
		}
	}
	if err := l.Check(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// segments returns the paths of a log's segment files.
func segments(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("segments %v, %v", paths, err)
	}
	return paths
}

func last(paths []string) string { return paths[len(paths)-1] }

func TestSegmentsAndReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	for _, length := range []uint64{0, 1, 100, 333, 1000} {
		l := open(t, dir, Options{SegmentSize: 4096})
		fill(t, l, length)
		holds(t, l, length)
		shut(t, l)
	}
	if n := len(segments(t, dir)); n < 10 {
		t.Errorf("%d segments", n)
	}
	t.Run("indexes are rebuilt", func(t *testing.T) {
		indexes, _ := filepath.Glob(filepath.Join(dir, "*.idx"))
		for i, path := range indexes {
			if i%2 == 0 {
				os.Remove(path)
			} else {
				flip(t, path, int64(i*5)%40)
			}
		}
		holds(t, open(t, dir, Options{SegmentSize: 4096}), 1000)
	})
}

// TestManySegments has more than are kept in memory, of several sizes.
func TestManySegments(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	for i, size := range []int64{1 << 20, 400, 1 << 14} {
		l := open(t, dir, Options{SegmentSize: size})
		fill(t, l, uint64(i+1)*700)
		holds(t, l, uint64(i+1)*700)
		shut(t, l)
	}
}

func TestReadWhileAppending(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "log"), Options{SegmentSize: 8192})
	done := make(chan struct{})
	go func() {
		defer close(done)
		fill(t, l, 2000)
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		n, from := l.Len(), l.Len()*2/3
		seen := from
		err := l.Read(t.Context(), from, func(_ uint64, rec []byte) bool {
			if !bytes.Equal(rec, record(seen)) {
				t.Errorf("record %d is %q", seen, rec)
			}
			seen++
			return true
		})
		if err != nil || seen < n {
			t.Fatalf("read %d to %d of %d: %v", from, seen, n, err)
		}
	}
	holds(t, l, 2000)
}

func TestNoteIsKeptUp(t *testing.T) {
	dir, noted := filepath.Join(t.TempDir(), "log"), uint64(0)
	l := open(t, dir, Options{})
	recs := make([][]byte, noteEvery)
	for i := range recs {
		recs[i] = record(uint64(i))
	}
	for range 3 {
		if _, err := l.Append(t.Context(), recs...); err != nil {
			t.Fatal(err)
		}
	}
	shut(t, l)
	o := Options{}.withDefaults()
	n, err := openNote(dir+".len", &o)
	if err != nil {
		t.Fatal(err)
	}
	defer n.file.Close()
	if noted = n.at; noted != 3*noteEvery {
		t.Errorf("the note says %d", noted)
	}
}

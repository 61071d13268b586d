package seglog

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
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

// flip turns one bit of a file; a negative offset counts from the end.
func flip(t *testing.T, path string, offset int64) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if offset < 0 {
		offset += int64(len(b))
	}
	b[offset] ^= 0x10
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// crashed makes a log of 100 records as a killed process leaves it: not closed, so the
// note of its length is old. It returns the folder and where the records end.
func crashed(t *testing.T) (dir string, end int64) {
	t.Helper()
	from := filepath.Join(t.TempDir(), "log")
	l := open(t, from, Options{})
	fill(t, l, 100)
	l.mu.RLock()
	end = l.segments[0].end
	l.mu.RUnlock()
	dir = filepath.Join(t.TempDir(), "log")
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return dir, end
}

func TestTornTail(t *testing.T) {
	lastRecord := int64(recHeaderLen + len(record(99)))
	// The last append held five records.
	lastBatch := int64(0)
	for n := uint64(95); n < 100; n++ {
		lastBatch += recHeaderLen + int64(len(record(n)))
	}
	tests := map[string]struct {
		tear func(b []byte, end int64) []byte
		want uint64
	}{
		"nothing":                          {func(b []byte, end int64) []byte { return b }, 100},
		"cut in the last payload":          {func(b []byte, end int64) []byte { return b[:end-1] }, 99},
		"cut in the last header":           {func(b []byte, end int64) []byte { return b[:end-lastRecord+5] }, 99},
		"cut between records":              {func(b []byte, end int64) []byte { return b[:end-lastRecord] }, 99},
		"zeros for the last payload":       {func(b []byte, end int64) []byte { clear(b[end-10:]); return b }, 99},
		"first page of a batch not there":  {func(b []byte, end int64) []byte { clear(b[end-lastBatch : end-lastBatch+30]); return b }, 95},
		"a middle page of a batch missing": {func(b []byte, end int64) []byte { clear(b[end-lastBatch+80 : end-lastBatch+100]); return b }, 96},
		"rubbish behind":                   {func(b []byte, end int64) []byte { return append(b[:end], "rubbish that was being written"...) }, 100},
		"rubbish in the zeros":             {func(b []byte, end int64) []byte { copy(b[end+3:], "rubbish"); return b }, 100},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir, end := crashed(t)
			path := segments(t, dir)[0]
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, tt.tear(b, end), 0o600); err != nil {
				t.Fatal(err)
			}
			l := open(t, dir, Options{})
			holds(t, l, tt.want)
			fill(t, l, 150)
			shut(t, l)
			holds(t, open(t, dir, Options{}), 150)
		})
	}
}

func TestDamageIsNotATornTail(t *testing.T) {
	dir, end := crashed(t)
	flip(t, segments(t, dir)[0], end/2)
	before, _ := os.ReadFile(segments(t, dir)[0])
	if _, err := Open(dir, Options{}); !errors.Is(err, driver.ErrCorrupt) {
		t.Fatalf("%v, want %v", err, driver.ErrCorrupt)
	}
	if after, _ := os.ReadFile(segments(t, dir)[0]); !bytes.Equal(before, after) {
		t.Error("a log that was refused was changed")
	}
}

func TestFlippedBit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	l := open(t, dir, Options{SegmentSize: 4096})
	fill(t, l, 500)
	flipped := segments(t, dir)[2]
	flip(t, flipped, 2000)
	for range 2 { // in the open log, and opened again
		err := l.Read(t.Context(), 0, func(n uint64, rec []byte) bool {
			if !bytes.Equal(rec, record(n)) {
				t.Fatalf("a flipped bit was returned as record %d", n)
			}
			return true
		})
		if !errors.Is(err, driver.ErrCorrupt) {
			t.Errorf("read: %v", err)
		}
		if err := l.Check(t.Context(), nil); !errors.Is(err, driver.ErrCorrupt) {
			t.Errorf("check: %v", err)
		}
		shut(t, l)
		l = open(t, dir, Options{SegmentSize: 4096})
	}
}

func TestLostTail(t *testing.T) {
	tests := map[string]func(t *testing.T, dir string){
		"the last segment":  func(t *testing.T, dir string) { os.Remove(last(segments(t, dir))) },
		"a middle segment":  func(t *testing.T, dir string) { os.Remove(segments(t, dir)[3]) },
		"the first segment": func(t *testing.T, dir string) { os.Remove(segments(t, dir)[0]) },
		"the last record": func(t *testing.T, dir string) {
			st, _ := os.Stat(last(segments(t, dir)))
			os.Truncate(last(segments(t, dir)), st.Size()-3)
		},
		"the folder": func(t *testing.T, dir string) { os.RemoveAll(dir) },
		"its note":   func(t *testing.T, dir string) { os.WriteFile(dir+".len", []byte("rubbish"), 0o600) },
	}
	for name, lose := range tests {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "log")
			l := open(t, dir, Options{SegmentSize: 4096})
			fill(t, l, 500)
			shut(t, l)
			lose(t, dir)
			if _, err := Open(dir, Options{SegmentSize: 4096}); !errors.Is(err, driver.ErrCorrupt) {
				t.Errorf("%v, want %v", err, driver.ErrCorrupt)
			}
		})
	}
}

func TestDiskFull(t *testing.T) {
	for _, sync := range []bool{false, true} {
		t.Run(fmt.Sprintf("sync fails %v", sync), func(t *testing.T) {
			var disk faults
			dir := filepath.Join(t.TempDir(), "log")
			l := open(t, dir, disk.options(4096))
			for round := range uint64(8) {
				fill(t, l, (round+1)*37)
				disk.set(int64(round)*11, sync)
				for range 3 {
					_, err := l.Append(t.Context(), bytes.Repeat([]byte("never acknowledged"), 100), []byte("nor this"))
					if !errors.Is(err, driver.ErrUnavailable) {
						t.Fatalf("%v, want %v", err, driver.ErrUnavailable)
					}
				}
				disk.set(-1, false)
				holds(t, l, (round+1)*37)
			}
			fill(t, l, 400)
			holds(t, l, 400)
			shut(t, l)
			holds(t, open(t, dir, disk.options(4096)), 400)
		})
	}
}

// TestFullAtTheEnd leaves the log as it is when the disk fills up, and opens it again.
func TestFullAtTheEnd(t *testing.T) {
	var disk faults
	dir := filepath.Join(t.TempDir(), "log")
	l := open(t, dir, disk.options(1<<20))
	fill(t, l, 50)
	disk.set(100, false)
	if _, err := l.Append(t.Context(), make([]byte, 5000)); !errors.Is(err, driver.ErrUnavailable) {
		t.Fatalf("%v, want %v", err, driver.ErrUnavailable)
	}
	disk.set(-1, false)
	shut(t, l)
	holds(t, open(t, dir, disk.options(1<<20)), 50)
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

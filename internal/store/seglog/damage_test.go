package seglog

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

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

// TestPowerCut has a batch on its way to the disk when the power goes: any of its sectors
// may be there and any not. What was durable before is there, and of the batch no more
// than its first records.
func TestPowerCut(t *testing.T) {
	dir, end := crashed(t)
	path := segments(t, dir)[0]
	durable, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		var batch []byte
		count := rapid.IntRange(1, 60).Draw(rt, "records")
		for i := range count {
			n := uint64(100 + i)
			batch = appendRecord(batch, n, i == 0, record(n))
		}
		// What was written ahead may or may not reach over the batch.
		disk := slices.Concat(durable[:end], make([]byte, rapid.IntRange(0, 2*len(batch)).Draw(rt, "zeros")))
		disk = append(disk, make([]byte, max(0, int(end)+len(batch)-len(disk)))...)
		const sector = 512
		for at := end; at < end+int64(len(batch)); {
			next := min((at/sector+1)*sector, end+int64(len(batch)))
			if rapid.Bool().Draw(rt, "sector") {
				copy(disk[at:next], batch[at-end:next-end])
			}
			at = next
		}
		if err := os.WriteFile(path, disk, 0o600); err != nil {
			rt.Fatal(err)
		}
		l, err := Open(dir, Options{})
		if err != nil {
			rt.Fatal(err)
		}
		defer l.Close()
		got := l.Len()
		if got < 100 || got > 100+uint64(count) {
			rt.Fatalf("%d records", got)
		}
		if err := os.Remove(dir + ".len"); err != nil { // for the next draw; this one's is open
			rt.Fatal(err)
		}
		next := uint64(0)
		err = l.Read(t.Context(), 0, func(n uint64, rec []byte) bool {
			if n != next || !bytes.Equal(rec, record(n)) {
				rt.Fatalf("record %d is %q", n, rec)
			}
			next++
			return true
		})
		if err != nil || next != got {
			rt.Fatalf("read %d of %d: %v", next, got, err)
		}
	})
}

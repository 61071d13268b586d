package ledger

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
	"github.com/dorsetcarerecord/dcr/internal/store/seglog"
)

// onDisk opens the store's folder and the ledger's log in it.
func onDisk(t testing.TB, dir string) (*bolt.Engine, driver.Log) {
	t.Helper()
	return onDiskWith(t, dir, bolt.Options{})
}

func onDiskWith(t testing.TB, dir string, o bolt.Options) (*bolt.Engine, driver.Log) {
	t.Helper()
	e, err := bolt.Open(dir, Specs(), o)
	if err != nil {
		t.Fatal(err)
	}
	log, err := e.Log(context.Background(), LogName("a"))
	if err != nil {
		t.Fatal(err)
	}
	return e, log
}

func TestOnTheStore(t *testing.T) {
	dir := t.TempDir()
	e, log := onDisk(t, dir)
	o := options(t, nil)
	o.Log, o.Docs = log, e
	l := open(t, o)
	var wg sync.WaitGroup
	var next atomic.Int64
	for range 16 {
		wg.Go(func() {
			for i := next.Add(1); i <= 2000; i = next.Add(1) {
				if _, err := l.Append(t.Context(), event(int(i))); err != nil {
					t.Error(err)
					return
				}
				if i == 1000 {
					if _, err := l.Index(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	check := func(l *Ledger) {
		t.Helper()
		var want []uint64
		err := l.Read(t.Context(), 0, func(seq uint64, e Event) bool {
			if e.Person == "p3" {
				want = append(want, seq)
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(want)
		if got := allOf(t, l, "p3", 25); len(got) == 0 || !slices.Equal(got, want) {
			t.Fatalf("got %d accesses, want %d", len(got), len(want))
		}
		if _, err := l.Proof(t.Context(), want[0]); err != nil {
			t.Fatal(err)
		}
	}
	check(l)
	if _, err := l.Index(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(l)
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}

	e, log = onDisk(t, dir)
	o.Log, o.Docs = log, e
	l = open(t, o)
	check(l)
	v := verification(t, log, o)
	r, err := Verify(t.Context(), v)
	if err != nil || !r.OK() || r.Events != 2000 {
		t.Fatalf("got %+v, %v", r, err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAFlippedByteOnDisk changes one byte in the log's own file, as a disk or an
// intruder would: the log's checksum names the event before its hash could.
func TestAFlippedByteOnDisk(t *testing.T) {
	dir := t.TempDir()
	small := bolt.Options{Log: seglog.Options{SegmentSize: 2 << 10}} // so that the event is not in the last segment
	e, log := onDiskWith(t, dir, small)
	o := options(t, nil)
	o.Log = log
	l := open(t, o)
	for i := range 50 {
		ev := event(i)
		ev.Request = fmt.Sprintf("request-%04d", i)
		if _, err := l.Append(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	flip(t, dir, "request-0031")

	e, log = onDiskWith(t, dir, small)
	defer func() { _ = e.Close() }()
	o.Log = log
	if _, err := Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "event 31") {
		t.Errorf("opened, or does not name the event: %v", err)
	}
	r, err := Verify(t.Context(), verification(t, log, o))
	if err != nil || len(r.Findings) != 1 || r.Findings[0].Kind != Altered || r.Findings[0].From != 31 {
		t.Errorf("got %+v, %v; want event 31 altered", r, err)
	}
}

func flip(t *testing.T, dir, text string) {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		at := strings.Index(string(b), text)
		if at < 0 {
			return nil
		}
		found = true
		b[at+len(text)-1] ^= 1
		return os.WriteFile(path, b, 0o600)
	})
	if err != nil || !found {
		t.Fatalf("the event was not found on disk: %v", err)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, appenders := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(appenders), func(b *testing.B) {
			e, log := onDisk(b, b.TempDir())
			defer func() { _ = e.Close() }()
			o := options(b, nil)
			o.Log = log
			l := open(b, o)
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for range appenders {
				wg.Go(func() {
					ev := event(1)
					for next.Add(1) <= int64(b.N) {
						if _, err := l.Append(context.Background(), ev); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkAppendInMemory is what an append costs besides the disk.
func BenchmarkAppendInMemory(b *testing.B) {
	o := options(b, nil)
	o.Log = &voidLog{}
	o.Every = 1 << 40
	l := open(b, o)
	ev := event(1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Append(context.Background(), ev); err != nil {
			b.Fatal(err)
		}
	}
}

// A voidLog numbers records and forgets them.
type voidLog struct{ n atomic.Uint64 }

func (v *voidLog) Append(context.Context, ...[]byte) (uint64, error) { return v.n.Add(1) - 1, nil }
func (v *voidLog) Len() uint64                                       { return v.n.Load() }
func (v *voidLog) Read(context.Context, uint64, func(uint64, []byte) bool) error {
	return nil
}

// million makes a ledger of a million events on the store, closed.
func million(b *testing.B) (dir string, o Options) {
	if testing.Short() {
		b.Skip("writes a million events")
	}
	dir = b.TempDir()
	e, log := onDisk(b, dir)
	o = options(b, nil)
	o.Log = log
	l := open(b, o)
	var wg sync.WaitGroup
	var next atomic.Int64
	for range 256 {
		wg.Go(func() {
			for i := next.Add(1); i <= 1_000_000; i = next.Add(1) {
				if _, err := l.Append(context.Background(), event(int(i))); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	// No Close of the ledger: a crash leaves the longest tail to replay.
	l.stop()
	l.running.Wait()
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
	return dir, o
}

func BenchmarkOpenMillion(b *testing.B) {
	dir, o := million(b)
	e, log := onDisk(b, dir)
	defer func() { _ = e.Close() }()
	o.Log = log
	o.Interval = time.Hour
	reopen := func(b *testing.B) *Ledger {
		l, err := Open(context.Background(), o)
		if err != nil {
			b.Fatal(err)
		}
		return l
	}
	shut := func(l *Ledger) { l.stop(); l.running.Wait() }
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			l := reopen(b)
			b.StopTimer()
			shut(l)
			b.StartTimer()
		}
	})
	b.Run("proof", func(b *testing.B) {
		l := reopen(b)
		defer shut(l)
		for i := uint64(0); b.Loop(); i++ {
			if _, err := l.Proof(context.Background(), i*7919%l.last.Load().Size); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		files, err := Checkpoints(o.Folders[0], "a")
		if err != nil {
			b.Fatal(err)
		}
		v := Verification{Log: log, Instance: "a", Checkpoints: files, Keys: note.VerifierList(o.Key.Verifier)}
		for b.Loop() {
			if r, err := Verify(context.Background(), v); err != nil || !r.OK() {
				b.Fatal(r, err)
			}
		}
	})
}

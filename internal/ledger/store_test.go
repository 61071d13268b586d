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

// many makes a ledger of n events on the store, which then ends without being closed:
// a crash leaves the longest tail to replay.
func many(b testing.TB, n int64, every uint64) (dir string, o Options) {
	b.Helper()
	dir = b.TempDir()
	e, log := onDiskWith(b, dir, bolt.Options{NoSync: true})
	o = options(b, nil)
	o.Log, o.Every = log, every
	l := open(b, o)
	for done := int64(0); done < n; done += int64(every) {
		if done > 0 { // not left to the ledger's own time, which here has hardly any
			if _, err := l.Checkpoint(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		next := atomic.Int64{}
		next.Store(done)
		for range 256 {
			wg.Go(func() {
				for i := next.Add(1); i <= min(n, done+int64(every)); i = next.Add(1) {
					if _, err := l.Append(context.Background(), event(int(i))); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	l.stop()
	l.running.Wait()
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
	return dir, o
}

// A readLog counts the records that are read of it.
type readLog struct {
	driver.Log
	read atomic.Int64
}

func (r *readLog) Read(ctx context.Context, from uint64, visit func(uint64, []byte) bool) error {
	return r.Log.Read(ctx, from, func(n uint64, record []byte) bool {
		r.read.Add(1)
		return visit(n, record)
	})
}

// Opening replays the tail and not the whole: with a million events no more than
// three times those between two checkpoints, which is what lets a start be ready
// within a second (BenchmarkOpenMillion measures it).
func TestOpeningAMillionReplaysTheTail(t *testing.T) {
	n, every := int64(1_000_000), uint64(100_000)
	if testing.Short() {
		n, every = 100_000, 10_000
	}
	dir, o := many(t, n, every)
	e, log := onDisk(t, dir)
	defer func() { _ = e.Close() }()
	counted := &readLog{Log: log}
	o.Log = counted
	l := open(t, o)
	<-l.derived
	if l.Len() != uint64(n) || l.tree.size != uint64(n) {
		t.Fatalf("%d events, %d in the tree", l.Len(), l.tree.size)
	}
	read := counted.read.Load()
	t.Logf("%d of %d events read at the start", read, n)
	if most := 3 * int64(every); read > most {
		t.Errorf("%d events read at the start, at most %d are bounded", read, most)
	}
}

func BenchmarkOpenMillion(b *testing.B) {
	if testing.Short() {
		b.Skip("writes a million events")
	}
	dir, o := many(b, 1_000_000, 100_000)
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

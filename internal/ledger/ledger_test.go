package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// A memLog is a log in memory that tests can tamper with.
type memLog struct {
	mu      sync.Mutex
	records [][]byte
	fail    func(n int) (keep bool, err error) // of the n-th append; nil: none fails
	appends int
}

func (m *memLog) Append(_ context.Context, records ...[]byte) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.appends++
	if m.fail != nil {
		if keep, err := m.fail(m.appends); err != nil {
			if keep {
				m.add(records)
			}
			return 0, err
		}
	}
	return m.add(records), nil
}

func (m *memLog) add(records [][]byte) uint64 {
	first := uint64(len(m.records))
	for _, r := range records {
		m.records = append(m.records, append([]byte(nil), r...))
	}
	return first
}

func (m *memLog) Read(_ context.Context, from uint64, visit func(uint64, []byte) bool) error {
	m.mu.Lock()
	records := m.records
	m.mu.Unlock()
	for n := from; n < uint64(len(records)); n++ {
		if !visit(n, records[n]) {
			return nil
		}
	}
	return nil
}

func (m *memLog) Len() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return uint64(len(m.records))
}

var noon = time.Date(2026, 5, 3, 12, 0, 0, 0, time.UTC)

func testKey(t testing.TB) Key {
	t.Helper()
	secret, err := NewKey("a", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func options(t testing.TB, m *memLog) Options {
	return Options{Log: m, Instance: "a", Key: testKey(t), Folders: []string{t.TempDir()}, Derived: filepath.Join(t.TempDir(), "derived"),
		Interval: time.Hour, Now: func() time.Time { return noon }}
}

func open(t testing.TB, o Options) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(context.Background()) })
	return l
}

func event(i int) *Event {
	return &Event{Time: noon.Add(time.Duration(i) * time.Second), Request: fmt.Sprintf("0197-%08d", i), Kind: identity.Professional,
		Caller: "cis2/5550001", Name: "Dr A", Role: identity.Clinician, Org: "R0D", Client: "ehr-1", Action: access.Read,
		Outcome: access.Allowed, Basis: access.ByAppointment, Person: fmt.Sprintf("p%d", i%7),
		Sections: section.Of(section.Medicines), What: "MedicationRequest"}
}

func add(t testing.TB, l *Ledger, n int) {
	t.Helper()
	for range n {
		if _, err := l.Append(t.Context(), event(int(l.Len()))); err != nil {
			t.Fatal(err)
		}
	}
}

// naiveRoot computes the root as golang.org/x/mod does, from the records alone.
func naiveRoot(t testing.TB, records [][]byte) tlog.Hash {
	t.Helper()
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(at))
		for i, n := range at {
			out[i] = stored[n]
		}
		return out, nil
	})
	for n, r := range records {
		hashes, err := tlog.StoredHashes(int64(n), r[formAt+1:], reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(int64(len(records)), reader)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestConcurrentAppendsAreNumberedAndInTheRoot(t *testing.T) {
	m := &memLog{}
	l := open(t, options(t, m))
	const appenders, each = 16, 400
	got := make([][]uint64, appenders)
	var wg sync.WaitGroup
	for a := range appenders {
		wg.Go(func() {
			for i := range each {
				seq, err := l.Append(t.Context(), event(a*each+i))
				if err != nil {
					t.Error(err)
					return
				}
				got[a] = append(got[a], seq)
			}
		})
	}
	wg.Wait()
	seen := map[uint64]bool{}
	for _, seqs := range got {
		for i, seq := range seqs {
			if seen[seq] || seq >= appenders*each || i > 0 && seq <= seqs[i-1] {
				t.Fatalf("number %d given twice, out of range or out of order", seq)
			}
			seen[seq] = true
		}
	}
	c, err := l.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Size != appenders*each || c.Root != naiveRoot(t, m.records) {
		t.Errorf("checkpoint of %d events does not give the root of the log's records", c.Size)
	}
}

func TestAFailedAppendIsUnavailableAndTheTreeFollowsTheLog(t *testing.T) {
	// Every third append fails, and of these every other one is in the log all the same.
	m := &memLog{fail: func(n int) (bool, error) {
		if n%3 == 0 {
			return n%2 == 0, errors.New("disk full")
		}
		return false, nil
	}}
	l := open(t, options(t, m))
	for i := range 5000 {
		_, err := l.Append(t.Context(), event(i))
		if (i+1)%3 != 0 {
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		if e, ok := errs.As(err); !ok || e.Kind != errs.Unavailable || e.After != 2*time.Second {
			t.Fatalf("got %v, want unavailable for 2 s", err)
		}
	}
	c, err := l.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Size != l.Len() || c.Root != naiveRoot(t, m.records) {
		t.Errorf("checkpoint of %d events, log of %d: not the log's root", c.Size, l.Len())
	}
}

func TestReopening(t *testing.T) {
	m := &memLog{}
	o := options(t, m)
	o.Every = 1000
	l := open(t, o)
	add(t, l, 2500)
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), event(0)); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("append after Close: %v", err)
	}
	l = open(t, o)
	add(t, l, 3000)
	c, err := l.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Root != naiveRoot(t, m.records) {
		t.Error("not the log's root after reopening")
	}
}

func TestOpeningIsRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		tamper func(m *memLog, o *Options)
		want   string
	}{
		{"tail removed", func(m *memLog, _ *Options) { m.records = m.records[:900] }, "the log holds 900 events, but 1000 were signed"},
		{"payload changed", func(m *memLog, _ *Options) { m.records[950][60] ^= 1 }, "event 950: the record does not match its own hash"},
		{"record replaced", func(m *memLog, _ *Options) { m.records[950] = m.records[3] }, "does not give the root that was signed at 1000"},
		{"after the checkpoint", func(m *memLog, _ *Options) { m.records[1010][60] ^= 1 }, "event 1010: the record does not match its own hash"},
		{"checkpoints lost", func(_ *memLog, o *Options) { o.Folders = []string{o.Folders[0] + "/other"} }, "there is no checkpoint"},
		{"an old checkpoint under a new name", func(_ *memLog, o *Options) {
			old, err := os.ReadFile(filepath.Join(o.Folders[0], fileName("a", 0)))
			if err == nil {
				err = os.WriteFile(filepath.Join(o.Folders[0], fileName("a", 1000)), old, 0o600)
			}
			if err != nil {
				panic(err)
			}
		}, "it is not the one that its name says"},
		{"another key", func(_ *memLog, o *Options) { o.Key = testKey(t) }, "its signature does not hold"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &memLog{}
			o := options(t, m)
			l := open(t, o)
			add(t, l, 1000)
			if _, err := l.Checkpoint(t.Context()); err != nil {
				t.Fatal(err)
			}
			add(t, l, 20)
			c.tamper(m, &o)
			_, err := Open(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(strings.ToLower(err.Error()), "dcr") {
				t.Fatalf("got %v, want %q and what to do", err, c.want)
			}
		})
	}
}

func TestAdoptingALogWithoutCheckpoints(t *testing.T) {
	m := &memLog{}
	o := options(t, m)
	add(t, open(t, o), 100)
	o.Folders, o.Adopt = []string{t.TempDir()}, true
	l := open(t, o)
	if c := l.last.Load(); c.Size != 100 || c.Root != naiveRoot(t, m.records) {
		t.Errorf("adopted %d events with the wrong root", c.Size)
	}
}

func TestTheKeyIsMadeOnceAndKeptPrivate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys", "ledger.key")
	first, err := LoadKey(file, "a")
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadKey(file, "a")
	if err != nil || again.Public != first.Public {
		t.Fatalf("another key at the second start: %v", err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	public, err := os.ReadFile(file + ".pub")
	if err != nil || strings.TrimSpace(string(public)) != first.Public {
		t.Errorf("public key %q, %v", public, err)
	}
	const secret = "PRIVATE+KEY+hunter2"
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(file, "a"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a bad key: %v", err)
	}
}

func TestCheckpointsAreThinnedAndFailuresTold(t *testing.T) {
	m := &memLog{}
	o := options(t, m)
	blocked := filepath.Join(t.TempDir(), "away")
	o.Folders = append(o.Folders, blocked)
	l := open(t, o)
	for range 50 {
		add(t, l, 10)
		if _, err := l.Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range o.Folders {
		if sizes, err := sizesIn(folder, "a"); err != nil || len(sizes) != 2 {
			t.Errorf("%s holds %v, %v; want the first and the last", folder, sizes, err)
		}
	}
	if err := os.RemoveAll(blocked); err != nil {
		t.Fatal(err)
	}
	add(t, l, 10)
	if _, err := l.Checkpoint(t.Context()); err == nil || l.Healthy() == nil {
		t.Error("a checkpoint that did not reach every folder is not told")
	}
	if err := os.MkdirAll(blocked, 0o700); err != nil {
		t.Fatal(err)
	}
	if c, err := l.Checkpoint(t.Context()); err != nil || l.Healthy() != nil || c.Size != 510 {
		t.Errorf("after the folder is back: %v, %v", err, l.Healthy())
	}
}

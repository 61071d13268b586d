package ledger

import (
	"context"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// A signedLog is a log of 10,000 events with checkpoints at 0, 5,000, 9,000 and
// 9,900.
func signedLog(t *testing.T) (*memLog, Options, Verification) {
	t.Helper()
	m := &memLog{}
	o := options(t, m)
	o.Every = 1000
	o.Interval = 1 << 62
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	// Checkpoints at exactly these sizes, not wherever the background one falls.
	l.stop()
	l.running.Wait()
	for _, n := range []int{5000, 4000, 900} {
		add(t, l, n)
		if _, err := l.Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	add(t, l, 100)
	return m, o, verification(t, m, o)
}

func verification(t *testing.T, log driver.Log, o Options) Verification {
	t.Helper()
	files, err := Checkpoints(o.Folders[0], o.Instance)
	if err != nil {
		t.Fatal(err)
	}
	return Verification{Log: log, Instance: o.Instance, Checkpoints: files, Keys: note.VerifierList(o.Key.Verifier)}
}

func TestVerifyFindsNothingWrong(t *testing.T) {
	m, _, v := signedLog(t)
	gone, err := Retire(m.records[17])
	if err != nil {
		t.Fatal(err)
	}
	m.records[17] = gone
	var done uint64
	v.Progress = func(d, _ uint64) { done = d }
	r, err := Verify(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK() || r.Events != 10000 || r.Signed != 9900 || r.Checkpoints != 4 || r.Retired != 1 || done != 10000 {
		t.Errorf("got %+v, done %d", r, done)
	}
	m.records[17] = nil
}

func TestVerifyNamesTheFirstBadEvent(t *testing.T) {
	for _, c := range []struct {
		name    string
		derived bool
		tamper  func(m *memLog)
		want    []Finding
	}{
		{"a byte of the payload", false, func(m *memLog) { m.records[7000][eventAt+9] ^= 1 }, []Finding{{Kind: Altered, From: 7000, To: 7001}}},
		{"a byte of the salt", false, func(m *memLog) { m.records[0][saltAt] ^= 1 }, []Finding{{Kind: Altered, From: 0, To: 1}}},
		{"a byte of the hash", false, func(m *memLog) { m.records[9899][0] ^= 1 }, []Finding{{Kind: Altered, From: 9899, To: 9900}}},
		{"a byte of the mark", false, func(m *memLog) { m.records[12][formAt+2] ^= 1 }, []Finding{{Kind: Altered, From: 12, To: 13}}},
		{"the form", false, func(m *memLog) { m.records[12][formAt] = retired }, []Finding{{Kind: Altered, From: 12, To: 13}}},
		{"after the last checkpoint", false, func(m *memLog) { m.records[9950][eventAt] ^= 1 }, []Finding{{Kind: Altered, From: 9950, To: 9951}}},
		{"a record cut to nothing", false, func(m *memLog) { m.records[5000] = nil }, []Finding{{Kind: Altered, From: 5000, To: 5001}}},
		{"two places", false, func(m *memLog) { m.records[4999][eventAt] ^= 1; m.records[9000][eventAt] ^= 1 },
			[]Finding{{Kind: Altered, From: 4999, To: 5000}, {Kind: Altered, From: 9000, To: 9001}}},
		{"the tail", false, func(m *memLog) { m.records = m.records[:9100] }, []Finding{{Kind: Truncated, From: 9100, To: 9900}}},
		{"two records swapped", false, func(m *memLog) { m.records[6000], m.records[6001] = m.records[6001], m.records[6000] },
			[]Finding{{Kind: Rewritten, From: 5000, To: 9000}}},
		{"two records swapped, with the derived hashes", true, func(m *memLog) { m.records[6000], m.records[6001] = m.records[6001], m.records[6000] },
			[]Finding{{Kind: Rewritten, From: 5000, To: 8192}}},
		{"a record replaced by a whole one, with the derived hashes", true, func(m *memLog) { m.records[8500] = rewritten(m) },
			[]Finding{{Kind: Rewritten, From: 8192, To: 9000}}},
		{"a record removed from the middle", false, func(m *memLog) { m.records = slices.Delete(m.records, 9500, 9501) },
			[]Finding{{Kind: Rewritten, From: 9000, To: 9900}}},
		{"a record replaced and retired", false, func(m *memLog) { m.records[100], _ = Retire(rewritten(m)) },
			[]Finding{{Kind: Rewritten, From: 0, To: 5000}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, o, v := signedLog(t)
			if c.derived {
				v.Derived = o.Derived
			}
			c.tamper(m)
			r, err := Verify(t.Context(), v)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Findings) != len(c.want) {
				t.Fatalf("found %v, want %v", r.Findings, c.want)
			}
			for i, f := range r.Findings {
				if w := c.want[i]; f.Kind != w.Kind || f.From != w.From || f.To != w.To {
					t.Errorf("found %v, want %v", f, w)
				}
			}
		})
	}
}

// rewritten is a record that holds in itself and is not the one that was signed.
func rewritten(m *memLog) []byte {
	var s scratch
	e := event(1)
	e.Name = "Dr B"
	if _, err := s.build(e); err != nil {
		panic(err)
	}
	return s.record
}

func TestVerifyTellsCheckpointsThatDoNotVerify(t *testing.T) {
	m, o, v := signedLog(t)
	m2 := &memLog{records: slices.Clone(m.records[:8000])}
	other := o
	other.Log, other.Key, other.Adopt, other.Folders = m2, testKey(t), true, []string{t.TempDir()}
	open(t, other)
	files, err := Checkpoints(other.Folders[0], "a")
	if err != nil {
		t.Fatal(err)
	}
	v.Checkpoints = append(v.Checkpoints, files...)
	r, err := Verify(t.Context(), v)
	if err != nil || len(r.BadCheckpoints) != 1 || r.OK() || len(r.Findings) != 0 {
		t.Errorf("got %+v, %v; want one bad checkpoint", r, err)
	}
}

// corruptLog is a log whose own checksum finds a record wrong.
type corruptLog struct {
	*memLog
	at uint64
}

func (c corruptLog) Read(ctx context.Context, from uint64, visit func(uint64, []byte) bool) error {
	stopped := false
	err := c.memLog.Read(ctx, from, func(n uint64, b []byte) bool {
		if n == c.at {
			return false
		}
		stopped = !visit(n, b)
		return !stopped
	})
	if err == nil && !stopped && from <= c.at {
		return driver.ErrCorrupt
	}
	return err
}

func TestVerifyGoesOnBehindACorruptRecord(t *testing.T) {
	m, _, v := signedLog(t)
	m.records[9500][eventAt] ^= 1
	v.Log = corruptLog{m, 300}
	r, err := Verify(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) != 2 || r.Findings[0].From != 300 || r.Findings[1].From != 9500 {
		t.Errorf("found %v, want 300 and 9500", r.Findings)
	}
}

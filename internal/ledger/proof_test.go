package ledger

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

func TestProofs(t *testing.T) {
	m := &memLog{}
	o := options(t, m)
	l := open(t, o)
	keys := note.VerifierList(o.Key.Verifier)
	checkProofs := func(l *Ledger) {
		t.Helper()
		end := l.Len()
		for _, seq := range []uint64{0, 1, 4095, 4096, end / 2, end - 2, end - 1} {
			p, err := l.Proof(t.Context(), seq)
			if err != nil {
				t.Fatal(err)
			}
			e, ok, err := p.Check(keys)
			if err != nil || !ok {
				t.Fatalf("proof of %d: %v %v", seq, ok, err)
			}
			if d := cmp.Diff(*event(int(seq)), e); d != "" {
				t.Error(d)
			}
			p.Data[len(p.Data)-1] ^= 1
			if _, _, err := p.Check(keys); err == nil {
				t.Errorf("a proof of event %d holds for another", seq)
			}
		}
	}
	add(t, l, 9000)
	checkProofs(l)
	before := l.last.Load()
	add(t, l, 4001)
	checkProofs(l)
	after := l.last.Load()
	p, err := l.Consistency(t.Context(), before.Size, after.Size)
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckTree(p, int64(after.Size), after.Root, int64(before.Size), before.Root); err != nil {
		t.Error(err)
	}

	// After a restart: with the derived hashes, with none, and with wrong ones.
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(file string) error{
		func(string) error { return nil },
		os.Remove,
		func(file string) error { return os.WriteFile(file, make([]byte, 3*tlog.HashSize), 0o600) },
	} {
		if err := change(hashesFile(o.Derived, "a")); err != nil {
			t.Fatal(err)
		}
		l = open(t, o)
		checkProofs(l)
		add(t, l, 1)
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestProofOfARetiredEvent(t *testing.T) {
	m := &memLog{}
	o := options(t, m)
	l := open(t, o)
	add(t, l, 10)
	gone, err := Retire(m.records[4])
	if err != nil {
		t.Fatal(err)
	}
	m.records[4] = gone
	p, err := l.Proof(t.Context(), 4)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := p.Check(note.VerifierList(o.Key.Verifier)); ok || err != nil {
		t.Errorf("got an event: %v, %v", ok, err)
	}
	seen := 0
	if err := l.Read(t.Context(), 0, func(uint64, Event) bool { seen++; return true }); err != nil || seen != 9 {
		t.Errorf("read %d events, %v; want the 9 that are left", seen, err)
	}
}

func TestProofsThatCannotBe(t *testing.T) {
	l := open(t, options(t, &memLog{}))
	add(t, l, 5)
	if _, err := l.Proof(t.Context(), 5); errs.KindOf(err) != errs.NotFound {
		t.Errorf("proof of an event that is not there: %v", err)
	}
	for _, c := range [][2]uint64{{0, 3}, {4, 3}, {3, 6}} {
		if _, err := l.Consistency(t.Context(), c[0], c[1]); errs.KindOf(err) != errs.Invalid {
			t.Errorf("consistency of %v: %v", c, err)
		}
	}
}

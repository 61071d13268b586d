package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// verifies says what a verification of all instances finds, by instance; nothing of one
// that holds. kept are the options of those that were opened.
func (c *county) verifies(kept map[string]Options) map[string]string {
	c.t.Helper()
	exist := func(ctx context.Context) ([]Extent, error) {
		parts, err := Parts(ctx, c.e)
		return ExtentsOf(parts), err
	}
	reports, err := VerifyAll(c.t.Context(), exist, func(ctx context.Context, instance string) (Verification, error) {
		log, err := c.e.Log(ctx, LogName(instance))
		if err != nil {
			return Verification{}, err
		}
		o := kept[instance]
		files, err := Checkpoints(o.Folders[0], instance)
		return Verification{Log: log, Instance: instance, Checkpoints: files, Keys: note.VerifierList(o.Key.Verifier)}, err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	found := map[string]string{}
	for name, r := range reports {
		if !r.OK() {
			found[name] = fmt.Sprint(r.Findings, r.BadCheckpoints)
		}
	}
	return found
}

// closes ends all ledgers, and the store.
func (c *county) closes() {
	c.t.Helper()
	var failed error
	for _, l := range c.mine {
		failed = errors.Join(failed, l.Close(c.t.Context()))
	}
	if err := errors.Join(failed, c.e.Close()); err != nil {
		c.t.Fatal(err)
	}
}

// A log that vanished whole, with its checkpoints and what the store knew of it, shows by
// the checkpoints of another instance: by those that were signed while it was there, and
// by those signed since.
func TestALogThatVanished(t *testing.T) {
	c := newCounty(t, "a", "b", "idle")
	kept := map[string]Options{}
	for name, l := range c.mine {
		kept[name] = l.o
	}
	c.looks("b", "p")
	c.looks("b", "p")
	c.looks("a", "p")
	if _, err := c.mine["a"].Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.looks("b", "p") // since then
	if got := c.verifies(kept); len(got) != 0 {
		t.Fatalf("nothing is missing: %v", got)
	}
	c.closes()
	for _, name := range []string{"b", "idle"} {
		left, err := filepath.Glob(filepath.Join(c.dir, "logs", LogName(name)+"*"))
		if err != nil || len(left) == 0 {
			t.Fatalf("%v, %v", left, err)
		}
		for _, path := range left {
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
		}
	}

	c.start()
	vanished := func(when string) {
		t.Helper()
		got := c.verifies(kept)
		if len(got) != 1 || !strings.Contains(got["b"], "the log is not there, but instance a signed that it had 2 events") {
			t.Errorf("%s: %v", when, got)
		}
	}
	vanished("b is gone")

	// What a signs from now on goes on to name it, though a finds it no more.
	o := kept["a"]
	log, err := c.e.Own(t.Context(), LogName("a"))
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	o.Log, o.Docs, o.Logs, o.Logger = log, c.e, c.e, slog.New(slog.NewTextHandler(&said, nil))
	missing := []int{}
	o.Missing = func(logs int) { missing = append(missing, logs) }
	c.mine = map[string]*Ledger{"a": open(t, o)}
	if len(missing) != 1 || missing[0] != 1 || !strings.Contains(said.String(), "instance=b events=2") {
		t.Errorf("at opening: %v %s", missing, &said)
	}
	said.Reset()
	c.looks("a", "p")
	newest, err := c.mine["a"].Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), "level=ERROR") || !strings.Contains(said.String(), "instance=b events=2") {
		t.Errorf("logged: %s", &said)
	}
	if len(missing) != 2 || missing[1] != 1 {
		t.Errorf("with a checkpoint: %v", missing)
	}
	sizes, err := sizesIn(o.Folders[0], "a")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range sizes {
		if n != newest.Size {
			_ = os.Remove(filepath.Join(o.Folders[0], fileName("a", n)))
		}
	}
	vanished("by the newest checkpoint")
}

// A checkpoint says the others' logs in order of names, and an earlier version's, which
// says nothing of them, is read as before.
func TestCheckpointsNameTheOthers(t *testing.T) {
	key := testKey(t)
	others := []Extent{{"b-2", 7}, {"c", 1}}
	c, err := newCheckpoint("a", &tree{}, others, noon, key.Signer)
	if err != nil {
		t.Fatal(err)
	}
	old, err := newCheckpoint("a", &tree{}, nil, noon, key.Signer)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(c.Note), "\nlog b-2 7\nlog c 1\n\n") || strings.Contains(string(old.Note), "log ") {
		t.Errorf("%s\n%s", c.Note, old.Note)
	}
	for text, want := range map[string]string{string(c.Note): fmt.Sprint(others), string(old.Note): "[]"} {
		if got, err := OpenCheckpoint([]byte(text), note.VerifierList(key.Verifier)); err != nil || fmt.Sprint(got.Others) != want {
			t.Errorf("%v, %v", got, err)
		}
	}
}

// What is missing is said once, by the instance that saw most of it.
func TestLogsThatAreNamed(t *testing.T) {
	by := func(all ...Extent) Report { r := Report{others: extents{}}; r.others.add(all); return r }
	cut := by()
	cut.Findings = []Finding{{Truncated, 3, 9, "its own checkpoint says so"}}
	reports := map[string]Report{"a": by(Extent{"b", 5}, Extent{"gone", 2}), "b": by(Extent{"cut", 9}), "c": by(Extent{"b", 6}, Extent{"gone", 4}), "cut": cut}
	compare(reports, []Extent{{"a", 1}, {"b", 4}, {"c", 1}, {"cut", 3}})
	for name, want := range map[string]string{"a": "[]", "c": "[]", "cut": "[from event 3 on: its own checkpoint says so]",
		"b":    "[from event 4 on: the log ends, but instance c signed that it had 6 events]",
		"gone": "[all events: the log is not there, but instance c signed that it had 4 events]"} {
		if got := fmt.Sprint(reports[name].Findings); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

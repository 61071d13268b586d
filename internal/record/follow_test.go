package record_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// via makes an object one that came by the source's Patient x1.
func via(o record.Object) record.Object {
	o.Via = "x1"
	return o
}

func x1(t testing.TB, who nhs.Number) record.Object {
	p := patient(t, who, "x1")
	p.SourceID = "x1"
	return p
}

// shown lists what a person's record shows of observations, by value.
func (w *world) shown(p record.PersonID) []string {
	w.t.Helper()
	return w.search(w.mustOpen(w.doctor(practice.Org), p, "Observation"), record.Search{Type: "Observation"})
}

// A source says that its Patient is somebody else: what came by that Patient goes
// along, encounters and the relationship that they made too.
func TestWhatCameByAPatientGoesAlong(t *testing.T) {
	w := newWorld(t)
	m, j := w.knows(mary, "Smith"), w.knows(john, "Jones")
	var objects []record.Object
	for i := range 700 { // more than go in one commit
		o := observation(t, fmt.Sprintf("o%d", i), "718-7", "2026-01-05", fmt.Sprint(i))
		objects = append(objects, via(o))
	}
	w.sends(hospital, mary, 10, append(objects, x1(t, mary), via(encounter(t, "e", "finished", "2026-02-01T10:00:00Z", "2026-02-01T11:00:00Z")))...)
	w.sends(hospital, mary, 11, observation(t, "own", "718-7", "2026-01-05", "9999")) // hers by another Patient
	if n := len(w.shown(m)); n != 701 {
		t.Fatalf("%d before", n)
	}
	got := w.sends(hospital, john, 12, x1(t, john))
	if got[0].Result != record.Moved {
		t.Fatalf("the Patient: %v", got[0].Result)
	}
	if got := w.shown(m); len(got) != 1 || !strings.Contains(got[0], "9999") {
		t.Errorf("Mary's still shows %d", len(got))
	}
	v := w.mustOpen(w.doctor(practice.Org), j, "Observation")
	n := 0
	if _, err := v.Search(t.Context(), record.Search{Type: "Observation"}, func(e record.Entry) bool {
		n++
		if strings.Contains(string(e.Body), string(m)) || !strings.HasPrefix(e.ID, string(j)) {
			t.Errorf("%s names Mary", e.ID)
		}
		return true
	}); err != nil || n != 700 {
		t.Errorf("John's shows %d, %v", n, err)
	}
	// An old message comes once more: it changes nothing.
	w.sends(hospital, mary, 10, x1(t, mary))
	if n := len(w.shown(m)); n != 1 {
		t.Errorf("after the old message Mary's shows %d", n)
	}
	// And one that still says so, of something new, is not believed.
	_, err := w.r.Apply(t.Context(), w.change(hospital, mary, 11, via(observation(t, "late", "718-7", "2026-01-05", "1"))))
	if errs.CodeOf(err) != record.CodePatientMoved {
		t.Errorf("by the old Patient: %v", err)
	}
	w.sends(hospital, john, 13, via(observation(t, "new", "718-7", "2026-01-05", "1")))
	w.sends(hospital, mary, 14, x1(t, mary)) // and back
	if m, j := len(w.shown(m)), len(w.shown(j)); m != 702 || j != 0 {
		t.Errorf("and back: Mary's %d, John's %d", m, j)
	}
}

// A source says that its Patient is somebody else, whom nobody knows yet: what came
// by it is taken from the one at once, and shown to the other when they are known.
func TestWithdrawnUntilThePersonIsKnown(t *testing.T) {
	w := newWorld(t)
	m := w.knows(mary, "Smith")
	w.sends(hospital, mary, 10, x1(t, mary), via(observation(t, "o", "718-7", "2026-01-05", "1")))
	c := w.change(hospital, john, 12, x1(t, john))
	if _, err := w.r.Identify(t.Context(), hospital, c.Objects[0].Resource, nil); errs.CodeOf(err) != record.CodeUnknownPerson {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := w.r.Withdraw(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.shown(m); len(got) != 0 {
		t.Errorf("Mary's still shows %v", got)
	}
	j := w.knows(john, "Jones")
	if _, err := w.r.Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got := w.shown(j); len(got) != 1 {
		t.Errorf("John's shows %v", got)
	}
}

// cutOff is a store that fails from its n-th commit on, as if the process had been
// killed there.
type cutOff struct {
	record.Documents
	left atomic.Int64
}

var errCut = errors.New("cut off")

func (c *cutOff) Commit(ctx context.Context, partition string, ops []driver.Op) error {
	if c.left.Add(-1) < 0 {
		return errCut
	}
	return c.Documents.Commit(ctx, partition, ops)
}

// Wherever a move is cut off, nothing is shown to both, and the message applied
// again brings it to its end.
func TestAMoveThatIsCutOff(t *testing.T) {
	for cut := 0; ; cut++ {
		w := newWorld(t)
		m, j := w.knows(mary, "Smith"), w.knows(john, "Jones")
		w.sends(hospital, mary, 10, x1(t, mary), via(observation(t, "o", "718-7", "2026-01-05", "1")), via(encounter(t, "e", "finished", "2026-02-01T10:00:00Z", "2026-02-01T11:00:00Z")))
		c := w.change(hospital, john, 12, x1(t, john), via(observation(t, "o2", "718-7", "2026-01-05", "2")))
		store := &cutOff{Documents: w.engine}
		store.left.Store(int64(cut))
		_, err := w.records(store).Apply(t.Context(), c)
		if a, b := len(w.shown(m)), len(w.shown(j)); a > 0 && b > 0 {
			t.Errorf("cut off after %d commits: shown to both: %d and %d", cut, a, b)
		}
		whole := err == nil
		if !whole && !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		if _, err := w.r.Apply(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if a, b := len(w.shown(m)), len(w.shown(j)); a != 0 || b != 2 {
			t.Errorf("cut off after %d commits, then applied again: Mary's shows %d, John's %d", cut, a, b)
		}
		if whole {
			return
		}
	}
}

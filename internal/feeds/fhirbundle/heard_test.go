package fhirbundle_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each source is known to have been heard when it last sent, whatever became of it;
// that is written down once a minute.
func TestSourcesAreHeard(t *testing.T) {
	w := newWorld(t)
	heard := func() map[string]time.Time {
		must(t, w.inbox.Close(t.Context())) // what is written beside the messages' own way is now
		got, err := w.inbox.Heard(t.Context(), []string{practice, hospital})
		must(t, err)
		return got
	}
	if got := heard(); len(got) != 0 {
		t.Errorf("heard before anything came: %v", got)
	}
	for _, step := range []struct {
		wait time.Duration
		want time.Duration // since the beginning
	}{{0, 0}, {59 * time.Second, 0}, {time.Second, time.Minute}, {time.Hour, time.Hour + time.Minute}} {
		w.wait(step.wait)
		w.try(practice, "application/fhir+json", []byte(`{"not":"a bundle"}`))
		if d := cmp.Diff(map[string]time.Time{practice: t0.Add(step.want)}, heard()); d != "" {
			t.Errorf("after %v: %s", step.wait, d)
		}
	}
}

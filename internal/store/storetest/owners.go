package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

func (s *subject) own(name string) driver.Log {
	s.t.Helper()
	l, err := s.Own(context.Background(), name)
	if err != nil {
		s.t.Fatalf("own: %v", err)
	}
	return l
}

// testOwners expects an append of the last owner alone to be taken, whoever appended last.
func testOwners(t *testing.T, e *subject) {
	ctx := context.Background()
	add := func(l driver.Log, rec string, want uint64) {
		t.Helper()
		if at, err := l.Append(ctx, []byte(rec)); err != nil || at != want {
			t.Errorf("%s: at %d, %v, want %d", rec, at, err, want)
		}
	}
	refuses := func(who string, l driver.Log) {
		t.Helper()
		for range 2 {
			if _, err := l.Append(ctx, []byte("late")); !errors.Is(err, driver.ErrFenced) || !errors.Is(err, driver.ErrUnavailable) {
				t.Errorf("%s appends: %v", who, err)
			}
		}
	}
	nobody := e.log("owned")
	add(nobody, "a", 0)
	first := e.own("owned")
	if first.Len() != 1 {
		t.Errorf("its length is %d", first.Len())
	}
	refuses("who had it open before", nobody)
	add(first, "b", 1)
	add(first, "c", 2)
	second := e.own("owned")
	refuses("the owner before, of whom the last record is", first)
	third := e.own("owned")
	refuses("an owner that never appended", second)
	add(third, "d", 3)
	refuses("the first owner", first)
	add(third, "e", 4)
	if got := records(t, e.log("owned"), 0, 0); !slices.Equal(got, []string{"a", "b", "c", "d", "e"}) || third.Len() != 5 {
		t.Errorf("%q, length %d", got, third.Len())
	}
	if got := records(t, e.own("owned"), 3, 0); !slices.Equal(got, []string{"d", "e"}) {
		t.Errorf("what the next owner reads: %q", got)
	}
	if got := records(t, e.own("never-written"), 0, 0); got != nil {
		t.Errorf("a new log has %q", got)
	}
}

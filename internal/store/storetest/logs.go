package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

func (s *subject) log(name string) driver.Log {
	s.t.Helper()
	l, err := s.Log(context.Background(), name)
	if err != nil {
		s.t.Fatalf("log: %v", err)
	}
	return l
}

// records reads a log from a number on, at most limit of them; 0 is all.
func records(t *testing.T, l driver.Log, from uint64, limit int) (got []string) {
	t.Helper()
	next := from
	err := l.Read(context.Background(), from, func(n uint64, rec []byte) bool {
		if n != next {
			t.Errorf("record %d, want %d", n, next)
		}
		next++
		got = append(got, string(rec))
		return len(got) != limit
	})
	if err != nil {
		t.Fatalf("read a log: %v", err)
	}
	return got
}

func testLogs(t *testing.T, s *suite) {
	e := s.engine(t)
	ctx := context.Background()
	t.Run("numbers from 0, in order", func(t *testing.T) {
		l := (&subject{t, e}).log("small")
		if l.Len() != 0 || len(records(t, l, 0, 0)) != 0 || len(records(t, l, 5, 0)) != 0 {
			t.Error("a new log is not empty")
		}
		for i, recs := range [][]string{{"a"}, {"b", "", "c"}, {"d"}} {
			first, err := l.Append(ctx, bytesOf(recs)...)
			if want := []uint64{0, 1, 4}[i]; err != nil || first != want {
				t.Errorf("append %d: %d, %v, want %d", i, first, err, want)
			}
		}
		if got := records(t, l, 0, 0); !slices.Equal(got, []string{"a", "b", "", "c", "d"}) || l.Len() != 5 {
			t.Errorf("%q, length %d", got, l.Len())
		}
		if got := records(t, l, 2, 2); !slices.Equal(got, []string{"", "c"}) {
			t.Errorf("from 2: %q", got)
		}
		if got := records(t, l, 5, 0); got != nil {
			t.Errorf("from the end: %q", got)
		}
		if again := (&subject{t, e}).log("small"); again.Len() != 5 {
			t.Errorf("opened twice it has %d records", again.Len())
		}
	})
	t.Run("16 MB and no more", func(t *testing.T) {
		l := (&subject{t, e}).log("large")
		big := bytes.Repeat([]byte{0xa5}, driver.MaxRecord)
		if _, err := l.Append(ctx, []byte("before"), big, []byte("after")); err != nil {
			t.Fatal(err)
		}
		if got := records(t, l, 0, 0); len(got) != 3 || got[1] != string(big) || got[2] != "after" {
			t.Error("a large record is not as it was")
		}
		if _, err := l.Append(ctx, append(big, 0)); !errors.Is(err, driver.ErrTooLarge) {
			t.Errorf("%v, want %v", err, driver.ErrTooLarge)
		}
	})
	t.Run("names", func(t *testing.T) {
		for _, name := range []string{"", "../up", "a/b", "a.b"} {
			if _, err := e.Log(ctx, name); err == nil {
				t.Errorf("%q is no name for a log", name)
			}
		}
		names, err := e.Logs(ctx)
		slices.Sort(names)
		if err != nil || !slices.Equal(names, []string{"large", "small"}) {
			t.Errorf("logs %v, %v", names, err)
		}
	})
	t.Run("one owner", func(t *testing.T) { testOwners(t, &subject{t, e}) })
	s.atOnce(t, "many append while others read", func(t *testing.T) { testAppenders(t, (&subject{t, e}).log("busy")) })
	e.check()
}

func bytesOf(list []string) (b [][]byte) {
	for _, s := range list {
		b = append(b, []byte(s))
	}
	return b
}

// testAppenders expects each append's records next to each other, at the number that was
// given back, and each appender's in its order.
func testAppenders(t *testing.T, l driver.Log) {
	const writers, each = 8, 100
	var left atomic.Int32
	left.Store(writers)
	numbers := make([][each]uint64, writers)
	together(t, writers+2, func(n int) error {
		if n >= writers {
			for left.Load() > 0 {
				length := l.Len()
				if got := records(t, l, length/2, 50); uint64(len(got)) < min(50, length-length/2) {
					return fmt.Errorf("%d records from %d of %d", len(got), length/2, length)
				}
			}
			return nil
		}
		defer left.Add(-1)
		for i := range each {
			first, err := l.Append(context.Background(), fmt.Appendf(nil, "%d.%d.a", n, i), fmt.Appendf(nil, "%d.%d.b", n, i))
			if err != nil {
				return err
			}
			if l.Len() < first+2 {
				return fmt.Errorf("length %d after an append at %d", l.Len(), first)
			}
			numbers[n][i] = first
		}
		return nil
	})
	got := records(t, l, 0, 0)
	if len(got) != 2*writers*each {
		t.Fatalf("%d records", len(got))
	}
	for n := range numbers {
		last := uint64(0)
		for i, at := range numbers[n] {
			if got[at] != fmt.Sprintf("%d.%d.a", n, i) || got[at+1] != fmt.Sprintf("%d.%d.b", n, i) {
				t.Fatalf("at %d: %q, %q", at, got[at], got[at+1])
			}
			if i > 0 && at <= last {
				t.Fatalf("appender %d: %d after %d", n, at, last)
			}
			last = at
		}
	}
}

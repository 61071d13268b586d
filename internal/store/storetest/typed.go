package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// db opens a store over a new engine.
func (s *suite) db(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Open(s.open(t, t.TempDir(), store.Specs(specs()...)), specs()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Check(context.Background(), nil); err != nil {
			t.Errorf("check: %v", err)
		}
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// ticket is a typed value of the suite.
type ticket struct {
	Word   string
	Number int64
}

func tickets(db *store.DB) *store.Collection[ticket] {
	s := store.JSON[ticket]("lying")
	s.Keys = func(v ticket) [][]store.Value {
		return [][]store.Value{{store.Num(v.Number)}, {store.Str(v.Word), store.Num(v.Number)}, {store.Str(v.Word)}}
	}
	s.Due = func(v ticket) store.Due {
		if v.Number < 100 {
			return store.Due{}
		}
		return store.Due{Queue: "high", At: noon}
	}
	s.Expires = func(ticket) time.Time { return noon.AddDate(100, 0, 0) }
	return store.NewCollection(db, s)
}

func testTyped(t *testing.T, s *suite) {
	db := s.db(t)
	c, ctx := tickets(db), context.Background()
	if _, _, err := c.Get(ctx, "p", "a"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("absent: %v", err)
	}
	for i, word := range []string{"pear", "apple", "fig"} {
		if err := c.Insert(ctx, "p", strconv.Itoa(i), ticket{word, int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Insert(ctx, "p", "0", ticket{}); errs.KindOf(err) != errs.Conflict {
		t.Errorf("inserted twice: %v", err)
	}
	var words []string
	_, err := c.List(ctx, store.Query{Partition: "p", Index: "by-word-desc-number"}, func(_ string, _ uint64, v ticket) bool {
		words = append(words, v.Word)
		return true
	})
	if diff := cmp.Diff([]string{"apple", "fig", "pear"}, words); diff != "" || err != nil {
		t.Errorf("list: %v\n%s", err, diff)
	}
	s.atOnce(t, "updates at once", func(t *testing.T) {
		together(t, 6, func(int) error {
			for range 10 {
				err := c.Update(ctx, "p", "counter", func(v ticket, exists bool) (ticket, error) {
					if exists != (v.Number > 0) {
						t.Errorf("exists %v at %d", exists, v.Number)
					}
					v.Number++
					return v, nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if v, rev, err := c.Get(ctx, "p", "counter"); v.Number != 60 || rev != 60 || err != nil {
			t.Errorf("%+v at %d, %v", v, rev, err)
		}
	})
	t.Run("an update that does not want", func(t *testing.T) {
		no := errors.New("no")
		if err := c.Update(ctx, "p", "0", func(ticket, bool) (ticket, error) { return ticket{}, no }); !errors.Is(err, no) {
			t.Errorf("%v", err)
		}
		if err := c.Update(ctx, "p", "0", func(ticket, bool) (ticket, error) { return ticket{}, store.ErrKeep }); err != nil {
			t.Errorf("%v", err)
		}
		if _, rev, _ := c.Get(ctx, "p", "0"); rev != 1 {
			t.Errorf("at %d", rev)
		}
	})
	if err := c.Put(ctx, "p", "high", ticket{"w", 100}); err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := db.Due(ctx, "high", noon, 10, func(*store.Doc) bool { n++; return true }); n != 1 || err != nil {
		t.Errorf("%d due, %v", n, err)
	}
}

func testClaims(t *testing.T, s *suite) {
	db := s.db(t)
	c, ctx := db.Claims("device"), context.Background()
	yes := func(context.Context, string) (bool, error) { return true, nil }
	no := func(context.Context, string) (bool, error) { return false, nil }
	owner := func(want string) {
		t.Helper()
		if got, err := c.Owner(ctx, "token"); got != want || err != nil {
			t.Errorf("owner %q, %v, want %q", got, err, want)
		}
	}
	owner("")
	wins := make([]bool, s.crowd(6))
	together(t, len(wins), func(n int) error {
		err := c.Take(ctx, "token", fmt.Sprint("account-", n), yes)
		wins[n] = err == nil
		if errs.KindOf(err) == errs.Conflict {
			err = nil
		}
		return err
	})
	winner, count := "", 0
	for n, won := range wins {
		if won {
			winner = fmt.Sprint("account-", n)
			count++
		}
	}
	if count != 1 {
		t.Fatalf("%d own the same value", count)
	}
	owner(winner)
	if err := c.Take(ctx, "token", winner, no); err != nil {
		t.Errorf("taking one's own: %v", err)
	}
	if err := c.Take(ctx, "token", "b", no); err != nil {
		t.Errorf("taking what nobody confirms: %v", err)
	}
	owner("b")
	if err := c.TakeOver(ctx, "token", "somebody", "c"); errs.KindOf(err) != errs.Conflict {
		t.Errorf("taking over from somebody else: %v", err)
	}
	if err := c.TakeOver(ctx, "token", "b", "c"); err != nil {
		t.Error(err)
	}
	owner("c")
	if err := c.Release(ctx, "token", "b"); err != nil {
		t.Error(err)
	}
	owner("c")
	if err := c.Release(ctx, "token", "c"); err != nil {
		t.Error(err)
	}
	owner("")
}

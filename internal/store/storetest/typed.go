package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
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

// noise is a body that no compression makes small.
func noise(size int, seed uint64) []byte {
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	b := make([]byte, size)
	r.Read(b)
	return b
}

func testLarge(t *testing.T, s *suite) {
	db := s.db(t)
	ctx := context.Background()
	load := func(t *testing.T, id string) []byte {
		t.Helper()
		d, err := db.Load(ctx, ref("plain", "p", id))
		if err != nil {
			t.Fatalf("load %s: %v", id, err)
		}
		return d.Body
	}
	commit := func(t *testing.T, ops ...store.Op) {
		t.Helper()
		if err := db.Commit(ctx, "p", ops); err != nil {
			t.Fatalf("commit: %v", err)
		}
	}
	parts := func(t *testing.T) int {
		t.Helper()
		n := 0
		if _, err := db.Find(ctx, store.Query{Collection: "store-parts", Partition: "p"}, func(*store.Doc) bool { n++; return true }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	sizes := []int{driver.MaxBody + 1, 3 * driver.MaxBody, 5<<20 + 12345, store.MaxBody}
	for rev, size := range sizes {
		body := noise(size, uint64(rev))
		kind := store.Insert
		if rev > 0 {
			kind = store.Replace
		}
		commit(t, op(kind, "p", "big", uint64(rev), string(body)))
		if !bytes.Equal(load(t, "big"), body) {
			t.Fatalf("a body of %d bytes is not as it was", size)
		}
		if want := (size + driver.MaxBody - 1) / driver.MaxBody; parts(t) != want {
			t.Errorf("%d parts of %d bytes, want %d", parts(t), size, want)
		}
	}
	t.Run("too large", func(t *testing.T) {
		err := db.Commit(ctx, "p", []store.Op{op(store.Put, "p", "huge", 0, string(make([]byte, store.MaxBody+1)))})
		if errs.KindOf(err) != errs.TooLarge {
			t.Errorf("%v", err)
		}
	})
	t.Run("in order among others", func(t *testing.T) {
		commit(t, op(store.Insert, "p", "a", 0, "small"), op(store.Insert, "p", "c", 0, "small"), op(store.Put, "p", "z", 0, string(noise(2<<20, 9))))
		var got []string
		q := store.Query{Collection: "plain", Partition: "p", Limit: 3}
		for {
			cursor, err := db.Find(ctx, q, func(d *store.Doc) bool { got = append(got, fmt.Sprint(d.ID, len(d.Body))); return true })
			if err != nil {
				t.Fatal(err)
			}
			if q.After = cursor; cursor == nil {
				break
			}
			got = append(got, "page")
		}
		if diff := cmp.Diff([]string{"a5", "big16777216", "c5", "page", "z2097152"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("parts go with their document", func(t *testing.T) {
		look := []byte("\x00dcr-parts\x01 as a caller's own body")
		commit(t, op(store.Replace, "p", "big", 4, "small now"), op(store.Put, "p", "z", 0, string(look)))
		if parts(t) != 1 || string(load(t, "big")) != "small now" || !bytes.Equal(load(t, "z"), look) {
			t.Errorf("%d parts left", parts(t))
		}
		commit(t, op(store.Discard, "p", "z", 0, ""), op(store.Discard, "p", "absent", 0, ""), op(store.Delete, "p", "big", 5, ""))
		if parts(t) != 0 {
			t.Errorf("%d parts left", parts(t))
		}
	})
	t.Run("readers and writers at once", func(t *testing.T) { testLargeRace(t, db) })
}

// testLargeRace has writers put bodies that consist of one byte while others read them.
func testLargeRace(t *testing.T, db *store.DB) {
	ctx := context.Background()
	together(t, 4, func(n int) error {
		for i := range 10 {
			if n < 2 {
				o := op(store.Put, "race", "doc", 0, string(bytes.Repeat([]byte{byte('a' + i)}, 1<<20+n<<19+i)))
				if err := db.Commit(ctx, "race", []store.Op{o}); err != nil && errs.KindOf(err) != errs.Unavailable {
					return err
				}
				continue
			}
			err := db.Get(ctx, []store.Ref{ref("plain", "race", "doc")}, func(d *store.Doc) bool {
				if bytes.Count(d.Body, d.Body[:1]) != len(d.Body) {
					t.Error("read a body of two writers")
				}
				return true
			})
			if err != nil && errs.KindOf(err) != errs.Unavailable {
				return err
			}
		}
		return nil
	})
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
	t.Run("updates at once", func(t *testing.T) {
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
	wins := make([]bool, 6)
	together(t, 6, func(n int) error {
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

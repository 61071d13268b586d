package storetest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// noise is a body that no compression makes small.
func noise(size int, seed uint64) []byte {
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	b := make([]byte, size)
	_, _ = r.Read(b) // never fails
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
	s.atOnce(t, "readers and writers at once", func(t *testing.T) { testLargeRace(t, db) })
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

package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
	"github.com/dorsetcarerecord/dcr/internal/store/migrate"
)

var noon = time.Date(2031, 5, 3, 12, 0, 0, 0, time.UTC)

func now() time.Time { return noon }

func specs() []driver.Spec {
	byWord := driver.Index{Name: "word", Fields: []driver.Field{{Kind: driver.String}, {Kind: driver.Int, Desc: true}}}
	return []driver.Spec{{Name: "notes", Indexes: []driver.Index{byWord}, Clustered: "word"}, {Name: "tokens"}}
}

func open(t *testing.T, dir string, more ...driver.Spec) *bolt.Engine {
	t.Helper()
	e, err := bolt.Open(dir, store.Specs(append(specs(), more...)...), bolt.Options{Now: now, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() }) // some are closed before
	return e
}

func shut(t *testing.T, engines ...driver.Engine) {
	t.Helper()
	for _, e := range engines {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// fill puts something of everything into a store: changed documents, some due, some expired, one in
// parts, and logs.
func fill(t *testing.T, e driver.Engine) {
	t.Helper()
	db, err := store.Open(e, specs()...)
	if err != nil {
		t.Fatal(err)
	}
	commit := func(partition string, ops ...store.Op) {
		t.Helper()
		if err := db.Commit(t.Context(), partition, ops); err != nil {
			t.Fatal(err)
		}
	}
	for p := range 6 {
		partition := fmt.Sprint("person-", p)
		for n := range 7 {
			note := store.Doc{Ref: store.Ref{Collection: "notes", Partition: partition, ID: fmt.Sprint(n)}, Body: []byte("one")}
			note.Keys = [][]store.Value{{store.Str("w"), store.Num(int64(n % 3))}}
			note.Due = store.Due{Queue: "later", At: noon.Add(time.Duration(n) * time.Hour)}
			commit(partition, store.Op{Kind: store.Insert, Doc: note})
			note.Rev, note.Body = 1, []byte("two")
			commit(partition, store.Op{Kind: store.Replace, Doc: note})
		}
		for hours, id := range map[int]string{-48: "gone", -1: "lately", 1: "soon"} {
			token := store.Doc{Ref: store.Ref{Collection: "tokens", Partition: partition, ID: id}, Expires: noon.Add(time.Duration(hours) * time.Hour)}
			commit(partition, store.Op{Kind: store.Put, Doc: token})
		}
	}
	large := store.Doc{Ref: store.Ref{Collection: "notes", Partition: "person-1", ID: "large"}, Body: make([]byte, 5<<20), Keys: [][]store.Value{nil}}
	commit("person-1", store.Op{Kind: store.Insert, Doc: large})
	for name, n := range map[string]int{"ledger-main": 57, "inbox-main": 8, "empty": 0} {
		l, err := db.Log(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			if _, err := l.Append(t.Context(), fmt.Appendf(nil, "%s %d", name, i)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func options(from, to driver.Mover) migrate.Options {
	return migrate.Options{From: from, To: to, FromName: "the old", ToName: "the new", Specs: store.Specs(specs()...), Now: now, Page: 10}
}

func TestAStoreIsMovedAndBack(t *testing.T) {
	dirs := []string{t.TempDir(), t.TempDir(), t.TempDir()}
	from := open(t, dirs[0])
	fill(t, from)
	var first migrate.Digest
	shut(t, from)
	for i := range 2 {
		from, to := open(t, dirs[i]), open(t, dirs[i+1])
		var last [2]int64
		o := options(from, to)
		o.Progress = func(_ migrate.Stage, done, total int64) { last = [2]int64{done, total} }
		r, err := migrate.Run(t.Context(), o)
		if err != nil || r.Resumed || r.Before {
			t.Fatalf("%+v, %v", r, err)
		}
		if last[0] != last[1] || last[0] == 0 {
			t.Errorf("progress ended at %d of %d", last[0], last[1])
		}
		if i == 0 {
			first = r.Digest
		}
		// 42 notes, a large one and its 5 parts, 12 tokens: those that expired long ago are left.
		if r.Digest != first || r.Digest.Documents != 60 || r.Digest.Records != 65 {
			t.Errorf("the digest is %v, first it was %v", r.Digest, first)
		}
		if err := migrate.Usable(t.Context(), from); err == nil || !strings.Contains(err.Error(), "moved to the new on 3 May 2031") {
			t.Errorf("the source: %v", err)
		}
		if err := migrate.Usable(t.Context(), to); err != nil {
			t.Errorf("the target: %v", err)
		}
		if again, err := migrate.Run(t.Context(), o); err != nil || !again.Before || again.Digest != first {
			t.Errorf("again: %+v, %v", again, err)
		}
		looksMoved(t, to)
		shut(t, from, to)
	}
}

// looksMoved uses the store as the service would.
func looksMoved(t *testing.T, e driver.Engine) {
	t.Helper()
	if err := e.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
	db, err := store.Open(e, specs()...)
	if err != nil {
		t.Fatal(err)
	}
	d, err := db.Load(t.Context(), store.Ref{Collection: "notes", Partition: "person-1", ID: "large"})
	if err != nil || len(d.Body) != 5<<20 || d.Rev != 1 {
		t.Errorf("the large one: %v", err)
	}
	var ids, due []string
	q := store.Query{Collection: "notes", Partition: "person-2", Index: "word", Equal: []store.Value{store.Str("w")}}
	if _, err := db.Find(t.Context(), q, func(d *store.Doc) bool { ids = append(ids, fmt.Sprint(d.ID, "@", d.Rev)); return true }); err != nil {
		t.Error(err)
	}
	if got := strings.Join(ids, " "); got != "2@2 5@2 1@2 4@2 0@2 3@2 6@2" {
		t.Errorf("found %s", got)
	}
	if err := db.Due(t.Context(), "later", noon.Add(time.Hour), 100, func(d *store.Doc) bool { due = append(due, d.ID); return true }); err != nil || len(due) != 12 {
		t.Errorf("due %v, %v", due, err)
	}
	l, err := db.Log(t.Context(), "ledger-main")
	if err != nil || l.Len() != 57 {
		t.Fatalf("the log: %v", err)
	}
	err = l.Read(t.Context(), 40, func(n uint64, record []byte) bool {
		if want := fmt.Sprint("ledger-main ", n); string(record) != want {
			t.Errorf("%q in place of %q", record, want)
		}
		return true
	})
	if err != nil {
		t.Error(err)
	}
}

func TestATargetThatHoldsSomethingIsRefused(t *testing.T) {
	put := store.Op{Kind: store.Put, Doc: store.Doc{Ref: store.Ref{Collection: "tokens", Partition: "p", ID: "a"}}}
	for name, c := range map[string]struct {
		occupy func(t *testing.T, e *bolt.Engine) error
		want   string
	}{
		"a document":     {func(t *testing.T, e *bolt.Engine) error { return e.Commit(t.Context(), "p", []store.Op{put}) }, "documents in tokens"},
		"a log":          {func(t *testing.T, e *bolt.Engine) error { _, err := e.Log(t.Context(), "ledger-main"); return err }, "a log ledger-main"},
		"something else": {func(t *testing.T, e *bolt.Engine) error { return nil }, "a collection of-another of something else"},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := open(t, t.TempDir()), open(t, t.TempDir())
			if name == "something else" {
				to = open(t, t.TempDir(), driver.Spec{Name: "of-another"})
			}
			if err := c.occupy(t, to); err != nil {
				t.Fatal(err)
			}
			_, err := migrate.Run(t.Context(), options(from, to))
			if err == nil || errs.KindOf(err) != errs.Unprocessable || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if err := migrate.Usable(t.Context(), from); err != nil {
				t.Errorf("the source cannot be used after that: %v", err)
			}
		})
	}
}

func TestASourceInUseIsRefusedBeforeItIsMarked(t *testing.T) {
	from, to := open(t, t.TempDir()), open(t, t.TempDir())
	o := options(from, to)
	o.Alone = func(context.Context) error { return errBroken }
	if _, err := migrate.Run(t.Context(), o); !errors.Is(err, errBroken) {
		t.Errorf("%v", err)
	}
	for _, e := range []driver.Mover{from, to} {
		if mark, err := e.Mark(t.Context()); mark != "" || err != nil {
			t.Errorf("mark %q, %v", mark, err)
		}
	}
}

func TestASourceOfALaterProgramIsRefused(t *testing.T) {
	from := open(t, t.TempDir(), driver.Spec{Name: "of-later"})
	if _, err := migrate.Run(t.Context(), options(from, open(t, t.TempDir()))); err == nil || !strings.Contains(err.Error(), "of-later") {
		t.Errorf("%v", err)
	}
	if err := from.SetMark(t.Context(), `{"version":99}`); err != nil {
		t.Fatal(err)
	}
	if err := migrate.Usable(t.Context(), from); err == nil || !strings.Contains(err.Error(), "later version") {
		t.Errorf("a later mark: %v", err)
	}
}

// broken fails when it has imported so often; between, it is told of each import.
type broken struct {
	*bolt.Engine
	after   int
	imports func(n int)
	n       int
}

var errBroken = errors.New("the disk is gone")

func (b *broken) Import(ctx context.Context, docs []driver.Doc) error {
	if b.n++; b.n > b.after {
		return errBroken
	}
	b.imports(b.n)
	return b.Engine.Import(ctx, docs)
}

func TestWhoUsesAStoreThatIsBeingMovedIsRefused(t *testing.T) {
	from, to := open(t, t.TempDir()), open(t, t.TempDir())
	fill(t, from)
	running, err := from.Log(t.Context(), "ledger-main")
	if err != nil {
		t.Fatal(err)
	}
	b := &broken{Engine: to, after: 2, imports: func(int) {
		if _, err := running.Append(t.Context(), []byte("late")); !errors.Is(err, driver.ErrFenced) {
			t.Errorf("who still runs appends: %v", err)
		}
	}}
	if _, err := migrate.Run(t.Context(), options(from, b)); !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	for e, want := range map[*bolt.Engine]string{from: "being moved to the new since 3 May 2031: run that dcr migrate again", to: "only a part of the old"} {
		if err := migrate.Usable(t.Context(), e); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	other := open(t, t.TempDir())
	for name, o := range map[string]migrate.Options{"another into it": options(other, to), "a part moved on": options(to, other)} {
		if _, err := migrate.Run(t.Context(), o); err == nil || errs.KindOf(err) != errs.Unprocessable {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r, err := migrate.Run(t.Context(), options(from, to)); err != nil || !r.Resumed {
		t.Errorf("run again: %+v, %v", r, err)
	}
	looksMoved(t, to)
	if _, err := migrate.Run(t.Context(), options(from, other)); err == nil || !strings.Contains(err.Error(), "was moved to the new") {
		t.Errorf("moved a second time, elsewhere: %v", err)
	}
}

func TestAMigrationIsAbandoned(t *testing.T) {
	from, to := open(t, t.TempDir()), open(t, t.TempDir())
	if _, err := migrate.Abandon(t.Context(), from); errs.KindOf(err) != errs.Unprocessable {
		t.Errorf("nothing to abandon: %v", err)
	}
	fill(t, from)
	b := &broken{Engine: to, after: 1, imports: func(int) {}}
	if _, err := migrate.Run(t.Context(), options(from, b)); !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	if other, err := migrate.Abandon(t.Context(), from); err != nil || other != "the new" {
		t.Errorf("%q, %v", other, err)
	}
	if err := migrate.Usable(t.Context(), from); err != nil {
		t.Error(err)
	}
	looksMoved(t, from)
	if _, err := migrate.Run(t.Context(), options(from, to)); err == nil || !strings.Contains(err.Error(), "unfinished migration of the old") {
		t.Errorf("into what is left: %v", err)
	}
	if _, err := migrate.Run(t.Context(), options(from, open(t, t.TempDir()))); err != nil {
		t.Errorf("into an empty one: %v", err)
	}
}

func TestWhatIsNotTheSameIsSaid(t *testing.T) {
	for name, change := range map[string]store.Op{
		"a document more": {Kind: store.Put, Doc: store.Doc{Ref: store.Ref{Collection: "tokens", Partition: "p", ID: "a"}}},
		"a revision":      {Kind: store.Put, Doc: store.Doc{Ref: store.Ref{Collection: "tokens", Partition: "person-1", ID: "soon"}, Expires: noon.Add(time.Hour)}},
	} {
		from, to := open(t, t.TempDir()), open(t, t.TempDir())
		fill(t, from)
		o := options(from, to)
		changed := false
		o.Progress = func(stage migrate.Stage, done, total int64) {
			if changed || done < total { // all is copied
				return
			}
			changed = true
			if err := from.Commit(t.Context(), change.Doc.Partition, []store.Op{change}); err != nil {
				t.Error(err)
			}
		}
		if _, err := migrate.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "are not the same") {
			t.Errorf("%s: %v", name, err)
		}
		if migrate.Usable(t.Context(), from) == nil || migrate.Usable(t.Context(), to) == nil {
			t.Errorf("%s: and yet it is used", name)
		}
	}
}

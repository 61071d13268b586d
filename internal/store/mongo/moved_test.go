package mongo_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
	"github.com/dorsetcarerecord/dcr/internal/store/migrate"
	"github.com/dorsetcarerecord/dcr/internal/store/mongo"
)

// movedSpecs are those of a store with a ledger in it.
func movedSpecs() []driver.Spec {
	byWord := driver.Index{Name: "word", Fields: []driver.Field{{Kind: driver.String}, {Kind: driver.Int, Desc: true}}}
	return store.Specs(append(ledger.Specs(), driver.Spec{Name: "notes", Indexes: []driver.Index{byWord}, Clustered: "word"})...)
}

// testMoved moves a store with a ledger from the embedded engine over the wire and back. What comes
// back is what was, and each checkpoint holds at every stage. On the double the documents of an
// import are written one by one, as they are on MongoDB; its transactions are not tried.
func testMoved(t *testing.T, uri string) {
	embedded := func(dir string) *bolt.Engine {
		e, err := bolt.Open(dir, movedSpecs(), bolt.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Close() })
		return e
	}
	first, last := embedded(t.TempDir()), embedded(t.TempDir())
	over := opened(t, mongo.OpenDouble, optionsFor(t, uri, t.TempDir()), movedSpecs()).(*mongo.Engine)
	defer over.Close()
	key := newKey(t)
	folder := t.TempDir()
	keepLedger(t, first, key, folder, 40)
	addNotes(t, first)

	var digests []migrate.Digest
	for _, step := range []migrate.Options{{From: first, FromName: "the folder", To: over, ToName: "the database"}, {From: over, FromName: "the database", To: last, ToName: "another folder"}} {
		step.Specs, step.Now, step.Page = movedSpecs(), time.Now, 16
		cut := step
		cut.To = &cutOff{step.To, 2}
		if _, err := migrate.Run(t.Context(), cut); !errors.Is(err, errCut) {
			t.Fatalf("cut off: %v", err)
		}
		r, err := migrate.Run(t.Context(), step)
		if err != nil {
			t.Fatalf("from %s to %s: %v", step.FromName, step.ToName, err)
		}
		if !r.Resumed {
			t.Errorf("from %s it was not resumed", step.FromName)
		}
		digests = append(digests, r.Digest)
		if err := migrate.Usable(t.Context(), step.From); err == nil {
			t.Errorf("%s can still be used", step.FromName)
		}
		if err := migrate.Usable(t.Context(), step.To); err != nil {
			t.Errorf("%s: %v", step.ToName, err)
		}
		if err := step.To.Check(t.Context(), nil); err != nil {
			t.Errorf("%s: %v", step.ToName, err)
		}
		verifyLedger(t, step.To, key, folder, 40)
	}
	if digests[0] != digests[1] || digests[0].Documents != 48 || digests[0].Records != 40 {
		t.Errorf("the digests are %v", digests)
	}
	keepLedger(t, last, key, folder, 5) // and it goes on
	verifyLedger(t, last, key, folder, 45)
}

// cutOff loses its database after so many imports.
type cutOff struct {
	driver.Mover
	left int
}

var errCut = errors.New("the database is gone")

func (c *cutOff) Import(ctx context.Context, docs []driver.Doc) error {
	if c.left--; c.left < 0 {
		return errCut
	}
	return c.Mover.Import(ctx, docs)
}

func newKey(t *testing.T) ledger.Key {
	t.Helper()
	secret, err := ledger.NewKey("main", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ledger.ParseKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// keepLedger opens the ledger, appends so many events, and closes it with a checkpoint.
func keepLedger(t *testing.T, e driver.Engine, key ledger.Key, folder string, events int) {
	t.Helper()
	log, err := e.Own(t.Context(), ledger.LogName("main"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), ledger.Options{Log: log, Instance: "main", Key: key, Folders: []string{folder}, Docs: e, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for n := range events {
		event := ledger.Event{Time: time.Now(), Request: fmt.Sprint("request-", n), Kind: identity.Professional, Caller: "p-doc", Role: identity.Clinician, Org: "R0D",
			Action: access.Read, Outcome: access.Allowed, Basis: access.ByEncounter, Person: fmt.Sprint("person-", n%3)}
		if _, err := l.Append(t.Context(), &event); err != nil {
			t.Fatal(err)
		}
		if n%15 == 0 {
			if _, err := l.Checkpoint(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := l.Index(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func verifyLedger(t *testing.T, e driver.Engine, key ledger.Key, folder string, events uint64) {
	t.Helper()
	log, err := e.Log(t.Context(), ledger.LogName("main"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := ledger.Checkpoints(folder, "main")
	if err != nil {
		t.Fatal(err)
	}
	r, err := ledger.Verify(t.Context(), ledger.Verification{Log: log, Instance: "main", Keys: note.VerifierList(key.Verifier), Checkpoints: files})
	if err != nil || !r.OK() || r.Events != events || r.Signed != events || r.Checkpoints < 2 {
		t.Errorf("the ledger: %+v, %v", r, err)
	}
}

func addNotes(t *testing.T, e driver.Engine) {
	t.Helper()
	db, err := store.Open(e, movedSpecs()[:len(movedSpecs())-len(store.Specs())]...)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 40 {
		p := fmt.Sprint("person-", n%3)
		d := store.Doc{Ref: store.Ref{Collection: "notes", Partition: p, ID: fmt.Sprint(n)}, Body: make([]byte, 10), Keys: [][]store.Value{{store.Str("\xff\x00w"), store.Num(int64(n))}}}
		if n == 7 {
			d.Body = make([]byte, 3<<20)
		}
		if n%4 == 0 {
			d.Due, d.Expires = store.Due{Queue: "later", At: time.Unix(1<<31, 0)}, time.Unix(1<<32, 0)
		}
		for range 2 {
			if err := db.Commit(t.Context(), p, []store.Op{{Kind: store.Put, Doc: d}}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

package bolt_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

const fullDir = "DCR_BOLT_FULL_DIR"

// TestDiskFull limits the size of files, for which a process of its own is needed: the
// limit holds for all of it. To the engine it is a full disk.
func TestDiskFull(t *testing.T) {
	if dir := os.Getenv(fullDir); dir != "" {
		fillDisk(t, dir)
		return
	}
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDiskFull$", "-test.v")
	child.Env = append(os.Environ(), fullDir+"="+dir)
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	e := reopen(t, dir)
	if err := e.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if n := count(t, e, "p"); n == 0 {
		t.Error("nothing is left")
	}
}

func limitFiles(t *testing.T, size uint64) {
	t.Helper()
	limit := syscall.Rlimit{}
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = min(size, limit.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
}

func fillDisk(t *testing.T, dir string) {
	e := reopen(t, dir)
	for round := range 6 {
		st, err := os.Stat(filepath.Join(dir, "dcr.db"))
		if err != nil {
			t.Fatal(err)
		}
		limit := uint64(st.Size()) + 64<<10 // the file cannot grow
		if round%2 == 1 {
			limit = uint64(st.Size()) - 14<<20 // it has grown, and not all of it can be written
		}
		limitFiles(t, limit)
		acked := 0
		var full error
		for full == nil {
			ops := []driver.Op{insert("p", fmt.Sprintf("%d-%06d-a", round, acked), make([]byte, 100<<10)), insert("p", fmt.Sprintf("%d-%06d-b", round, acked), nil)}
			if full = e.Commit(t.Context(), "p", ops); full == nil {
				acked++
			}
		}
		if !errors.Is(full, driver.ErrUnavailable) {
			t.Fatalf("%v, want %v", full, driver.ErrUnavailable)
		}
		if err := e.Commit(t.Context(), "p", []driver.Op{insert("p", fmt.Sprint("more", round), make([]byte, 1<<20))}); !errors.Is(err, driver.ErrUnavailable) {
			t.Fatalf("%v, want %v", err, driver.ErrUnavailable)
		}
		limitFiles(t, 1<<62)
		if a, b := countLike(t, e, fmt.Sprint(round, "-"), "-a"), countLike(t, e, fmt.Sprint(round, "-"), "-b"); a != acked || b != acked {
			t.Fatalf("%d and %d documents, %d were acknowledged", a, b, acked)
		}
		if err := e.Commit(t.Context(), "p", []driver.Op{insert("p", fmt.Sprint("after", round), make([]byte, 1<<20))}); err != nil {
			t.Fatalf("there is room again: %v", err)
		}
		if err := e.Check(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDamagedDocument(t *testing.T) {
	dir := t.TempDir()
	e := reopen(t, dir)
	if err := e.Commit(t.Context(), "p", []driver.Op{insert("p", "a", []byte("a body that can be found again"))}); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, filepath.Join(dir, "dcr.db"), "a body that can be found", "A body that can be found")
	e = reopen(t, dir)
	read := func(*driver.Doc) bool { t.Error("a damaged document was returned"); return true }
	_, finding := e.Find(t.Context(), driver.Query{Collection: "plain", Partition: "p"}, read)
	for what, err := range map[string]error{
		"get":     e.Get(t.Context(), []driver.Ref{{Collection: "plain", Partition: "p", ID: "a"}}, read),
		"find":    finding,
		"check":   e.Check(t.Context(), nil),
		"replace": e.Commit(t.Context(), "p", []driver.Op{{Kind: driver.Discard, Doc: driver.Doc{Ref: driver.Ref{Collection: "plain", Partition: "p", ID: "a"}}}}),
	} {
		if !errors.Is(err, driver.ErrCorrupt) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	reopen(t, dir)
	if _, err := bolt.Open(dir, testSpecs, bolt.Options{}); !errors.Is(err, driver.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

func TestOtherFiles(t *testing.T) {
	t.Run("not a store", func(t *testing.T) {
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, "dcr.db"), make([]byte, 64<<10), 0o600)
		if _, err := bolt.Open(dir, testSpecs, bolt.Options{}); !errors.Is(err, driver.ErrCorrupt) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a later format", func(t *testing.T) {
		dir := t.TempDir()
		reopen(t, dir).Close()
		db, err := bbolt.Open(filepath.Join(dir, "dcr.db"), 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("format"), []byte{0, 0, 0, 9}) })
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := bolt.Open(dir, testSpecs, bolt.Options{}); err == nil || !strings.Contains(err.Error(), "format 9") {
			t.Errorf("%v", err)
		}
	})
	t.Run("other indexes", func(t *testing.T) {
		dir := t.TempDir()
		reopen(t, dir).Close()
		other := []driver.Spec{{Name: "plain", Indexes: []driver.Index{{Name: "new", Fields: []driver.Field{{Kind: driver.Int}}}}}}
		if _, err := bolt.Open(dir, other, bolt.Options{}); err == nil {
			t.Error("no error")
		}
	})
}

func TestPanicInAVisitor(t *testing.T) {
	e := reopen(t, t.TempDir())
	if err := e.Commit(t.Context(), "p", []driver.Op{insert("p", "a", nil)}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		func() {
			defer func() { recover() }()
			e.Find(t.Context(), driver.Query{Collection: "plain", Partition: "p"}, func(*driver.Doc) bool { panic("a visitor's") })
		}()
	}
	// Close waits for reads that are open: it would not come back.
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

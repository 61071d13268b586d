package migrate_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
	"github.com/dorsetcarerecord/dcr/internal/store/migrate"
)

// What tells a test binary that it is the child which is to end, and where.
const (
	killDir = "DCR_MIGRATE_KILL_DIR"
	killAt  = "DCR_MIGRATE_KILL_AT"
	killed  = 137
)

// mortal ends the process before one of its writes, as kill -9 would: nothing is closed.
type mortal struct {
	*bolt.Engine
	left *int
}

func (m mortal) write() {
	if *m.left--; *m.left < 0 {
		os.Exit(killed)
	}
}

func (m mortal) Import(ctx context.Context, docs []driver.Doc) error {
	m.write()
	return m.Engine.Import(ctx, docs)
}

func (m mortal) SetMark(ctx context.Context, mark string) error {
	m.write()
	return m.Engine.SetMark(ctx, mark)
}

func (m mortal) Log(ctx context.Context, name string) (driver.Log, error) {
	l, err := m.Engine.Log(ctx, name)
	return mortalLog{l, m}, err
}

type mortalLog struct {
	driver.Log
	m mortal
}

func (l mortalLog) Append(ctx context.Context, records ...[]byte) (uint64, error) {
	l.m.write()
	return l.Log.Append(ctx, records...)
}

// TestAKilledMigrationGoesOn kills a migration before each of its writes in turn, and then runs it to
// its end. What comes of it is what comes of one that nobody disturbed.
func TestAKilledMigrationGoesOn(t *testing.T) {
	if dir := os.Getenv(killDir); dir != "" {
		left, err := strconv.Atoi(os.Getenv(killAt))
		if err != nil {
			t.Fatal(err)
		}
		from, to := open(t, filepath.Join(dir, "from")), open(t, filepath.Join(dir, "to"))
		if _, err := migrate.Run(t.Context(), options(mortal{from, &left}, mortal{to, &left})); err != nil {
			t.Fatal(err)
		}
		return
	}
	origin := t.TempDir()
	from, to := open(t, origin), open(t, t.TempDir())
	fill(t, from)
	shut(t, from)
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(origin)); err != nil {
		t.Fatal(err)
	}
	undisturbed, err := migrate.Run(t.Context(), options(open(t, copied), to))
	if err != nil {
		t.Fatal(err)
	}
	kills := 0
	for ended := false; !ended; kills++ {
		dir := t.TempDir()
		if err := os.CopyFS(filepath.Join(dir, "from"), os.DirFS(origin)); err != nil {
			t.Fatal(err)
		}
		ended = killBefore(t, dir, kills)
		from, to := open(t, filepath.Join(dir, "from")), open(t, filepath.Join(dir, "to"))
		r, err := migrate.Run(t.Context(), options(from, to))
		if err != nil || r.Digest != undisturbed.Digest || r.Before != ended {
			t.Fatalf("killed before write %d: %+v, %v, want %v", kills, r, err, undisturbed.Digest)
		}
		looksMoved(t, to)
		if migrate.Usable(t.Context(), from) == nil || migrate.Usable(t.Context(), to) != nil {
			t.Errorf("killed before write %d: which one is to be used is not clear", kills)
		}
		shut(t, from, to)
	}
	if kills < 25 {
		t.Errorf("killed only %d times", kills)
	}
}

// killBefore runs a migration in a child that ends before a write, or says that it came to the end.
func killBefore(t *testing.T, dir string, write int) (ended bool) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAKilledMigrationGoesOn$")
	child.Env = append(os.Environ(), killDir+"="+dir, killAt+"="+strconv.Itoa(write))
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == killed {
		return false
	}
	if err != nil {
		t.Fatalf("the child: %v\n%s", err, out)
	}
	return true
}

package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/instance"
	"github.com/dorsetcarerecord/dcr/internal/seed"
	"github.com/dorsetcarerecord/dcr/internal/server"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
	"github.com/dorsetcarerecord/dcr/internal/store/migrate"
	"github.com/dorsetcarerecord/dcr/internal/store/mongo/mongotest"
)

// lived is a desk whose store and ledger hold something.
func lived(t *testing.T) (d *desk, number string) {
	d = newDesk(t)
	d.does(partners, "partners", "import", "--create", "-")
	folder, p := d.history(seed.New(1, 3, seed.PerPerson(40)), 0)
	d.does("", "load", "--source", "gp-z99001", filepath.Join(folder, "gp-z99001.json"))
	d.does(p.Number.Digits(), "people", "sharing", "set", "none")
	return d, p.Number.Digits()
}

func (d *desk) refused(want string, args ...string) {
	d.t.Helper()
	if code, _, errs := d.try("", args...); code != 1 || !strings.Contains(errs, want) {
		d.t.Errorf("dcr %s: %d %s, want %q", strings.Join(args, " "), code, errs, want)
	}
}

// move moves the desk's store into another folder, as dcr migrate moves it to a database: there is
// no MongoDB here, and the migration does not know what it moves to.
func (d *desk) move(folder string) migrate.Result {
	d.t.Helper()
	open := func(dir string) driver.Mover {
		e, err := server.OpenEmbedded(d.t.Context(), &config.Config{Data: dir}, server.EngineOptions{})
		if err != nil {
			d.t.Fatal(err)
		}
		d.t.Cleanup(func() { _ = e.Close() })
		return e
	}
	from, to := open(filepath.Join(d.dir, "data")), open(folder)
	r, err := migrate.Run(d.t.Context(), migrate.Options{From: from, To: to, FromName: "the first folder", ToName: "the second folder",
		Specs: store.Specs(server.Specs()...), Now: time.Now, Page: 100})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, e := range []driver.Mover{from, to} {
		if err := e.Close(); err != nil {
			d.t.Fatal(err)
		}
	}
	return r
}

func TestAMovedRecordIsTheSame(t *testing.T) {
	d, number := lived(t)
	data, folder := filepath.Join(d.dir, "data"), filepath.Join(d.dir, "second")
	events := d.does("", "ledger", "show", "--json")
	there := d.move(folder)

	d.refused("moved to the second folder", "partners", "list")
	key := filepath.Join(data, "ledger.key.pub")
	for name, args := range map[string][]string{
		"the new store": {"ledger", "verify", "--data", folder, "--key", key, "--checkpoints", filepath.Join(d.dir, "checkpoints")},
		"the old store": {"ledger", "verify"},
	} {
		if out := d.does("", args...); !strings.Contains(out, "ledger of main: holds") {
			t.Errorf("%s:\n%s", name, out)
		}
	}
	d.environ = append(d.environ, "DCR_DATA="+folder, "DCR_LEDGER_KEY="+filepath.Join(data, "ledger.key"))
	if got := d.does("", "ledger", "show", "--json"); got != events {
		t.Errorf("the ledger was\n%s\nand is\n%s", events, got)
	}
	if out := d.does(number, "people", "sharing", "show"); !strings.HasPrefix(out, "none") {
		t.Errorf("the sharing choice: %s", out)
	}
	d.does("", "check")
	if there.Digest.Documents < 40 || there.Digest.Records != 2 {
		t.Errorf("moved: %v", there.Digest)
	}
}

func TestMigrateSaysWhatToDo(t *testing.T) {
	d, _ := lived(t)
	for _, args := range [][]string{{"migrate"}, {"migrate", "--to", "moon"}} {
		if code, _, errs := d.try("", args...); code != 2 || !strings.Contains(errs, "--to mongodb") {
			t.Errorf("dcr %v: %d %s", args, code, errs)
		}
	}
	d.refused("set DCR_MONGODB_URI_FILE", "migrate", "--to", "mongodb")
	const secret = "s3cret"
	uri := "DCR_MONGODB_URI=mongodb://dcrd:" + secret + "@" + mongotest.Address(t) + "/?directConnection=true"
	embedded := d.environ
	d.environ = append(d.environ, uri, "DCR_MONGODB_TIMEOUT=200ms")
	code, _, errs := d.try("", "migrate", "--to", "mongodb")
	if code != 1 || !strings.Contains(errs, "MongoDB does not answer") || strings.Contains(errs, secret) {
		t.Errorf("nobody answers: %d %s", code, errs)
	}
	d.refused("restore it with what MongoDB has", "restore", filepath.Join(d.dir, "any.tar"))
	d.refused("nothing to abandon", "migrate", "--to", "mongodb", "--abandon")
	d.environ = embedded
	d.does("", "partners", "list") // it goes on as before

	d.move(filepath.Join(d.dir, "second"))
	d.refused("moved to the second folder", "partners", "list")
	d.environ = append(d.environ, uri)
	d.does("", "migrate", "--to", "mongodb", "--abandon")
	d.environ = embedded
	d.does("", "partners", "list")
}

func TestMigrateNeedsTheServerStopped(t *testing.T) {
	d := newDesk(t)
	c, err := config.Load("", d.environ)
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.Start(t.Context(), server.Options{Config: c, Log: slog.DiscardHandler})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	d.environ = append(d.environ, "DCR_MONGODB_URI=mongodb://"+mongotest.Address(t))
	for _, to := range []string{"mongodb", "embedded"} {
		d.refused("stop it first", "migrate", "--to", to)
	}
}

// A store that no lock keeps others out of is moved only when nobody has a lease on it.
func TestWhoIsStillThereIsNamed(t *testing.T) {
	e, err := bolt.Open(t.TempDir(), store.Specs(instance.Specs()...), bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := alone(t.Context(), e); err != nil {
		t.Errorf("nobody is there: %v", err)
	}
	other, err := instance.Join(t.Context(), instance.Options{Store: e, Name: "east", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := alone(t.Context(), e); err == nil || !strings.Contains(err.Error(), "(east)") {
		t.Errorf("another is there: %v", err)
	}
	if err := other.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := alone(t.Context(), e); err != nil {
		t.Errorf("it has left: %v", err)
	}
}

// What looks like MongoDB and has no transactions is refused, by whatever would keep the record on it.
func TestADoubleOfMongoDBIsRefused(t *testing.T) {
	d, _ := lived(t)
	embedded := d.environ
	d.environ = append(d.environ, "DCR_MONGODB_URI="+mongotest.Ferret(t), "DCR_MONGODB_TIMEOUT=1m")
	for _, args := range [][]string{{"migrate", "--to", "mongodb"}, {"migrate", "--to", "embedded"}, {"partners", "list"}, {"ledger", "verify"}} {
		d.refused("run rs.initiate()", args...)
	}
	d.environ = embedded
	d.does("", "partners", "list")
}

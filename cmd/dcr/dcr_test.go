package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/seed"
	"github.com/dorsetcarerecord/dcr/internal/server"
	staffweb "github.com/dorsetcarerecord/dcr/professional/web"
)

func TestEveryCommandHasHelp(t *testing.T) {
	a := &app{in: strings.NewReader(""), out: io.Discard, errs: io.Discard}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Name() == "help" {
			return
		}
		if c.Short == "" || c.Long == "" || c.Example == "" {
			t.Errorf("%s: short, long or example is missing", c.CommandPath())
		}
		if !strings.Contains(c.Example, "dcr ") {
			t.Errorf("%s: the example is none of dcr", c.CommandPath())
		}
		if strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: the short text is no sentence", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(a.rootCommand())
}

// desk is an operator with a data folder of their own.
type desk struct {
	t       *testing.T
	dir     string
	environ []string
}

func newDesk(t *testing.T) *desk {
	dir := t.TempDir()
	return &desk{t, dir, []string{"DCR_DATA=" + filepath.Join(dir, "data"), "DCR_CHECKPOINTS=" + filepath.Join(dir, "checkpoints"),
		"DCR_LISTEN=127.0.0.1:0", "DCR_OPS_LISTEN=127.0.0.1:0"}}
}

func (d *desk) try(stdin string, args ...string) (code int, stdout, stderr string) {
	d.t.Helper()
	var out, errs bytes.Buffer
	a := &app{in: strings.NewReader(stdin), out: &out, errs: &errs, environ: d.environ}
	a.open = a.connect
	code = run(d.t.Context(), a, args)
	return code, out.String(), errs.String()
}

// does runs a command that must succeed, and returns what it prints.
func (d *desk) does(stdin string, args ...string) string {
	d.t.Helper()
	code, out, errs := d.try(stdin, args...)
	if code != 0 {
		d.t.Fatalf("dcr %s: %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

func (d *desk) file(name, text string) string {
	d.t.Helper()
	path := filepath.Join(d.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

const fingerprint = "aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899"

const partners = `{"agreements":[
 {"org":"Z99001","name":"Bournemouth Medical Centre","kind":"gp","read":"all","contribute":"all","dspt":"2099-06-30","signed":"2025-04-01","ends":"2099-03-31"},
 {"org":"R0D","name":"University Hospitals Dorset","kind":"acute","read":"all","contribute":"all","dspt":"2099-06-30","signed":"2025-04-01","ends":"2099-03-31"}],
 "clients":[{"id":"gp-z99001","org":"Z99001","kind":"feed","name":"Practice system","certs":["` + fingerprint + `"]}]}`

// history writes the bundles that a person's sources send, and returns them.
func (d *desk) history(c *seed.County, i int) (folder string, p seed.Person) {
	d.t.Helper()
	for b := range c.Bundles(i) {
		d.file(filepath.Join("bundles", b.Source+".json"), string(b.Bytes))
	}
	return filepath.Join(d.dir, "bundles"), c.Person(i)
}

func TestPartnersAndClients(t *testing.T) {
	d := newDesk(t)
	if code, _, errs := d.try("", "partners", "list"); code != 1 || !strings.Contains(errs, "there is no store") {
		t.Errorf("without a store: %d %s", code, errs)
	}
	if code, _, errs := d.try("", "status"); code != 1 || !strings.Contains(errs, "no dcrd is running") {
		t.Errorf("without a server: %d %s", code, errs)
	}
	d.does(partners, "partners", "import", "--create", "-")
	d.does("", "partners", "put", "--org", "RDY", "--kind", "community", "--name", "Dorset HealthCare", "--read", "all", "--contribute", "letters care-plans",
		"--signed", "2026-04-01", "--ends", "2099-03-31", "--dspt", "2099-03-31")
	d.does("", "clients", "register", "--id", "dhc-epr", "--org", "RDY", "--kind", "feed", "--name", "Community system", "--cert", strings.Repeat("ab", 32))
	if out := d.does("", "partners", "list"); !strings.Contains(out, "letters care-plans") || !strings.Contains(out, "Bournemouth Medical Centre") || strings.Count(out, "  live\n") != 3 {
		t.Errorf("partners:\n%s", out)
	}
	d.does("", "partners", "suspend", "RDY")
	if out := d.does("", "partners", "list"); !strings.Contains(out, "suspended") {
		t.Errorf("not suspended:\n%s", out)
	}
	d.does("", "partners", "resume", "RDY")
	d.does("", "partners", "put", "--org", "RBD", "--name", "Dorset County Hospital", "--kind", "acute", "--read", "all", "--signed", "2020-04-01", "--ends", "2023-03-31", "--dspt", "2099-03-31")
	if out := d.does("", "partners", "list"); !strings.Contains(out, "  lapsed\n") {
		t.Errorf("one that has ended is not lapsed:\n%s", out)
	}
	for _, kind := range []string{"partners", "clients"} {
		if out := d.does(d.does("", kind, "list", "--json"), "partners", "import", "-"); !strings.HasPrefix(out, "0 agreements and 0 clients changed") {
			t.Errorf("what %s list prints, imported: %s", kind, out)
		}
	}
	d.does("", "clients", "revoke", "dhc-epr")
	if out := d.does("", "clients", "list"); !strings.Contains(out, "revoked") {
		t.Errorf("not revoked:\n%s", out)
	}
}

func TestLoad(t *testing.T) {
	d := newDesk(t)
	d.does(partners, "partners", "import", "--create", "-")
	d.history(seed.New(1, 3, seed.PerPerson(40)), 0)
	practice := filepath.Join(d.dir, "bundles", "gp-z99001.json")
	var report loadReport
	if err := json.Unmarshal([]byte(d.does("", "load", "--json", "--source", "gp-z99001", practice)), &report); err != nil {
		t.Fatal(err)
	}
	if report.Files != 1 || report.Total.Applied == 0 || report.Total.Held != 0 || report.Types["Patient"].Applied != 1 {
		t.Errorf("%+v", report)
	}
	if out := d.does("", "load", "--source", "gp-z99001", practice); !strings.Contains(out, "1 of them known already") {
		t.Errorf("loaded again:\n%s", out)
	}
	if code, _, errs := d.try("", "load", "--source", "gp-z99009", practice); code != 1 || !strings.Contains(errs, "no such client") {
		t.Errorf("an unknown source: %d %s", code, errs)
	}
}

// TestPeopleAndTheirLedger: all without a running server.
func TestPeopleAndTheirLedger(t *testing.T) {
	d := newDesk(t)
	d.does(partners, "partners", "import", "--create", "-")
	county := seed.New(1, 4, seed.PerPerson(40))
	for _, i := range []int{0, 3} { // both of the first practice
		folder, _ := d.history(county, i)
		d.does("", "load", "--source", "gp-z99001", filepath.Join(folder, "gp-z99001.json"))
	}
	ann, bob := county.Person(0).Number.Digits()+"\n", county.Person(3).Number.Digits()+"\n"
	if out := d.does(ann, "people", "sharing", "show"); !strings.HasPrefix(out, "share") {
		t.Errorf("sharing: %s", out)
	}
	if out := d.does(ann, "people", "sharing", "set", "emergency-only", "--window", "R0D,2026-11-02T09:00:00Z,2026-11-03T09:00:00Z"); !strings.HasPrefix(out, "the sharing choice is emergency-only from now on\n  shared with R0D") {
		t.Errorf("set: %s", out)
	}
	if out := d.does("", "people", "sharing", "show", "--number-file", d.file("number", ann)); !strings.HasPrefix(out, "emergency-only, since") || !strings.Contains(out, "shared with R0D") {
		t.Errorf("sharing: %s", out)
	}
	d.does(ann, "people", "restrict")
	if out := d.does(ann, "people", "sharing", "show", "--history"); strings.Count(out, "emergency-only") != 2 || strings.Count(out, "shared with R0D") != 2 || strings.Count(out, "restricted") != 1 {
		t.Errorf("history: %s", out)
	}
	d.does(ann, "people", "invalidate")
	d.does(ann, "people", "invalidate", "--undo")
	if code, _, errs := d.try(ann, "people", "sharing", "set", "none", "--window-appointment", "p-a,R0D"); code != 1 || !strings.Contains(errs, "no appointment") {
		t.Errorf("a window for no appointment: %d %s", code, errs)
	}
	d.does(ann, "people", "sensitive", "--clear", "cis2/1")
	d.does(bob+ann, "people", "join")
	d.does(ann+bob, "people", "split")
	if code, _, errs := d.try(ann, "people", "join"); code != 2 || !strings.Contains(errs, "2 NHS numbers are needed") {
		t.Errorf("joining one: %d %s", code, errs)
	}

	if out := d.does("", "ledger", "show"); strings.Count(out, "\n") != 13 {
		t.Errorf("ledger:\n%s", out)
	}
	if out := d.does("", "ledger", "show", "--last", "2"); strings.Count(out, "\n") != 2 {
		t.Errorf("the last of the ledger:\n%s", out)
	}
	if out := d.does(ann, "ledger", "person", "--limit", "2"); strings.Count(out, "\n") != 2 {
		t.Errorf("ledger of the person:\n%s", out)
	}
	proof := d.does("", "ledger", "proof", "3")
	if out := d.does(proof, "ledger", "check", "-", "--key", filepath.Join(d.dir, "data", "ledger.key.pub")); !strings.Contains(out, "event 3 of the ledger of main: holds") ||
		!strings.Contains(out, "by the key that you gave") {
		t.Errorf("check:\n%s", out)
	}
	// Anywhere, with the document alone.
	alone := newDesk(t)
	if out := alone.does("", "ledger", "check", d.file("proof.json", proof)); !strings.Contains(out, "only by the key that the file itself names") {
		t.Errorf("check:\n%s", out)
	}
	if code, _, errs := alone.try(strings.Replace(proof, `"seq":3`, `"seq":2`, 1), "ledger", "check", "-"); code != 1 || !strings.Contains(errs, "does not hold") {
		t.Errorf("a changed proof: %d %s", code, errs)
	}
	if out := d.does("", "check"); !strings.Contains(out, "whole") {
		t.Errorf("check: %s", out)
	}
}

func TestLedgerVerify(t *testing.T) {
	d, other := newDesk(t), newDesk(t)
	for _, desk := range []*desk{d, other} {
		desk.does(partners, "partners", "import", "--create", "-")
		desk.does("", "load", "--source", "gp-z99001", func() string { f, _ := desk.history(seed.New(1, 3, seed.PerPerson(40)), 0); return f }())
		desk.does(seed.New(1, 3).Person(0).Number.Digits(), "people", "restrict")
	}
	if out := d.does("", "ledger", "verify"); !strings.Contains(out, "ledger of main: holds") {
		t.Errorf("verify:\n%s", out)
	}
	// Nothing of a configuration that has mistakes is needed.
	d.environ = []string{"DCR_LISTEN=nowhere"}
	data, elsewhere := filepath.Join(d.dir, "data"), filepath.Join(other.dir, "checkpoints")
	if out := d.does("", "ledger", "verify", "--data", data); !strings.Contains(out, "holds") {
		t.Errorf("verify:\n%s", out)
	}
	code, out, errs := d.try("", "ledger", "verify", "--data", data, "--checkpoints", elsewhere, "--key", filepath.Join(other.dir, "data", "ledger.key.pub"))
	if code != 1 || !strings.Contains(out, "DOES NOT HOLD") {
		t.Errorf("against the checkpoints of another: %d\n%s%s", code, out, errs)
	}
}

func TestQuarantine(t *testing.T) {
	d := newDesk(t)
	d.does(partners, "partners", "import", "--create", "-")
	d.does("", "clients", "register", "--id", "uhd-epr", "--org", "R0D", "--kind", "feed", "--name", "EPR", "--cert", strings.Repeat("cd", 32))
	county := seed.New(1, 3, seed.PerPerson(40))
	d.history(county, 0)
	hospital, practice := filepath.Join(d.dir, "bundles", "uhd-epr.json"), filepath.Join(d.dir, "bundles", "gp-z99001.json")
	if out := d.does("", "load", "--source", "uhd-epr", hospital); !strings.Contains(out, "UNKNOWN_PERSON") {
		t.Errorf("a hospital's of nobody known:\n%s", out)
	}
	var items []operator.QuarantineItem
	if err := json.Unmarshal([]byte(d.does("", "feeds", "quarantine", "list", "--json")), &items); err != nil || len(items) == 0 || items[0].Source != "uhd-epr" {
		t.Fatalf("%+v, %v", items, err)
	}
	if out := d.does("", "feeds", "quarantine", "show", "uhd-epr", items[0].ID); !strings.Contains(out, "UNKNOWN_PERSON") || strings.Contains(out, county.Person(0).Number.Digits()) {
		t.Errorf("show:\n%s", out)
	}
	if out := d.does("", "feeds", "quarantine", "show", "uhd-epr", items[0].ID, "--message"); !strings.HasPrefix(out, `{"resourceType":"Bundle"`) {
		t.Errorf("message: %.100s", out)
	}
	if out := d.does("", "feeds", "quarantine", "replay", "uhd-epr"); !strings.Contains(out, "0 released") {
		t.Errorf("replay: %s", out)
	}
	d.does("", "load", "--source", "gp-z99001", practice)
	if out := d.does("", "feeds", "quarantine", "list", "uhd-epr", "--state", "released"); strings.Count(out, "\n") < 2 {
		t.Errorf("released:\n%s", out)
	}
	if code, _, errs := d.try("", "feeds", "quarantine", "discard", "uhd-epr", items[0].ID); code != 1 {
		t.Errorf("discarding what is released: %d %s", code, errs)
	}
}

func TestBackupAndRestore(t *testing.T) {
	d := newDesk(t)
	d.does(partners, "partners", "import", "--create", "-")
	county := seed.New(1, 3, seed.PerPerson(40))
	_, p := d.history(county, 0)
	d.does("", "load", "--source", "gp-z99001", filepath.Join(d.dir, "bundles", "gp-z99001.json"))
	d.does(p.Number.Digits(), "people", "sharing", "set", "none")
	backup := filepath.Join(d.dir, "dcr.tar")
	said := d.does("", "backup", backup)
	info, err := os.Stat(backup)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	if want := fmt.Sprintf("backed up to %s: %d bytes, without the ledger's key and checkpoints: keep those apart\n", backup, info.Size()); said != want {
		t.Errorf("said %q, want %q", said, want)
	}
	if _, out, errs := d.try("", "backup", "-"); !strings.Contains(errs, fmt.Sprintf("standard output: %d bytes", len(out))) || len(out) == 0 {
		t.Errorf("to standard output, %d bytes: %s", len(out), errs)
	}
	if code, _, errs := d.try("", "backup", backup); code != 1 || !strings.Contains(errs, "--force") {
		t.Errorf("over another: %d %s", code, errs)
	}
	if code, _, errs := d.try("", "restore", backup); code != 1 || !strings.Contains(errs, "not empty") {
		t.Errorf("over a store: %d %s", code, errs)
	}
	other := filepath.Join(d.dir, "other")
	d.does("", "restore", backup, "--data", other)
	verified := d.does("", "ledger", "verify", "--data", other, "--key", filepath.Join(d.dir, "data", "ledger.key.pub"), "--checkpoints", filepath.Join(d.dir, "checkpoints"))
	if !strings.Contains(verified, "holds") {
		t.Error(verified)
	}
	for _, name := range []string{"ledger.key", "ledger.key.pub"} {
		b, err := os.ReadFile(filepath.Join(d.dir, "data", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(other, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out := d.does(p.Number.Digits(), "people", "sharing", "show", "--data", other); !strings.HasPrefix(out, "none") {
		t.Errorf("restored sharing: %s", out)
	}
}

func TestWithARunningServer(t *testing.T) {
	d := newDesk(t)
	c, err := config.Load("", d.environ)
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.Start(t.Context(), server.Options{Config: c, Log: slog.DiscardHandler, Version: "v-running"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	d.does(partners, "partners", "import", "-")
	if out := d.does("", "status"); !strings.Contains(out, "v-running") || !strings.Contains(out, "2, 2 of them live") {
		t.Errorf("status:\n%s", out)
	}
	_, p := d.history(seed.New(1, 3, seed.PerPerson(40)), 0)
	d.does("", "load", "--source", "gp-z99001", filepath.Join(d.dir, "bundles", "gp-z99001.json"))
	d.does(p.Number.Digits(), "people", "sharing", "set", "none")
	if out := d.does("", "ledger", "verify"); !strings.Contains(out, "holds") {
		t.Errorf("verify:\n%s", out)
	}
	d.does("", "check")
	d.does("", "backup", filepath.Join(d.dir, "live.tar"))
	d.does("", "restore", filepath.Join(d.dir, "live.tar"), "--data", filepath.Join(d.dir, "copy"))
	if code, _, errs := d.try("", "restore", filepath.Join(d.dir, "live.tar")); code != 1 || !strings.Contains(errs, "is running") {
		t.Errorf("restore under a running server: %d %s", code, errs)
	}
}

// A recovery code is of no use to whoever does not learn where it is vouched for.
func TestWhereACodeIsVouchedFor(t *testing.T) {
	if got := vouchPage(operator.ActivationCode{ID: "BCDF23", Page: "https://record.example/enrol"}); got != "https://record.example"+staffweb.PathCodes+"/BCDF23/vouch" {
		t.Error(got)
	}
}

func TestMistakesInUse(t *testing.T) {
	d := newDesk(t)
	for _, args := range [][]string{
		{"dance"}, {"people", "dance"}, {"partners", "put"}, {"partners", "put", "--org", "R0D", "--colour", "x"}, {"people", "sharing", "set"},
		{"people", "sharing", "set", "some"}, {"people", "sharing", "set", "none", "--window", "x"}, {"people", "sharing", "set", "none", "--window-appointment", "a,!"}, {"load"}, {"load", "x.json"}, {"partners", "suspend", "!"},
		{"ledger", "proof", "x"}, {"backup"}, {"version", "x"},
	} {
		if code, _, errs := d.try("", args...); code != 2 || !strings.Contains(errs, "Try: dcr --help") {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	if code, out, _ := d.try("", "people"); code != 0 || !strings.Contains(out, "join") {
		t.Errorf("a group prints its help: %d %s", code, out)
	}
	code, _, errs := d.try("9990000008\n", "people", "restrict")
	if code != 1 || strings.Contains(errs, "9990000008") {
		t.Errorf("a wrong number: %d %s", code, errs)
	}
}

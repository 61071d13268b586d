package server_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"flag"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

// update makes the newest fixture anew, which is right only until a version that wrote
// it is in use somewhere; then a new form gets a fixture of its own beside it:
//
//	go test ./internal/server -run TestStoresOfEarlierVersions -update
var update = flag.Bool("update", false, "write testdata/"+newest)

const newest = "store-1.tar.gz"

var (
	ruth = testkit.Person{Number: nhs.MustNumber("9990000034"), Family: "Rosemary", Born: "1943-11-12"}
	tom  = testkit.Person{Number: nhs.MustNumber("9990000042"), Family: "Thistle", Born: "1999-01-02"}
)

// TestStoresOfEarlierVersions opens each store that was kept: what earlier versions
// wrote is read, goes on to be written, and its ledger verifies.
func TestStoresOfEarlierVersions(t *testing.T) {
	if *update {
		makeStore(t)
	}
	kept, err := filepath.Glob("testdata/store-*.tar.gz")
	if err != nil || !slices.Contains(kept, "testdata/"+newest) {
		t.Fatalf("the stores that were kept: %v %v", kept, err)
	}
	for _, archive := range kept {
		t.Run(filepath.Base(archive), func(t *testing.T) {
			w := testkit.Start(t, func(c *config.Config) { unpack(t, archive, filepath.Dir(c.Data)) })
			if err := w.Operator().Check(t.Context(), nil); err != nil {
				t.Error(err)
			}
			h := &house{World: w, doc: w.Professional("adams", "R0D", identity.Clinician)}
			h.mary = person(t, h.doc, mary.Number)
			if body := h.reads("kept", http.StatusOK); !strings.Contains(body, `"value":131.25`) {
				t.Errorf("her result is lost: %s", body)
			}
			if a := h.doc.Posts("Patient/_search", "identifier="+nhs.NumberSystem+"|"+tom.Number.Digits()); !strings.Contains(string(a.Body), "NO_PATIENT_CONSENT") {
				t.Errorf("his opt-out is lost: %d %s", a.Status, a.Body)
			}
			if choice, err := w.Operator().Sharing(t.Context(), tom.Number); err != nil || choice.Tier != "none" {
				t.Errorf("his choice: %+v %v", choice, err)
			}
			// Ruth's result has waited for a practice ever since.
			again := w.Source("gp-b", "J81001")
			sends(t, again, http.StatusOK, ruth.Patient())
			if a := h.doc.Gets("Observation?patient=" + person(t, h.doc, ruth.Number)); a.Status != http.StatusOK || !strings.Contains(string(a.Body), `"value":88`) {
				t.Errorf("what waited: %d %s", a.Status, a.Body)
			}
			w.Restart()
			report, err := w.Operator().VerifyLedger(t.Context(), func(int64, int64) {})
			if err != nil || len(report["main"].Findings) > 0 || !strings.Contains(ledgerText(w), "cis2/before") {
				t.Errorf("its ledger: %+v %v", report, err)
			}
		})
	}
}

func ledgerText(w *testkit.World) string {
	var b strings.Builder
	for _, e := range w.Events() {
		b.WriteString(e.Caller + "\n")
	}
	return b.String()
}

// makeStore has a few people's record written and packs it.
func makeStore(t *testing.T) {
	h := newHouse(t)
	h.doc = h.Professional("before", "R0D", identity.Clinician)
	h.reads("before", http.StatusOK)
	sends(t, h.practice, http.StatusOK, tom.Patient())
	sends(t, h.hospital, http.StatusOK, tom.Patient(), tom.Encounter("e3", testkit.Now.AddDate(0, -1, 0)))
	sends(t, h.hospital, http.StatusAccepted, ruth.Patient(), ruth.Encounter("e4", testkit.Now.AddDate(0, -1, 0)), ruth.Observation("o4", testkit.Now, 88))
	if err := h.Operator().SetSharing(t.Context(), tom.Number, operator.Choice{Tier: "none"}); err != nil {
		t.Fatal(err)
	}
	h.Stop()
	pack(t, filepath.Dir(h.Config.Data), "testdata/"+newest, "data", "checkpoints")
}

func pack(t *testing.T, dir, archive string, folders ...string) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(dir, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			name, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			body, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if err := w.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Mode: 0o600, Size: int64(len(body))}); err != nil {
				return err
			}
			_, err = w.Write(body)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close(), os.MkdirAll(filepath.Dir(archive), 0o755), os.WriteFile(archive, b.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, body, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

const laterVersion = "a later version of"

// newer makes what is read one of the next version but some.
func newer(b []byte) []byte { return append([]byte{200}, b[1:]...) }

// A document of a later version is never taken for an earlier one, nor for absent: what
// needs it fails, and the log says what to do.
func TestDocumentsOfALaterVersion(t *testing.T) {
	reads := func(h *house) testkit.Answer { return h.doc.Gets("Observation?patient=" + h.mary) }
	finds := func(h *house) testkit.Answer {
		return h.doc.Posts("Patient/_search", "identifier="+nhs.NumberSystem+"|"+mary.Number.Digits())
	}
	hears := func(h *house) testkit.Answer { return h.hospital.Sends(testkit.Bundle(testkit.Now, mary.Patient())) }
	for collection, asks := range map[string]func(h *house) testkit.Answer{
		"entry": reads, "control": reads, "relation": reads, "agreement": reads, "person": finds, "client": hears,
	} {
		t.Run(collection, func(t *testing.T) {
			h := newHouse(t)
			h.Faults.Alter(collection, newer)
			if a := asks(h); a.Status != http.StatusInternalServerError || strings.Contains(string(a.Body), "131.25") {
				t.Errorf("%d %s", a.Status, a.Body)
			}
			h.operator("later", "", laterVersion)
			h.Faults.Alter(collection, nil)
			if a := asks(h); a.Status != http.StatusOK {
				t.Errorf("with the version that wrote it: %d %s", a.Status, a.Body)
			}
		})
	}
}

// laterEvent makes an event one of the next version, which keeps its own hash.
func laterEvent(b []byte) []byte {
	changed := bytes.Replace(b[sha256.Size:], []byte("DCR1"), []byte("DCR2"), 1)
	leaf := sha256.Sum256(changed)
	return append(leaf[:], changed...)
}

// A log with records of a later version is not opened.
func TestLogsOfALaterVersion(t *testing.T) {
	for log, change := range map[string]func([]byte) []byte{
		"inbox-main":  newer,
		"ledger-main": laterEvent,
	} {
		t.Run(log, func(t *testing.T) {
			h := newHouse(t)
			h.Faults.Fail(testkit.Documents, syscall.ENOSPC) // so that a message is left to be applied by a start
			h.hears("full", "o3", unavailable)
			_ = h.Server.Stop(t.Context())
			h.Faults.Fail(testkit.Documents, nil)
			h.Faults.Alter(log, change)
			if err := h.TryStart(); err == nil || !strings.Contains(err.Error(), laterVersion) {
				t.Fatalf("%v", err)
			}
			h.Faults.Alter(log, nil)
			if err := h.TryStart(); err != nil {
				t.Fatal(err)
			}
			h.reads("with the version that wrote it", http.StatusOK)
		})
	}
}

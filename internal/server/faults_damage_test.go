package server_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

// A flipped bit in a document: nobody is shown it, it alone is missing, what comes for
// it is kept, and an operator is told.
func TestAFlippedBitInADocument(t *testing.T) {
	h := newHouse(t)
	h.Stop()
	path := filepath.Join(h.Config.Data, "dcr.db")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.ReplaceAll(whole, []byte(`"value":131.25`), []byte(`"value":171.25`))
	if bytes.Equal(whole, flipped) {
		t.Fatal("her result is not in the file")
	}
	write(t, path, flipped)
	if err := h.TryStart(); err != nil {
		t.Fatal(err)
	}
	if body := h.reads("damaged", http.StatusInternalServerError); strings.Contains(body, "71.25") {
		t.Errorf("a flipped bit was shown: %s", body)
	}
	h.operator("damaged", "", "the checksum of a document of entry does not hold")
	if a := h.doc.Gets("Observation?patient=" + person(t, h.doc, john.Number)); a.Status != http.StatusOK || !strings.Contains(string(a.Body), `"value":99`) {
		t.Errorf("somebody else's record: %d %s", a.Status, a.Body)
	}
	a := h.hospital.Sends(testkit.Bundle(testkit.Now, mary.Observation("o1", testkit.Now, 132)))
	h.answered("a correction", a, http.StatusAccepted)
	if !strings.Contains(string(a.Body), "APPLY_FAILED") {
		t.Errorf("a correction: %s", a.Body)
	}
	h.operator("a correction", "", "")
	if err := h.Operator().Check(t.Context(), nil); !errors.Is(err, driver.ErrCorrupt) || !strings.Contains(err.Error(), "entry") {
		t.Errorf("check: %v", err)
	}
}

// A log that was damaged or cut is not opened, and not changed; the error says which
// and what to do. With the log as it was the service starts.
func TestADamagedLog(t *testing.T) {
	flip := func(b []byte) []byte { b[len(b)/2] ^= 1; return b }
	cut := func(b []byte) []byte { return b[:len(b)-20] }
	for name, tt := range map[string]struct {
		log    string
		noNote bool // of the log's length: it was lost too
		change func(b []byte) []byte
		says   []string
	}{
		"a flipped bit in the inbox":       {"inbox-main", false, flip, []string{"log inbox-main", "restore it from a backup"}},
		"a flipped bit in the ledger":      {"ledger-main", false, flip, []string{"log ledger-main", "restore it from a backup"}},
		"a truncated inbox":                {"inbox-main", false, cut, []string{"log inbox-main", "its tail is lost; restore it from a backup"}},
		"a truncated ledger":               {"ledger-main", false, cut, []string{"log ledger-main", "its tail is lost; restore it from a backup"}},
		"a truncated inbox and its note":   {"inbox-main", true, cut, []string{"the inbox holds", "have been finished; restore its log from a backup"}},
		"a truncated ledger and its note":  {"ledger-main", true, cut, []string{"ledger of instance main", "its tail was lost or removed", "Restore the newest backup"}},
		"a segment written by a later one": {"ledger-main", false, later, []string{"log ledger-main", "a later version of this program"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.reads("before", http.StatusOK) // so that the ledger has more than a record
			h.Stop()
			dir := filepath.Join(h.Config.Data, "logs", tt.log)
			path := filepath.Join(dir, "00000000000000000000.seg")
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			note, err := os.ReadFile(dir + ".len")
			if err != nil {
				t.Fatal(err)
			}
			changed := tt.change(bytes.Clone(whole))
			write(t, path, changed)
			if tt.noNote {
				_ = os.Remove(dir + ".len")
			}
			err = h.TryStart()
			if err == nil {
				t.Fatal("it started")
			}
			for _, words := range tt.says {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%v\ndoes not say %q", err, words)
				}
			}
			if after, _ := os.ReadFile(path); !tt.noNote && !bytes.Equal(after, changed) {
				t.Error("a log that was refused was changed")
			}
			write(t, path, whole)
			write(t, dir+".len", note)
			if err := h.TryStart(); err != nil {
				t.Fatal(err)
			}
			h.reads("as it was", http.StatusOK)
		})
	}
}

// later makes a segment one of the next version.
func later(b []byte) []byte { return append([]byte("DCRSEG2\n"), b[8:]...) }

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// The disk turns read-only under the service: nothing is acknowledged, nothing is shown
// without its event, /readyz says why and that a restart is needed; after it everything
// that was acknowledged is there.
func TestTheDiskTurnsReadOnly(t *testing.T) {
	h := newHouse(t)
	readOnly(t, h.Config.Data)
	h.reads("read-only", unavailable)
	h.hears("read-only", "o3", unavailable)
	h.operator("read-only", "ledger: the last write failed", "append to log ledger-main")
	if err := h.Operator().Suspend(t.Context(), "J81001", true); err == nil {
		t.Error("an agreement was suspended on a disk that cannot be written")
	}
	h.operator("read-only", "(nothing more is written: check the disk and restart)", "")
	if err := h.Server.Stop(t.Context()); err == nil {
		t.Error("it says that all was written")
	}
	if err := h.TryStart(); err != nil {
		t.Fatal(err)
	}
	if body := h.reads("sound again", http.StatusOK); !strings.Contains(body, `"value":131.25`) {
		t.Errorf("something is lost: %s", body)
	}
	h.hears("sound again", "o3", http.StatusOK)
	h.operator("sound again", "", "")
}

// readOnly puts a descriptor that can only read in the place of each that is open on a
// file below dir, which is what writing finds when the system has put the disk so.
func readOnly(t *testing.T, dir string) {
	t.Helper()
	open, err := filepath.Glob("/proc/self/fd/*")
	if err != nil || len(open) == 0 {
		t.Fatalf("the open files: %v", err)
	}
	for _, link := range open {
		path, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(path, dir+"/") {
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		var fd int
		for _, c := range filepath.Base(link) {
			fd = fd*10 + int(c-'0')
		}
		if err := unix.Dup3(int(f.Fd()), fd, unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}

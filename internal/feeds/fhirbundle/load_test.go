package fhirbundle_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/feeds/fhirbundle"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// shared is the folder of independent test material, beside the repository.
func shared(t *testing.T, folder string) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "..", "shared", "data", folder)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("%s is not there: nothing to test with", filepath.Join("..", "shared", "data", folder))
	}
	return dir
}

// report is what became of some files.
type report struct {
	files, repeated, refused int
	applied, unchanged, held int
	reasons                  map[string]int // what is held, by code
}

// load sends files as a source sends them, one after the other.
func (w *world) load(source string, demo bool, dir string) *report {
	w.t.Helper()
	files, err := fhirbundle.Files(dir)
	must(w.t, err)
	from := w.sender(source)
	rep := &report{files: len(files), reasons: map[string]int{}}
	for _, name := range files {
		body, err := os.ReadFile(name)
		must(w.t, err)
		if demo {
			body = fhirbundle.Demo(body)
		}
		r, err := w.inbox.Receive(w.t.Context(), from, fhirbundle.NewMessage(body))
		must(w.t, err)
		rep.add(&r)
	}
	return rep
}

func (rep *report) add(r *feeds.Receipt) {
	if r.Repeated {
		rep.repeated++
	}
	for _, h := range r.Outcome.Held {
		if h.Entry != feeds.Whole {
			rep.reasons[h.Code]++
			continue
		}
		rep.reasons[h.Code] += max(1, len(r.Outcome.Entries))
		if h.Fault {
			rep.refused++
		}
	}
	for _, e := range r.Outcome.Entries {
		switch {
		case e.Ignored:
		case e.Held > 0:
			rep.held++
		case e.Applied.Result == record.Unchanged:
			rep.unchanged++
		default:
			rep.applied++
		}
	}
}

func (rep *report) log(t *testing.T, title string) {
	t.Helper()
	t.Logf("%s: %d files; entries: %d applied, %d unchanged, %d held; %d files refused", title, rep.files, rep.applied, rep.unchanged, rep.held, rep.refused)
	for _, code := range slices.Sorted(maps.Keys(rep.reasons)) {
		t.Logf("  %-20s %d", code, rep.reasons[code])
	}
}

// The demonstration's people go in whole, and a second time change nothing.
func TestSyntheaGoesInWhole(t *testing.T) {
	dir := shared(t, "synthea-r4")
	w := newWorld(t)
	rep := w.load(practice, true, dir)
	rep.log(t, "synthea")
	// A few organisations and practitioners are in several bundles.
	if rep.refused+rep.held > 0 || rep.files != 8 || rep.applied+rep.unchanged != 2266 || rep.unchanged > 10 {
		t.Errorf("of 8 files and 2266 entries: %+v", rep)
	}
	people, byIdentifier := 0, 0
	files, err := fhirbundle.Files(dir)
	must(t, err)
	for _, name := range files {
		body, err := os.ReadFile(name)
		must(t, err)
		doc, err := fhir.ParseFeed(body)
		must(t, err)
		entries := w.entries(fhirbundle.DemoNumber(doc.Root().Path("entry", "resource").ID()).Digits())
		people += len(entries)
		for id, e := range entries {
			if strings.Contains(e, `"reference":"urn:`) || strings.Contains(e, `?identifier=`) {
				t.Errorf("%s has a reference that was not resolved", id)
			}
			byIdentifier += strings.Count(e, `"type":"Practitioner","identifier":{"system":"http://hl7.org/fhir/sid/us-npi"`)
		}
	}
	if people < 2200 || byIdentifier == 0 {
		t.Errorf("%d entries are read back, with %d references by identifier", people, byIdentifier)
	}
	again := w.load(practice, true, dir)
	if again.repeated != 8 || again.unchanged != 2266 {
		t.Errorf("a second time: %+v", again)
	}
}

func TestDemoNumbers(t *testing.T) {
	seen := map[string]string{}
	for i := range 2000 {
		id := strings.Repeat("x", i%7) + string(rune('a'+i%26)) + time.Duration(i).String()
		n := fhirbundle.DemoNumber(id)
		if n != fhirbundle.DemoNumber(id) {
			t.Fatal("not always the same")
		}
		if _, err := nhs.ParseNumber(n.Digits()); err != nil || !strings.HasPrefix(n.Digits(), "999") {
			t.Fatalf("%v: %v", n, err)
		}
		if other, ok := seen[n.Digits()]; ok && other != id {
			t.Logf("%s and %s share a number", id, other)
		}
		seen[n.Digits()] = id
	}
	if len(seen) < 1900 {
		t.Errorf("only %d numbers for 2000 people", len(seen))
	}
	// What has a number, and what cannot be read, stays as it is.
	for _, body := range []string{bundle("batch", at1, post(patient("1", mary, maryBorn))), "{", ""} {
		if got := string(fhirbundle.Demo([]byte(body))); got != body {
			t.Errorf("%s became %s", body, got)
		}
	}
	without := `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"a","gender":"male"}}]}`
	if got := string(fhirbundle.Demo([]byte(without))); !strings.Contains(got, `{"identifier":[{"system":"`+nhs.NumberSystem+`","value":"`+fhirbundle.DemoNumber("a").Digits()+`"}],"resourceType":"Patient"`) {
		t.Error(got)
	}
}

// TestCounts sends all FHIR JSON of the test material through the inbox, as it is
// and as the Bundles that a source would make of it, and tells what became of it.
// Nothing may be lost: each file is applied, or held with a reason, and nothing
// ends as a fault of ours.
func TestCounts(t *testing.T) {
	for _, folder := range []string{"synthea-r4", "ukcore", "hl7-r4-examples", "ips-1.1.0", "validator-cases-r4", "nhs-apis"} {
		t.Run(folder, func(t *testing.T) {
			dir := shared(t, folder)
			counts(t, folder, false, dir)
			counts(t, folder+", with 999 numbers, single resources in a collection each", true, wrapped(t, dir))
		})
	}
}

func counts(t *testing.T, title string, demo bool, dir string) {
	t.Helper()
	w := newWorld(t)
	rep := w.load(practice, demo, dir)
	rep.log(t, title)
	if n := rep.reasons[feeds.ApplyFailed]; n > 0 {
		t.Errorf("%d ended as a fault of ours", n)
	}
	log, err := w.db.Log(t.Context(), "inbox-main")
	must(t, err)
	if int(log.Len())+rep.repeated < rep.files {
		t.Errorf("%d of %d files were kept", log.Len(), rep.files)
	}
}

// wrapped copies a folder for the length of the test, putting what is no Bundle into
// a collection. Patients come first, as what is about them would else wait.
func wrapped(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	files, err := fhirbundle.Files(dir)
	must(t, err)
	for i, name := range files {
		body, err := os.ReadFile(name)
		must(t, err)
		first := "b"
		if doc, err := fhir.ParseFeed(body); err == nil && doc.Root().Type() != "Bundle" {
			if doc.Root().Type() == "Patient" {
				first = "a"
			}
			body = fmt.Appendf(nil, `{"resourceType":"Bundle","type":"collection","entry":[{"resource":%s}]}`, doc.Root().Raw())
		}
		must(t, os.WriteFile(filepath.Join(to, fmt.Sprintf("%s%04d.json", first, i)), body, 0o600))
	}
	return to
}

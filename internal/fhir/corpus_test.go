package fhir

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const dataDir = "../../../shared/data"

// corpus returns the JSON files of a folder of the test material.
func corpus(tb testing.TB, folder string) map[string][]byte {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join(dataDir, folder, "*.json"))
	if err != nil || len(names) == 0 {
		tb.Skipf("the test material %s is not here", folder)
	}
	files := map[string][]byte{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		files[filepath.Base(name)] = b
	}
	return files
}

// verdict is "" for what is accepted, else the first error.
func verdict(b []byte) string {
	d, err := ParseFeed(b)
	if err != nil {
		return err.Error()
	}
	for _, i := range Validate(d.Root(), Options{}) {
		if i.Severity == SeverityError {
			return fmt.Sprintf("%s [%s]: %s", i.Path, i.Rule, i.Text)
		}
	}
	return ""
}

// TestCorpus prints what is accepted and what is refused of the material of
// others, and fails when it is worse than it was.
func TestCorpus(t *testing.T) {
	for _, c := range []struct {
		folder            string
		accepted, refused int  // at least so many
		mistakes          bool // the folder is one of wrong resources
	}{
		// The three refused are wrong in themselves. Three more that are, DeviceMetric,
		// DeviceUseStatement and ImplementationGuide, are of types without a definition here.
		{folder: "hl7-r4-examples", accepted: 429},
		// Refused: two values in one extension, a relative fullUrl, a Group as onBehalfOf.
		{folder: "ukcore/examples-json", accepted: 212},
		// Refused: JSON with comments.
		{folder: "validator-cases-r4/valid", accepted: 16},
		// Accepted: what only a profile, a terminology or a definition that is not here tells.
		{folder: "validator-cases-r4/invalid", refused: 21, mistakes: true},
		{folder: "synthea-r4", accepted: 8},
		{folder: "ips-1.1.0", accepted: 1},
	} {
		t.Run(strings.ReplaceAll(c.folder, "/", "_"), func(t *testing.T) {
			var accepted, refused []string
			files := corpus(t, c.folder)
			for _, name := range slices.Sorted(maps.Keys(files)) {
				if v := verdict(files[name]); v != "" {
					refused = append(refused, name+": "+v)
				} else {
					accepted = append(accepted, name)
				}
			}
			t.Logf("%s: %d accepted, %d refused", c.folder, len(accepted), len(refused))
			for _, line := range refused {
				t.Log("refused ", line)
			}
			if c.mistakes {
				t.Log("accepted ", strings.Join(accepted, " "))
			}
			if len(accepted) < c.accepted || len(refused) < c.refused {
				t.Errorf("want at least %d accepted and %d refused", c.accepted, c.refused)
			}
		})
	}
}

// TestSpliceCorpus puts a new id, meta and references into every good example
// and expects a document that differs in those alone.
func TestSpliceCorpus(t *testing.T) {
	for name, b := range corpus(t, "hl7-r4-examples") {
		if d, err := Parse(b); err == nil {
			checkSplice(t, name, d.Root())
		}
	}
}

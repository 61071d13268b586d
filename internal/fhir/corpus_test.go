package fhir

import (
	"fmt"
	"os"
	"path/filepath"
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

func TestCorpus(t *testing.T) {
	for _, c := range []struct {
		folder          string
		refused, accept int // at most, at least
		bad             bool
	}{
		{folder: "hl7-r4-examples"},
		{folder: "ukcore/examples-json"},
		{folder: "validator-cases-r4/valid"},
		{folder: "ips-1.1.0"},
		{folder: "validator-cases-r4/invalid"},
		{folder: "synthea-r4"},
	} {
		t.Run(strings.ReplaceAll(c.folder, "/", "_"), func(t *testing.T) {
			var accepted, refused []string
			for name, b := range corpus(t, c.folder) {
				if v := verdict(b); v != "" {
					refused = append(refused, name+": "+v)
				} else {
					accepted = append(accepted, name)
				}
			}
			t.Logf("accepted %d, refused %d\n%s", len(accepted), len(refused), strings.Join(refused, "\n"))
			if strings.Contains(c.folder, "invalid") {
				t.Logf("ACC %s", strings.Join(accepted, "\n"))
			}
		})
	}
}

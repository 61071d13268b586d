package archtest

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/server"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

var listed = regexp.MustCompile(`"([a-z_-]+)": \[([^\]]*)\]`)

// The commands that make collections and indexes for an administrator are those of the
// program.
func TestTheMongoGuideListsEveryIndex(t *testing.T) {
	got := map[string]string{}
	for _, m := range listed.FindAllStringSubmatch(read(t, filepath.Join(root, "docs", "guides", "mongodb.md")), -1) {
		got[m[1]] = m[2]
	}
	want := map[string]string{}
	for _, spec := range store.Specs(server.Specs()...) {
		var names []string
		for _, ix := range spec.Indexes {
			names = append(names, `"`+ix.Name+`"`)
		}
		want[spec.Name] = strings.Join(names, ", ")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/guides/mongodb.md (-want +got):\n%s", diff)
	}
}

package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/api"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/google/go-cmp/cmp"
)

// A page ends when it is large, whatever its _count, and the next goes on behind
// it: a record of scanned letters must not be put together in memory at once. The
// entries are the same, in the same order, each once.
func TestPagesEndByTheirSize(t *testing.T) {
	const most = 3000
	w := newWorld(t, func(o *api.Options) { o.Limits.PageBytes = most })
	p := string(w.knows(mary, 20))
	for i := range 12 {
		w.sends(hospital, mary, fmt.Sprintf(`{"resourceType":"Encounter","id":"visit%d","status":"finished","class":{"code":"AMB"},"serviceType":{"text":"%s"},"period":{"start":"2026-02-%02dT10:00:00Z","end":"2026-02-%02dT11:00:00Z"}}`,
			i, strings.Repeat("x", 150*i), i+1, i+1))
		w.sends(hospital, mary, strings.Replace(observation(mary, 1), `"text":"`, fmt.Sprintf(`"text":"%d %s`, i, strings.Repeat("x", 200*i)), 1))
	}
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	observations := "/fhir/R4/Observation/" + w.entry(mary, hospital, "Observation", oid(mary, 1)) + "/_history"
	for path, want := range map[string]int{
		"/fhir/R4/Patient/" + p + "/$everything":                         34,
		"/fhir/R4/Patient/" + p + "/$everything?_type=Encounter,Patient": 14,
		"/fhir/R4/Observation?patient=" + p + "&_count=100":              20,
		"/fhir/R4/Observation?patient=" + p + "&_count=100&_sort=date":   20,
		"/fhir/R4/Encounter?patient=" + p + "&_count=100":                13,
		"/fhir/R4/Encounter?patient=" + p + "&_count=100&_sort=date":     13,
		observations + "?_count=100":                                     13,
	} {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		ids, n := w.pages(doc, path)
		small, _ := w.pages(doc, strings.Replace(path+sep, "_count=100", "", 1)+"_count=1")
		if d := cmp.Diff(small, ids); d != "" || len(ids) != want || n < 3 || n > want {
			t.Errorf("%s: %d entries on %d pages: %s", path, len(ids), n, d)
		}
		for at := path; at != ""; {
			a := w.get(doc, at)
			if len(a.body) > most+3500 {
				t.Errorf("%s: a page of %d bytes", path, len(a.body))
			}
			at = a.bundle(t).link("next")
		}
	}
}

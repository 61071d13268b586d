package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/google/go-cmp/cmp"
)

// A look is decided and written down before its answer, and the answer is the
// resource as it was sent.
func TestRead(t *testing.T) {
	w := newWorld(t)
	p := string(w.knows(mary, 1))
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	w.trail()

	a := w.get(doc, "/fhir/R4/Patient/"+p)
	if a.status != http.StatusOK || !strings.Contains(a.body, mary.marker) || a.header.Get("Content-Type") != "application/fhir+json; charset=utf-8" {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Last-Modified") == "" || !strings.HasPrefix(a.header.Get("ETag"), `W/"`) {
		t.Errorf("headers: %v", a.header)
	}
	o := w.get(doc, "/fhir/R4/Observation/"+w.entry(mary, hospital, "Observation", oid(mary, 0)))
	if o.status != http.StatusOK || !strings.Contains(o.body, `"code":"1000"`) {
		t.Fatalf("%d %s", o.status, o.body)
	}
	if d := cmp.Diff([]string{"cis2/doc read allowed Patient", "cis2/doc read allowed Observation"}, w.trail()); d != "" {
		t.Error(d)
	}
}

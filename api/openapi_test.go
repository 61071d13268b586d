package api_test

import (
	"encoding/json"
	"fmt"
	"mime"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/citizen"
	"github.com/dorsetcarerecord/dcr/professional"
	"github.com/google/go-cmp/cmp"
)

// spec is what a test reads of docs/openapi.
type spec struct {
	Paths map[string]map[string]struct {
		Security  []map[string][]string
		Responses map[string]struct {
			Content map[string]any
		}
	}
}

func readSpec(t *testing.T) spec {
	t.Helper()
	raw, err := os.ReadFile("../docs/openapi/openapi.json")
	fatal(t, err)
	var s spec
	fatal(t, json.Unmarshal(raw, &s))
	return s
}

var param = regexp.MustCompile(`:([a-z]+)`)

// specName is a route as the document writes it.
func specName(route string) string { return param.ReplaceAllString(route, "{$1}") }

// The routes that are registered are those of the document.
func TestRoutesAreDocumented(t *testing.T) {
	w := newWorld(t)
	var registered, documented []string
	for _, r := range append(routes(w.app), routes(w.sources)...) {
		registered = append(registered, specName(r))
	}
	for _, r := range append(professional.New(professional.Options{}).Routes(), (&citizen.Service{}).Routes()...) {
		registered = append(registered, specName(r.Method+" "+r.Path))
	}
	for path, methods := range readSpec(t).Paths {
		for method := range methods {
			documented = append(documented, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(registered)
	slices.Sort(documented)
	if d := cmp.Diff(slices.Compact(registered), documented); d != "" {
		t.Error(d)
	}
}

// What routes answer, to every caller, is what the document says of them.
func TestAnswersAreDocumented(t *testing.T) {
	w := newWorld(t)
	w.populate()
	s := readSpec(t)
	check := func(route string, needsToken bool, a answer) {
		method, path, _ := strings.Cut(specName(route), " ")
		op, ok := s.Paths[path][strings.ToLower(method)]
		if !ok {
			t.Fatalf("%s is not documented", route)
		}
		resp, ok := op.Responses[fmt.Sprint(a.status)]
		media, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
		if !ok || err != nil || resp.Content[media] == nil {
			t.Errorf("%s answers %d %s, which is not documented", route, a.status, media)
		}
		if (len(op.Security) > 0) != needsToken {
			t.Errorf("%s: security %v", route, op.Security)
		}
	}
	for route, row := range matrix {
		method, _, _ := strings.Cut(route, " ")
		for _, who := range callers {
			fill := w.about(who.about)
			check(route, row.cells["nobody"] == signIn, w.do(request{method: method, path: fill.Replace(row.path), body: fill.Replace(row.body), token: who.token}))
		}
		if method == "POST" {
			check(route, row.cells["nobody"] == signIn, w.do(request{method: method, path: w.about(mary).Replace(row.path), token: "practice", header: map[string]string{"Content-Type": "text/plain"}}))
		}
	}
	for _, token := range []string{"", "practice", "source"} {
		check("POST /fhir/R4", true, w.at(w.srcURL, request{method: "POST", path: "/fhir/R4", token: token, body: "{}", header: map[string]string{"Content-Type": "application/fhir+json"}}))
	}
}

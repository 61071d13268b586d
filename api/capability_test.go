package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

type statement struct {
	FHIRVersion string
	Rest        []struct {
		Resource []struct {
			Type        string
			Interaction []struct{ Code string }
			SearchParam []struct{ Name, Type string }
			Operation   []struct{ Name string }
		}
	}
}

// valid checks what we write by the validator that judges what we are sent.
func valid(t *testing.T, body string) {
	t.Helper()
	d, err := fhir.Parse([]byte(body))
	if err != nil {
		t.Fatalf("%v: %.300s", err, body)
	}
	for _, i := range fhir.Validate(d.Root(), fhir.Options{}) {
		if i.Severity == fhir.SeverityError {
			t.Errorf("%s: %+v", d.Root().Type(), i)
		}
	}
}

// The CapabilityStatement tells the truth: all types that the record keeps, and
// every parameter and interaction that it names works.
func TestCapabilityStatement(t *testing.T) {
	w := newWorld(t)
	p := string(w.knows(mary, 2))
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	a := w.get("", "/fhir/R4/metadata")
	valid(t, a.body)
	valid(t, w.at(w.srcURL, request{method: "GET", path: "/fhir/R4/metadata"}).body)
	var s statement
	fatal(t, json.Unmarshal([]byte(a.body), &s))
	if s.FHIRVersion != "4.0.1" {
		t.Error(s.FHIRVersion)
	}
	var types []string
	for _, r := range s.Rest[0].Resource {
		types = append(types, r.Type)
		var codes []string
		for _, i := range r.Interaction {
			codes = append(codes, i.Code)
		}
		if record.IsDirectoryType(r.Type) {
			if len(codes) != 1 || codes[0] != "read" || len(r.SearchParam) > 0 {
				t.Errorf("%s: %v", r.Type, codes)
			}
			continue
		}
		if r.Type == "AuditEvent" { // for residents: see TestResidentsSeeWhoLooked
			if !slices.Equal(codes, []string{"read", "search-type"}) || len(r.SearchParam) != 2 {
				t.Errorf("%s: %v", r.Type, codes)
			}
			continue
		}
		if !slices.Equal(codes, []string{"read", "vread", "history-instance", "search-type"}) {
			t.Errorf("%s: %v", r.Type, codes)
		}
		w.searchesBy(t, doc, p, r.Type, r.SearchParam)
	}
	for _, typ := range fhir.Types() {
		if kept := record.IsDirectoryType(typ) || record.SectionsOf(typ) != 0 || typ == "AuditEvent"; kept != slices.Contains(types, typ) {
			t.Errorf("%s: kept %v", typ, kept)
		}
	}
}

// searchesBy uses every parameter that is said to work.
func (w *world) searchesBy(t *testing.T, token, p, typ string, params []struct{ Name, Type string }) {
	values := map[string]string{"token": "x", "date": "2026", "reference": p}
	byPatient := false
	for _, param := range params {
		byPatient = byPatient || param.Name == "patient"
		q := "patient=" + p + "&" + param.Name + "=" + values[param.Type]
		if typ == "Patient" {
			if slices.Contains([]string{"family", "given", "birthdate", "address-postalcode", "identifier"}, param.Name) {
				continue // those find people, see TestFind
			}
			q = "_id=" + p + "&" + param.Name + "=" + values[param.Type]
		}
		if param.Name == "_id" {
			q = "_id=" + p
		}
		a := w.do(request{method: "GET", path: "/fhir/R4/" + typ + "?" + q, token: token, header: map[string]string{"Prefer": "handling=strict"}})
		if a.status != http.StatusOK {
			t.Errorf("%s?%s: %d %s", typ, q, a.status, a.body)
		}
	}
	if !byPatient && typ != "Patient" {
		t.Errorf("%s cannot be searched by patient", typ)
	}
}

// All that we write ourselves is valid FHIR.
func TestAnswersAreValid(t *testing.T) {
	w := newWorld(t)
	w.populate()
	p := w.about(mary)
	for _, path := range []string{"Observation?patient={person}", "Observation?patient={person}&code=nothing", "Patient/{person}/$everything",
		"Observation/{entry}/_history", "Observation/nonsense", "Observation?patient={person}&date=x"} {
		valid(t, w.get("practice", p.Replace("/fhir/R4/"+path)).body)
	}
	for _, who := range []person{mary, sam, nobody} {
		a := w.do(request{method: "POST", path: "/fhir/R4/Patient/_search", token: "practice", body: w.about(who).Replace("identifier=https://fhir.nhs.uk/Id/nhs-number|{number}")})
		valid(t, a.body)
	}
	if a := w.get("", "/fhir/R4/.well-known/smart-configuration"); !json.Valid([]byte(a.body)) || !strings.Contains(a.body, `"token_endpoint":"https://record.example/oauth/token"`) {
		t.Errorf("%s", a.body)
	}
}

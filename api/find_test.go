package api_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/google/go-cmp/cmp"
)

func TestFind(t *testing.T) {
	w := newWorld(t)
	w.populate()
	w.knows(john, 0)
	number := func(p person) string { return nhs.NumberSystem + "|" + p.number.Digits() }
	tests := []struct {
		name     string
		form     url.Values
		found    []person
		withheld bool
	}{
		{"by number", url.Values{"identifier": {number(mary)}}, []person{mary}, false},
		{"by name and birth date", url.Values{"family": {"marigold"}, "birthdate": {"1950-02-03"}}, []person{mary}, false},
		{"narrowed", url.Values{"family": {"MARIGOLD"}, "birthdate": {"eq1950-02-03"}, "given": {"ann"}, "address-postalcode": {"DT1 1XJ"}}, []person{mary}, false},
		{"another given name", url.Values{"family": {"Marigold"}, "birthdate": {"1950-02-03"}, "given": {"Bob"}}, nil, false},
		{"another birth date", url.Values{"family": {"Marigold"}, "birthdate": {"1950-02-04"}}, nil, false},
		{"opted out", url.Values{"identifier": {number(sam)}}, nil, true},
		{"unknown", url.Values{"identifier": {number(nobody)}}, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := w.do(request{method: "POST", path: "/fhir/R4/Patient/_search", token: "stranger", body: tt.form.Encode()})
			b := a.bundle(t)
			want := []string{}
			for _, p := range tt.found {
				want = append(want, string(w.records.PersonOf(p.number)))
			}
			if d := cmp.Diff(want, b.ids()); d != "" {
				t.Error(d)
			}
			if withheld := strings.Contains(a.body, `"withheld"`); withheld != tt.withheld || len(b.Entry) != len(want) && !withheld {
				t.Errorf("%s", a.body)
			}
			if b.Total != nil || b.link("self") != "/fhir/R4/Patient" {
				t.Errorf("total %v, links %v", b.Total, b.Link)
			}
			for _, e := range b.Entry {
				if e.Search.Mode == "match" {
					delete(e.Resource, "name")
					for name := range e.Resource {
						if !strings.Contains(" resourceType id meta identifier gender birthDate generalPractitioner ", " "+name+" ") {
							t.Errorf("more than the minimum: %s", name)
						}
					}
				}
			}
		})
	}
}

// Who somebody is never goes into a URL: refused with words, and not repeated.
func TestFindIsByPostOnly(t *testing.T) {
	w := newWorld(t)
	w.populate()
	w.trail()
	const words = "never put in a URL"
	for _, path := range []string{
		"Patient?identifier=https://fhir.nhs.uk/Id/nhs-number%7C9990000018", "Patient?family=SECRET&birthdate=1950-02-03", "Patient?name=SECRET",
		"Patient?given:exact=SECRET", "Patient?address-postalcode=SECRET", "Patient?birthdate=1950-02-03", "Patient?telecom=SECRET",
		"Observation?patient.identifier=https://fhir.nhs.uk/Id/nhs-number%7C9990000018", "Observation?subject:Patient.name=SECRET",
		"Observation?patient:identifier=https://fhir.nhs.uk/Id/nhs-number%7C9990000018", "Encounter?identifier=https://fhir.nhs.uk/Id/NHS-number%7C9990000018",
		"Observation?patient=9990000018", "Observation?patient=Patient/9990000018", "Observation?subject=9990000018", "Observation?subject:Patient=999+000+0018",
		"Observation?patient=urn:oid:2.16.840.1.113883.2.1.4.1%7C9990000018", "Encounter?patient=https://record.example/fhir/R4/Patient/9990000018",
		"Patient?_id=9990000018", "Observation?_id=" + string(w.records.PersonOf(mary.number)) + ",9990000018", "Condition?patient=999-000-0018", "Condition?nhsNumber=9990000018",
		"Observation?performer=9990000018", "Patient/" + string(w.records.PersonOf(mary.number)) + "?patient=9990000018",
		"Patient/" + string(w.records.PersonOf(mary.number)) + "/$everything?patient=9990000018",
	} {
		a := w.get("practice", "/fhir/R4/"+path)
		if a.status != 400 || !strings.Contains(a.body, words) || strings.Contains(a.body, "SECRET") || strings.Contains(a.body, "9990000018") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	a := w.do(request{method: "POST", path: "/fhir/R4/Patient/_search?family=SECRET", token: "practice", body: "birthdate=1950-02-03"})
	if a.status != 400 || !strings.Contains(a.body, words) {
		t.Errorf("in the URL of a POST: %d %s", a.status, a.body)
	}
	a = w.do(request{method: "POST", path: "/fhir/R4/Patient/_search?patient=9990000018", token: "practice", body: "family=x&birthdate=1950-02-03"})
	if a.status != 400 || !strings.Contains(a.body, words) {
		t.Errorf("a number in the URL of a POST: %d %s", a.status, a.body)
	}
	if a := w.get("practice", "/fhir/R4/Condition?patient="+string(w.records.PersonOf(mary.number))+"&code=1089191000"); a.status != 200 {
		t.Errorf("a code of ten digits: %d %s", a.status, a.body)
	}
	if trail := w.trail(); len(trail) != 1 {
		t.Errorf("looked for: %v", trail)
	}
	if log := w.log.String(); strings.Contains(log, "SECRET") || strings.Contains(log, "0018") {
		t.Error("logged")
	}
}

func TestOptOutBitesAtOnce(t *testing.T) {
	w := newWorld(t)
	p := string(w.knows(mary, 3))
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	if a := w.get(doc, "/fhir/R4/Observation?patient="+p); a.status != 200 {
		t.Fatal(a.status)
	}
	w.optsOut(mary)
	for _, path := range []string{"Observation?patient=" + p, "Patient/" + p, "Patient/" + p + "/$everything", "Observation/" + w.entry(mary, hospital, "Observation", oid(mary, 0))} {
		a := w.get(doc, "/fhir/R4/"+path)
		if a.status != 403 || !strings.Contains(a.body, `"code":"NO_PATIENT_CONSENT"`) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/ledger"
)

// Whatever is sent: a 4xx that says what is wrong, and repeats none of it.
func TestBadInput(t *testing.T) {
	w := newWorld(t)
	w.populate()
	p := string(w.records.PersonOf(mary.number))
	get := func(path string) request { return request{method: "GET", path: path, token: "practice"} }
	post := func(body string) request {
		return request{method: "POST", path: "/fhir/R4/Patient/_search", token: "practice", body: body}
	}
	search := "/fhir/R4/Observation?patient=" + p
	header := func(name, value string) request {
		r := get(search)
		r.header = map[string]string{name: value}
		return r
	}
	tests := []struct {
		name   string
		r      request
		status int
		code   string // of the answer, if it has one
	}{
		{"a token with blanks", request{method: "GET", path: search, token: "SECRET SECRET"}, 401, ""},
		{"a token of other characters", request{method: "GET", path: search, token: "SECRET{}"}, 401, ""},
		{"a token of a system that is none", request{method: "GET", path: search, token: "SECRET~SECRET"}, 401, ""},
		{"another scheme", request{method: "GET", path: search, header: map[string]string{"Authorization": "Basic SECRET"}}, 401, ""},
		{"no scheme", request{method: "GET", path: search, header: map[string]string{"Authorization": "SECRET"}}, 401, ""},
		{"no token", request{method: "GET", path: search, header: map[string]string{"Authorization": "Bearer "}}, 401, ""},
		{"a token in the URL", request{method: "GET", path: search + "&access_token=SECRET"}, 401, ""},
		{"no check digit", post("identifier=https://fhir.nhs.uk/Id/nhs-number|9990000019"), 400, "INVALID_NHS_NUMBER"},
		{"letters for a number", post("identifier=https://fhir.nhs.uk/Id/nhs-number|SECRET"), 400, "INVALID_NHS_NUMBER"},
		{"no number", post("identifier=https://fhir.nhs.uk/Id/nhs-number|"), 400, "INVALID_NHS_NUMBER"},
		{"no system", post("identifier=9990000018"), 400, "INVALID_IDENTIFIER_SYSTEM"},
		{"another system", post("identifier=SECRET|9990000018"), 400, "INVALID_IDENTIFIER_SYSTEM"},
		{"number and name", post("identifier=https://fhir.nhs.uk/Id/nhs-number|9990000018&family=SECRET"), 400, ""},
		{"a name alone", post("family=SECRET"), 400, ""},
		{"a birth date alone", post("birthdate=1950-02-03"), 400, ""},
		{"half a birth date", post("family=SECRET&birthdate=1950-02"), 400, ""},
		{"a birth date that is none", post("family=SECRET&birthdate=1950-02-30"), 400, ""},
		{"two names", post("family=SECRET&family=SECRET&birthdate=1950-02-03"), 400, ""},
		{"an empty name", post("family=&birthdate=1950-02-03"), 400, ""},
		{"name and id", post("family=SECRET&birthdate=1950-02-03&_id=SECRET"), 400, ""},
		{"bad escapes", post("family=SECRET%zz&birthdate=1950-02-03"), 400, ""},
		{"a control character", post("family=SECRET%00&birthdate=1950-02-03"), 400, ""},
		{"no UTF-8", post("family=SECRET%ff&birthdate=1950-02-03"), 400, ""},
		{"an empty form", post(""), 400, ""},
		{"a search about nobody", get("/fhir/R4/Observation?code=SECRET"), 400, ""},
		{"a search about two", get(search + "&patient=SECRET"), 400, ""},
		{"an empty patient", get("/fhir/R4/Observation?patient="), 400, ""},
		{"a patient that is a list", get("/fhir/R4/Observation?patient=SECRET,SECRET"), 400, ""},
		{"another type for a patient", get("/fhir/R4/Observation?subject=Group/SECRET"), 400, ""},
		{"a number for a patient", get("/fhir/R4/Observation?patient=9990000018"), 400, "POST_ONLY"},
		{"a number for a patient, in a body", request{method: "POST", path: "/fhir/R4/Observation/_search", token: "practice", body: "patient=9990000018"}, 404, ""},
		{"a number for an id", get("/fhir/R4/Patient/9990000018"), 404, ""},
		{"a number for an entry", get("/fhir/R4/Observation/9990000018"), 404, ""},
		{"a number for the versions of an entry", get("/fhir/R4/Patient/9990000018/_history"), 404, ""},
		{"a number for a version", get("/fhir/R4/Patient/" + p + "/_history/9990000018"), 404, ""},
		{"a number for a whole record", get("/fhir/R4/Patient/9990000018/$everything"), 404, ""},
		{"an entry for a whole record", get("/fhir/R4/Patient/" + w.entry(mary, hospital, "Observation", oid(mary, 1)) + "/$everything"), 404, ""},
		{"no count", get(search + "&_count=SECRET"), 400, ""},
		{"count of none", get(search + "&_count=0"), 400, ""},
		{"a negative count", get(search + "&_count=-1"), 400, ""},
		{"sorted by what is no date", get(search + "&_sort=code"), 400, ""},
		{"sorted by nothing", get(search + "&_sort=SECRET"), 400, ""},
		{"no date", get(search + "&date=SECRET"), 400, ""},
		{"a prefix that is none", get(search + "&date=xx2026"), 400, ""},
		{"two dates in one", get(search + "&date=2026-01-01,2026-01-02"), 400, ""},
		{"a day that is none", get(search + "&date=2026-02-30"), 400, ""},
		{"an empty code", get(search + "&code="), 400, ""},
		{"an empty alternative", get(search + "&code=a,,b"), 400, ""},
		{"a bar alone", get(search + "&code=%7C"), 400, ""},
		{"a modifier that is none", get(search + "&code:SECRET=x"), 400, ""},
		{"a modifier of a date", get(search + "&date:not=2026"), 400, ""},
		{"too many alternatives", get(search + "&code=" + strings.Repeat("a,", 51) + "a"), 400, ""},
		{"too many parameters", get(search + strings.Repeat("&code=SECRET", 70)), 400, ""},
		{"a long value", get(search + "&code=" + strings.Repeat("SECRET", 400)), 400, ""},
		{"a cursor that is none", get(search + "&_cursor=SECRET"), 400, ""},
		{"another format", get(search + "&_format=SECRET"), 406, "NOT_ACCEPTABLE"},
		{"XML by format", get("/fhir/R4/Patient/" + p + "?_format=xml"), 406, "NOT_ACCEPTABLE"},
		{"XML by Accept", header("Accept", "application/fhir+xml"), 406, "NOT_ACCEPTABLE"},
		{"nothing acceptable", header("Accept", "*/*;q=0"), 406, "NOT_ACCEPTABLE"},
		{"bad escapes in the URL", get(search + "&code=%zz"), 400, ""},
		{"a strict read", request{method: "GET", path: "/fhir/R4/Patient/" + p + "?SECRET=1", token: "practice", header: map[string]string{"Prefer": "handling=strict"}}, 400, ""},
		{"a search of the directory", get("/fhir/R4/Organization?name=SECRET"), 400, ""},
		{"an id with a slash", get("/fhir/R4/Observation/SECRET%2FSECRET"), 404, ""},
		{"a very long id", get("/fhir/R4/Observation/" + strings.Repeat("SECRET", 100)), 404, ""},
		{"an id of another alphabet", get("/fhir/R4/Observation/%C3%A9"), 404, ""},
		{"markup for a type", get("/fhir/R4/%3Cscript%3E/SECRET"), 404, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := w.do(tt.r)
			if a.status != tt.status {
				t.Errorf("answered %d, want %d", a.status, tt.status)
			}
			var o struct {
				ResourceType string
				Issue        []struct {
					Code    string
					Details struct {
						Text   string
						Coding []struct{ Code string }
					}
				}
			}
			if err := json.Unmarshal([]byte(a.body), &o); err != nil || o.ResourceType != "OperationOutcome" || len(o.Issue) != 1 || len(o.Issue[0].Details.Text) < 15 {
				t.Fatalf("%v %s", err, a.body)
			}
			if tt.code != "" && (len(o.Issue[0].Details.Coding) != 1 || o.Issue[0].Details.Coding[0].Code != tt.code) {
				t.Errorf("code: %s", a.body)
			}
			for _, sent := range []string{"SECRET", "99900000", "1950", "zz", "script"} {
				if strings.Contains(a.body, sent) {
					t.Errorf("echoed %s: %s", sent, a.body)
				}
			}
			for name, values := range a.header {
				if strings.Contains(strings.Join(values, " "), "SECRET") {
					t.Errorf("echoed in %s", name)
				}
			}
		})
	}
	if log := w.log.String(); strings.Contains(log, "SECRET") || strings.Contains(log, "99900000") {
		t.Error("logged")
	}
	fatal(t, w.ledger.Read(t.Context(), 0, func(_ uint64, e ledger.Event) bool {
		if strings.Contains(e.Person, "SECRET") || strings.Contains(e.Person, "99900000") || strings.Contains(e.What, "SECRET") {
			t.Errorf("in the ledger: %q %q", e.Person, e.What)
		}
		return true
	}))
}

// Outside FHIR what is wrong is told by a problem document.
func TestProblemDocuments(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]int{"/nowhere": 404, "/oauth/token": 405, "/fhirx": 404} {
		a := w.get("", path)
		var p struct {
			Type, Title, Detail string
			Status              int
		}
		if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.header.Get("Content-Type") != "application/problem+json" ||
			p.Status != want || a.status != want || p.Title == "" || p.Detail == "" || !strings.HasPrefix(p.Type, "urn:dcr:problem:") {
			t.Errorf("%s: %d %v %s", path, a.status, a.header, a.body)
		}
	}
	a := w.do(request{method: http.MethodPost, path: "/oauth/token", body: "grant_type=SECRET"})
	if a.status != 400 || !strings.Contains(a.body, `"error":"unsupported_grant_type"`) || strings.Contains(a.body, "SECRET") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

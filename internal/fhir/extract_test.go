package fhir

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestExtract(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"a result", `{"resourceType":"Observation","meta":{"lastUpdated":"2024-01-01T00:00:00Z"},"status":"final","category":[{"coding":[{"system":"c","code":"laboratory"}]}],
			"code":{"coding":[{"system":"http://loinc.org","code":"718-7"},{"code":"local"}]},"effectiveDateTime":"2024-05-03","issued":"2024-05-04T10:00:00Z",
			"component":[{"code":{"coding":[{"system":"s","code":"k"}]}}],"identifier":[{"system":"i","value":"1"}]}`,
			"final 2024-05-03 2024-05-04 false category c|laboratory code http://loinc.org|718-7 code |local component-code s|k identifier i|1 status |final"},
		{"a result dated by its issue", `{"resourceType":"Observation","status":"final","issued":"2024-05-04T10:00:00Z"}`, "final 2024-05-04 2024-05-04 true status |final"},
		{"a problem without onset", `{"resourceType":"Condition","clinicalStatus":{"coding":[{"system":"x","code":"active"}]},"onsetString":"childhood","recordedDate":"2020"}`,
			"active 2020-01-01 2021-01-01 true clinical-status x|active recorded-date 2020-01-01 2021-01-01"},
		{"a mistake", `{"resourceType":"Condition","verificationStatus":{"coding":[{"code":"entered-in-error"}]},"onsetPeriod":{"end":"2020-02"}}`,
			"entered-in-error 2020-02-01 2020-03-01 false verification-status |entered-in-error"},
		{"an appointment", `{"resourceType":"Appointment","status":"booked","start":"2024-05-03T09:00:00Z","end":"2024-05-05T09:30:00Z"}`,
			"booked 2024-05-03 2024-05-05 false status |booked"},
		{"an open stay", `{"resourceType":"Encounter","status":"in-progress","class":{"system":"v3","code":"IMP"},"period":{"start":"2024-05-03T09:00:00Z"}}`,
			"in-progress 2024-05-03 0001-01-01 false class v3|IMP status |in-progress"},
		{"a prescription", `{"resourceType":"MedicationRequest","status":"active","intent":"order","medicationCodeableConcept":{"coding":[{"system":"dmd","code":"1"}]},"authoredOn":"2024-05-03"}`,
			"active 2024-05-03 2024-05-04 false code dmd|1 intent |order status |active"},
		{"a vaccine", `{"resourceType":"Immunization","status":"completed","vaccineCode":{"coding":[{"system":"s","code":"v"}]},"occurrenceDateTime":"2024"}`,
			"completed 2024-01-01 2025-01-01 false status |completed vaccine-code s|v"},
		{"a choice with an extension beside it", `{"resourceType":"Observation","_effectiveDateTime":{"id":"a"},"effectiveDateTime":"2024-05-03"}`, " 2024-05-03 2024-05-04 false"},
		{"no type", `{"resourceType":"Nothing"}`, " 0001-01-01 0001-01-01 false"},
	} {
		if d := cmp.Diff(tc.want, extracted(t, tc.in)); d != "" {
			t.Errorf("%s: %s", tc.name, d)
		}
	}
}

// extracted is what Extract finds: status, date, its end, whether it stands in, tokens.
func extracted(t *testing.T, in string) string {
	t.Helper()
	x := Extract(mustParse(t, in))
	got := fmt.Sprintf("%s %s %s %v", x.Status, x.Date.Format(time.DateOnly), x.DateEnd.Format(time.DateOnly), x.StandIn)
	for _, tok := range x.Tokens {
		if tok.Dated() {
			got += fmt.Sprintf(" %s %s %s", tok.Param, tok.Low.Format(time.DateOnly), tok.High.Format(time.DateOnly))
			continue
		}
		got += fmt.Sprintf(" %s %s|%s", tok.Param, tok.System, tok.Code)
	}
	return got
}

func TestSearchParams(t *testing.T) {
	for typ, want := range map[string]string{
		"Observation":        "_id patient date category code component-code identifier method status value-date",
		"AllergyIntolerance": "_id patient date category clinical-status code criticality identifier last-date onset severity type verification-status",
		"Condition":          "_id patient onset-date abatement-date body-site category clinical-status code identifier recorded-date severity verification-status",
		"Immunization":       "_id patient date identifier reaction-date reason-code status target-disease vaccine-code",
		"MedicationRequest":  "_id patient authoredon category code date identifier intent priority status",
		"Organization":       "_id active identifier type",
		"Nothing":            "",
	} {
		var names []string
		for _, p := range SearchParams(typ) {
			names = append(names, p.Name)
		}
		if d := cmp.Diff(want, strings.Join(names, " ")); d != "" {
			t.Errorf("%s: %s", typ, d)
		}
	}
	for typ, d := range dates {
		if len(definitions().index[typ].date) == 0 {
			t.Errorf("%s has no date parameter %s that is a path", typ, d.param)
		}
	}
	for i, name := range paramNames {
		if p, ok := ParseParam(name); i > 0 && (!ok || int(p) != i || p.String() != name) {
			t.Errorf("parameter %s is not found by its name", name)
		}
	}
}

func TestSubject(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{`{"resourceType":"Patient","link":[{"other":{"reference":"Patient/1"}}]}`, ""},
		{`{"resourceType":"Observation","subject":{"reference":"Patient/1"}}`, "Patient/1"},
		{`{"resourceType":"Observation","subject":{"reference":"Location/1"}}`, ""},
		{`{"resourceType":"Observation","subject":{"reference":"urn:uuid:1"}}`, "urn:uuid:1"},
		{`{"resourceType":"Observation","subject":{"type":"Patient","identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9000000009"}}}`, "https://fhir.nhs.uk/Id/nhs-number 9000000009"},
		{`{"resourceType":"Observation","subject":{"reference":"Patient?identifier=https%3A%2F%2Fx%7C1"}}`, "Patient?identifier=https%3A%2F%2Fx%7C1 https://x 1"},
		{`{"resourceType":"Appointment","participant":[{"actor":{"reference":"Location/1"}},{"actor":{"reference":"Patient/2"}}]}`, "Patient/2"},
		{`{"resourceType":"Appointment","participant":[{"actor":{"reference":"urn:uuid:1"}},{"actor":{"reference":"urn:uuid:2"}}]}`, ""},
		{`{"resourceType":"Task","for":{"reference":"https://h/Patient/3"}}`, "https://h/Patient/3"},
		{`{"resourceType":"Organization"}`, ""},
	} {
		r, ok := Subject(mustParse(t, tc.in))
		system, value := r.Identified()
		if got := strings.TrimSpace(r.Literal + strings.TrimRight(" "+system+" "+value, " ")); got != tc.want || ok != (tc.want != "") {
			t.Errorf("%s: got %q %v", tc.in, got, ok)
		}
	}
	if p, ok := InCompartment("Observation"); !ok || strings.Join(p, " ") != "performer subject" {
		t.Error("Observation is not in the compartment by performer and subject")
	}
	if _, ok := InCompartment("Organization"); ok {
		t.Error("Organization is in a compartment")
	}
}

func TestPatientView(t *testing.T) {
	p := Patient{mustParse(t, `{"resourceType":"Patient","meta":{"security":[{"system":"s","code":"R"}]},
		"identifier":[{"system":"local","value":"7"},{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9000000009"}],
		"name":[{"use":"old","family":"Before"},{"use":"official","family":"Now","given":["A","B"],"prefix":["Ms"]}],"birthDate":"1980-02","gender":"female",
		"address":[{"use":"old","postalCode":"XX1 1XX"},{"postalCode":"DT1 1AA"}],
		"generalPractitioner":[{"reference":"Practitioner/1"},{"type":"Organization","identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"J81001"}}],
		"deceasedDateTime":"2024","link":[{"type":"replaces","other":{"reference":"Patient/2"}}]}`)}
	got := fmt.Sprintln(p.NHSNumber(), p.Name().Family(), p.Name().Given(), p.Name().Prefix(), p.BirthDate(), p.Gender(), p.Postcodes(), p.Practice(),
		p.Deceased(), p.Active(), Security(p.Node))
	got = strings.TrimSpace(got)
	for typ, r := range p.Links() {
		got += " " + typ + " " + r.Literal
	}
	if want := "9000000009 Now [A B] [Ms] 1980-02 female [DT1 1AA] J81001 true true [{s R}] replaces Patient/2"; got != want {
		t.Error(cmp.Diff(want, got))
	}
	x := Extract(p.Node)
	if s := fmt.Sprintf("%v %+v %#v %+v %#v", p, p, p.Name(), x, x.Tokens); strings.Contains(s, "Now") || strings.Contains(s, "900") {
		t.Error("a view prints what it holds")
	}
}

func TestBundleView(t *testing.T) {
	b := Bundle{mustParse(t, `{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient"},
		"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=1"}},{"request":{"method":"DELETE","url":"Patient/1","ifMatch":"W/\"1\""}}]}`)}
	var got []string
	for e := range b.Entries() {
		got = append(got, fmt.Sprint(e.Index, e.FullURL, e.Resource.Type(), e.Method, e.URL, e.IfNoneExist, e.IfMatch))
	}
	if d := cmp.Diff([]string{"0urn:uuid:1PatientPOSTPatientidentifier=1", `1DELETEPatient/1W/"1"`}, got); d != "" || b.BundleType() != "transaction" {
		t.Error(d)
	}
}

func TestOutcome(t *testing.T) {
	issues := Validate(mustParse(t, `{"resourceType":"Patient","gender":"Jane Doe","birthDate":"Jane Doe","Jane Doe":1}`), Options{Allow: []string{"value"}})
	got := string(AppendOutcome(nil, issues...))
	want := `{"resourceType":"OperationOutcome","issue":[` +
		`{"severity":"error","code":"code-invalid","details":{"text":"Give one of these codes: male, female, other or unknown."},"diagnostics":"rule code:required","expression":["Patient.gender"]},` +
		`{"severity":"warning","code":"value","details":{"text":"Write a date of the calendar as YYYY, YYYY-MM or YYYY-MM-DD."},"diagnostics":"rule value:date","expression":["Patient.birthDate"]},` +
		`{"severity":"error","code":"structure","details":{"text":"Leave this member out: Patient does not have it in FHIR R4."},"diagnostics":"rule member:unknown","expression":["Patient.?"]}]}`
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !Fatal(issues) || Fatal(issues[1:2]) {
		t.Error("Fatal does not go by the severity")
	}
	for _, out := range [][]byte{AppendOutcome(nil), []byte(got)} {
		if v := verdict(out); v != "" {
			t.Error(v)
		}
	}
}

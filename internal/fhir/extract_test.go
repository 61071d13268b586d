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
			"2024-05-03 2024-05-04 false category c|laboratory code http://loinc.org|718-7 code |local component-code s|k identifier i|1 status |final"},
		{"a result dated by its issue", `{"resourceType":"Observation","status":"final","issued":"2024-05-04T10:00:00Z"}`, "2024-05-04 2024-05-04 true status |final"},
		{"a problem without onset", `{"resourceType":"Condition","clinicalStatus":{"coding":[{"system":"x","code":"active"}]},"onsetString":"childhood","recordedDate":"2020"}`,
			"2020-01-01 2021-01-01 true clinical-status x|active recorded-date 2020-01-01 2021-01-01"},
		{"a mistake", `{"resourceType":"Condition","verificationStatus":{"coding":[{"code":"entered-in-error"}]},"onsetPeriod":{"end":"2020-02"}}`,
			"2020-02-01 2020-03-01 false verification-status |entered-in-error"},
		{"an appointment", `{"resourceType":"Appointment","status":"booked","start":"2024-05-03T09:00:00Z","end":"2024-05-05T09:30:00Z"}`,
			"2024-05-03 2024-05-05 false status |booked"},
		{"an open stay", `{"resourceType":"Encounter","status":"in-progress","class":{"system":"v3","code":"IMP"},"period":{"start":"2024-05-03T09:00:00Z"}}`,
			"2024-05-03 0001-01-01 false class v3|IMP status |in-progress"},
		{"a prescription", `{"resourceType":"MedicationRequest","status":"active","intent":"order","medicationCodeableConcept":{"coding":[{"system":"dmd","code":"1"}]},"authoredOn":"2024-05-03"}`,
			"2024-05-03 2024-05-04 false code dmd|1 intent |order status |active"},
		{"a vaccine", `{"resourceType":"Immunization","status":"completed","vaccineCode":{"coding":[{"system":"s","code":"v"}]},"occurrenceDateTime":"2024"}`,
			"2024-01-01 2025-01-01 false status |completed vaccine-code s|v"},
		{"a choice with an extension beside it", `{"resourceType":"Observation","_effectiveDateTime":{"id":"a"},"effectiveDateTime":"2024-05-03"}`, "2024-05-03 2024-05-04 false"},
		{"no type", `{"resourceType":"Nothing"}`, "0001-01-01 0001-01-01 false"},
	} {
		if d := cmp.Diff(tc.want, extracted(t, tc.in)); d != "" {
			t.Errorf("%s: %s", tc.name, d)
		}
	}
}

// extracted is what Extract finds: date, its end, whether it stands in, tokens.
func extracted(t *testing.T, in string) string {
	t.Helper()
	x := Extract(mustParse(t, in))
	got := fmt.Sprintf("%s %s %v", x.Date.Format(time.DateOnly), x.DateEnd.Format(time.DateOnly), x.StandIn)
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

func TestSubjects(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{`{"resourceType":"Patient","link":[{"other":{"reference":"Patient/1"}}]}`, ""},
		{`{"resourceType":"Observation","subject":{"reference":"Patient/1"}}`, "Patient/1"},
		{`{"resourceType":"Observation","subject":{"reference":"Location/1"}}`, ""},
		{`{"resourceType":"Observation","subject":{"reference":"urn:uuid:1"}}`, "urn:uuid:1"},
		{`{"resourceType":"Observation","subject":{"type":"Patient","identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9000000009"}}}`, "https://fhir.nhs.uk/Id/nhs-number 9000000009"},
		{`{"resourceType":"Observation","subject":{"reference":"Patient?identifier=https%3A%2F%2Fx%7C1"}}`, "Patient?identifier=https%3A%2F%2Fx%7C1 https://x 1"},
		{`{"resourceType":"Appointment","participant":[{"actor":{"reference":"Location/1"}},{"actor":{"reference":"Patient/2"}}]}`, "Patient/2"},
		{`{"resourceType":"Appointment","participant":[{"actor":{"reference":"urn:uuid:1"}},{"actor":{"reference":"urn:uuid:2"}}]}`, "urn:uuid:1, urn:uuid:2"},
		{`{"resourceType":"Task","for":{"reference":"https://h/Patient/3"}}`, "https://h/Patient/3"},
		{`{"resourceType":"Organization"}`, ""},
	} {
		var got []string
		for _, r := range Subjects(mustParse(t, tc.in)) {
			system, value := r.Identified()
			got = append(got, strings.TrimSpace(r.Literal+strings.TrimRight(" "+system+" "+value, " ")))
		}
		if d := cmp.Diff(tc.want, strings.Join(got, ", ")); d != "" {
			t.Errorf("%s: %s", tc.in, d)
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
		"identifier":[{"system":"local","value":"7"},{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9000000009"},{"system":"empty"}],
		"name":[{"use":"old","family":"Before"},{"use":"usual","family":"Called"},{"use":"official","family":"Now","given":["A","B"]}],"birthDate":"1980-02","gender":"female",
		"address":[{"postalCode":"DT1 1AA"},{"postalCode":"XX1 1XX"}]}`)}
	number, ok := p.Identifier("https://fhir.nhs.uk/Id/nhs-number")
	got := fmt.Sprintln(number, ok, p.Name().Family(), p.Name().Given(), p.BirthDate(), p.Gender(), p.Postcode(), p.Labelled("R"), p.Labelled("V"))
	if want := "9000000009 true Now [A B] 1980-02 female DT1 1AA true false\n"; got != want {
		t.Error(cmp.Diff(want, got))
	}
	if _, ok := p.Identifier("other"); ok {
		t.Error("an identifier that is not there is found")
	}
	if v, ok := p.Identifier("empty"); v != "" || !ok {
		t.Error("an identifier without a value is not told from none")
	}
	for in, want := range map[string]string{
		`{"name":[{"family":"First"},{"use":"usual","family":"Called"}]}`: "Called",
		`{"name":[{"use":"old","family":"First"},{"family":"Second"}]}`:   "First",
		`{"resourceType":"Patient"}`:                                      "",
	} {
		if got := (Patient{mustParse(t, in)}).Name().Family(); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
	x := Extract(p.Node)
	if s := fmt.Sprintf("%v %+v %#v %+v %#v", p, p, p.Name(), x, x.Tokens); strings.Contains(s, "Now") || strings.Contains(s, "900") {
		t.Error("a view prints what it holds")
	}
}

func TestIssues(t *testing.T) {
	issues := Validate(mustParse(t, `{"resourceType":"Patient","gender":"Jane Doe","birthDate":"Jane Doe","Jane Doe":1}`), Options{Allow: []string{"value"}})
	want := []Issue{
		{SeverityError, "code-invalid", "code:required", "Patient.gender", "Give one of these codes: male, female, other or unknown."},
		{SeverityWarning, "value", "value:date", "Patient.birthDate", "Write a date of the calendar as YYYY, YYYY-MM or YYYY-MM-DD."},
		{SeverityError, "structure", "member:unknown", "Patient.?", "Leave this member out: Patient does not have it in FHIR R4."},
	}
	if d := cmp.Diff(want, issues); d != "" {
		t.Error(d)
	}
	if !Fatal(issues) || Fatal(issues[1:2]) {
		t.Error("Fatal does not go by the severity")
	}
}

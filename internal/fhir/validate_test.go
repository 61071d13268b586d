package fhir

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// rulesBroken returns the rules of the errors, in order, each once.
func rulesBroken(t *testing.T, in string, o Options) string {
	t.Helper()
	var rules []string
	for _, i := range Validate(mustParse(t, in), o) {
		if i.Severity == SeverityError && !slices.Contains(rules, i.Rule) {
			rules = append(rules, i.Rule)
		}
	}
	return strings.Join(rules, " ")
}

func TestRules(t *testing.T) {
	const (
		observation = `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://s","code":"a"}]},%s}`
		patient     = `{"resourceType":"Patient",%s}`
		problem     = `{"resourceType":"Condition","subject":{"reference":"Patient/1"},%s}`
		allergy     = `{"resourceType":"AllergyIntolerance","patient":{"reference":"Patient/1"},%s}`
		active      = `"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/%s-clinical","code":"active"}]}`
		mistake     = `"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/%s","code":"entered-in-error"}]}`
		appointment = `{"resourceType":"Appointment","participant":[{"status":"accepted","type":[{"text":"x"}]}],%s}`
		bundle      = `{"resourceType":"Bundle",%s}`
	)
	for _, tc := range []struct{ frame, good, bad, rule string }{
		{observation, `"valueInteger":1`, `"valueInteger":1,"dataAbsentReason":{"text":"x"}`, "obs-6"},
		{observation, `"valueInteger":1,"component":[{"code":{"coding":[{"system":"http://s","code":"b"}]}}]`, `"valueInteger":1,"component":[{"code":{"coding":[{"system":"http://s","code":"a"}]}}]`, "obs-7"},
		{observation, `"referenceRange":[{"text":"x"}]`, `"referenceRange":[{"appliesTo":[{"text":"x"}]}]`, "obs-3"},
		{observation, `"effectivePeriod":{"start":"2024-01-02","end":"2024-01"}`, `"effectivePeriod":{"start":"2024-02-01","end":"2024-01"}`, "per-1"},
		{observation, `"valueQuantity":{"value":1,"code":"kg","system":"http://unitsofmeasure.org"}`, `"valueQuantity":{"value":1,"code":"kg"}`, "qty-3"},
		{observation, `"valueRange":{"low":{"value":1.50},"high":{"value":2}}`, `"valueRange":{"low":{"value":3},"high":{"value":2}}`, "rng-2"},
		{observation, `"valueRatio":{"numerator":{"value":1},"denominator":{"value":2}}`, `"valueRatio":{"numerator":{"value":1}}`, "rat-1"},
		{observation, `"_valueString":{"extension":[{"url":"http://x","valueCode":"unknown"}]}`, `"_valueString":{"id":"a"}`, "empty"},
		{observation, `"valueString":"x","_valueString":{"id":"a"}`, `"valueString":"x","_valueCode":{"id":"a"}`, "member:unknown"},
		{observation, `"valueString":"x","_valueString":{"id":"a"}`, `"valueString":"x","_valueBoolean":{"extension":[{"url":"http://x","valueCode":"a"}]}`, "choice"},
		{observation, `"valueString":"tab\tand\nline"`, `"valueString":"bell\u0007"`, "value:string"},
		{observation, `"issued":"2024-01-01T00:00:00.5Z"`, `"issued":"2024-01-01"`, "value:instant"},
		{observation, `"valueTime":"23:59:60"`, `"valueTime":"24:00:00"`, "value:time"},
		{observation, `"valueInteger":2147483647`, `"valueInteger":2147483648`, "value:integer"},
		{observation, `"valueQuantity":{"value":1.1234567890123456789}`, `"valueQuantity":{"value":"1"}`, "json-type"},
		{observation, `"subject":{"reference":"Group/1"}`, `"subject":{"reference":"Practitioner/1"}`, "reference:target"},
		{observation, `"subject":{"reference":"Patient/1","type":"Patient"}`, `"subject":{"reference":"Patient/1","type":"Group"}`, "value:reference"},
		{observation, `"subject":{"reference":"urn:uuid:x"}`, `"subject":{"reference":"somebody"}`, "value:reference"},
		{observation, `"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p"}]`, `"subject":{"reference":"#p"}`, "ref-1"},
		{observation, `"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p"}]`, `"subject":{"reference":"#p"},"contained":[{"resourceType":"Practitioner","id":"p"},{"resourceType":"Practitioner"}]`, "reference:target cardinality:min"},
		{observation, `"contained":[{"resourceType":"Provenance","id":"v","recorded":"2024-01-01T00:00:00Z","target":[{"reference":"#"}],"agent":[{"who":{"display":"x"}}]}]`, `"contained":[{"resourceType":"Patient","id":"p"}]`, "dom-3"},
		{observation, `"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p"}]`, `"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p","meta":{"versionId":"1"}}]`, "dom-4"},
		{observation, `"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p"}]`, `"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p","meta":{"security":[{"code":"R"}]}}]`, "dom-5"},
		{observation, `"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a<br/>&amp;</div>"}`, `"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a<br></div>"}`, "narrative"},
		{observation, `"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class='a'>a</p></div>"}`, `"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p onclick=\"x\">a</p></div>"}`, "narrative"},
		{observation, `"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"#a\">a</a></div>"}`, `"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"javascript:x\">a</a></div>"}`, "narrative"},
		{patient, `"extension":[{"url":"http://x","valueCode":"a"}]`, `"extension":[{"url":"http://x"}]`, "ext-1"},
		{patient, `"name":[{"given":["A",null],"_given":[null,{"extension":[{"url":"http://x","valueCode":"a"}]}]}]`, `"name":[{"given":["A",null]}]`, "null"},
		{patient, `"name":[{"_given":[{"extension":[{"url":"http://x","valueCode":"a"}]}]}]`, `"name":[{"given":["A","B"],"_given":[null]}]`, "cardinality:list"},
		{patient, `"contact":[{"name":{"text":"x"}}]`, `"contact":[{"gender":"male"}]`, "pat-1"},
		{patient, `"telecom":[{"system":"phone","value":"1"}]`, `"telecom":[{"value":"1"}]`, "cpt-2"},
		{patient, `"photo":[{"contentType":"image/png","data":"AAAA"}]`, `"photo":[{"data":"AAAA"}]`, "att-1"},
		{patient, `"birthDate":"1980-02"`, `"birthDate":"1980-02-30"`, "value:date"},
		{patient, `"gender":"female"`, `"gender":"F"`, "code:required"},
		{patient, `"id":"a.b-C"`, `"id":"a_b"`, "value:id"},
		{problem, filled(active, "condition"), `"clinicalStatus":{"coding":[{"system":"http://other","code":"active"}]}`, "code:required"},
		{problem, filled(active, "condition"), filled(active, "condition") + `,"abatementDateTime":"2024"`, "con-4"},
		{problem, filled(mistake, "condition-ver-status"), filled(mistake, "condition-ver-status") + "," + filled(active, "condition"), "con-5"},
		{problem, `"stage":[{"summary":{"text":"x"}}]`, `"stage":[{"type":{"text":"x"}}]`, "con-1"},
		{allergy, filled(active, "allergyintolerance"), `"code":{"text":"x"}`, "ait-1"},
		{allergy, filled(mistake, "allergyintolerance-verification"), filled(mistake, "allergyintolerance-verification") + "," + filled(active, "allergyintolerance"), "ait-2"},
		{appointment, `"status":"booked","start":"2024-01-01T00:00:00Z","end":"2024-01-01T01:00:00Z"`, `"status":"booked"`, "app-3"},
		{appointment, `"status":"proposed"`, `"status":"proposed","start":"2024-01-01T00:00:00Z"`, "app-2"},
		{appointment, `"status":"cancelled","cancelationReason":{"text":"x"}`, `"status":"proposed","cancelationReason":{"text":"x"}`, "app-4"},
		{bundle, `"type":"collection","entry":[{"fullUrl":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a","resource":{"resourceType":"Patient"}}]`, `"type":"collection","entry":[{"fullUrl":"Patient/1","resource":{"resourceType":"Patient"}}]`, "fullUrl"},
		{bundle, `"type":"transaction","entry":[{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}]`, `"type":"transaction","entry":[{"resource":{"resourceType":"Patient"}}]`, "bdl-3"},
		{bundle, `"type":"collection"`, `"type":"collection","total":1`, "bdl-1"},
		{bundle, `"type":"collection","entry":[{"resource":{"resourceType":"Patient"}}]`, `"type":"collection","entry":[{"fullUrl":"urn:x:1"}]`, "bdl-5"},
		{bundle, `"type":"collection","entry":[{"fullUrl":"urn:x:1","resource":{"resourceType":"Patient"}},{"fullUrl":"urn:x:2","resource":{"resourceType":"Patient"}}]`, `"type":"collection","entry":[{"fullUrl":"urn:x:1","resource":{"resourceType":"Patient"}},{"fullUrl":"urn:x:1","resource":{"resourceType":"Patient"}}]`, "bdl-7"},
		{bundle, `"type":"collection","entry":[{"resource":{"resourceType":"Patient"}}]`, `"type":"collection","entry":[{"resource":{"resourceType":"Person","birthDate":"x"}}]`, "value:date"},
		{bundle, `"type":"collection","entry":[{"resource":{"resourceType":"Account","status":"active"}}]`, `"type":"collection","entry":[{"resource":{"resourceType":"Account","coverage":[{}],"meta":{"profile":"x"}}}]`, "empty cardinality:list"},
		{bundle, `"type":"collection"`, `"type":"collection","entry":[{"resource":{"resourceType":"Made up"}},{"resource":{"id":"1"}}]`, "type"},
	} {
		if got := rulesBroken(t, fmt.Sprintf(tc.frame, tc.good), Options{}); got != "" {
			t.Errorf("%s: refused for %s", tc.good, got)
		}
		bad := fmt.Sprintf(tc.frame, tc.bad)
		if got := rulesBroken(t, bad, Options{}); got != tc.rule {
			t.Errorf("%s: refused for %q, want %q", tc.bad, got, tc.rule)
		}
		if got := rulesBroken(t, bad, Options{Allow: strings.Fields(tc.rule)}); got != "" {
			t.Errorf("%s: refused for %q where %s is allowed", tc.bad, got, tc.rule)
		}
	}
}

func filled(format, system string) string { return fmt.Sprintf(format, system) }

// TestIssuesAreBounded gives the validator what would keep a careless one busy
// for hours: it must come back, with no more issues than it reports.
func TestIssuesAreBounded(t *testing.T) {
	const n = 100_000
	repeat := func(s string) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
	var contained, members strings.Builder
	for i := range n / 2 {
		fmt.Fprintf(&contained, `{"resourceType":"Patient","id":"p%d"},`, i)
		fmt.Fprintf(&members, `"m%d":[null],`, i)
	}
	coding := `{"system":"http://s","code":"a"}`
	for name, in := range map[string]string{
		"nulls":     `{"resourceType":"Patient","name":[{"given":[` + repeat("null") + `],"_given":[` + repeat(`{"id":"a"}`) + `]}]}`,
		"contained": `{"resourceType":"Patient","contained":[` + contained.String() + `{"resourceType":"Patient","id":"z"}],"link":[` + repeat(`{"type":"refer","other":{"reference":"#z"}}`) + `]}`,
		"members":   `{"resourceType":"Account",` + members.String() + `"x":1}`,
		"codings": `{"resourceType":"Observation","status":"final","valueInteger":1,"code":{"coding":[` + repeat(`{"code":"b"}`) + `]},"component":[{"code":{"coding":[` +
			repeat(coding) + `]}}]}`,
		"entries": `{"resourceType":"Bundle","type":"batch","entry":[` + repeat(`{"resource":{"a":1}}`) + `]}`,
		"tokens":  `{"resourceType":"Observation","code":{"coding":[` + repeat(coding) + `]}}`,
	} {
		root := mustParse(t, in)
		if got := len(Validate(root, Options{})); got > 2*maxIssues {
			t.Errorf("%s: %d issues", name, got)
		}
		if got := len(Extract(root).Tokens); got > MaxTokens {
			t.Errorf("%s: %d tokens", name, got)
		}
		References(root)
	}
}

// TestWarningsHideNoError puts an error behind more warnings than are reported.
func TestWarningsHideNoError(t *testing.T) {
	in := `{"resourceType":"Bundle","type":"collection","entry":[` + strings.Repeat(`{"resource":{"resourceType":"Claim","id":"1"}},`, 3*maxIssues) +
		`{"resource":{"resourceType":"Patient","gender":"x"}}]}`
	if got := rulesBroken(t, in, Options{}); got != RuleCode {
		t.Errorf("got %q", got)
	}
	if n := len(Validate(mustParse(t, in), Options{})); n != maxIssues+1 {
		t.Errorf("%d issues", n)
	}
}

func TestEveryDefinitionIsReadable(t *testing.T) {
	d := definitions()
	for _, r := range d.types {
		seen := map[string]bool{}
		for _, row := range r.rows {
			if seen[row.name] {
				t.Errorf("%s has %s twice", r.name, row.name)
			}
			seen[row.name] = true
			if r.names[row.ordinal] != row.name && !strings.HasSuffix(r.names[row.ordinal], "[x]") {
				t.Errorf("%s.%s has the ordinal of %s", r.name, row.name, r.names[row.ordinal])
			}
			if !row.typ.primitive() && int(row.typ-firstType) >= len(d.types) {
				t.Errorf("%s.%s has no type", r.name, row.name)
			}
		}
	}
	for typ := range d.index {
		if _, err := readTable("type " + typ + " Nothing"); err == nil {
			t.Fatal("a table with a base that is not there was read")
		}
		break
	}
}

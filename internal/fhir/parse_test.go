package fhir

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func mustParse(t testing.TB, s string) Node {
	t.Helper()
	d, err := Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct{ in, reason, path string }{
		{``, "must be one JSON object", ""},
		{`[]`, "must be one JSON object", ""},
		{"\xef\xbb\xbf{}", "byte order mark", ""},
		{`{`, "name in double quotes", "Resource"},
		{`{} x`, "something follows", ""},
		{`{"a":1,}`, "name in double quotes", "Resource"},
		{`{"a":[1,]}`, "a value is expected", "Resource.a"},
		{`{"a":01}`, "a comma or the end", "Resource"},
		{`{"a":1.}`, "number", "Resource"},
		{`{"a":-}`, "number", "Resource"},
		{`{"a":tru}`, "a value is expected", "Resource"},
		{`{"a" 1}`, "a colon", "Resource"},
		{`{"resourceType":"Patient","name":[{"given":["a","b`, "a string has no end", "Patient.name[0].given"},
		{`{"resourceType":"Patient","name":[{"given":"a","given":"b"}]}`, "there twice", "Patient.name[0]"},
		{`{"a":"\x"}`, "escape", "Resource"},
		{`{"a":"\ud800"}`, "escape", "Resource"},
		{`{"a":"\udc00\ud800"}`, "escape", "Resource"},
		{`{"\u0061":1}`, "written with escapes", "Resource"},
		{"{\"a\":\"\xff\"}", "not valid UTF-8", "Resource"},
		{"{\"a\":\"\n\"}", "control character", "Resource"},
		{`{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, "too deep", "Resource.a" + strings.Repeat("[0]", 62)},
	} {
		_, err := Parse([]byte(tc.in))
		var e *SyntaxError
		if !errors.As(err, &e) || !strings.Contains(e.Reason, tc.reason) || e.Path != tc.path {
			t.Errorf("%.60s: %+v; want %q in %q", tc.in, err, tc.reason, tc.path)
		}
	}
}

func TestManyMembersTwice(t *testing.T) {
	var sb strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&sb, `"k%d":0,`, i)
	}
	if _, err := Parse([]byte(`{` + sb.String() + `"last":1}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := Parse([]byte(`{` + sb.String() + `"k17":1}`)); err == nil {
		t.Fatal("a member that is there twice was taken")
	}
}

func TestNodes(t *testing.T) {
	n := mustParse(t, `{ "resourceType" : "Patient", "name":[{"family":"O\u0027Hara \ud83d\ude00","given":["Ann","Zoë"]}, {"use":"old"}],
		"active": true, "n": 1.50, "x": null}`)
	got := []string{n.Type(), n.Path("name", "family").Text(), n.Get("name").At(0).Get("given").At(1).Text(), string(n.Get("n").Raw()),
		n.Get("name").At(0).Get("given").At(1).where(), n.Get("name").At(1).Get("use").where(), n.Path("name", "given").Text(),
		fmt.Sprint(n.Len(), n.Get("name").Len(), n.Get("active").Kind() == Bool, n.Get("x").Kind(), n.Get("none").At(3).Get("a").Exists())}
	want := []string{"Patient", "O'Hara 😀", "Zoë", "1.50", "Patient.name[0].given[1]", "Patient.name[1].use", "Ann", "5 2 true null false"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q", "%x"} {
		if s := fmt.Sprintf(verb+verb, n.Get("name"), n.d); strings.Contains(s, "Ann") {
			t.Errorf("%s prints what the resource holds", verb)
		}
	}
}

func TestSplice(t *testing.T) {
	const in = `{ "resourceType": "Observation",
  "id" : "x", "meta": {"versionId":"9"},
  "subject": {"reference": "Patient/1"}, "valueQuantity":{"value":1.50}, "_status":{"id":"a"}, "status":"final",
  "performer":[{"reference":"Patient/1"},{"reference":"#c"}]
}`
	n := mustParse(t, in)
	refs := map[int]string{}
	for _, r := range References(n) {
		refs[r.Offset()] = "Patient/\"2"
	}
	for _, tc := range []struct {
		name string
		e    Edits
		want string
	}{
		{"nothing", Edits{}, in},
		{"all", Edits{ID: "new", Meta: []byte(`{"versionId":"1"}`), Refs: refs, Drop: []string{"status"}}, `{ "resourceType": "Observation",
  "id" : "new", "meta": {"versionId":"1"},
  "subject": {"reference": "Patient/\"2"}, "valueQuantity":{"value":1.50},
  "performer":[{"reference":"Patient/\"2"},{"reference":"#c"}]
}`},
		{"a dropped reference", Edits{Refs: refs, Drop: []string{"performer", "subject", "id", "meta", "resourceType", "status"}},
			`{ "resourceType": "Observation", "valueQuantity":{"value":1.50}
}`},
	} {
		if d := cmp.Diff(tc.want, string(Splice(nil, n, tc.e))); d != "" {
			t.Errorf("%s: %s", tc.name, d)
		}
	}
}

func TestSpliceInserts(t *testing.T) {
	for in, want := range map[string]string{
		`{"resourceType":"Flag"}`:             `{"resourceType":"Flag","id":"1","meta":{}}`,
		`{"a":1,"resourceType":"Flag","b":2}`: `{"resourceType":"Flag","id":"1","meta":{},"b":2}`,
		`{}`:                                  `{"id":"1","meta":{}}`,
		`{ "a":2 }`:                           `{"id":"1","meta":{} }`,
		`{ "b":2 }`:                           `{"id":"1","meta":{}, "b":2 }`,
		`{ "a":1, "b":2 }`:                    `{"id":"1","meta":{}, "b":2 }`,
		`{"resourceType":"Flag","meta":{"x":1},"a":1}`: `{"resourceType":"Flag","id":"1","meta":{}}`,
	} {
		got := string(Splice(nil, mustParse(t, in), Edits{ID: "1", Meta: []byte("{}"), Drop: []string{"a", "meta"}}))
		if got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestMeta(t *testing.T) {
	n := mustParse(t, `{"meta":{"versionId":"7","lastUpdated":"2020-01-01T00:00:00Z","_source":{"id":"a"},"profile":["p"],"security":[{"code":"R"}]}}`)
	at := time.Date(2026, 5, 3, 10, 12, 0, 5e6, time.FixedZone("", 3600))
	got := string(Meta(n.Get("meta"), "2", at, "urn:x"))
	want := `{"versionId":"2","lastUpdated":"2026-05-03T09:12:00.005Z","source":"urn:x","profile":["p"],"security":[{"code":"R"}]}`
	if got != want {
		t.Errorf("got %s", got)
	}
	if got := string(Meta(Node{}, "1", at, "")); got != `{"versionId":"1","lastUpdated":"2026-05-03T09:12:00.005Z"}` {
		t.Errorf("got %s", got)
	}
}

func TestParseDate(t *testing.T) {
	for in, want := range map[string]string{
		"2024":                      "2024-01-01T00:00:00Z 2025-01-01T00:00:00Z",
		"2024-02":                   "2024-02-01T00:00:00Z 2024-03-01T00:00:00Z",
		"2024-02-29":                "2024-02-29T00:00:00Z 2024-03-01T00:00:00Z",
		"2024-06-30T23:59:60Z":      "2024-07-01T00:00:00Z 2024-07-01T00:00:01Z",
		"2024-06-01T10:00:00+01:00": "2024-06-01T09:00:00Z 2024-06-01T09:00:01Z",
		"2024-06-01T10:00:00.25Z":   "2024-06-01T10:00:00.25Z 2024-06-01T10:00:00.26Z",
		"2023-02-29":                "", "0000": "", "2024-13": "", "2024-1-1": "", "2024-06-01T10:00Z": "", "2024-06-01T10:00:00": "",
		"2024-06-01T24:00:00Z": "", "": "", "2024-06-01T10:00:00.Z": "", "2024-06-01T10:00:00+15:00": "", "20240601": "",
	} {
		low, high, err := ParseDate(in)
		got := low.Format(time.RFC3339Nano) + " " + high.Format(time.RFC3339Nano)
		if err != nil {
			got = ""
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestTypesAndReferences(t *testing.T) {
	for name, want := range map[string]bool{"Patient": true, "Account": true, "VisionPrescription": true, "Pat": false, "Patients": false,
		"MedicinalProduct": true, "": false, "Patient Person": true && false} {
		if IsType(name) != want {
			t.Errorf("IsType(%q) = %v", name, !want)
		}
	}
	for literal, want := range map[string]string{
		"Patient/1": "Patient 1", "Patient/1/_history/2": "Patient 1", "https://h/b/Patient/a.b": "Patient a.b",
		"Patient?identifier=a|b": "Patient ", "https://h/Patient?x=Patient/1": "Patient ", "urn:uuid:1": " ", "1": " ", "Foo/1": " ", "Patient/a_b": " ",
	} {
		if a, b := SplitReference(literal); a+" "+b != want {
			t.Errorf("%s: got %q %q", literal, a, b)
		}
	}
}

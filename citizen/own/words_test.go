package own

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTableOfCodes(t *testing.T) {
	known := map[string]bool{}
	for _, s := range systems {
		known[s.table] = true
	}
	seen := map[codeKey]bool{}
	n := 0
	for line := range strings.Lines(codesTSV) {
		line = strings.TrimSuffix(line, "\n")
		if line[0] == '#' {
			continue
		}
		n++
		f := strings.Split(line, "\t")
		if len(f) < 3 || len(f) > 4 || f[2] == "" || strings.TrimSpace(line) != line {
			t.Fatalf("line %q", line)
		}
		if !known[f[0]] || f[0] == "" {
			t.Errorf("no code system has the table %q", f[0])
		}
		k := codeKey{f[0], f[1]}
		if seen[k] {
			t.Errorf("%v is there twice", k)
		}
		seen[k] = true
		if len(f) == 4 && !strings.HasSuffix(f[3], ".") {
			t.Errorf("%v: the meaning is no sentence: %q", k, f[3])
		}
	}
	if len(wordings()) != n || n < 400 {
		t.Errorf("%d lines, %d codes", n, len(wordings()))
	}
}

func TestConcept(t *testing.T) {
	for _, c := range []struct {
		name, sent string
		want       concept
	}{
		{
			"known code", snomed("38341003", "Hypertension"),
			concept{title: "High blood pressure", original: "Hypertension", plain: true, codes: []Code{{"SNOMED CT", "38341003", "Hypertension"}}},
		},
		{
			"unknown code: as sent", snomed("999", "Odd thing (disorder)"),
			concept{title: "Odd thing (disorder)", codes: []Code{{"SNOMED CT", "999", "Odd thing (disorder)"}}},
		},
		{
			"second coding known", `{"coding":[{"system":"http://read.info/readv2","code":"G20..","display":"EH"},{"system":"http://snomed.info/sct","code":"59621000"}]}`,
			concept{title: "High blood pressure", original: "EH", plain: true, codes: []Code{{"Read v2", "G20..", "EH"}, {"SNOMED CT", "59621000", ""}}},
		},
		{"text alone", `{"text":"Sore knee"}`, concept{title: "Sore knee"}},
		{"bare code of another system", `{"coding":[{"system":"http://example.org/x","code":"7"}]}`, concept{title: "http://example.org/x 7", codes: []Code{{"http://example.org/x", "7", ""}}}},
		{"same code of another system means something else", `{"coding":[{"system":"http://example.org/x","code":"38341003","display":"Box"}]}`, concept{title: "Box", codes: []Code{{"http://example.org/x", "38341003", "Box"}}}},
	} {
		got := conceptOf(parse(t, c.sent))
		if d := cmp.Diff(c.want, got, cmp.AllowUnexported(concept{})); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

func TestQuantity(t *testing.T) {
	for sent, want := range map[string]string{
		`{"value":7.40,"unit":"mmol/L"}`: "7.40 mmol/L", `{"value":0.5,"comparator":"<","unit":"mmol/L"}`: "less than 0.5 mmol/L",
		`{"value":90,"comparator":">=","unit":"mL/min/{1.73_m2}","code":"mL/min/{1.73_m2}"}`: "90 or more ml/min/1.73m²",
		`{"value":98,"unit":"%"}`: "98%", `{"value":37.1,"code":"Cel"}`: "37.1 °C", `{"value":3,"unit":"{score}","code":"{score}"}`: "3",
		`{"unit":"mg"}`: "", `{"value":5.2,"unit":"10*9/L"}`: "5.2 × 10⁹ per litre",
	} {
		if _, _, got := quantityIn(parse(t, sent)); got != want {
			t.Errorf("%s: %q, want %q", sent, got, want)
		}
	}
}

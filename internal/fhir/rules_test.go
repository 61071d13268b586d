package fhir

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every invariant and kind of value that the source of this package names is in
// Rules, once, and nothing else is.
func TestRulesAreListed(t *testing.T) {
	listed := map[string]bool{}
	for _, r := range Rules() {
		if listed[r.Name] || r.Asks == "" {
			t.Errorf("%s is listed twice, or with no words", r.Name)
		}
		listed[r.Name] = true
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	invariant, value := regexp.MustCompile(`"([a-z]{3}-[0-9]+)"`), regexp.MustCompile(`ruleValue ?\+ ?"([a-z]+)"`)
	named := map[string]bool{}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") || f == "rules.go" {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range invariant.FindAllSubmatch(b, -1) {
			named[string(m[1])] = true
		}
		for _, m := range value.FindAllSubmatch(b, -1) {
			if !listed[ruleValue+string(m[1])] {
				t.Errorf("%s%s is not listed", ruleValue, m[1])
			}
		}
	}
	for name := range named {
		if !listed[name] {
			t.Errorf("%s is not listed", name)
		}
	}
	for _, r := range invariantRules() {
		if !named[r.Name] {
			t.Errorf("%s is listed and not checked", r.Name)
		}
	}
}

func TestKnowsRule(t *testing.T) {
	for name, want := range map[string]bool{"obs-6": true, "value:date": true, "value": true, "cardinality": true, "code:required": true,
		"": false, "obs": false, "value:": false, "Obs-6": false, "syntax": false, "val": false} {
		if KnowsRule(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

// docs/validation.md shows the rules as they are.
func TestRulesAreDocumented(t *testing.T) {
	b, err := os.ReadFile("../../docs/validation.md")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, r := range Rules() {
		want = append(want, "| `"+r.Name+"` | "+r.Asks+" |")
	}
	var got []string
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "| `") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the table of docs/validation.md should be:\n%s", strings.Join(want, "\n"))
	}
}

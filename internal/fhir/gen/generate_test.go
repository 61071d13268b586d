package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNoDrift fails when definitions.txt is not what the generator writes.
func TestNoDrift(t *testing.T) {
	want, err := generate(filepath.Join("..", definitionsDir()))
	if dir := os.Getenv("DCR_FHIR_DEFINITIONS"); dir != "" {
		want, err = generate(dir)
	}
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the official definitions are not here: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../definitions.txt")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("definitions.txt is not what the generator writes; run go generate ./internal/fhir (-want +got):\n%s", d)
	}
}

func TestCodesOf(t *testing.T) {
	for _, tc := range []struct{ valueSet, short, want string }{
		{"x", "home | work - purpose of this address", "home work"},
		{"x", "old (If known)", "?"},
		{"x", "a | b +", "?"},
		{"x", "< | <= | >= | > - how to understand the value", "< <= >= >"},
		{"mimetypes", "anything", ""},
		{"network-type", "", "1 2 3 4 5"},
	} {
		got, ok := codesOf(tc.valueSet, tc.short)
		if !ok {
			got = "?"
		}
		if got != tc.want {
			t.Errorf("%s %q: got %q, want %q", tc.valueSet, tc.short, got, tc.want)
		}
	}
}

func TestPathsOf(t *testing.T) {
	for in, want := range map[string][]string{
		"Observation.code": {"code"},
		"A.code | (Observation.value as CodeableConcept)":    {"valueCodeableConcept"},
		"Observation.subject.where(resolve() is Patient)":    {"subject"},
		"Observation.telecom.where(system='email')":          nil,
		"Observation.onset.as(dateTime) | Observation.x.y ":  {"onsetDateTime", "x.y"},
		"Observation.extension('http://hl7.org/fhir/a')":     nil,
		"Observation.deceased.exists() and Observation.a!=b": nil,
	} {
		if d := cmp.Diff(want, pathsOf(in, "Observation")); d != "" {
			t.Errorf("%s: %s", in, d)
		}
	}
}

package fhir

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

var seeds = []string{
	`{}`, `{"a":1}`, `{"a":[1,2,{"b":null}],"c":"\u00e9\n\"\\"}`, `{"resourceType":"Patient","id":"1","meta":{"versionId":"1"},"name":[{"given":["A"]}]}`,
	` { "resourceType" : "Observation" , "subject" : { "reference" : "Patient/1" } , "valueQuantity" : { "value" : 1.50e-3 } } `,
	`{"a":"\ud83d\ude00"}`, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}", `{"a":1,"a":2}`, `{"a":-0.0E+1}`, `{"a":[[[[]]]]}`, `{"":0}`, "\xef\xbb\xbf{}",
	`{"subject":{"identifier":{"value":"x"}},"id":"1","resourceType":"Flag"}`,
}

// ours are the refusals that jsontext does not make.
var ours = []string{"must be one JSON object", "byte order mark", "written with escapes", "name is too long", "lie too deep", "too many values"}

// FuzzParse holds the scanner against an independent strict tokenizer.
func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Parse(b)
		valid := jsontext.Value(b).IsValid()
		if err == nil {
			if !valid {
				t.Fatalf("taken, and not JSON: %q", b)
			}
			walk(t, d.Root())
			Validate(d.Root(), Options{})
			Extract(d.Root())
			Subjects(d.Root())
			return
		}
		var e *SyntaxError
		if !errors.As(err, &e) {
			t.Fatalf("no syntax error: %v", err)
		}
		for _, reason := range ours {
			if strings.Contains(e.Reason, reason) {
				return
			}
		}
		if valid {
			t.Fatalf("refused (%v), and JSON: %q", err, b)
		}
	})
}

// walk compares every text with what jsontext makes of it.
func walk(t *testing.T, n Node) {
	switch n.Kind() {
	case String:
		want, err := jsontext.AppendUnquote(nil, n.Raw())
		if err != nil || string(want) != n.Text() || !n.Is(string(want)) {
			t.Fatalf("%q is read as %q", n.Raw(), n.Text())
		}
		if back := AppendString(nil, n.Text()); !jsontext.Value(back).IsValid() {
			t.Fatalf("%q is written as %q", n.Raw(), back)
		}
	case Array:
		for e := range n.Each() {
			walk(t, e)
		}
	case Object:
		for name, m := range n.Members() {
			if got := n.Get(name); got != m {
				t.Fatalf("%q is not found by its name", name)
			}
			m.where()
			walk(t, m)
		}
	}
}

// FuzzSplice expects that what is spliced parses and differs only where asked.
func FuzzSplice(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := Parse(b); err == nil {
			checkSplice(t, "", d.Root())
		}
	})
}

func checkSplice(t *testing.T, name string, n Node) {
	t.Helper()
	if same := Splice(nil, n, Edits{}); !bytes.Equal(same, n.Raw()) {
		t.Fatalf("%s: no edits, and other bytes", name)
	}
	refs := map[int]string{}
	for _, r := range References(n) {
		if r.Literal != "" {
			refs[r.Offset()] = "Patient/new\""
		}
	}
	e := Edits{ID: "new-id", Meta: []byte(`{"versionId":"7"}`), Refs: refs, Drop: []string{"text", "id"}}
	out := Splice([]byte("before"), n, e)
	d, err := Parse(bytes.TrimPrefix(out, []byte("before")))
	if err != nil {
		t.Fatalf("%s: spliced into what is no document: %v\n%s", name, err, out)
	}
	got := d.Root()
	if got.ID() != e.ID || !bytes.Equal(got.Get("meta").Raw(), e.Meta) || got.Get("text").Exists() {
		t.Fatalf("%s: the edits are not made: %s", name, out)
	}
	var want []string
	for member, v := range n.Members() {
		if member != "id" && member != "meta" && member != "text" && member != "_text" {
			want = append(want, member)
			sameBut(t, v, got.Get(member), refs)
		}
	}
	for member := range got.Members() {
		if member == "id" || member == "meta" {
			continue
		}
		if len(want) == 0 || want[0] != member {
			t.Fatalf("%s: member %q is out of place", name, member)
		}
		want = want[1:]
	}
	if len(want) > 0 {
		t.Fatalf("%s: members %q are lost", name, want)
	}
}

// sameBut expects two values with the same bytes but for the references.
func sameBut(t *testing.T, old, new Node, refs map[int]string) {
	t.Helper()
	raw := append([]byte(nil), old.Raw()...)
	for i := len(raw) - 1; i >= 0; i-- {
		if text, ok := refs[old.Offset()+i]; ok {
			end := i + len(old.d.at(old.Offset()+i).Raw())
			raw = append(AppendString(append([]byte(nil), raw[:i]...), text), raw[end:]...)
		}
	}
	if !bytes.Equal(raw, new.Raw()) {
		t.Fatalf("want %s, got %s", raw, new.Raw())
	}
}

// dateTime is the regular expression of the specification.
var dateTime = regexp.MustCompile(`^([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)(-(0[1-9]|1[0-2])(-(0[1-9]|[1-2][0-9]|3[0-1])(T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00)))?)?)?$`)

// FuzzParseDate holds dates against the specification's expression and package time.
func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2024", "2024-02", "2024-02-29", "2023-02-29", "2024-02-29T23:59:60.123456789Z", "2024-01-01T00:00:00+14:00", "0000", "24:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		low, high, err := ParseDate(s)
		want := dateTime.MatchString(s)
		if want && len(s) >= 10 {
			_, bad := time.Parse(time.DateOnly, s[:10])
			want = bad == nil
		}
		if want != (err == nil) {
			t.Fatalf("%q: %v", s, err)
		}
		if err != nil {
			return
		}
		if !low.Before(high) {
			t.Fatalf("%q ends at %v before it begins at %v", s, high, low)
		}
		if exact, err := time.Parse(time.RFC3339Nano, s); err == nil && !exact.Equal(low) {
			t.Fatalf("%q: %v, want %v", s, low, exact)
		}
		if text := string(AppendInstant(nil, low)); low.Year() > 0 && low.Year() < 10000 {
			if back, _, err := ParseDate(text); err != nil || !back.Equal(low.Truncate(time.Millisecond)) {
				t.Fatalf("%q is written as %q", s, text)
			}
		}
	})
}

package own

import (
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// now is the moment of the tests: a Sunday in summer time.
var now = time.Date(2026, 5, 3, 9, 0, 0, 0, time.UTC)

func parse(t testing.TB, body string) fhir.Node {
	t.Helper()
	d, err := fhir.Parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

// made makes a record of resources; each has the id that it was sent with.
func made(t testing.TB, s section.Section, bodies ...string) []Entry {
	t.Helper()
	var out []Entry
	for _, b := range bodies {
		n := parse(t, b)
		out = append(out, Entry{ID: n.ID(), Section: s, Source: "gp", Received: now.Add(-time.Hour), Resource: n})
	}
	return out
}

func testOptions() Options {
	return Options{Now: now, Source: func(client string) Source {
		if client == "" {
			return Source{}
		}
		return Source{Organisation: "The Cross Surgery", System: "EMIS", Code: "J81000"}
	}}
}

func testReader(t testing.TB) *Reader { return readerWith(t, testOptions()) }

func readerWith(t testing.TB, o Options) *Reader {
	t.Helper()
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func snomed(code, display string) string {
	return `{"coding":[{"system":"http://snomed.info/sct","code":"` + code + `","display":"` + display + `"}]}`
}

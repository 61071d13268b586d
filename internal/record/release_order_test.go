package record_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/record"
)

// A report and its results hold each other back whichever comes first, and however the
// report names them: what was shown already is shown no more until both may be.
func TestResultsAndTheirReportInAnyOrder(t *testing.T) {
	neutral := observationNamed(t, "718-7")
	hiv := observationNamed(t, "7917-8")
	histology, numbers := reportNaming("SP"), reportNaming("LAB")
	both := "DiagnosticReport/r Observation/o"
	for name, tt := range map[string]struct {
		result, report int // on what day it comes
		observation    record.Object
		category       func(t testing.TB, reference string) record.Object
		shown          map[int]string
	}{
		"the result before":       {0, 5, neutral, histology, map[int]string{0: "Observation/o", 4: "Observation/o", 5: "", 25: "", 26: both}},
		"the result long before":  {0, 30, neutral, histology, map[int]string{29: "Observation/o", 30: "", 50: "", 51: both}},
		"the report before":       {5, 0, neutral, histology, map[int]string{0: "", 5: "", 20: "", 21: both}},
		"a delicate result after": {5, 0, hiv, numbers, map[int]string{4: "DiagnosticReport/r", 5: "", 25: "", 26: both}},
		"neither is delicate":     {0, 5, neutral, numbers, map[int]string{0: "Observation/o", 5: both}},
	} {
		for way, reference := range map[string]string{
			"by its id": `"reference":"Observation/o"`, "by a state of it": `"reference":"Observation/o/_history/2"`,
			"by its identifier": `"type":"Observation","identifier":{"system":"urn:lab","value":"77"}`,
			"by another's id":   `"reference":"https://lab.example/Observation/9","identifier":{"system":"urn:lab","value":"77"}`,
		} {
			t.Run(name+", "+way, func(t *testing.T) {
				w := newWorld(t)
				w.knows(mary, "Smith")
				days := slices.Sorted(maps.Keys(tt.shown))
				for day0 := range days[len(days)-1] + 1 {
					if day0 == tt.result {
						w.arrives(day0, tt.observation)
					}
					if day0 == tt.report {
						w.arrives(day0, tt.category(t, reference))
					}
					want, asked := tt.shown[day0]
					if !asked {
						continue
					}
					if shown, _ := w.sees(time.Duration(day0)*day, strings.Fields(both)...); strings.Join(shown, " ") != want {
						t.Errorf("day %d: %q, want %q", day0, shown, want)
					}
				}
			})
		}
	}
}

// An identifier means what the report's own source calls so: nothing of another's waits.
func TestIdentifiersOfAnotherSource(t *testing.T) {
	w := newWorld(t)
	w.knows(mary, "Smith")
	w.sends(hospital, mary, 2, observationNamed(t, "718-7"))
	w.sends(practice, mary, 3, reportNaming("SP")(t, `"identifier":{"system":"urn:lab","value":"77"}`))
	if shown, arrived := w.sees(0, "Observation/o"); len(shown) != 1 || len(arrived) != 1 {
		t.Errorf("shown %v, waits %v", shown, arrived)
	}
}

// A letter that names a report by its identifier waits with it.
func TestALetterThatNamesItsReport(t *testing.T) {
	w := newWorld(t)
	w.knows(mary, "Smith")
	r := strings.Replace(string(report(t, "r", "SP", "final").Resource.Raw()), `"status"`, `"identifier":[{"system":"urn:lab","value":"5"}],"status"`, 1)
	w.sends(hospital, mary, 2, object(t, r), object(t, `{"resourceType":"DocumentReference","id":"d","status":"current","content":[{"attachment":{"title":"t"}}],"context":{"related":[{"identifier":{"system":"urn:lab","value":"5"}}]}}`))
	for at, want := range map[int]int{0: 0, 20: 0, 21: 2} {
		if shown, _ := w.sees(time.Duration(at)*day, "DiagnosticReport/r", "DocumentReference/d"); len(shown) != want {
			t.Errorf("day %d: %v", at, shown)
		}
	}
}

// observationNamed is Observation/o, which its laboratory calls 77.
func observationNamed(t testing.TB, code string) record.Object {
	o := string(observation(t, "o", code, "2026-03-01", "1").Resource.Raw())
	return object(t, strings.Replace(o, `"status"`, `"identifier":[{"system":"urn:lab","value":"77"}],"status"`, 1))
}

func reportNaming(category string) func(t testing.TB, reference string) record.Object {
	return func(t testing.TB, reference string) record.Object {
		o := string(report(t, "r", category, "final", "x").Resource.Raw())
		return object(t, strings.Replace(o, `"reference":"x"`, reference, 1))
	}
}

// arrives sends from the hospital, so many days later.
func (w *world) arrives(after int, objects ...record.Object) {
	w.t.Helper()
	c := w.change(hospital, mary, 10+after, objects...)
	c.Message.Received = c.Message.Received.Add(time.Duration(after) * day)
	if _, err := w.r.Apply(w.t.Context(), c); err != nil {
		w.t.Fatal(fmt.Errorf("on day %d: %w", after, err))
	}
}

package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

// biopsy is a report that waits: histology (RULES 3).
func biopsy(p testkit.Person) string {
	return `{"resourceType":"DiagnosticReport","id":"biopsy","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0074","code":"SP"}]}],"code":{"coding":[{"system":"http://snomed.info/sct","code":"4321000179101","display":"Histology report"}]},"subject":{"reference":"Patient/` +
		strings.ToLower(p.Family) + `"},"effectiveDateTime":"2026-03-09","issued":"2026-03-09T12:00:00Z","conclusion":"Nothing malignant was seen."}`
}

// A corrected result says so, with what it replaced.
func TestACorrectedResultIsMarked(t *testing.T) {
	_, practice, rita := withResident(t)
	wrong := rita.Person.Observation("hb7", testkit.Now.AddDate(0, 0, -7), 171)
	sends(t, practice, http.StatusOK, wrong)
	reads(t, rita, "/citizen/v1/sections/results", "171")
	right := strings.Replace(strings.Replace(wrong, `"final"`, `"corrected"`, 1), "171", "137", 1)
	if a := practice.Sends(testkit.Bundle(testkit.Now, right)); a.Status != http.StatusOK {
		t.Fatalf("sent: %d %s", a.Status, a.Body)
	}
	list := reads(t, rita, "/citizen/v1/sections/results", `"corrected":true`, "137", "171", `"replaced":[`)
	id := entryOf(t, list, `137`)
	reads(t, rita, "/citizen/v1/entries/"+id, `"corrected":true`, `"replaced":[`, "137", "171")
	reads(t, rita, "/record/results/"+id, "137", "171", "orrected")
	if trend := reads(t, rita, "/citizen/v1/entries/"+id+"/trend", "137"); strings.Contains(trend, "171") {
		t.Errorf("the trend draws what was corrected: %s", trend)
	}
}

// A result that waits is nowhere but among what has arrived, with its latest day; on
// that day it is there, without anybody doing anything. Professionals see it at once.
func TestAResultThatWaitsAppearsByItself(t *testing.T) {
	w, practice, rita := withResident(t)
	sends(t, practice, http.StatusOK, biopsy(rita.Person))
	doctor := w.Professional("adams", "R0D", identity.Clinician)
	if a := doctor.Gets("DiagnosticReport?patient=" + person(t, doctor, rita.Person.Number)); !strings.Contains(string(a.Body), "Nothing malignant") {
		t.Errorf("a professional: %d %s", a.Status, a.Body)
	}
	rita.Confirms("record.export")
	everywhere := []string{"/citizen/v1/summary", "/citizen/v1/news", "/citizen/v1/timeline", "/citizen/v1/sections/results", "/citizen/v1/sections/letters",
		"/citizen/v1/record/fhir", "/citizen/v1/record/document", "/record", "/record/timeline", "/record/results"}
	for _, path := range everywhere {
		if got := reads(t, rita, path); strings.Contains(got, "malignant") || strings.Contains(got, "Histology") {
			t.Errorf("%s shows it: %.600s", path, got)
		}
	}
	app := rita.App("phone")
	fhir := w.Newcomer(rita.Person).Sends(http.MethodGet, "/fhir/R4/DiagnosticReport?patient="+person(t, doctor, rita.Person.Number), "", func(q *http.Request) {
		q.Header.Set("Authorization", "Bearer "+app.Access)
	})
	if fhir.Status != http.StatusOK || strings.Contains(string(fhir.Body), "malignant") {
		t.Errorf("as FHIR: %d %s", fhir.Status, fhir.Body)
	}
	const latest = "31 March 2026"
	for _, path := range []string{"/citizen/v1/summary", "/citizen/v1/news", "/citizen/v1/record/document", "/record", "/record/results"} {
		reads(t, rita, path, latest)
	}

	w.Pass(21*24*time.Hour - time.Second)
	rita.LogsIn()
	if got := reads(t, rita, "/citizen/v1/sections/results"); strings.Contains(got, "malignant") {
		t.Error("a second too early")
	}
	w.Pass(time.Second)
	reads(t, rita, "/citizen/v1/sections/results", "Nothing malignant was seen.")
	reads(t, rita, "/record/results", "istology")
	if got := reads(t, rita, "/citizen/v1/news"); strings.Contains(got, latest) {
		t.Errorf("it still waits too: %s", got)
	}
}

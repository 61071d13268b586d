package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

// byNHSLogin is the ticket for what NHS login says of somebody.
func byNHSLogin(t *testing.T, w *testkit.World, p testkit.Person, level string) (string, error) {
	t.Helper()
	e, err := w.Server.Accounts().EnrolByNHSLogin(t.Context(), account.NHSLogin{Number: p.Number, BirthDate: p.Born, Proofing: level, Vector: level + ".Cp.Cd"})
	return e.Ticket, err
}

// atP5 is somebody whose identity nobody has checked, with an account and logged in.
func atP5(t *testing.T, w *testkit.World, p testkit.Person) *testkit.Resident {
	t.Helper()
	ticket, err := byNHSLogin(t, w, p, "P5")
	if err != nil {
		t.Fatal(err)
	}
	r := w.Newcomer(p)
	r.Opens(ticket)
	return r
}

// readings are what shows a record, or that there is one.
var readings = []string{"/citizen/v1/summary", "/citizen/v1/news", "/citizen/v1/timeline", "/citizen/v1/details", "/citizen/v1/sections/results",
	"/citizen/v1/sections/about-me", "/citizen/v1/looks", "/citizen/v1/looks/main-1", "/citizen/v1/looks/main-1/proof", "/citizen/v1/record/fhir", "/citizen/v1/record/document"}

// Who has proved too little reads nothing, and cannot tell whether there is a record:
// every answer is that of somebody of whom there is none, to the byte. Once they have
// proved it they read, with a new passkey: those made before count no more.
func TestAtP5NothingIsRead(t *testing.T) {
	w, practice, _ := world(t)
	sends(t, practice, http.StatusOK, rita.Patient(), rita.Observation("hb", testkit.Now.AddDate(0, -1, 0), 131))
	low, unknown := atP5(t, w, rita), atP5(t, w, ted) // nobody has sent anything of Ted
	for _, r := range []*testkit.Resident{low, unknown} {
		r.Confirms("record.export")
	}
	id := person(t, w.Professional("adams", "J81001", 1), rita.Number)
	entry := "/citizen/v1/entries/" + strings.Repeat("a", len(id)) + "-" + strings.Repeat("a", 26)
	tokens := map[*testkit.Resident]string{low: low.App("phone").Access, unknown: unknown.App("phone").Access}
	asks := func(r *testkit.Resident, path string) testkit.Answer {
		if !strings.HasPrefix(path, "/fhir") {
			return r.Gets(path)
		}
		return w.Newcomer(r.Person).Sends(http.MethodGet, path, "", func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+tokens[r]) })
	}
	for _, path := range append(readings, entry, "/fhir/R4/Patient/"+id, "/fhir/R4/Observation?patient="+id, "/fhir/R4/Observation", "/fhir/R4/AuditEvent", "/fhir/R4/Patient/"+id+"/$everything") {
		a, none := asks(low, path), asks(unknown, path)
		if said(a) != said(none) {
			t.Errorf("%s tells whether there is a record: %s, else %s", path, said(a), said(none))
		}
		if a.Status/100 == 2 || strings.Contains(string(a.Body), "Aldermaston") {
			t.Errorf("%s: %d %.300s", path, a.Status, a.Body)
		}
	}
	for _, path := range []string{"/record", "/record/results", "/record/timeline", "/account", "/looks"} {
		if a := low.Gets(path); strings.Contains(string(a.Body), "Aldermaston") || strings.Contains(string(a.Body), "Haemoglobin") {
			t.Errorf("%s names her: %d %s", path, a.Status, a.Body)
		}
	}
	if body := reads(t, low, "/citizen/v1/account", `"proofing":"P5"`); strings.Contains(body, "Aldermaston") {
		t.Errorf("the account names her: %s", body)
	}

	if _, err := byNHSLogin(t, w, rita, "P5"); errs.KindOf(err) != errs.Forbidden {
		t.Errorf("at P5 again: %v", err)
	}
	ticket, err := byNHSLogin(t, w, rita, "P9")
	if err != nil {
		t.Fatal(err)
	}
	high := w.Newcomer(rita)
	high.Opens(ticket)
	reads(t, high, "/citizen/v1/account", `"proofing":"P9"`, "Pat Aldermaston")
	reads(t, high, "/citizen/v1/sections/results", "131")
	if a := low.Gets("/citizen/v1/account"); a.Status != http.StatusUnauthorized {
		t.Errorf("the session at P5: %d", a.Status)
	}
	if a := low.TriesToLogIn(); a.Status != http.StatusUnauthorized {
		t.Errorf("the passkey made at P5: %d", a.Status)
	}
	reads(t, high, "/citizen/v1/notices", "A passkey was removed", "Your account was recovered")
}

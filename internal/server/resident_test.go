package server_test

import (
	"net/http"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

var rita = testkit.Person{Number: nhs.MustNumber("9990000018"), Family: "Aldermaston", Born: "1950-02-03"}

// withResident starts a world in which Rita has a record and an account.
func withResident(t *testing.T) (*testkit.World, *testkit.Resident) {
	t.Helper()
	w, practice, _ := world(t)
	sends(t, practice, http.StatusOK, rita.Patient(), rita.Observation("hb", testkit.Now.AddDate(0, -1, 0), 131))
	return w, w.Resident(rita)
}

// What a resident's visit leaves in the ledger, to the event.
func TestAResidentsVisit(t *testing.T) {
	w, r := withResident(t)
	w.Events()
	for _, path := range []string{"/citizen/v1/summary", "/citizen/v1/sections/results", "/citizen/v1/timeline", "/citizen/v1/looks", "/citizen/v1/account"} {
		if a := r.Gets(path); a.Status != 200 {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		} else {
			t.Logf("%s: %.1500s", path, a.Body)
		}
	}
	for _, e := range w.Events() {
		t.Log(e.Caller, e.Action, e.Outcome, e.Basis, e.What, e.Sections)
	}
}

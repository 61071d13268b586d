package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

var (
	rita = testkit.Person{Number: nhs.MustNumber("9990000018"), Family: "Aldermaston", Born: "1950-02-03"}
	ted  = testkit.Person{Number: nhs.MustNumber("9990000026"), Family: "Blandford", Born: "1960-02-03"}
	una  = testkit.Person{Number: nhs.MustNumber("9990000034"), Family: "Corfe", Born: "1970-02-03"} // of whom nothing was sent
)

// withResident starts a world in which Rita and Ted have records, and Rita an account.
func withResident(t *testing.T) (*testkit.World, *testkit.Source, *testkit.Resident) {
	t.Helper()
	w, practice, hospital := world(t)
	sends(t, practice, http.StatusOK, rita.Patient(), rita.Observation("hb", testkit.Now.AddDate(0, -1, 0), 131))
	sends(t, practice, http.StatusOK, ted.Patient(), ted.Observation("hb-ted", testkit.Now.AddDate(0, -1, 0), 99))
	sends(t, hospital, http.StatusOK, rita.Patient(), rita.Encounter("e1", testkit.Now.AddDate(0, -1, 0)))
	return w, practice, w.Resident(rita)
}

// reads asks for a path that must be answered.
func reads(t *testing.T, r *testkit.Resident, path string, words ...string) string {
	t.Helper()
	a := r.Gets(path)
	if a.Status != http.StatusOK {
		t.Fatalf("%s: %d %s", path, a.Status, a.Body)
	}
	for _, want := range words {
		if !strings.Contains(string(a.Body), want) {
			t.Errorf("%s says nothing of %q: %.500s", path, want, a.Body)
		}
	}
	return string(a.Body)
}

// A resident logs in, reads, looks who looked, asks why, and takes a copy away. Every
// read is one decision, in the ledger before its answer.
func TestAResidentsVisitLeavesExactlyItsTrail(t *testing.T) {
	w, _, rita := withResident(t)
	doctor := w.Professional("adams", "R0D", identity.Clinician)
	id := person(t, doctor, rita.Person.Number)
	doctor.Gets("Observation?patient=" + id)
	w.Events()

	rita.LogsIn()
	reads(t, rita, "/citizen/v1/summary", "Pat Aldermaston", `"section":"results"`)
	entry := firstID(t, reads(t, rita, "/citizen/v1/sections/results", "131", "Organisation J81001"))
	reads(t, rita, "/citizen/v1/entries/"+entry+"?section=results", `"kind":"result"`, "131")
	reads(t, rita, "/citizen/v1/timeline?count=1", `"next":`)
	reads(t, rita, "/citizen/v1/details", "Aldermaston", "999 000 0018")
	reads(t, rita, "/citizen/v1/news", `"sources":[`)
	looks := reads(t, rita, "/citizen/v1/looks", "Dr adams", "looked at your test results")
	look := idBefore(t, looks, "Dr adams")
	reads(t, rita, "/citizen/v1/looks/"+look+"/proof", "dcr-ledger-proof/1")
	if a := rita.Sends(http.MethodPost, "/citizen/v1/looks/"+look+"/questions", `{"words":"I was not there that day."}`); a.Status != http.StatusCreated {
		t.Errorf("asked: %d %s", a.Status, a.Body)
	}
	reads(t, rita, "/citizen/v1/questions", "I was not there that day.", "Organisation R0D")
	if a := rita.Gets("/citizen/v1/record/fhir"); a.Status != http.StatusUnauthorized || !strings.Contains(a.Header.Get("WWW-Authenticate"), `error="insufficient_user_authentication"`) {
		t.Errorf("a download without confirmation: %d %s", a.Status, a.Header.Get("WWW-Authenticate"))
	}
	rita.Confirms("record.export")
	reads(t, rita, "/citizen/v1/record/fhir", `"resourceType":"Bundle"`, `"value":131`)
	reads(t, rita, "/citizen/v1/record/document", "<html", "Haemoglobin")

	me := accountOf(t, w)
	w.Trail(me+" read allowed self summary", me+" read allowed self results", me+" read allowed self results", me+" read allowed self timeline",
		me+" read allowed self demographics", me+" read allowed self news", me+" see-accesses allowed self who looked", me+" see-accesses allowed self who looked",
		me+" see-accesses allowed self who looked", me+" export allowed self download as FHIR", me+" export allowed self download to read")
}

// accountOf returns who Rita is in the ledger, and rewinds nothing.
func accountOf(t *testing.T, w *testkit.World) string {
	t.Helper()
	var me string
	err := w.Server.Ledger().Read(t.Context(), 0, func(_ uint64, e ledger.Event) bool {
		if e.Kind == identity.Resident {
			me = e.Caller
		}
		return me == ""
	})
	if err != nil || me == "" {
		t.Fatalf("no resident in the ledger: %v", err)
	}
	return me
}

// firstID returns the id of the first entry in an answer.
func firstID(t *testing.T, body string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, `"results":[{"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("no entry: %.300s", body)
	}
	return id
}

// idBefore returns the id that stands last before words.
func idBefore(t *testing.T, body, words string) string {
	t.Helper()
	before, _, ok := strings.Cut(body, words)
	i := strings.LastIndex(before, `{"id":"`)
	if !ok || i < 0 {
		t.Fatalf("%s is not there: %.500s", words, body)
	}
	id, _, _ := strings.Cut(before[i+len(`{"id":"`):], `"`)
	return id
}

// What ends a session ends it on every instance, at the next request.
func TestSessionsEndOnEveryInstance(t *testing.T) {
	a, practice, rita := withResident(t)
	b := a.Another("b")
	testkit.Works(a, b)
	everywhere := func(when string, who *testkit.Resident, want int) {
		t.Helper()
		for _, w := range []*testkit.World{a, b} {
			for _, path := range []string{"/citizen/v1/account", "/citizen/v1/summary"} {
				if got := who.At(w).Gets(path); got.Status != want {
					t.Errorf("%s, %s on %s: %d %s", when, path, w.Config.Instance, got.Status, got.Body)
				}
			}
		}
	}
	everywhere("logged in at a", rita, http.StatusOK)
	tablet := *rita
	tablet.LogsIn()
	rita.At(b).Sends(http.MethodPost, "/citizen/v1/log-out", "")
	everywhere("logged out at b", rita, http.StatusUnauthorized)
	everywhere("the other device", &tablet, http.StatusOK)

	rita.LogsIn()
	tablet.At(a).Sends(http.MethodDelete, "/citizen/v1/sessions", "")
	everywhere("all ended at a", rita, http.StatusUnauthorized)
	everywhere("all ended at a", &tablet, http.StatusUnauthorized)

	rita.LogsIn()
	a.Pass(31 * time.Minute)
	everywhere("after half an hour of nothing", rita, http.StatusUnauthorized)

	rita.LogsIn()
	died := strings.Replace(rita.Person.Patient(), `"gender"`, `"deceasedDateTime":"2026-03-01","gender"`, 1)
	if sent := practice.Sends(testkit.Bundle(a.Clock(), died)); sent.Status != http.StatusOK {
		t.Fatalf("sent: %d %s", sent.Status, sent.Body)
	}
	everywhere("the person has died", rita, http.StatusUnauthorized)
	if got := rita.TriesToLogIn(); got.Status != http.StatusUnauthorized {
		t.Errorf("logging in after a death: %d %s", got.Status, got.Body)
	}
}

// Joining records ends the sessions of the account whose record goes on in another's.
func TestAMergeEndsSessions(t *testing.T) {
	w, _, rita := withResident(t)
	if err := w.Operator().Join(t.Context(), rita.Person.Number, ted.Number); err != nil {
		t.Fatal(err)
	}
	if a := rita.Gets("/citizen/v1/summary"); a.Status != http.StatusUnauthorized {
		t.Errorf("after the merge: %d", a.Status)
	}
	rita.LogsIn()
	reads(t, rita, "/citizen/v1/sections/results", "131", "99")
}

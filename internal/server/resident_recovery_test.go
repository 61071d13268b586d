package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

// whoIs is a person as staff type them from a document.
func whoIs(p testkit.Person) string {
	return fmt.Sprintf(`{"nhsNumber":"%s","birthDate":"%s"}`, p.Number.Digits(), p.Born)
}

// asStaff sends a request as a professional, by their token.
func asStaff(w *testkit.World, by *testkit.Professional, method, path, body string) testkit.Answer {
	return w.Newcomer(rita).Sends(method, path, body, func(q *http.Request) {
		q.Header.Del("Origin")
		q.Header.Set("Authorization", "Bearer "+by.Token())
	})
}

// Who has lost their phone comes back with a code that two members of staff vouch for.
// Until a day later nothing is taken away; whoever was logged in is not any more; and
// all of it is told.
func TestRecoveryByTwoMembersOfStaff(t *testing.T) {
	w, _, rita := withResident(t)
	app := rita.App("Rita's old phone")
	anna, bert := w.Professional("anna", "J81001", identity.Receptionist), w.Professional("bert", "J81001", identity.Receptionist)
	made := asStaff(w, anna, http.MethodPost, "/professional/v1/activation-codes", whoIs(rita.Person))
	var letter struct {
		ID       string `json:"id"`
		Code     string `json:"code"`
		Recovery bool   `json:"recovery"`
	}
	if err := json.Unmarshal(made.Body, &letter); err != nil || made.Status != http.StatusCreated || !letter.Recovery {
		t.Fatalf("made: %d %s %v", made.Status, made.Body, err)
	}
	reads(t, rita, "/citizen/v1/notices", "Somebody asked for a recovery code")

	found := w.Newcomer(rita.Person)
	enter := fmt.Sprintf(`{"code":"%s","nhsNumber":"%s","birthDate":"%s"}`, letter.Code, rita.Person.Number.Digits(), rita.Person.Born)
	nonsense := found.Sends(http.MethodPost, "/citizen/v1/enrol", strings.Replace(enter, letter.Code, "BCDF-2345-GHJK-6789", 1))
	if early := found.Sends(http.MethodPost, "/citizen/v1/enrol", enter); early.Status != http.StatusUnprocessableEntity || !strings.Contains(string(early.Body), "RECOVERY_WAITS") ||
		strings.Contains(string(nonsense.Body), "RECOVERY_WAITS") {
		t.Errorf("before the second word: %s", said(early))
	}
	vouch := "/professional/v1/recoveries/" + letter.ID + "/vouch"
	for name, a := range map[string]struct {
		got  testkit.Answer
		want int
	}{
		"the same":             {asStaff(w, anna, http.MethodPost, vouch, whoIs(rita.Person)), http.StatusForbidden},
		"of another person":    {asStaff(w, bert, http.MethodPost, vouch, whoIs(ted)), http.StatusNotFound},
		"another organisation": {asStaff(w, w.Professional("carl", "R0D", identity.Clinician), http.MethodPost, vouch, whoIs(rita.Person)), http.StatusForbidden},
		"nobody":               {w.Newcomer(rita.Person).Sends(http.MethodPost, vouch, whoIs(rita.Person)), http.StatusUnauthorized},
	} {
		if a.got.Status != a.want {
			t.Errorf("vouching: %s: %d, want %d: %s", name, a.got.Status, a.want, a.got.Body)
		}
	}
	if a := found.Sends(http.MethodPost, "/citizen/v1/enrol", enter); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("with none that counts: %d %s", a.Status, a.Body)
	}
	if a := asStaff(w, bert, http.MethodPost, vouch, whoIs(rita.Person)); a.Status != http.StatusNoContent {
		t.Fatalf("vouched: %d %s", a.Status, a.Body)
	}
	reads(t, rita, "/citizen/v1/notices", "can now be used")

	found.Enrols(letter.Code)
	for _, path := range []string{"/citizen/v1/account", "/citizen/v1/summary", "/record"} {
		if a := rita.Gets(path); a.Status != http.StatusUnauthorized {
			t.Errorf("the old session at %s: %d", path, a.Status)
		}
	}
	if rita.Refreshes(app.Refresh).Access != "" {
		t.Error("the old app gets new tokens")
	}
	reads(t, found, "/citizen/v1/notices", "Your account was recovered with a new passkey.", "log out everywhere and call your GP practice")
	reads(t, found, "/citizen/v1/summary", "Pat Aldermaston")
	frozen(t, w, found)
	if a := found.Sends(http.MethodPost, "/citizen/v1/enrol", enter); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("the code again: %d", a.Status)
	}
}

// frozen checks that nothing is taken away until a day has passed.
func frozen(t *testing.T, w *testkit.World, found *testkit.Resident) {
	t.Helper()
	reads(t, found, "/citizen/v1/account", `"frozenUntil":"2026-03-11T09:30:00`)
	found.Confirms("record.export")
	downloads := []string{"/citizen/v1/record/fhir", "/citizen/v1/record/document"}
	for _, path := range downloads {
		if a := found.Gets(path); a.Status != http.StatusForbidden || strings.Contains(string(a.Body), "Haemoglobin") {
			t.Errorf("%s while it is frozen: %d %.300s", path, a.Status, a.Body)
		}
	}
	w.Pass(24*time.Hour - time.Second)
	found.LogsIn()
	found.Confirms("record.export")
	if a := found.Gets(downloads[0]); a.Status != http.StatusForbidden {
		t.Errorf("a second too early: %d", a.Status)
	}
	w.Pass(time.Second)
	for _, path := range downloads {
		reads(t, found, path, "Haemoglobin")
	}
}

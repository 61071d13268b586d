package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

// An answer is told to whoever asked, but nothing is sent to somebody who has died, was
// deactivated, or whose record goes on in another's.
func TestWhoIsToldOfAnAnswer(t *testing.T) {
	patient := func(more string) func(*testing.T, *testkit.World, *testkit.Source) {
		return func(t *testing.T, _ *testkit.World, practice *testkit.Source) {
			t.Helper()
			sends(t, practice, http.StatusOK, strings.Replace(rita.Patient(), `"gender"`, more+`,"gender"`, 1))
		}
	}
	for name, tt := range map[string]struct {
		then func(*testing.T, *testkit.World, *testkit.Source)
		told bool
	}{
		"still there": {func(*testing.T, *testkit.World, *testkit.Source) {}, true},
		"died":        {patient(`"deceasedDateTime":"2026-03-01"`), false},
		"deactivated": {patient(`"active":false`), false},
		"merged": {func(t *testing.T, w *testkit.World, _ *testkit.Source) {
			t.Helper()
			if err := w.Operator().Join(t.Context(), rita.Number, ted.Number); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, practice, asks := withResident(t)
			doctor := w.Professional("adams", "R0D", identity.Clinician)
			doctor.Gets("Observation?patient=" + person(t, doctor, rita.Number))
			ownThings(t, asks)
			me := accountOf(t, w)
			tt.then(t, w, practice)
			answers(t, w, w.Professional("olive", "R0D", identity.PrivacyOfficer))
			notices, _, err := w.Server.Accounts().Notices(t.Context(), me, "", 100)
			if err != nil || len(notices) == 0 {
				t.Fatalf("%d notices, %v", len(notices), err)
			}
			if told := slices.ContainsFunc(notices, func(n account.Notice) bool { return n.Kind == account.InquiryAnswered }); told != tt.told {
				t.Errorf("told: %v", told)
			}
		})
	}
}

// How many questions somebody may have open is a setting, and when one is due soon.
func TestSettingsOfQuestions(t *testing.T) {
	w, practice, hospital := world(t, func(c *config.Config) {
		c.Residents.Questions = config.Questions{Answer: 2 * time.Hour, Remind: time.Hour, Open: 1, Again: 1}
	})
	sends(t, practice, http.StatusOK, rita.Patient(), rita.Observation("hb", testkit.Now.AddDate(0, -1, 0), 131))
	sends(t, hospital, http.StatusOK, rita.Patient(), rita.Encounter("e1", testkit.Now.AddDate(0, -1, 0)))
	doctor, asks := w.Professional("adams", "R0D", identity.Clinician), w.Resident(rita)
	doctor.Gets("Observation?patient=" + person(t, doctor, rita.Number))
	ownThings(t, asks)
	doctor.Gets("Condition?patient=" + person(t, doctor, rita.Number))
	look := idBefore(t, reads(t, asks, "/citizen/v1/looks"), "Dr adams")
	if a := asks.Sends(http.MethodPost, "/citizen/v1/looks/"+look+"/questions", `{"words":""}`); a.Status != http.StatusUnprocessableEntity || !strings.Contains(string(a.Body), "TOO_MANY_OPEN") {
		t.Errorf("a second question: %d %s", a.Status, a.Body)
	}
	officer := w.Professional("olive", "R0D", identity.PrivacyOfficer)
	for after, want := range []string{`"dueSoon":false`, `"dueSoon":true`} {
		if a := asStaff(w, officer, http.MethodGet, "/professional/v1/inquiries", ""); !strings.Contains(string(a.Body), want) {
			t.Errorf("after %d hours: %s", after, a.Body)
		}
		w.Pass(time.Hour)
	}
}

// answers has a privacy officer answer the one question there is.
func answers(t *testing.T, w *testkit.World, officer *testkit.Professional) {
	t.Helper()
	var list struct {
		Inquiries []struct {
			Ref string `json:"ref"`
		} `json:"inquiries"`
	}
	listed := asStaff(w, officer, http.MethodGet, "/professional/v1/inquiries", "")
	if err := json.Unmarshal(listed.Body, &list); err != nil || len(list.Inquiries) != 1 {
		t.Fatalf("%d %s %v", listed.Status, listed.Body, err)
	}
	at := "/professional/v1/inquiries/" + list.Inquiries[0].Ref
	read := asStaff(w, officer, http.MethodGet, at, "")
	a := w.Newcomer(rita).Sends(http.MethodPost, at+"/answer", `{"answer":"For your appointment."}`, func(q *http.Request) {
		q.Header.Del("Origin")
		q.Header.Set("Authorization", "Bearer "+officer.Token())
		q.Header.Set("If-Match", read.Header.Get("ETag"))
	})
	if a.Status != http.StatusOK {
		t.Fatalf("answered: %d %s", a.Status, a.Body)
	}
}

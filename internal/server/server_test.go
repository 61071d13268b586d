package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

var mary = testkit.Person{Number: nhs.MustNumber("9990000018"), Family: "Marigold", Born: "1950-02-03"}

// world has a practice that registers Mary and a hospital that saw her.
func world(t *testing.T, change ...func(*config.Config)) (w *testkit.World, practice, hospital *testkit.Source) {
	w = testkit.Start(t, change...)
	w.Partner("J81001", "gp")
	w.Partner("R0D", "acute")
	practice, hospital = w.Source("gp-a", "J81001"), w.Source("uhd", "R0D")
	return w, practice, hospital
}

func sends(t *testing.T, s *testkit.Source, want int, resources ...string) string {
	t.Helper()
	a := s.Sends(testkit.Bundle(testkit.Now.Add(-time.Hour), resources...))
	if a.Status != want {
		t.Fatalf("status %d, want %d: %s", a.Status, want, a.Body)
	}
	return string(a.Body)
}

// person is the id of whoever is found by that number.
func person(t *testing.T, p *testkit.Professional, n nhs.Number) string {
	t.Helper()
	a := p.Posts("Patient/_search", "identifier="+nhs.NumberSystem+"|"+n.Digits())
	_, rest, _ := strings.Cut(string(a.Body), `/Patient/`)
	id, _, _ := strings.Cut(rest, `"`)
	if a.Status != http.StatusOK || id == "" {
		t.Fatalf("find: %d %s", a.Status, a.Body)
	}
	return id
}

// A practice and a hospital send; a clinician reads; an opt-out stops the next
// request; each look is in the ledger.
func TestSourcesSendProfessionalsRead(t *testing.T) {
	w, practice, hospital := world(t)
	sends(t, practice, http.StatusOK, mary.Patient())
	sends(t, hospital, http.StatusOK, mary.Patient(), mary.Encounter("e1", testkit.Now.AddDate(0, -1, 0)), mary.Observation("o1", testkit.Now.AddDate(0, 0, -3), 131))

	doc := w.Professional("adams", "R0D", identity.Clinician)
	id := person(t, doc, mary.Number)
	w.Trail("cis2/adams find allowed finding Patient")
	a := doc.Gets("Observation?patient=" + id)
	if a.Status != http.StatusOK || !strings.Contains(string(a.Body), `"value":131`) || !strings.Contains(string(a.Body), "Patient/"+id) {
		t.Errorf("search: %d %s", a.Status, a.Body)
	}
	w.Trail("cis2/adams read allowed encounter Observation")

	if err := w.Operator().SetSharing(t.Context(), mary.Number, operator.Choice{Tier: "none"}); err != nil {
		t.Fatal(err)
	}
	if a := doc.Gets("Observation?patient=" + id); a.Status != http.StatusForbidden || !strings.Contains(string(a.Body), "NO_PATIENT_CONSENT") {
		t.Errorf("after the opt-out: %d %s", a.Status, a.Body)
	}
	w.Trail("operator/local choose allowed operator sharing choice: none", "cis2/adams read no-consent none Observation")
	if strings.Contains(w.Log.String(), mary.Family) || strings.Contains(w.Log.String(), mary.Number.Digits()) {
		t.Error("the log names her")
	}
}

// What a hospital sends of somebody whom no practice has registered waits, and is
// shown once the practice has; a restart in between changes nothing.
func TestQuarantineIsReleasedByThePractice(t *testing.T) {
	w, practice, hospital := world(t)
	sends(t, hospital, http.StatusAccepted, mary.Patient(), mary.Encounter("e1", testkit.Now.AddDate(0, -1, 0)), mary.Observation("o1", testkit.Now.AddDate(0, 0, -3), 131))
	w.Restart()
	sends(t, practice, http.StatusOK, mary.Patient())
	doc := w.Professional("adams", "R0D", identity.Clinician)
	if a := doc.Gets("Observation?patient=" + person(t, doc, mary.Number)); !strings.Contains(string(a.Body), `"value":131`) {
		t.Errorf("not released: %s", a.Body)
	}
}

// An agreement that lapses stops its professionals and its sources at the next
// request.
func TestAgreementLapses(t *testing.T) {
	w, practice, _ := world(t)
	sends(t, practice, http.StatusOK, mary.Patient())
	doc := w.Professional("adams", "J81001", identity.Clinician)
	id := person(t, doc, mary.Number)
	if a := doc.Gets("Patient/" + id); a.Status != http.StatusOK {
		t.Fatalf("before: %d", a.Status)
	}
	if err := w.Operator().Suspend(t.Context(), "J81001", true); err != nil {
		t.Fatal(err)
	}
	if a := doc.Gets("Patient/" + id); a.Status != http.StatusForbidden {
		t.Errorf("reading under a suspended agreement: %d", a.Status)
	}
	if a := practice.Sends(testkit.Bundle(testkit.Now, mary.Patient())); a.Status != http.StatusForbidden && a.Status != http.StatusUnauthorized {
		t.Errorf("sending under one: %d %s", a.Status, a.Body)
	}
}

// An invalidated number answers with its own 404, and is found no more than one that
// nobody has.
func TestInvalidatedNumber(t *testing.T) {
	w, practice, _ := world(t)
	sends(t, practice, http.StatusOK, mary.Patient())
	doc := w.Professional("adams", "J81001", identity.Clinician)
	id := person(t, doc, mary.Number)
	if err := w.Operator().SetInvalidated(t.Context(), mary.Number, true); err != nil {
		t.Fatal(err)
	}
	w.Events()
	if a := doc.Gets("Patient/" + id); a.Status != http.StatusNotFound || !strings.Contains(string(a.Body), `"INVALIDATED_RESOURCE"`) {
		t.Errorf("read: %d %s", a.Status, a.Body)
	}
	found := doc.Posts("Patient/_search", "identifier="+nhs.NumberSystem+"|"+mary.Number.Digits())
	nobody := doc.Posts("Patient/_search", "identifier="+nhs.NumberSystem+"|9990000050")
	if found.Status != http.StatusOK || entries(found) != entries(nobody) || strings.Contains(string(found.Body), `"entry"`) {
		t.Errorf("found: %d %s", found.Status, found.Body)
	}
	w.Trail("cis2/adams read invalidated none Patient", "cis2/adams find invalidated none Patient", "cis2/adams find unknown none Patient")
	if err := w.Operator().SetInvalidated(t.Context(), mary.Number, false); err != nil {
		t.Fatal(err)
	}
	if a := doc.Gets("Patient/" + id); a.Status != http.StatusOK {
		t.Errorf("valid after all: %d %s", a.Status, a.Body)
	}
}

// entries is a Bundle but for its own id and time.
func entries(a testkit.Answer) string {
	_, rest, _ := strings.Cut(string(a.Body), `"type"`)
	return rest
}

// Entries that the record does not take do not stop the others of a batch, and
// the whole is still there after a restart.
func TestRestartKeepsEverything(t *testing.T) {
	w, practice, _ := world(t)
	sends(t, practice, http.StatusOK, mary.Patient())
	for i := range 20 {
		sends(t, practice, http.StatusOK, mary.Observation(fmt.Sprintf("o%d", i), testkit.Now.AddDate(0, 0, -i), float64(i)))
	}
	w.Restart()
	doc := w.Professional("adams", "J81001", identity.Clinician)
	a := doc.Gets("Patient/" + person(t, doc, mary.Number) + "/$everything")
	if n := strings.Count(string(a.Body), `"fullUrl"`); n != 21 {
		t.Errorf("%d resources after a restart: %d %s", n, a.Status, a.Body)
	}
}

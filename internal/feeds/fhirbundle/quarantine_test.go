package fhirbundle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// A hospital sends before the practice has registered the person: all is kept, and
// released by the arrival of the practice's Patient alone.
func TestQuarantineIsReleasedByThePractice(t *testing.T) {
	w := newWorld(t)
	first := bundle("transaction", at2, post(patient("h1", mary, maryBorn)), post(observation("a", "Patient/h1", "72", at2)))
	if a := w.send(hospital, first); a.status != 202 || a.statuses() != "202 202" || a.Type != "Bundle" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	// These refer to the Patient of a message that waits itself.
	if a := w.send(hospital, bundle("collection", at3, bare(observation("b", "Patient/h1", "75", at3)), bare(observation("c", "Patient/h1", "76", at3)))); a.status != 200 || a.statuses() != "202 202" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if got := w.held(hospital, feeds.Pending); got != "2 UNKNOWN_PATIENT 1 UNKNOWN_PERSON" {
		t.Fatalf("quarantine: %s", got)
	}
	w.wait(time.Hour)
	w.knows("1", mary, maryBorn)
	if got := w.types(mary); got != "3 Observation 1 Patient" {
		t.Errorf("mary has %s", got)
	}
	if got := w.held(hospital, feeds.Pending) + "/" + w.held(hospital, feeds.Released); got != "/2 UNKNOWN_PATIENT 1 UNKNOWN_PERSON" {
		t.Errorf("quarantine: %s", got)
	}
	items, _, err := w.inbox.List(t.Context(), hospital, feeds.Released, "", 1)
	must(t, err)
	if !items[0].Closed.Equal(t0.Add(time.Hour)) {
		t.Errorf("released at %v", items[0].Closed)
	}
}

func TestAWrongBirthDateWaitsForTheDemographics(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, "1950-03-02") // the practice has it wrong
	a := w.send(hospital, bundle("batch", at2, post(patient("h1", mary, maryBorn)), post(observation("a", "Patient/h1", "72", at2))))
	if a.statuses() != "202 202" || strings.Count(string(a.body), "BIRTH_DATE_MISMATCH") != 2 {
		t.Fatalf("%s", a.body)
	}
	if got := w.types(mary); got != "1 Patient" {
		t.Errorf("mary has %s", got)
	}
	w.send(practice, bundle("batch", at3, put(patient("1", mary, maryBorn))))
	if got := w.types(mary); got != "1 Observation 1 Patient" {
		t.Errorf("mary has %s", got)
	}
}

// A deletion that comes before what it deletes.
func TestADeletionComesFirst(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	if a := w.send(practice, bundle("batch", at3, remove("Observation", "a"))); a.statuses() != "202" {
		t.Fatalf("%s", a.body)
	}
	w.send(practice, bundle("batch", at2, put(observation("a", "Patient/1", "72", at2))))
	if got := w.types(mary); got != "1 Patient" {
		t.Errorf("mary has %s", got)
	}
	if got := w.held(practice, feeds.Pending); got != "" {
		t.Errorf("quarantine: %s", got)
	}
}

// If nothing tells of an arrival, because another process saw it, the due queue
// comes back to what waits.
func TestQuarantineIsTriedAgainByItself(t *testing.T) {
	w := newWorld(t)
	w.send(hospital, bundle("batch", at2, post(patient("h1", mary, maryBorn))))
	w.knownElsewhere(mary, maryBorn)
	if n, err := w.inbox.Work(t.Context(), 10); err != nil || n != 0 {
		t.Fatalf("before it is due: %d %v", n, err)
	}
	w.wait(2 * time.Minute)
	if n, err := w.inbox.Work(t.Context(), 10); err != nil || n != 1 {
		t.Fatalf("when it is due: %d %v", n, err)
	}
	if got := w.held(hospital, feeds.Pending) + "/" + w.held(hospital, feeds.Released); got != "/1 UNKNOWN_PERSON" {
		t.Errorf("quarantine: %s", got)
	}
}

func TestTheOperatorLooksAndReplays(t *testing.T) {
	w := newWorld(t)
	sent := bundle("batch", at2, post(patient("h1", mary, maryBorn)), post(strings.Replace(observation("a", "Patient/h1", "72", at2), `"final"`, `"nonsense"`, 1)))
	w.send(hospital, sent)
	items, next, err := w.inbox.List(t.Context(), hospital, feeds.Pending, "", 1)
	must(t, err)
	if len(items) != 1 || next == "" {
		t.Fatalf("a page of one: %d, %q", len(items), next)
	}
	more, next, err := w.inbox.List(t.Context(), hospital, feeds.Pending, next, 10)
	must(t, err)
	if len(more) != 1 || next != "" || more[0].ID == items[0].ID {
		t.Fatalf("the page after it: %d, %q", len(more), next)
	}
	item, message, err := w.inbox.Show(t.Context(), hospital, "main.0.1")
	must(t, err)
	if item.Code != "INVALID_RESOURCE" || item.Issues[0].Path != "Bundle.entry[1].resource.status" || string(message.Body) != sent {
		t.Errorf("shown: %+v", item)
	}
	if got := string(item.AppendOutcome(nil)); !strings.HasPrefix(got, `{"resourceType":"OperationOutcome","id":"main.0.1","issue":[{"severity":"error"`) || !strings.Contains(got, `"expression":["Bundle.entry[1].resource.status"]`) {
		t.Errorf("its outcome: %s", got)
	}
	w.knownElsewhere(mary, maryBorn)
	if n, err := w.inbox.Replay(t.Context(), hospital, ""); err != nil || n != 1 {
		t.Errorf("replayed: %d %v", n, err)
	}
	if _, err := w.inbox.Replay(t.Context(), hospital, "main.0.9"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("replay of nothing: %v", err)
	}
	must(t, w.inbox.Discard(t.Context(), hospital, "main.0.1"))
	if got := w.held(hospital, feeds.Pending) + "/" + w.held(hospital, feeds.Discarded); got != "/1 INVALID_RESOURCE" {
		t.Errorf("quarantine: %s", got)
	}
	if err := w.inbox.Discard(t.Context(), hospital, "main.0.1"); errs.KindOf(err) != errs.Conflict {
		t.Errorf("discarded twice: %v", err)
	}
}

func TestOnlyWhatWasAgreedIsTaken(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	w.agree("R0D", partner.Acute, section.Of(section.Demographics))
	b := bundle("batch", at2, post(patient("h1", mary, maryBorn)), post(observation("a", "Patient/h1", "72", at2)))
	if a := w.send(hospital, b); a.statuses() != "201 202" || !strings.Contains(string(a.body), feeds.SectionNotAgreed) {
		t.Fatalf("%s", a.body)
	}
	w.agree("R0D", partner.Acute, section.All)
	must(t, w.inbox.AgreementChanged(t.Context(), "R0D"))
	if got := w.types(mary); got != "1 Observation 1 Patient" {
		t.Errorf("mary has %s", got)
	}
}

// What breaks a rule names it, to the source and to the operator; a source that is
// allowed to break it has what was held replayed.
func TestARuleIsNamedAndAllowed(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	broken := strings.Replace(observation("a", "Patient/1", "72", at2), `"status"`, `"dataAbsentReason":{"text":"x"},"status"`, 1)
	a := w.send(practice, bundle("batch", at2, put(broken)))
	if want := `"details":{"coding":[{"system":"urn:dcr:answer","code":"INVALID_RESOURCE"},{"system":"urn:dcr:rule","code":"obs-6"}],"text":`; !strings.Contains(string(a.body), want) {
		t.Errorf("no %s in %s", want, a.body)
	}
	items, _, err := w.inbox.List(t.Context(), practice, feeds.Pending, "", 1)
	must(t, err)
	if len(items) != 1 || items[0].Issues[0].Rule != "obs-6" {
		t.Fatalf("%+v", items)
	}
	c, rev, err := w.partners.Client(t.Context(), practice)
	must(t, err)
	c.Allow = []string{"obs-6"}
	must(t, w.partners.UpdateClient(t.Context(), c, rev))
	if n, err := w.inbox.Replay(t.Context(), practice, ""); err != nil || n != 1 {
		t.Errorf("%d released, %v", n, err)
	}
}

// A source whose agreement has lapsed is refused, and leaves nothing behind.
func TestALapsedAgreementStopsTheFeed(t *testing.T) {
	w := newWorld(t)
	w.wait(366 * 24 * time.Hour)
	a := w.try(practice, "application/fhir+json", []byte(bundle("transaction", at1, post(patient("1", mary, maryBorn)))))
	if errs.KindOf(a.err) != errs.Forbidden || errs.CodeOf(a.err) != feeds.AgreementLapsed {
		t.Errorf("%v", a.err)
	}
	log, err := w.db.Log(t.Context(), "inbox-main")
	must(t, err)
	if log.Len() != 0 {
		t.Errorf("%d messages were kept", log.Len())
	}
}

func TestARevokedClientIsRefused(t *testing.T) {
	w := newWorld(t)
	must(t, w.partners.Revoke(t.Context(), practice))
	if a := w.try(practice, "application/fhir+json", []byte(`{}`)); errs.KindOf(a.err) != errs.Forbidden {
		t.Errorf("%v", a.err)
	}
}

func TestTheSameNameWithOtherContent(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	named := func(value string) string {
		return strings.Replace(bundle("batch", at2, put(observation("a", "Patient/1", value, at2))), `"type"`, `"identifier":{"system":"https://ehr.example","value":"m1"},"type"`, 1)
	}
	if a := w.send(practice, named("72")); a.statuses() != "201" {
		t.Fatalf("%s", a.body)
	}
	before := w.digest(mary)
	for range 2 { // the second time, it is known to be so
		if a := w.send(practice, named("99")); a.status != 409 || !strings.Contains(string(a.body), feeds.MessageIDReused) {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if w.digest(mary) != before {
		t.Error("it was applied")
	}
	if got := w.held(practice, feeds.Pending); got != "1 MESSAGE_ID_REUSED" {
		t.Errorf("quarantine: %s", got)
	}
	if a := w.send(practice, named("72")); a.statuses() != "200" {
		t.Errorf("the first again: %s", a.body)
	}
	log, err := w.db.Log(t.Context(), "inbox-main")
	must(t, err)
	if log.Len() != 3 {
		t.Errorf("%d messages were kept, want 3", log.Len())
	}
}

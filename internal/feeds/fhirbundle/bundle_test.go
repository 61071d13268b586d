package fhirbundle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

func TestPracticeSendsATransaction(t *testing.T) {
	w := newWorld(t)
	b := bundle("transaction", at1,
		post(patient("1", mary, maryBorn)),
		post(`{"resourceType":"Organization","id":"o1","name":"Poole Surgery"}`),
		post(strings.Replace(observation("2", "Patient/1", "72", at1), `"status"`, `"performer":[{"reference":"Organization/o1"}],"status"`, 1)))
	a := w.send(practice, b)
	if a.status != 200 || a.statuses() != "201 201 201" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	p := w.person(mary)
	id := record.EntryID(p, practice, "Observation", "2")
	if !strings.HasPrefix(a.Entry[2].Response.Location, "Observation/"+id+"/_history/") {
		t.Errorf("location %s", a.Entry[2].Response.Location)
	}
	body := w.entries(mary)["Observation/"+id]
	for _, want := range []string{`"reference":"Patient/` + string(p) + `"`, `"reference":"Organization/` + record.EntryID(record.DirectoryOf(practice), practice, "Organization", "o1") + `"`, `"valueString":"72"`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	before := w.digest(mary)
	if a := w.send(practice, b); a.statuses() != "200 200 200" {
		t.Errorf("the same again: %s", a.body)
	}
	if w.digest(mary) != before {
		t.Error("the same again changed something")
	}
}

func TestReferencesInsideABundle(t *testing.T) {
	w := newWorld(t)
	b := bundle("transaction", at1,
		`{"fullUrl":"urn:uuid:7a000000-0000-4000-8000-000000000001","request":{"method":"POST","url":"Patient"},"resource":`+strings.Replace(patient("x", mary, maryBorn), `"id":"x",`, "", 1)+`}`,
		`{"fullUrl":"urn:uuid:7a000000-0000-4000-8000-000000000002","request":{"method":"POST","url":"Practitioner"},"resource":{"resourceType":"Practitioner","identifier":[{"system":"https://gmc.example","value":"G1"}]}}`,
		`{"fullUrl":"urn:uuid:7a000000-0000-4000-8000-000000000003","request":{"method":"POST","url":"Encounter"},"resource":{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"subject":{"reference":"urn:uuid:7a000000-0000-4000-8000-000000000001"},
		  "participant":[{"individual":{"reference":"Practitioner?identifier=https://gmc.example|G1"}},{"individual":{"reference":"Practitioner?identifier=https://gmc.example%7CG2","display":"Dr B"}}],
		  "serviceProvider":{ "identifier":{"value":"kept"} , "reference" : "Organization?identifier=https://ods.example|X1" }}}`,
		`{"request":{"method":"POST","url":"Provenance"},"resource":{"resourceType":"Provenance","target":[{"reference":"urn:uuid:7a000000-0000-4000-8000-000000000003"}],"recorded":"2026-04-01T08:00:00Z","agent":[{"who":{"reference":"urn:uuid:7a000000-0000-4000-8000-000000000002"}}]}}`)
	if a := w.send(practice, b); a.statuses() != "201 201 201 201" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	p := w.person(mary)
	var encounter, provenance string
	for id, body := range w.entries(mary) {
		switch strings.Split(id, "/")[0] {
		case "Encounter":
			encounter = body
		case "Provenance":
			provenance = body
		}
	}
	doctor := `"reference":"Practitioner/` + record.EntryID(record.DirectoryOf(practice), practice, "Practitioner", "7a000000-0000-4000-8000-000000000002") + `"`
	for _, want := range []string{`"subject":{"reference":"Patient/` + string(p) + `"}`, `{"individual":{` + doctor + `}}`,
		`{"type":"Practitioner","identifier":{"system":"https://gmc.example","value":"G2"},"display":"Dr B"}`,
		`"serviceProvider":{ "identifier":{"value":"kept"} , "type":"Organization" }`} {
		if !strings.Contains(encounter, want) {
			t.Errorf("no %s in\n%s", want, encounter)
		}
	}
	if want := `"target":[{"reference":"Encounter/` + record.EntryID(p, practice, "Encounter", "7a000000-0000-4000-8000-000000000003") + `"}]`; !strings.Contains(provenance, want) || !strings.Contains(provenance, doctor) {
		t.Errorf("no %s, or no %s in\n%s", want, doctor, provenance)
	}
}

// What another message brought to the source's directory is found by identifier,
// and left as it is by ifNoneExist.
func TestConditionalReferencesInTheDirectory(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	doctor := `{"resourceType":"Practitioner","id":"d","identifier":[{"system":"https://gmc.example","value":"G1"}],"active":true}`
	if a := w.send(practice, bundle("batch", at1, put(doctor))); a.statuses() != "201" {
		t.Fatalf("%s", a.body)
	}
	entry := func(active string) string {
		return `{"fullUrl":"urn:uuid:7a000000-0000-4000-8000-000000000002","request":{"method":"POST","url":"Practitioner","ifNoneExist":"identifier=https://gmc.example|G1"},"resource":` +
			`{"resourceType":"Practitioner","identifier":[{"system":"https://gmc.example","value":"G1"}],"active":` + active + `}}`
	}
	o := strings.Replace(observation("2", "Patient/1", "72", at1), `"status"`, `"performer":[{"reference":"Practitioner?identifier=https://gmc.example|G1"}],"status"`, 1)
	if a := w.send(practice, bundle("transaction", at2, entry("false"), post(o))); a.statuses() != "200 201" {
		t.Fatalf("%s", a.body)
	}
	if a := w.send(practice, bundle("transaction", at3, post(strings.Replace(o, `"id":"2"`, `"id":"3"`, 1)))); a.statuses() != "201" {
		t.Fatalf("%s", a.body)
	}
	want := `"performer":[{"reference":"Practitioner/` + record.EntryID(record.DirectoryOf(practice), practice, "Practitioner", "d") + `"}]`
	for id, body := range w.entries(mary) {
		if strings.HasPrefix(id, "Observation/") && !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

func TestATransactionAboutTwoPeopleIsRefused(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	w.knows("2", john, johnBorn)
	before := w.digest(mary, john)
	for name, b := range map[string]string{
		"by reference":      bundle("transaction", at2, post(observation("a", "Patient/1", "72", at1)), post(observation("b", "Patient/2", "72", at1))),
		"by their Patients": bundle("transaction", at2, post(patient("1", mary, maryBorn)), post(patient("2", john, johnBorn)), post(observation("a", "Patient/1", "72", at1))),
		"one not known":     bundle("transaction", at2, post(observation("a", "Patient/1", "72", at1)), post(patient("9", "9000000025", "1960-01-01"))),
	} {
		a := w.send(practice, b)
		if a.status != 422 || a.Type != "OperationOutcome" || !strings.Contains(string(a.body), fhirbundleTwoPeople) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if w.digest(mary, john) != before {
		t.Error("something was applied")
	}
	if got := w.held(practice, feeds.Pending); got != "3 TWO_PEOPLE" {
		t.Errorf("quarantine: %s", got)
	}
}

const fhirbundleTwoPeople = "a transaction must be about one person"

// The entries of a batch stand each for itself.
func TestABatchIsJudgedEntryByEntry(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	w.knows("2", john, johnBorn)
	a := w.send(practice, bundle("batch", at2,
		post(observation("a", "Patient/1", "72", at1)),
		post(observation("b", "Patient/2", "80", at1)),
		post(strings.Replace(observation("c", "Patient/1", "72", at1), `"final"`, `"nonsense"`, 1)),
		post(observation("d", "Patient/7", "72", at1)),
		`{"request":{"method":"GET","url":"Patient/1"}}`,
		post(`{"resourceType":"Questionnaire","id":"e","status":"active"}`),
		put(observation("a", "Patient/1", "73", at2)),
		remove("Observation", "b"),
	))
	if a.status != 200 || a.statuses() != "201 201 422 202 405 202 200 204" {
		t.Fatalf("%d %s\n%s", a.status, a.statuses(), a.body)
	}
	if got := w.types(mary); got != "1 Observation 1 Patient" {
		t.Errorf("mary has %s", got)
	}
	if got := w.types(john); got != "1 Patient" {
		t.Errorf("john has %s", got)
	}
	if !strings.Contains(w.digest(mary), `"valueString":"73"`) {
		t.Error("the later state of an object that the batch names twice does not count")
	}
	if got := w.held(practice, feeds.Pending); got != "1 INVALID_RESOURCE 1 METHOD_NOT_TAKEN 1 TYPE_NOT_KEPT 1 UNKNOWN_PATIENT" {
		t.Errorf("quarantine: %s", got)
	}
}

func TestAnObjectMovesToAnotherPerson(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	w.knows("2", john, johnBorn)
	w.send(practice, bundle("batch", at1, post(observation("a", "Patient/1", "72", at1))))
	w.send(practice, bundle("batch", at2, post(observation("a", "Patient/2", "72", at2))))
	if got := w.types(mary) + ", " + w.types(john); got != "1 Patient, 1 Observation 1 Patient" {
		t.Errorf("after the move: %s", got)
	}
	w.send(practice, bundle("batch", at1, post(observation("a", "Patient/1", "72", at1)))) // the old message again
	if got := w.types(mary) + ", " + w.types(john); got != "1 Patient, 1 Observation 1 Patient" {
		t.Errorf("after the repeat: %s", got)
	}
}

// A source whose clock is wrong by years does not stand before what corrects it.
func TestATimeInTheFutureIsNotBelieved(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	const future = "2099-01-01T00:00:00Z"
	w.send(practice, bundle("batch", future, put(observation("a", "Patient/1", "wrong", future))))
	w.wait(time.Hour)
	w.send(practice, bundle("batch", "2026-05-01T09:30:00Z", put(observation("a", "Patient/1", "right", "2026-05-01T09:30:00Z"))))
	if !strings.Contains(w.digest(mary), `"valueString":"right"`) {
		t.Error("the state from the future is still the current one")
	}
}

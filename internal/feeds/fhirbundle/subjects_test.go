package fhirbundle_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// about makes an Observation whose subject is that JSON.
func about(id, subject string) string {
	return fmt.Sprintf(`{"resourceType":"Observation","id":%q,"status":"final","code":{"text":"Pulse"},"subject":%s,"effectiveDateTime":"2026-04-01","valueString":"7"}`, id, subject)
}

// A subject that is an NHS number alone is linked by the source's own Patient of that
// person, which came before or comes with it; else it waits for that one, and for no
// other source's.
func TestASubjectByNumber(t *testing.T) {
	for name, subject := range map[string]string{
		"a conditional reference": `{"reference":"Patient?identifier=` + nhs.NumberSystem + `|` + mary + `"}`,
		"an identifier":           `{"type":"Patient","identifier":{"system":"` + nhs.NumberSystem + `","value":"` + mary + `"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.knows("1", mary, maryBorn)
			if a := w.send(hospital, batch(put(about("a", subject)))); a.statuses() != "202" || !strings.Contains(string(a.body), "UNVERIFIED_SUBJECT") {
				t.Fatalf("%s", a.body)
			}
			if items, _, err := w.inbox.List(t.Context(), hospital, feeds.Pending, "", 1); err != nil || strings.Contains(fmt.Sprintf("%+v", items), mary) {
				t.Errorf("the quarantine tells the number: %+v, %v", items, err)
			}
			w.send(practice, bundle("batch", at3, put(patient("1", mary, maryBorn))))
			if got := w.types(mary); got != "1 Patient" {
				t.Fatalf("released by the practice's Patient: %s", got)
			}
			w.send(hospital, bundle("batch", at2, put(patient("h1", mary, johnBorn)))) // a wrong birth date is nobody's Patient
			if got := w.types(mary); got != "1 Patient" {
				t.Fatalf("released by a Patient that is held: %s", got)
			}
			w.send(hospital, bundle("batch", at3, put(patient("h1", mary, maryBorn))))
			if got := w.types(mary) + w.held(hospital, feeds.Pending); got != "1 Observation 1 Patient"+"1 BIRTH_DATE_MISMATCH" {
				t.Errorf("after the hospital's Patient: %s", got)
			}
			if a := w.send(hospital, batch(put(about("b", subject)), put(about("c", subject)))); a.statuses() != "201 201" {
				t.Errorf("sent before: %s", a.body)
			}
			if strings.HasPrefix(name, "a cond") && strings.Count(w.digest(mary), `"subject":{"reference":"Patient/`+string(w.person(mary))+`"}`) != 3 {
				t.Errorf("references: %s", w.digest(mary))
			}
			// What came by that Patient goes along when it turns out to be another's.
			w.knows("2", john, johnBorn)
			w.send(hospital, bundle("batch", "2026-04-05T08:00:00Z", put(patient("h1", john, johnBorn))))
			if got := w.types(mary) + ", " + w.types(john); got != "1 Patient, 3 Observation 1 Patient" {
				t.Errorf("after the correction: %s", got)
			}
		})
	}
}

func TestASubjectByNumberInTheBundle(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	subject := `{"identifier":{"system":"` + nhs.NumberSystem + `","value":"` + mary + `"}}`
	if a := w.send(hospital, bundle("transaction", at2, put(patient("h1", mary, maryBorn)), put(about("a", subject)))); a.statuses() != "201 201" {
		t.Errorf("%s", a.body)
	}
	if a := w.send(hospital, batch(put(about("b", `{"identifier":{"system":"`+nhs.NumberSystem+`","value":"9000000008"}}`)))); a.statuses() != "202" {
		t.Errorf("no NHS number: %s", a.body)
	}
}

// A source says that its Patient is somebody else, whom nobody knows yet: nothing of
// theirs is shown to the one before, who they are is waited for, and what is sent of
// them meanwhile waits too.
func TestAPatientThatIsSomebodyUnknown(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	w.send(hospital, batch(put(observation("a", "Patient/h1", "64", at1)), put(patient("h1", mary, maryBorn)), put(about("n", `{"reference":"Patient/h1"}`)),
		put(`{"resourceType":"Provenance","id":"p","target":[{"reference":"Observation/a"}],"recorded":"2026-04-01T08:00:00Z","agent":[{"who":{"display":"a nurse"}}]}`)))
	w.send(hospital, batch(put(`{"resourceType":"Provenance","id":"p2","target":[{"reference":"Observation/a"}],"recorded":"2026-04-01T08:00:00Z","agent":[{"who":{"display":"a nurse"}}]}`)))
	if got := w.types(mary); got != "2 Observation 1 Patient 2 Provenance" {
		t.Fatalf("before: %s", got)
	}
	if a := w.send(hospital, bundle("batch", at3, put(patient("h1", john, johnBorn)))); a.statuses() != "202" {
		t.Fatalf("%s", a.body)
	}
	if got := w.types(mary); got != "1 Patient" {
		t.Errorf("still shown: %s", got)
	}
	if a := w.send(hospital, bundle("batch", at3, put(observation("b", "Patient/h1", "65", at3)))); a.statuses() != "202" {
		t.Errorf("sent meanwhile: %s", a.body)
	}
	w.knows("2", john, johnBorn)
	if got := w.types(mary) + ", " + w.types(john) + w.held(hospital, feeds.Pending); got != "1 Patient, 3 Observation 1 Patient 2 Provenance" {
		t.Errorf("when they are known: %s", got)
	}
}

// A message that still says that the Patient is the one before is held, and released
// if the source says so again.
func TestWhatComesByAPatientWhoMoved(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	w.knows("2", john, johnBorn)
	w.send(hospital, bundle("batch", at3, put(patient("h1", john, johnBorn))))
	old := func(typ string) string {
		return bundle(typ, at1, put(observation("a", "Patient/h1", "64", at1)), put(patient("h1", mary, maryBorn)))
	}
	if a := w.send(hospital, old("batch")); a.statuses() != "202 200" || !strings.Contains(string(a.body), record.CodePatientMoved) {
		t.Errorf("a batch: %s", a.body)
	}
	if a := w.send(hospital, old("transaction")); a.statuses() != "202 202" {
		t.Errorf("a transaction: %s", a.body)
	}
	w.send(hospital, bundle("batch", "2026-04-04T08:00:00Z", put(patient("h1", mary, maryBorn))))
	if got := w.types(mary) + w.held(hospital, feeds.Pending); got != "1 Observation 1 Patient" {
		t.Errorf("said again: %s", got)
	}
}

// A batch that is larger than a commit says at its end that its Patient is somebody
// else now: what stands before is theirs too.
func TestAPatientWhoMovesAtTheEndOfALargeBatch(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	w.knows("2", john, johnBorn)
	w.send(practice, batch(put(patient("x", mary, maryBorn))))
	var all []string
	for i := range 950 {
		all = append(all, put(observation(fmt.Sprintf("o%d", i), "Patient/x", "1", at3)))
	}
	a := w.send(practice, bundle("batch", at3, append(all, put(patient("x", john, johnBorn)))...))
	if got := w.types(john); got != "950 Observation 1 Patient" || strings.Contains(a.statuses(), "202") {
		t.Errorf("john has %s, of %s", got, a.statuses())
	}
}

// A source cannot write into a record what reads as a reference to one of our ids.
func TestReferencesThatReadAsOurs(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	w.knows("2", john, johnBorn)
	j := string(w.person(john))
	entry := record.EntryID(w.person(john), practice, "Observation", "x")
	n := 0
	for literal, want := range map[string]string{
		"Patient/" + j:                                 `{"type":"Patient","identifier":{"value":"` + j + `"}}`,
		"Patient/" + j + "/_history/1":                 `{"type":"Patient","identifier":{"value":"` + j + `"}}`,
		"https://dcr.example/fhir/R4/Patient/" + j:     `{"type":"Patient","identifier":{"value":"` + j + `"}}`,
		"https://dcr.example/fhir/R4/Basic/" + entry:   `{"type":"Basic","identifier":{"value":"` + entry + `"}}`,
		"https://elsewhere.example/fhir/Patient/1":     `{"reference":"https://elsewhere.example/fhir/Patient/1"}`,
		"https://dcr.example/Patient/%70" + j[1:]:      `{"identifier":{"value":"https://dcr.example/Patient/%70` + j[1:] + `"}}`,
		"https://dcr.example/fhir/R4/Patient?_id=" + j: `{"type":"Patient","identifier":{"value":"https://dcr.example/fhir/R4/Patient?_id=` + j + `"}}`,
		"Observation/" + entry:                         `{"reference":"Observation/` + record.EntryID(w.person(mary), practice, "Observation", entry) + `"}`,
		"Practitioner/" + j:                            `{"reference":"Practitioner/` + record.EntryID(record.DirectoryOf(practice), practice, "Practitioner", j) + `"}`,
	} {
		n++
		t.Run(literal, func(t *testing.T) {
			o := strings.Replace(observation(fmt.Sprintf("o%d", n), "Patient/1", "1", at1), `"status"`, `"extension":[{"url":"https://x.example","valueReference":{"reference":"`+literal+`"}}],"status"`, 1)
			if a := w.send(practice, batch(put(o))); a.statuses() != "201" {
				t.Fatalf("%s", a.body)
			}
			if got := w.digest(mary); !strings.Contains(got, `"valueReference":`+want+`}`) {
				t.Errorf("want %s in\n%s", want, got)
			}
		})
	}
	// As a subject it is not believed at all, whoever they are.
	if a := w.send(practice, batch(put(observation("s", "Patient/"+j, "1", at1)))); a.statuses() != "202" {
		t.Errorf("%s", a.body)
	}
}

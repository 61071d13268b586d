package record_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// born is a Patient with another birth date.
func born(t *testing.T, who nhs.Number, family, date string) record.Object {
	return object(t, strings.Replace(string(patient(t, who, family).Resource.Raw()), "1950-02-03", date, 1))
}

func (w *world) registered(at nhs.ODS, p record.PersonID) bool {
	_, err := w.open(w.doctor(at), p, "Observation")
	if err != nil && errs.CodeOf(err) != access.CodeNoRelationship {
		w.t.Fatal(err)
	}
	return err == nil
}

// A number typed wrongly at one practice does not take the record from another,
// whether it is noticed when the Patient is identified or only when it is applied.
func TestANumberTypedWronglyTakesNoRecord(t *testing.T) {
	w := newWorld(t)
	m := w.knows(mary, "Smith")
	typo := born(t, mary, "Jones", "1980-05-06")
	if _, err := w.r.Identify(t.Context(), other, typo.Resource, nil); errs.CodeOf(err) != record.CodeBirthDate {
		t.Errorf("identified: %v", err)
	}
	if _, err := w.r.Apply(t.Context(), w.change(other, mary, 5, typo)); errs.CodeOf(err) != record.CodeBirthDate {
		t.Errorf("applied: %v", err)
	}
	if w.registered(other.Org, m) || !w.registered(practice.Org, m) {
		t.Error("the record went to the practice that typed the number wrongly")
	}
	// Who knows the birth date takes them over; their own practice corrects it.
	w.sends(other, mary, 6, patient(t, mary, "Smith"))
	if !w.registered(other.Org, m) || w.registered(practice.Org, m) {
		t.Error("a move to another practice")
	}
	if _, err := w.r.Identify(t.Context(), other, born(t, mary, "Smith", "1950-03-02").Resource, nil); err != nil {
		t.Errorf("her own practice corrects the birth date: %v", err)
	}
}

// A practice that corrects its Patient to another person, or deletes it, is no
// longer registered with the one before; nor is what it said of them.
func TestACorrectedPatientEndsTheRegistration(t *testing.T) {
	w := newWorld(t)
	m, j := w.r.PersonOf(mary), w.r.PersonOf(john)
	w.sends(other, mary, 1, born(t, mary, "Jones", "1980-05-06")) // nobody knows her yet
	if !w.registered(other.Org, m) {
		t.Fatal("not registered")
	}
	w.sends(other, john, 2, born(t, john, "Jones", "1980-05-06"))
	if w.registered(other.Org, m) || !w.registered(other.Org, j) {
		t.Error("the registration did not go with the Patient")
	}
	found, _, err := w.r.Find(t.Context(), w.doctor(practice.Org), "r", record.Who{Family: "Jones", BirthDate: "1980-05-06"})
	if err != nil || len(found) != 1 || found[0].Person != j {
		t.Errorf("found by the name and birth date: %v, %v", found, err)
	}
	if p, err := w.r.Identify(t.Context(), practice, patient(t, mary, "Smith").Resource, nil); err != nil || p != m {
		t.Errorf("her own practice speaks: %v", err)
	}
	w.sends(practice, mary, 0, patient(t, mary, "Smith")) // though sent before the mistake was corrected
	if !w.registered(practice.Org, m) {
		t.Error("her own practice is not registered")
	}
	gone := patient(t, mary, "Smith")
	gone.Deleted, gone.Resource = true, gone.Resource.Get("none")
	w.sends(practice, mary, 3, gone)
	if w.registered(practice.Org, m) {
		t.Error("still registered by a Patient that was deleted")
	}
}

// An entry that names thousands of organisations is kept and read like any other.
func TestAnEntryThatNamesManyOrganisations(t *testing.T) {
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	var actors strings.Builder
	for i := range 11_000 {
		fmt.Fprintf(&actors, `,{"identifier":{"system":"%s","value":"Q%05d"}}`, nhs.ODSSystem, i)
	}
	at := func(status string) record.Object {
		return object(t, `{"resourceType":"Appointment","id":"a","status":"`+status+`","start":"2026-05-01T09:00:00Z","end":"2026-05-01T09:10:00Z","participant":[{"status":"accepted","actor":{"display":"x"}}],"reasonReference":[`+actors.String()[1:]+`]}`)
	}
	w.sends(hospital, mary, 21, at("booked"))
	w.sends(hospital, mary, 20, at("arrived")) // late
	v := w.mustOpen(w.doctor(practice.Org), p, "Appointment")
	if got := w.search(v, record.Search{Type: "Appointment"}); len(got) != 1 {
		t.Errorf("search: %v", got)
	}
	id, n := record.EntryID(p, hospital.ID, "Appointment", "a"), 0
	if _, err := v.History(t.Context(), "Appointment", id, 0, "", func(e record.Entry) bool {
		if n++; !json.Valid(e.Body) {
			t.Errorf("version %s is no JSON", e.Version)
		}
		return true
	}); err != nil || n != 2 {
		t.Errorf("%d versions, %v", n, err)
	}
}

// cut is a store that fails where people are found.
type cut struct {
	record.Documents
	now bool
}

func (c *cut) Commit(ctx context.Context, partition string, ops []driver.Op) error {
	if c.now && ops[0].Doc.Collection == "finder" {
		return driver.ErrUnavailable
	}
	return c.Documents.Commit(ctx, partition, ops)
}

// A message that was cut off before its person could be found, and comes again,
// makes them found.
func TestAMessageThatWasCutOffMakesItsPersonFound(t *testing.T) {
	w := newWorld(t)
	c := &cut{Documents: w.engine, now: true}
	w.r = record.New(record.Options{Store: c, Ledger: w, Partners: w, Key: make([]byte, 32), Now: func() time.Time { return now }})
	m := w.change(practice, mary, 1, patient(t, mary, "Smith"))
	if _, err := w.r.Apply(t.Context(), m); err == nil {
		t.Fatal("not cut off")
	}
	c.now = false
	if _, err := w.r.Apply(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	found, _, err := w.r.Find(t.Context(), w.doctor(practice.Org), "r", record.Who{Family: "Smith", BirthDate: "1950-02-03"})
	if err != nil || len(found) != 1 {
		t.Errorf("found %v, %v", found, err)
	}
}

// Neither a practice that leaves the mark out nor another that takes the person over
// shows where a restricted person lives, or who their practice is.
func TestTheMarkOfARestrictedPersonStays(t *testing.T) {
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	plain := string(patient(t, mary, "Smith").Resource.Raw())
	marked := strings.Replace(plain, `"identifier"`, `"meta":{"security":[{"code":"R"}]},"identifier"`, 1)
	for minute, by := range []struct {
		source record.Source
		says   string
	}{{practice, marked}, {practice, plain}, {other, plain}} {
		w.sends(by.source, mary, 10+minute, object(t, by.says))
		v := w.mustOpen(w.doctor(hospital.Org), p, "Patient")
		if err := v.Read(t.Context(), "Patient", string(p), func(e record.Entry) {
			if body := string(e.Body); strings.Contains(body, "DT1 1XJ") || strings.Contains(body, by.source.ID) || !strings.Contains(body, `"versionId":"`+e.Version) {
				t.Errorf("%d: %s", minute, body)
			}
		}); err != nil {
			t.Error(err)
		}
	}
	must(t, w.r.SetRestricted(t.Context(), operator, p, false, "r"))
	if w.mustOpen(w.doctor(hospital.Org), p, "Patient").Grant().Reduced {
		t.Error("the operator could not take the mark away")
	}
}

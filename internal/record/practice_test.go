package record_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
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
	if _, err := w.r.Identify(t.Context(), other, typo.Resource); errs.CodeOf(err) != record.CodeBirthDate {
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
	if _, err := w.r.Identify(t.Context(), other, born(t, mary, "Smith", "1950-03-02").Resource); err != nil {
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
	if p, err := w.r.Identify(t.Context(), practice, patient(t, mary, "Smith").Resource); err != nil || p != m {
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

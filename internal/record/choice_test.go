package record_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
)

// appointment is one of the hospital's, of half an hour from the given time.
func appointment(t testing.TB, id, status string, start time.Time) record.Object {
	return object(t, fmt.Sprintf(`{"resourceType":"Appointment","id":"%s","status":"%s","start":"%s","end":"%s","participant":[{"actor":{"display":"x"},"status":"accepted"}]}`,
		id, status, start.Format(time.RFC3339), start.Add(30*time.Minute).Format(time.RFC3339)))
}

// at opens the record after some time has passed, and tells the code of a refusal.
func (w *world) at(later time.Duration, org nhs.ODS, p record.PersonID) string {
	w.later = later
	defer func() { w.later = 0 }()
	c := w.doctor(org)
	c.Expires = now.Add(later + time.Hour)
	_, err := w.open(c, p, "Observation")
	if err != nil {
		return errs.CodeOf(err)
	}
	return "open"
}

// A window for an appointment lasts until 24 hours after it, wherever it is moved,
// and is shut at once when it is cancelled.
func TestAWindowFollowsItsAppointment(t *testing.T) {
	const day, shut = 24 * time.Hour, access.CodeNoConsent
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	start := now.Add(2 * day)
	end := 2*day + 30*time.Minute
	a := w.sends(hospital, mary, 10, appointment(t, "a1", "booked", start))[0].ID
	must(t, w.r.SetSharing(t.Context(), operator, p, sharing.Choice{Tier: sharing.None,
		Windows: []sharing.Window{{Org: hospital.Org, Appointment: a}}}, "r"))
	check := func(when string, org nhs.ODS, want map[time.Duration]string) {
		t.Helper()
		for later, code := range want {
			if got := w.at(later, org, p); got != code {
				t.Errorf("%s, %v later: %q, want %q", when, later, got, code)
			}
		}
	}
	check("booked", hospital.Org, map[time.Duration]string{-time.Minute: shut, 0: "open", end: "open", end + day - time.Minute: "open", end + day + time.Minute: shut})
	check("to another organisation", practice.Org, map[time.Duration]string{0: shut, end: shut})

	w.sends(hospital, mary, 11, appointment(t, "a1", "booked", start.Add(3*day)))
	check("moved later", hospital.Org, map[time.Duration]string{0: "open", end + 2*day: "open", end + 4*day - time.Minute: "open", end + 4*day + time.Minute: shut})
	w.sends(hospital, mary, 12, appointment(t, "a1", "booked", start.Add(-day)))
	check("moved forward", hospital.Org, map[time.Duration]string{0: "open", end - time.Minute: "open", end + time.Minute: shut})
	w.sends(hospital, mary, 13, appointment(t, "a1", "cancelled", start))
	check("cancelled", hospital.Org, map[time.Duration]string{0: shut, end: shut})
	w.sends(hospital, mary, 14, appointment(t, "a1", "booked", start))
	check("booked again", hospital.Org, map[time.Duration]string{0: "open"})
	w.sends(hospital, john, 15, patient(t, john, "Jones"), appointment(t, "a1", "booked", start))
	check("somebody else's all along", hospital.Org, map[time.Duration]string{0: shut})
}

// What is not a booked appointment of the person's opens no window, and leaves the
// choice as it was.
func TestAWindowNeedsAnAppointment(t *testing.T) {
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	w.knows(john, "Jones")
	sent := func(who nhs.Number, minute int, o record.Object) string {
		return w.sends(hospital, who, minute, o)[0].ID
	}
	ahead := now.Add(48 * time.Hour)
	for name, id := range map[string]string{
		"cancelled": sent(mary, 10, appointment(t, "a1", "cancelled", ahead)), "only proposed": sent(mary, 11, appointment(t, "a2", "proposed", ahead)),
		"long ago": sent(mary, 12, appointment(t, "a3", "booked", now.Add(-48*time.Hour))), "John's": sent(john, 13, appointment(t, "a4", "booked", ahead)),
		"no appointment": sent(mary, 14, observation(t, "o1", "718-7", "2026-05-05", "1.0")), "no id": "x", "herself": string(p), "nothing": string(p) + "-aaaaaaaaaaaaaaaa",
	} {
		err := w.r.SetSharing(t.Context(), operator, p, sharing.Choice{Tier: sharing.None, Windows: []sharing.Window{{Appointment: id}}}, "r")
		if errs.CodeOf(err) != record.CodeNoAppointment || strings.Contains(err.Error(), id) && id != "x" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := w.at(0, hospital.Org, p); got != "open" {
		t.Errorf("afterwards: %s", got)
	}
}

// A window for an appointment goes into a joined record, and out of it only with its
// appointment.
func TestWindowsForAppointmentsOfJoinedRecords(t *testing.T) {
	w := newWorld(t)
	m, j := w.knows(mary, "Smith"), w.knows(john, "Jones")
	a := w.sends(hospital, john, 10, appointment(t, "a1", "booked", now.Add(time.Hour)))[0].ID
	must(t, w.r.Join(t.Context(), operator, j, m, "r"))
	must(t, w.r.SetSharing(t.Context(), operator, j, sharing.Choice{Tier: sharing.None, Windows: []sharing.Window{{Appointment: a}}}, "r"))
	if got := w.at(0, hospital.Org, m); got != "open" {
		t.Errorf("joined: %s", got)
	}
	must(t, w.r.Split(t.Context(), operator, m, j, "r"))
	if m, j := w.at(0, hospital.Org, m), w.at(0, hospital.Org, j); m != access.CodeNoConsent || j != "open" {
		t.Errorf("split: %s, %s", m, j)
	}
}

// Whatever was set about a person stays written down, with who and when; the ledger
// says which choice it was.
func TestTheHistoryOfWhatWasSet(t *testing.T) {
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	other := identity.Caller{Kind: identity.Operator, ID: "operator/ann"}
	window := sharing.Window{Org: hospital.Org, From: now, To: now.Add(time.Hour)}
	w.trail = nil
	must(t, w.r.SetSharing(t.Context(), operator, p, sharing.Choice{Tier: sharing.EmergencyOnly, Windows: []sharing.Window{window}}, "r"))
	w.later = time.Hour
	must(t, w.r.SetRestricted(t.Context(), other, p, true, "r"))
	must(t, w.r.SetSharing(t.Context(), other, p, sharing.Default(), "r"))
	must(t, w.r.SetRestricted(t.Context(), operator, p, false, "r"))
	past, err := w.r.SharingHistory(t.Context(), operator, p, "r")
	if err != nil {
		t.Fatal(err)
	}
	later := now.Add(time.Hour)
	first := sharing.Choice{Tier: sharing.EmergencyOnly, Windows: []sharing.Window{window}, Since: now, By: operator.ID}
	second := sharing.Choice{Tier: sharing.Share, Since: later, By: other.ID}
	want := []record.Decided{
		{At: now, By: operator.ID, Person: p, Sharing: first},
		{At: later, By: other.ID, Person: p, Sharing: first, Restricted: true},
		{At: later, By: other.ID, Person: p, Sharing: second, Restricted: true},
		{At: later, By: operator.ID, Person: p, Sharing: second},
	}
	if diff := cmp.Diff(want, past); diff != "" {
		t.Error(diff)
	}
	var whats []string
	for _, e := range w.trail {
		whats = append(whats, e.Action.String()+" "+e.What)
	}
	if diff := cmp.Diff([]string{"choose sharing choice: emergency-only", "administer marked as restricted", "choose sharing choice: share",
		"administer no longer marked as restricted", "administer sharing history shown"}, whats); diff != "" {
		t.Error(diff)
	}
}

// An invalidated number answers so to those who would be told of the person, and as
// an unknown one to others; nobody finds it, and sources are still listened to.
func TestInvalidatedNumbers(t *testing.T) {
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	gp, stranger := w.doctor(practice.Org), w.doctor(other.Org)
	must(t, w.r.SetInvalidated(t.Context(), operator, p, true, "r"))
	for _, c := range []identity.Caller{gp, stranger} {
		if _, err := w.open(c, p, "Observation"); errs.KindOf(err) != errs.NotFound || errs.CodeOf(err) != access.CodeInvalidated {
			t.Errorf("%s: %v", c.ID, err)
		}
		for _, who := range []record.Who{{Number: mary}, {Family: "Smith", BirthDate: "1950-02-03"}} {
			w.trail = nil
			if found, withheld, err := w.r.Find(t.Context(), c, "r", who); len(found) != 0 || withheld || err != nil || len(w.trail) != 1 || w.trail[0].Outcome != access.Invalidated {
				t.Errorf("%s finds: %v %v %v %v", c.ID, found, withheld, err, w.trail)
			}
		}
	}
	must(t, w.r.SetSensitive(t.Context(), operator, p, true, []string{gp.ID}, "r"))
	if _, err := w.open(stranger, p, "Observation"); !equal(err, access.Absent()) {
		t.Errorf("sensitive too, to a caller without the right: %v", err)
	}
	w.sends(hospital, mary, 20, observation(t, "hb", "718-7", "2026-01-05", "1.0"))
	if err := w.r.Join(t.Context(), operator, w.knows(john, "Jones"), p, "r"); errs.KindOf(err) != errs.Invalid {
		t.Errorf("joined to an invalidated number: %v", err)
	}
	must(t, w.r.SetInvalidated(t.Context(), operator, p, false, "r"))
	if got := w.search(w.mustOpen(gp, p, "Observation"), record.Search{Type: "Observation"}); len(got) != 1 {
		t.Errorf("valid after all: %v", got)
	}
}

// The record of an invalidated number that was joined to the right one is read there,
// and by itself is as invalid as before when it is split.
func TestAnInvalidatedNumberIsJoined(t *testing.T) {
	w := newWorld(t)
	m, j := w.knows(mary, "Smith"), w.knows(john, "Jones")
	gp := w.doctor(practice.Org)
	must(t, w.r.SetInvalidated(t.Context(), operator, j, true, "r"))
	must(t, w.r.Join(t.Context(), operator, j, m, "r"))
	if v := w.mustOpen(gp, j, "Encounter"); v.Person() != m {
		t.Error("not read as the right one")
	}
	must(t, w.r.Split(t.Context(), operator, m, j, "r"))
	w.mustOpen(gp, m, "Encounter")
	if _, err := w.open(gp, j, "Encounter"); errs.CodeOf(err) != access.CodeInvalidated {
		t.Errorf("split: %v", err)
	}
}

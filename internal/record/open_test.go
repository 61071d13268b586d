package record_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
)

func TestOpenAnswers(t *testing.T) {
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	unrelated := nhs.ODS("RBD")
	w.partner[unrelated] = partner.Agreement{Org: unrelated, Kind: partner.Acute, Read: section.All, Signed: now.AddDate(-1, 0, 0), Ends: now.AddDate(1, 0, 0), DSPT: now.AddDate(1, 0, 0)}
	receptionist := w.doctor(hospital.Org)
	receptionist.Role = identity.Receptionist
	for _, tt := range []struct {
		name   string
		caller identity.Caller
		person record.PersonID
		typ    string
		want   access.Outcome
	}{
		{"the practice", w.doctor(practice.Org), p, "Observation", access.Allowed},
		{"the hospital, by an encounter", w.doctor(hospital.Org), p, "Observation", access.Allowed},
		{"a hospital without", w.doctor(unrelated), p, "Observation", access.NoRelationship},
		{"nobody we know", w.doctor(hospital.Org), w.r.PersonOf(john), "Observation", access.Unknown},
		{"no agreement", w.doctor("X99"), p, "Observation", access.Refused},
		{"a receptionist asks for results", receptionist, p, "Observation", access.NotYours},
		{"a receptionist asks for appointments", receptionist, p, "Appointment", access.Allowed},
		{"nobody", identity.Caller{}, p, "Observation", access.Refused},
	} {
		w.trail = nil
		v, err := w.open(tt.caller, tt.person, tt.typ)
		if len(w.trail) != 1 || w.trail[0].Outcome != tt.want || w.trail[0].Person != string(tt.person) {
			t.Errorf("%s: trail %+v", tt.name, w.trail)
		}
		if allowed := err == nil; allowed != (tt.want == access.Allowed) || allowed != (v != nil) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestNoLedgerNoAnswer(t *testing.T) {
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	w.refuse = errors.New("disk full")
	if v, err := w.open(w.doctor(practice.Org), p, "Observation"); v != nil || !errors.Is(err, w.refuse) {
		t.Errorf("opened without a ledger: %v", err)
	}
	if err := w.r.SetSharing(t.Context(), operator, p, sharing.Choice{Tier: sharing.None}, "r"); !errors.Is(err, w.refuse) {
		t.Errorf("changed without a ledger: %v", err)
	}
}

// An opt-out stops the next request; opting back in shows a complete record.
func TestSharingChoiceBites(t *testing.T) {
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	choose := func(c sharing.Choice) {
		if err := w.r.SetSharing(t.Context(), operator, p, c, "r"); err != nil {
			t.Fatal(err)
		}
	}
	choose(sharing.Choice{Tier: sharing.None})
	if _, err := w.open(w.doctor(practice.Org), p, "Observation"); errs.CodeOf(err) != access.CodeNoConsent {
		t.Errorf("after an opt-out: %v", err)
	}
	w.sends(hospital, mary, 20, observation(t, "hb", "718-7", "2026-01-05", "1.0"))
	choose(sharing.Choice{Tier: sharing.None, Windows: []sharing.Window{{Org: practice.Org, From: now.Add(-time.Hour), To: now.Add(time.Hour)}}})
	if _, err := w.open(w.doctor(practice.Org), p, "Observation"); err != nil {
		t.Errorf("in a window: %v", err)
	}
	if _, err := w.open(w.doctor(hospital.Org), p, "Observation"); errs.CodeOf(err) != access.CodeNoConsent {
		t.Errorf("in another's window: %v", err)
	}
	choose(sharing.Default())
	if got := w.search(w.mustOpen(w.doctor(hospital.Org), p, "Observation"), record.Search{Type: "Observation"}); len(got) != 1 {
		t.Errorf("after opting back in: %v", got)
	}
}

// What is absent, of another type, of another person or in a section that is not
// the caller's has one answer.
func TestAbsentIsOneAnswer(t *testing.T) {
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	w.knows(john, "Jones")
	mine := w.sends(hospital, mary, 20, observation(t, "hb", "718-7", "2026-01-05", "1.0"))[0]
	theirs := w.sends(hospital, john, 20, observation(t, "jb", "718-7", "2026-01-05", "1.0"))[0]
	v := w.mustOpen(w.doctor(hospital.Org), p, "Observation")
	for name, id := range map[string]string{
		"absent": string(p) + "-aaaaaaaaaaaaaaaa", "John's": theirs.ID, "malformed": "x", "a person": string(p), "John's by Mary's": string(p) + theirs.ID[17:],
	} {
		if err := v.Read(t.Context(), "Observation", id, func(record.Entry) {}); !equal(err, access.Absent()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := v.Read(t.Context(), "Condition", mine.ID, func(record.Entry) {}); !equal(err, access.Absent()) {
		t.Errorf("another type: %v", err)
	}
	if err := v.Read(t.Context(), "Observation", mine.ID, func(record.Entry) {}); err != nil {
		t.Errorf("her own: %v", err)
	}
}

func equal(a, b error) bool {
	return a != nil && cmp.Equal(fmt.Sprintf("%#v", deref(a)), fmt.Sprintf("%#v", deref(b)))
}

func deref(err error) errs.Error { e, _ := errs.As(err); return *e }

func TestSearch(t *testing.T) {
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	for i := range 30 {
		w.sends(hospital, mary, 20+i, observation(t, fmt.Sprintf("o%d", i), []string{"718-7", "4548-4"}[i%2], fmt.Sprintf("2026-01-%02d", i+1), fmt.Sprint(i)))
	}
	v := w.mustOpen(w.doctor(hospital.Org), p, "Observation")
	hb := record.TokenFilter{Param: param(t, "code"), AnyOf: []record.TokenValue{{System: "http://loinc.org", Code: "718-7"}}}
	low, high, err := fhir.ParseDate("2026-01-10")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		s     record.Search
		want  int
		first string
	}{
		{"all, newest first", record.Search{Type: "Observation"}, 30, "Observation 29 2026-01-30"},
		{"oldest first", record.Search{Type: "Observation", Ascending: true}, 30, "Observation 0 2026-01-01"},
		{"paged", record.Search{Type: "Observation", Limit: 7}, 30, "Observation 29 2026-01-30"},
		{"paged, oldest first", record.Search{Type: "Observation", Limit: 7, Ascending: true}, 30, "Observation 0 2026-01-01"},
		{"a code", record.Search{Type: "Observation", Tokens: []record.TokenFilter{hb}, Limit: 4}, 15, "Observation 28 2026-01-29"},
		{"not the code", record.Search{Type: "Observation", Tokens: []record.TokenFilter{{Param: hb.Param, AnyOf: hb.AnyOf, Not: true}}}, 15, "Observation 29 2026-01-30"},
		{"since a day", record.Search{Type: "Observation", Dates: []record.DateFilter{{Prefix: "ge", Low: low, High: high}}}, 21, "Observation 29 2026-01-30"},
		{"before a day", record.Search{Type: "Observation", Dates: []record.DateFilter{{Prefix: "lt", Low: low, High: high}}}, 9, "Observation 8 2026-01-09"},
		{"on a day", record.Search{Type: "Observation", Dates: []record.DateFilter{{Low: low, High: high}}}, 1, "Observation 9 2026-01-10"},
		{"another type", record.Search{Type: "Condition"}, 0, ""},
	} {
		got := w.search(v, tt.s)
		if len(got) != tt.want || len(got) > 0 && got[0] != tt.first {
			t.Errorf("%s: %d, first %q", tt.name, len(got), append(got, "")[0])
		}
		seen := map[string]bool{}
		for _, g := range got {
			if seen[g] {
				t.Errorf("%s: %s twice", tt.name, g)
			}
			seen[g] = true
		}
	}
	everything := w.mustOpen(w.doctor(hospital.Org), p, "")
	for _, limit := range []int{0, 1, 5, 32} {
		if got := w.search(everything, record.Search{Limit: limit}); len(got) != 32 {
			t.Errorf("everything in pages of %d: %d", limit, len(got))
		}
	}
}

func param(t *testing.T, name string) fhir.Param {
	t.Helper()
	for _, p := range fhir.SearchParams("Observation") {
		if p.Name == name {
			return p.Param
		}
	}
	t.Fatalf("no parameter %s", name)
	return 0
}

// What a council sends lies in social care: whoever may not see that sees the
// others' care plans only, in one order.
func TestTypesInTwoSections(t *testing.T) {
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	plan := func(id, day string) record.Object {
		return object(t, `{"resourceType":"CarePlan","id":"`+id+`","status":"active","intent":"plan","subject":{"display":"x"},"period":{"start":"`+day+`"}}`)
	}
	w.sends(council, mary, 10, plan("c1", "2026-01-02"))
	w.sends(hospital, mary, 11, plan("h1", "2026-01-03"))
	w.sends(council, mary, 12, plan("c2", "2026-01-04"))
	w.sends(hospital, mary, 13, plan("h2", "2026-01-05"))
	order := func(c identity.Caller, s record.Search) (out []string) {
		v := w.mustOpen(c, p, "CarePlan")
		for {
			next, err := v.Search(t.Context(), s, func(e record.Entry) bool { out = append(out, e.Source); return true })
			if err != nil {
				t.Fatal(err)
			}
			if s.After = next; next == "" {
				return out
			}
		}
	}
	doctor, physio := w.doctor(hospital.Org), w.doctor(hospital.Org)
	physio.Role = identity.AlliedHealth
	for limit := range 5 {
		if diff := cmp.Diff([]string{"uhd", "bcp", "uhd", "bcp"}, order(doctor, record.Search{Type: "CarePlan", Limit: limit})); diff != "" {
			t.Errorf("limit %d: %s", limit, diff)
		}
		if diff := cmp.Diff([]string{"bcp", "uhd", "bcp", "uhd"}, order(doctor, record.Search{Type: "CarePlan", Limit: limit, Ascending: true})); diff != "" {
			t.Errorf("limit %d, oldest first: %s", limit, diff)
		}
	}
	if diff := cmp.Diff([]string{"uhd", "uhd"}, order(physio, record.Search{Type: "CarePlan"})); diff != "" {
		t.Errorf("without social care: %s", diff)
	}
}

func TestRestrictedAndSensitive(t *testing.T) {
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	read := func(c identity.Caller) (body string, err error) {
		v, err := w.open(c, p, "Patient")
		if err != nil {
			return "", err
		}
		return body, v.Read(t.Context(), "Patient", string(p), func(e record.Entry) { body = string(e.Body) })
	}
	body, err := read(w.doctor(hospital.Org))
	if err != nil || !strings.Contains(body, "DT1 1XJ") || !strings.Contains(body, `"id":"`+string(p)+`"`) {
		t.Fatalf("%v: %s", err, body)
	}
	if err := w.r.SetRestricted(t.Context(), operator, p, true, "r"); err != nil {
		t.Fatal(err)
	}
	if body, err = read(w.doctor(hospital.Org)); err != nil || strings.Contains(body, "DT1 1XJ") || !strings.Contains(body, "Smith") {
		t.Errorf("restricted: %v: %s", err, body)
	}
	found := func(who record.Who) int {
		got, _, err := w.r.Find(t.Context(), w.doctor(hospital.Org), "r", who)
		if err != nil {
			t.Fatal(err)
		}
		return len(got)
	}
	byName := record.Who{Family: "SMITH", BirthDate: "1950-02-03"}
	if found(byName) != 0 || found(record.Who{Number: mary}) != 1 {
		t.Error("a restricted person is found by number only")
	}
	if err := w.r.SetSensitive(t.Context(), operator, p, true, []string{"cis2/R0D"}, "r"); err != nil {
		t.Fatal(err)
	}
	if _, err := read(w.doctor(practice.Org)); !equal(err, access.Absent()) {
		t.Errorf("sensitive, to a caller without the right: %v", err)
	}
	if _, err := read(w.doctor(hospital.Org)); err != nil {
		t.Errorf("sensitive, to a cleared caller: %v", err)
	}
}

func TestFind(t *testing.T) {
	w := newWorld(t)
	w.knows(mary, "O'Neill")
	p := w.knows(john, "Jones")
	for _, tt := range []struct {
		name string
		who  record.Who
		want int
	}{
		{"number", record.Who{Number: mary}, 1},
		{"name, spelt otherwise", record.Who{Family: "oneill", BirthDate: "1950-02-03"}, 1},
		{"with given and postcode", record.Who{Family: "O Neill", BirthDate: "1950-02-03", Given: "an", Postcode: "dt11"}, 1},
		{"another given name", record.Who{Family: "O Neill", BirthDate: "1950-02-03", Given: "Bob"}, 0},
		{"another day", record.Who{Family: "O'Neill", BirthDate: "1950-02-04"}, 0},
	} {
		w.trail = nil
		got, _, err := w.r.Find(t.Context(), w.doctor(hospital.Org), "r", tt.who)
		if err != nil || len(got) != tt.want || len(w.trail) != 1 {
			t.Errorf("%s: %d found, %d events, %v", tt.name, len(got), len(w.trail), err)
		}
	}
	if err := w.r.SetSharing(t.Context(), operator, p, sharing.Choice{Tier: sharing.None}, "r"); err != nil {
		t.Fatal(err)
	}
	got, withheld, err := w.r.Find(t.Context(), w.doctor(hospital.Org), "r", record.Who{Number: john})
	if len(got) != 0 || !withheld || err != nil {
		t.Errorf("opted out: %v %v %v", got, withheld, err)
	}
}

// Joined people read as one, under the stricter choice; splitting undoes it.
func TestJoin(t *testing.T) {
	w := newWorld(t)
	m, j := w.knows(mary, "Smith"), w.knows(john, "Jones")
	w.sends(hospital, mary, 20, observation(t, "m", "718-7", "2026-01-05", "1.0"))
	old := w.sends(hospital, john, 20, observation(t, "j", "718-7", "2026-01-06", "2.0"))[0]
	if err := w.r.Join(t.Context(), operator, j, m, "r"); err != nil {
		t.Fatal(err)
	}
	for _, p := range []record.PersonID{m, j} {
		v := w.mustOpen(w.doctor(hospital.Org), p, "Observation")
		if v.Person() != m {
			t.Errorf("the surviving record is %s", v.Person())
		}
		for limit := range 3 {
			if got := w.search(v, record.Search{Type: "Observation", Limit: limit}); len(got) != 2 {
				t.Errorf("joined: %v", got)
			}
		}
		if err := v.Read(t.Context(), "Observation", old.ID, func(record.Entry) {}); err != nil {
			t.Errorf("an id outlives the join: %v", err)
		}
		var body string
		pv := w.mustOpen(w.doctor(hospital.Org), p, "Patient")
		if err := pv.Read(t.Context(), "Patient", string(p), func(e record.Entry) { body = e.ID }); err != nil || body != string(m) {
			t.Errorf("Patient of %s is %s: %v", p, body, err)
		}
	}
	if err := w.r.SetSharing(t.Context(), operator, j, sharing.Choice{Tier: sharing.None}, "r"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.open(w.doctor(hospital.Org), m, "Observation"); errs.CodeOf(err) != access.CodeNoConsent {
		t.Errorf("one choice for both: %v", err)
	}
	if err := w.r.Split(t.Context(), operator, m, j, "r"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.open(w.doctor(hospital.Org), j, "Observation"); errs.CodeOf(err) != access.CodeNoConsent {
		t.Errorf("what was chosen while they were joined, after the split: %v", err)
	}
	if err := w.r.SetSharing(t.Context(), operator, j, sharing.Default(), "r"); err != nil {
		t.Fatal(err)
	}
	if got := w.search(w.mustOpen(w.doctor(hospital.Org), j, "Observation"), record.Search{Type: "Observation"}); len(got) != 1 {
		t.Errorf("split: %v", got)
	}
}

// A relationship ends when the encounter that made it is retracted.
func TestRelationshipFollowsItsEntries(t *testing.T) {
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	doctor := w.doctor(hospital.Org)
	retract := func(minute int, id string) {
		w.sends(hospital, mary, minute, encounter(t, id, "entered-in-error", "2026-01-02T10:00:00Z", "2026-01-02T11:00:00Z"))
	}
	w.sends(hospital, mary, 20, encounter(t, "second", "finished", "2025-12-02T10:00:00Z", "2025-12-02T11:00:00Z"))
	retract(21, "enc-Smith")
	if _, err := w.open(doctor, p, "Observation"); err != nil {
		t.Errorf("with the second encounter left: %v", err)
	}
	retract(22, "second")
	if _, err := w.open(doctor, p, "Observation"); errs.CodeOf(err) != access.CodeNoRelationship {
		t.Errorf("with none left: %v", err)
	}
	w.sends(practice, mary, 23, object(t, `{"resourceType":"ServiceRequest","id":"ref","status":"active","intent":"order","subject":{"display":"x"},"authoredOn":"2026-03-01","performer":[{"identifier":{"system":"`+nhs.ODSSystem+`","value":"R0D"}}]}`))
	if _, err := w.open(doctor, p, "Observation"); err != nil {
		t.Errorf("referred to: %v", err)
	}
	w.sends(other, mary, 24, patient(t, mary, "Smith"))
	if _, err := w.open(w.doctor(practice.Org), p, "Observation"); err != nil {
		t.Errorf("the practice that referred: %v", err) // by its referral
	}
	if v := w.mustOpen(w.doctor(other.Org), p, "Observation"); v.Grant().Basis != access.Registered {
		t.Errorf("the new practice: %v", v.Grant().Basis)
	}
	if v := w.mustOpen(w.doctor(practice.Org), p, "Observation"); v.Grant().Basis != access.ByReferral {
		t.Errorf("the practice that was left: %v", v.Grant().Basis)
	}
}

package ledger

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Whatever is stored can be told to a resident: a new action, basis, outcome, role
// or section needs words here.
func TestEverythingCanBeTold(t *testing.T) {
	check := func(e Event) {
		t.Helper()
		if got := Tell(e, Reader{}).Sentence(); strings.Contains(got, "no words") || strings.Contains(got, "  ") {
			t.Errorf("%+v: %s", e, got)
		}
	}
	for a := access.Read; a.String() != "other"; a++ {
		for o := access.Refused; o.String() != "other"; o++ {
			check(Event{Action: a, Outcome: o})
		}
		for b := access.NoBasis; b.String() != "other"; b++ {
			check(Event{Action: a, Outcome: access.Allowed, Basis: b})
		}
	}
	for r := identity.NoRole; r == identity.NoRole || r.String() != "none"; r++ {
		for k := identity.Nobody; k == identity.Nobody || k.String() != "nobody"; k++ {
			check(Event{Action: access.Read, Role: r, Kind: k})
		}
	}
	for s := range section.All.Each() {
		check(Event{Action: access.Read, Sections: section.Of(s)})
	}
}

func TestTell(t *testing.T) {
	to := Reader{Account: "amary", Names: func(code nhs.ODS) string {
		return map[nhs.ODS]string{"R0D": "University Hospitals Dorset"}[code]
	}}
	base := Event{Time: event(1).Time, Kind: identity.Professional, Caller: "cis2/1", Name: "Dr A", Role: identity.Clinician, Org: "R0D", Action: access.Read,
		Outcome: access.Allowed, Basis: access.ByAppointment, Sections: section.Of(section.Medicines), What: "MedicationRequest"}
	with := func(f func(e *Event)) Event { e := base; f(&e); return e }
	for _, c := range []struct {
		name string
		e    Event
		want string
	}{
		{"a doctor", base,
			"Dr A, doctor or other clinician at University Hospitals Dorset, looked at your medicines, because you have or had an appointment there."},
		{"an organisation without a name", with(func(e *Event) { e.Org, e.Basis, e.Sections = "J81012", access.Registered, section.All }),
			"Dr A, doctor or other clinician at J81012, looked at all of your record, because you are registered with them."},
		{"without a name, by a system", with(func(e *Event) {
			e.Kind, e.Client, e.Name, e.Role = identity.System, "ward-app", "Nurse B", identity.Nurse
			e.Sections = section.Of(section.Allergies, section.Medicines, section.Results)
		}), "Nurse B, nurse at University Hospitals Dorset, using the system ward-app, looked at your allergies, your medicines and your test results, because you have or had an appointment there."},
		{"a system alone", with(func(e *Event) {
			e.Kind, e.Client, e.Name, e.Role, e.Basis = identity.System, "ward-app", "", 0, access.ByEncounter
		}),
			"The system ward-app, University Hospitals Dorset, looked at your medicines, because you were seen or stayed there."},
		{"nobody named", with(func(e *Event) {
			e.Name, e.Role, e.Action, e.Basis, e.Sections = "", identity.SocialWorker, access.Find, access.Finding, section.Of(section.Demographics)
		}), "A social worker, University Hospitals Dorset, found you by a search, because finding the right person is part of their work."},
		{"refused", with(func(e *Event) { e.Outcome, e.Basis = access.NoConsent, access.NoBasis }),
			"Dr A, doctor or other clinician at University Hospitals Dorset, asked to look at your medicines. They were refused: you have chosen not to share your record."},
		{"themselves", Event{Kind: identity.Resident, Caller: "amary", Action: access.Read, Outcome: access.Allowed, Sections: section.Of(section.Letters)},
			"You looked at your letters."},
		{"the office", Event{Kind: identity.Operator, Caller: "operator", Action: access.Choose, Outcome: access.Allowed, Basis: access.ByOperator},
			"The office that runs the Dorset Care Record, programme office, set who may see your record, because they run the service."},
		{"for somebody", with(func(e *Event) { e.OnBehalf = "Ms B" }),
			"Dr A, doctor or other clinician at University Hospitals Dorset, on behalf of Ms B, looked at your medicines, because you have or had an appointment there."},
		{"something new", with(func(e *Event) { e.Basis = 250 }),
			"Dr A, doctor or other clinician at University Hospitals Dorset, looked at your medicines, something that this page has no words for."},
	} {
		if got := Tell(c.e, to).Sentence(); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	want := Told{Time: base.Time, Who: "Dr A", Role: "Doctor or other clinician", Org: "University Hospitals Dorset", OrgCode: "R0D", Did: "looked at",
		Sections: []string{"your medicines"}, Why: "because you have or had an appointment there", Allowed: true}
	if d := cmp.Diff(want, Tell(base, to)); d != "" {
		t.Error(d)
	}
}

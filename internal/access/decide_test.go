package access_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
)

var now = time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)

const hospital, practice nhs.ODS = "R0D", "J81012"

// consultant is a hospital doctor with everything in order, about to read all of
// a person whom the hospital saw a month ago.
func consultant() access.Facts {
	return access.Facts{
		Now:    now,
		Caller: identity.Caller{Kind: identity.Professional, ID: "cis2/555", Org: hospital, Role: identity.Clinician, Expires: now.Add(time.Minute)},
		Action: access.Read, Months: 12,
		Asked: section.All,
		Agreement: partner.Agreement{Org: hospital, Kind: partner.Acute, Read: section.All,
			Signed: now.AddDate(-1, 0, 0), Ends: now.AddDate(1, 0, 0), DSPT: now.AddDate(0, 3, 0)},
		Known:        true,
		Relationship: access.Relationship{Encounter: now.AddDate(0, -1, 0)},
		Sharing:      sharing.Default(),
	}
}

// as gives the consultant another role.
func as(r identity.Role) func(*access.Facts) { return func(f *access.Facts) { f.Caller.Role = r } }

func asks(ss ...section.Section) func(*access.Facts) {
	return func(f *access.Facts) { f.Asked = section.Of(ss...) }
}

func relation(r access.Relationship) func(*access.Facts) {
	return func(f *access.Facts) { f.Relationship = r }
}

func choice(t sharing.Tier, ws ...sharing.Window) func(*access.Facts) {
	return func(f *access.Facts) { f.Sharing = sharing.Choice{Tier: t, Windows: ws} }
}

func finds(byNumber bool) func(*access.Facts) {
	return func(f *access.Facts) {
		f.Action, f.Asked, f.ByNumber = access.Find, section.Of(section.Demographics), byNumber
		f.Relationship = access.Relationship{}
	}
}

func operates(a access.Action) func(*access.Facts) {
	return func(f *access.Facts) {
		f.Caller, f.Action = identity.Caller{Kind: identity.Operator, ID: "operator/anna"}, a
		f.Agreement, f.Relationship, f.Asked = partner.Agreement{}, access.Relationship{}, 0
	}
}

func invalid(f *access.Facts) { f.Invalidated = true }

// consults is about nobody: no facts about a person are there.
func consults(f *access.Facts) {
	f.Action, f.Asked, f.Known = access.Consult, 0, false
	f.Relationship, f.Sharing = access.Relationship{}, sharing.Choice{}
}

func TestDecide(t *testing.T) {
	year := now.AddDate(-1, 0, 0)
	const tick = time.Microsecond
	opened := sharing.Window{Org: hospital, From: now, To: now.Add(time.Hour)}
	type change = func(*access.Facts)
	all := func(b access.Basis) access.Grant {
		return access.Grant{Outcome: access.Allowed, Basis: b, Sections: section.All}
	}
	only := func(b access.Basis, ss ...section.Section) access.Grant {
		return access.Grant{Outcome: access.Allowed, Basis: b, Sections: section.Of(ss...)}
	}
	no := func(o access.Outcome) access.Grant { return access.Grant{Outcome: o} }

	tests := []struct {
		name  string
		makes []change
		want  access.Grant
	}{
		{"consultant, seen here last month", nil, all(access.ByEncounter)},

		// Who is calling.
		{"nobody", []change{func(f *access.Facts) { f.Caller = identity.Caller{} }}, no(access.Refused)},
		{"a source never reads", []change{func(f *access.Facts) { f.Caller.Kind = identity.Source }}, no(access.Refused)},
		{"an operator never reads", []change{func(f *access.Facts) { f.Caller.Kind = identity.Operator }}, no(access.Refused)},
		{"an operator never finds", []change{finds(true), func(f *access.Facts) { f.Caller.Kind = identity.Operator }}, no(access.Refused)},
		{"an operator never consults", []change{operates(access.Consult)}, no(access.Refused)},
		{"an operator sets a choice", []change{operates(access.Choose)}, access.Grant{Outcome: access.Allowed, Basis: access.ByOperator}},
		{"an operator marks someone sensitive", []change{operates(access.Administer), func(f *access.Facts) { f.Sensitive = true }},
			access.Grant{Outcome: access.Allowed, Basis: access.ByOperator}},
		{"an operator sets the choice of nobody known", []change{operates(access.Choose), func(f *access.Facts) { f.Known = false }}, no(access.Unknown)},
		{"an operator without a name", []change{operates(access.Choose), func(f *access.Facts) { f.Caller.ID = "" }}, no(access.Refused)},
		{"a clinician does not set a choice", []change{func(f *access.Facts) { f.Action = access.Choose }}, no(access.Refused)},
		{"a source does not administer", []change{operates(access.Administer), func(f *access.Facts) { f.Caller.Kind = identity.Source }}, no(access.Refused)},
		{"a clinical system for its user", []change{func(f *access.Facts) { f.Caller.Kind, f.Caller.Client = identity.System, "ward-app" }}, all(access.ByEncounter)},
		{"a system that is no registered client", []change{func(f *access.Facts) { f.Caller.Kind = identity.System }}, no(access.Refused)},
		{"no stable id", []change{func(f *access.Facts) { f.Caller.ID = "" }}, no(access.Refused)},
		{"identity about to end", []change{func(f *access.Facts) { f.Caller.Expires = now.Add(tick) }}, all(access.ByEncounter)},
		{"identity ends now", []change{func(f *access.Facts) { f.Caller.Expires = now }}, no(access.Refused)},
		{"identity without an end", []change{func(f *access.Facts) { f.Caller.Expires = time.Time{} }}, no(access.Refused)},

		// Roles.
		{"no role", []change{as(identity.NoRole)}, no(access.Refused)},
		{"a role from the future", []change{as(200)}, no(access.Refused)},
		{"privacy officer reads no record", []change{as(identity.PrivacyOfficer)}, no(access.Refused)},
		{"programme office reads no record", []change{as(identity.ProgrammeOffice)}, no(access.Refused)},
		{"receptionist asks for everything", []change{as(identity.Receptionist)},
			only(access.ByEncounter, section.Demographics, section.Contacts, section.Appointments, section.AboutMe)},
		{"receptionist asks for results", []change{as(identity.Receptionist), asks(section.Results)}, no(access.NotYours)},
		{"receptionist asks for results and appointments", []change{as(identity.Receptionist), asks(section.Results, section.Appointments)},
			only(access.ByEncounter, section.Appointments)},
		{"physiotherapist asks for social care", []change{as(identity.AlliedHealth), asks(section.SocialCare)}, no(access.NotYours)},
		{"pharmacist asks for medicines", []change{as(identity.Pharmacist), asks(section.Medicines)}, only(access.ByEncounter, section.Medicines)},
		{"pharmacist asks for contacts", []change{as(identity.Pharmacist), asks(section.Contacts)}, no(access.NotYours)},
		{"asks for nothing", []change{asks()}, no(access.NotYours)},
		{"does nothing", []change{func(f *access.Facts) { f.Action = 0 }}, no(access.Refused)},
		{"does what does not exist", []change{func(f *access.Facts) { f.Action = 200 }}, no(access.Refused)},

		// The agreement.
		{"no agreement", []change{func(f *access.Facts) { f.Agreement = partner.Agreement{} }}, no(access.Refused)},
		{"another organisation's agreement", []change{func(f *access.Facts) { f.Agreement.Org = practice }}, no(access.Refused)},
		{"agreement suspended", []change{func(f *access.Facts) { f.Agreement.Suspended = true }}, no(access.Refused)},
		{"agreement ends now", []change{func(f *access.Facts) { f.Agreement.Ends = now }}, no(access.Refused)},
		{"agreement ends in a moment", []change{func(f *access.Facts) { f.Agreement.Ends = now.Add(tick) }}, all(access.ByEncounter)},
		{"agreement begins now", []change{func(f *access.Facts) { f.Agreement.Signed = now }}, all(access.ByEncounter)},
		{"agreement signed for later", []change{func(f *access.Facts) { f.Agreement.Signed = now.Add(tick) }}, no(access.Refused)},
		{"DSPT lapsed", []change{func(f *access.Facts) { f.Agreement.DSPT = now }}, no(access.Refused)},
		{"agreement to read nothing", []change{func(f *access.Facts) { f.Agreement.Read = 0 }}, no(access.Refused)},
		{"agreement narrows the role", []change{func(f *access.Facts) { f.Agreement.Read = section.Of(section.Alerts, section.Medicines) }},
			only(access.ByEncounter, section.Alerts, section.Medicines)},
		{"agreement cannot widen the role", []change{as(identity.Receptionist), func(f *access.Facts) { f.Agreement.Read = section.Of(section.Results, section.AboutMe) }},
			only(access.ByEncounter, section.AboutMe)},

		// The person.
		{"unknown", []change{func(f *access.Facts) { f.Known = false }}, no(access.Unknown)},
		{"sensitive", []change{func(f *access.Facts) { f.Sensitive = true }}, no(access.Unknown)},
		{"sensitive, with the right to it", []change{func(f *access.Facts) { f.Sensitive, f.Cleared = true, true }}, all(access.ByEncounter)},
		{"restricted", []change{func(f *access.Facts) { f.Restricted = true }},
			access.Grant{Outcome: access.Allowed, Basis: access.ByEncounter, Sections: section.All &^ section.Of(section.Contacts), Reduced: true}},
		{"restricted, asks for contacts only", []change{func(f *access.Facts) { f.Restricted = true }, asks(section.Contacts)}, no(access.NotYours)},

		// The relationship.
		{"none", []change{relation(access.Relationship{})}, no(access.NoRelationship)},
		{"the registered practice", []change{relation(access.Relationship{Registered: true})}, all(access.Registered)},
		{"encounter exactly 12 months ago", []change{relation(access.Relationship{Encounter: year})}, all(access.ByEncounter)},
		{"encounter a moment longer ago", []change{relation(access.Relationship{Encounter: year.Add(-tick)})}, no(access.NoRelationship)},
		{"in hospital, discharge planned for tomorrow", []change{relation(access.Relationship{Encounter: now.AddDate(0, 0, 1)})}, all(access.ByEncounter)},
		{"referral exactly 12 months ago", []change{relation(access.Relationship{Referral: year})}, all(access.ByReferral)},
		{"referral a moment longer ago", []change{relation(access.Relationship{Referral: year.Add(-tick)})}, no(access.NoRelationship)},
		{"appointment exactly 12 months ago", []change{relation(access.Relationship{Appointment: year})}, all(access.ByAppointment)},
		{"appointment a moment longer ago", []change{relation(access.Relationship{Appointment: year.Add(-tick)})}, no(access.NoRelationship)},
		{"appointment in three years", []change{relation(access.Relationship{Appointment: now.AddDate(3, 0, 0)})}, all(access.ByAppointment)},
		{"old encounter, new referral", []change{relation(access.Relationship{Encounter: year.Add(-tick), Referral: now})}, all(access.ByReferral)},

		// The sharing choice.
		{"choice not read", []change{choice(sharing.Unknown, opened)}, no(access.NoConsent)},
		{"a choice from the future", []change{choice(200)}, no(access.NoConsent)},
		{"emergency only", []change{choice(sharing.EmergencyOnly)}, no(access.NoConsent)},
		{"sealed", []change{choice(sharing.None)}, no(access.NoConsent)},
		{"sealed, opened for this hospital", []change{choice(sharing.None, opened)}, all(access.ByEncounter)},
		{"emergency only, opened for all", []change{choice(sharing.EmergencyOnly, sharing.Window{From: now, To: now.Add(tick)})}, all(access.ByEncounter)},
		{"sealed, opened for another", []change{choice(sharing.None, sharing.Window{Org: practice, From: now, To: now.Add(time.Hour)})}, no(access.NoConsent)},
		{"sealed, opened until now", []change{choice(sharing.None, sharing.Window{From: now.Add(-time.Hour), To: now})}, no(access.NoConsent)},
		{"sealed, opened in a moment", []change{choice(sharing.None, sharing.Window{From: now.Add(tick), To: now.Add(time.Hour)})}, no(access.NoConsent)},

		// Finding.
		{"finds without a relationship", []change{finds(false)}, only(access.Finding, section.Demographics)},
		{"receptionist finds", []change{finds(false), as(identity.Receptionist)}, only(access.Finding, section.Demographics)},
		{"privacy officer does not find", []change{finds(true), as(identity.PrivacyOfficer)}, no(access.Refused)},
		{"finds under an agreement without demographics", []change{finds(true), func(f *access.Facts) { f.Agreement.Read = section.Of(section.Results) }}, no(access.Refused)},
		{"finding gives demographics and no more", []change{finds(true), func(f *access.Facts) { f.Asked = section.All }}, only(access.Finding, section.Demographics)},
		{"finds someone restricted by name", []change{finds(false), func(f *access.Facts) { f.Restricted = true }}, no(access.Unknown)},
		{"finds someone restricted by number", []change{finds(true), func(f *access.Facts) { f.Restricted = true }},
			access.Grant{Outcome: access.Allowed, Basis: access.Finding, Sections: section.Of(section.Demographics), Reduced: true}},
		{"finds someone sensitive", []change{finds(true), func(f *access.Facts) { f.Sensitive = true }}, no(access.Unknown)},
		{"finds someone sealed", []change{finds(true), choice(sharing.None)}, no(access.NoConsent)},

		// The directory, which is nobody's record.
		{"consults the directory", []change{consults}, access.Grant{Outcome: access.Allowed, Basis: access.Finding}},
		{"receptionist consults it", []change{consults, as(identity.Receptionist)}, access.Grant{Outcome: access.Allowed, Basis: access.Finding}},
		{"privacy officer does not", []change{consults, as(identity.PrivacyOfficer)}, no(access.Refused)},
		{"nor anybody without an agreement", []change{consults, func(f *access.Facts) { f.Agreement.Suspended = true }}, no(access.Refused)},

		// Each answer tells no more than the one before.
		{"everything against: no role", []change{as(0), func(f *access.Facts) { f.Known = false }, relation(access.Relationship{}), choice(sharing.None), asks()}, no(access.Refused)},
		{"everything against: unknown", []change{func(f *access.Facts) { f.Sensitive = true }, relation(access.Relationship{}), choice(sharing.None), asks()}, no(access.Unknown)},
		{"the number was invalidated", []change{invalid}, no(access.Invalidated)},
		{"finds somebody whose number was invalidated", []change{invalid, finds(true)}, no(access.Invalidated)},
		{"invalidated, and sensitive", []change{invalid, func(f *access.Facts) { f.Sensitive = true }}, no(access.Unknown)},
		{"everything against: invalidated", []change{invalid, relation(access.Relationship{}), choice(sharing.None), asks()}, no(access.Invalidated)},
		{"everything against: no relationship", []change{relation(access.Relationship{}), choice(sharing.None), asks()}, no(access.NoRelationship)},
		{"everything against: no consent", []change{choice(sharing.None), asks()}, no(access.NoConsent)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := consultant()
			for _, c := range tt.makes {
				c(&f)
			}
			if diff := cmp.Diff(tt.want, access.Decide(f)); diff != "" {
				t.Errorf("Decide (-want +got):\n%s", diff)
			}
		})
	}
}

// Every fact left out, one at a time, refuses or changes nothing for the worse.
func TestZeroFactsRefuse(t *testing.T) {
	if g := access.Decide(access.Facts{}); g != (access.Grant{}) {
		t.Errorf("nothing known: %v", g)
	}
	for name, forget := range map[string]func(*access.Facts){
		"now":          func(f *access.Facts) { f.Now = time.Time{} },
		"caller":       func(f *access.Facts) { f.Caller = identity.Caller{} },
		"action":       func(f *access.Facts) { f.Action = 0 },
		"asked":        func(f *access.Facts) { f.Asked = 0 },
		"agreement":    func(f *access.Facts) { f.Agreement = partner.Agreement{} },
		"known":        func(f *access.Facts) { f.Known = false },
		"relationship": func(f *access.Facts) { f.Relationship = access.Relationship{} },
		"sharing":      func(f *access.Facts) { f.Sharing = sharing.Choice{} },
	} {
		f := consultant()
		forget(&f)
		if g := access.Decide(f); g.Outcome == access.Allowed || g.Sections != 0 {
			t.Errorf("without %s: %v", name, g)
		}
	}
}

// The table of roles in RULES 3, written again in its words.
func TestSectionsOfRoles(t *testing.T) {
	for role, want := range map[string]string{
		"none":             "",
		"clinician":        section.All.String(),
		"nurse":            section.All.String(),
		"allied-health":    "demographics contacts alerts allergies problems medicines immunisations results appointments encounters letters care-plans about-me contributions",
		"pharmacist":       "demographics alerts allergies problems medicines immunisations results letters care-plans about-me contributions",
		"paramedic":        "demographics contacts alerts allergies problems medicines results encounters care-plans about-me contributions",
		"social-worker":    "demographics contacts alerts appointments encounters care-plans social-care about-me contributions",
		"care-coordinator": "demographics contacts alerts allergies medicines appointments care-plans social-care about-me contributions",
		"receptionist":     "demographics contacts appointments about-me",
		"privacy-officer":  "",
		"programme-office": "",
	} {
		if got := access.Sections(identity.ParseRole(role)).String(); got != want {
			t.Errorf("%s\n got %s\nwant %s", role, got, want)
		}
	}
}

func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		outcome access.Outcome
		kind    errs.Kind
		code    string
	}{
		{access.Refused, errs.Forbidden, "ACCESS_DENIED"},
		{access.Unknown, errs.NotFound, ""},
		{access.NoRelationship, errs.Forbidden, "NO_RELATIONSHIP"},
		{access.NoConsent, errs.Forbidden, "NO_PATIENT_CONSENT"},
		{access.NotYours, errs.NotFound, ""},
		{access.Invalidated, errs.NotFound, "INVALIDATED_RESOURCE"},
		{access.StepUp, errs.Unauthenticated, "STEP_UP_REQUIRED"},
		{200, errs.Forbidden, "ACCESS_DENIED"},
	} {
		err := access.Grant{Outcome: tt.outcome}.Err()
		if errs.KindOf(err) != tt.kind || errs.CodeOf(err) != tt.code {
			t.Errorf("%v: %v %q (%v)", tt.outcome, errs.KindOf(err), errs.CodeOf(err), err)
		}
	}
	if err := access.Answer(access.Allowed); err != nil {
		t.Errorf("allowed: %v", err)
	}
}

// A person who is not here, one who is hidden and a section that is not the
// caller's cannot be told apart by any field of the error.
func TestAbsentAndHiddenAreTheSame(t *testing.T) {
	want, _ := errs.As(access.Absent())
	for _, o := range []access.Outcome{access.Unknown, access.NotYours} {
		got, _ := errs.As(access.Answer(o))
		if diff := cmp.Diff(*want, *got, cmp.Comparer(func(a, b errs.Error) bool { return a == b })); diff != "" {
			t.Errorf("%v differs: %s", o, diff)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	f := consultant()
	b.ReportAllocs()
	for b.Loop() {
		if access.Decide(f).Outcome != access.Allowed {
			b.Fatal("refused")
		}
	}
}

package ledger

import (
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Whatever is stored has words: a new action or basis needs some.
func TestEverythingHasWords(t *testing.T) {
	for a := access.Read; a.String() != "other"; a++ {
		for b := access.Registered; b.String() != "other"; b++ {
			for o := access.Refused; o.String() != "other"; o++ {
				for _, k := range []identity.Kind{identity.Nobody, identity.Resident} {
					if got := Words(Event{Kind: k, Action: a, Basis: b, Outcome: o}, nil); strings.Contains(got, "no words") {
						t.Errorf("%v %v %v: %s", a, b, o, got)
					}
				}
			}
		}
	}
}

func TestWords(t *testing.T) {
	names := func(code nhs.ODS) string {
		if code == "R0D" {
			return "University Hospitals Dorset"
		}
		return ""
	}
	base := Event{Kind: identity.Professional, Name: "Dr A", Org: "R0D", Action: access.Read, Outcome: access.Allowed,
		Basis: access.ByAppointment, Sections: section.Of(section.Medicines), What: "MedicationRequest"}
	change := func(f func(e *Event)) Event { e := base; f(&e); return e }
	for _, c := range []struct {
		e    Event
		want string
	}{
		{base, "Dr A, University Hospitals Dorset, looked at medicines, because of an appointment"},
		{change(func(e *Event) {
			e.Sections = section.Of(section.Medicines, section.CarePlans, section.Allergies)
			e.Basis = access.Registered
			e.Org = "J81012"
		}),
			"Dr A, J81012, looked at allergies, medicines and care plans, because it is the registered practice"},
		{change(func(e *Event) { e.Outcome = access.NoConsent; e.Basis = access.NoBasis }),
			"Dr A, University Hospitals Dorset, asked to look at medicines and was refused: the person's sharing choice"},
		{change(func(e *Event) {
			e.Action = access.Find
			e.Basis = access.Finding
			e.Name = ""
			e.Role = identity.SocialWorker
		}),
			"A social worker, University Hospitals Dorset, found the person by a search, because finding people is part of the role"},
		{change(func(e *Event) {
			e.Kind = identity.System
			e.Client = "ehr-1"
			e.Name = ""
			e.OnBehalf = "Ms B"
			e.Sections = 0
		}),
			"The system ehr-1, University Hospitals Dorset, on behalf of Ms B, looked at the record, because of an appointment"},
		{Event{Kind: identity.Operator, Action: access.Choose, Outcome: access.Allowed, Basis: access.ByOperator, What: "sharing choice: none"},
			"The programme's operator, set the person's sharing choice: none, because it is the operator's office"},
		{Event{Kind: identity.Operator, Action: access.Enrol, Outcome: access.Allowed, Basis: access.ByOperator, What: "activation code made"},
			"The programme's operator, made an activation code for the person, because it is the operator's office"},
		{change(func(e *Event) {
			e.Action, e.Outcome, e.Basis, e.Sections, e.What = access.Enrol, access.NoRelationship, access.NoBasis, 0, "recovery vouched for"
		}),
			"Dr A, University Hospitals Dorset, asked to vouch for a recovery of the person's account and was refused: no care relationship with the person"},
		{change(func(e *Event) { e.Outcome, e.Basis = access.Invalidated, access.NoBasis }),
			"Dr A, University Hospitals Dorset, asked to look at medicines and was refused: the NHS number is no longer valid"},
		{Event{Kind: identity.Resident, Name: "Mary", Action: access.Read, Outcome: access.Allowed, Basis: access.Self, Sections: section.Of(section.Results, section.Letters)},
			"The person themself looked at results and letters"},
		{Event{Kind: identity.Resident, Action: access.SeeAccesses, Outcome: access.Allowed, Basis: access.Self},
			"The person themself looked at who had looked at the record"},
		{Event{Kind: identity.Resident, Action: access.Export, Outcome: access.StepUp},
			"The person themself asked to take a copy of the whole record and was asked for a passkey first"},
		{Event{Kind: identity.Resident, Name: "Mallory", Action: access.Read, Outcome: access.Unknown, Sections: section.Of(section.Results)},
			"Somebody with an account of their own, asked to look at results and was refused: no such record for them"},
		{change(func(e *Event) { e.Basis = 250 }),
			"Dr A, University Hospitals Dorset, looked at medicines, because something that this version has no words for"},
	} {
		if got := Words(c.e, names); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

package ledger_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

var looked = ledger.Event{Time: time.Date(2026, 5, 3, 12, 0, 0, 123456000, time.UTC), Request: "req-1", Kind: identity.Professional, Caller: "cis2/555",
	Name: `Dr "A"`, Role: identity.Clinician, Org: "R0D", Action: access.Read, Outcome: access.Allowed, Basis: access.ByAppointment,
	Person: "pmary", Sections: section.Of(section.Medicines), What: "MedicationRequest"}

func audit(e ledger.Event) []byte {
	return ledger.AppendAuditEvent(nil, e, ledger.Audit{Instance: "main-2", Seq: 17, Base: "https://record.example/fhir/R4",
		Names: func(nhs.ODS) string { return "University Hospitals Dorset" }})
}

// Every event there can be is a valid AuditEvent.
func TestAuditEventsAreValid(t *testing.T) {
	check := func(e ledger.Event) {
		t.Helper()
		body := audit(e)
		d, err := fhir.Parse(body)
		if err != nil {
			t.Fatalf("%v\n%s", err, body)
		}
		if issues := fhir.Validate(d.Root(), fhir.Options{}); len(issues) > 0 {
			t.Fatalf("%+v\n%s", issues, body)
		}
		if strings.Contains(string(body), "no words") {
			t.Errorf("%s", body)
		}
	}
	for a := access.Read; a.String() != "other"; a++ {
		for o := access.Refused; o.String() != "other"; o++ {
			for k := identity.Professional; k <= identity.Resident; k++ {
				e := looked
				e.Action, e.Outcome, e.Kind = a, o, k
				check(e)
			}
		}
		for b := access.NoBasis; b.String() != "other"; b++ {
			check(ledger.Event{Time: looked.Time, Action: a, Outcome: access.Allowed, Basis: b, Kind: identity.Resident, Person: "pmary"})
			check(ledger.Event{Time: looked.Time, Action: a, Basis: b, Kind: identity.System, Client: "ward", OnBehalf: "Ms B"})
		}
	}
}

// resource is what the profiles ask for.
type resource struct {
	ID   string
	Meta struct {
		Profile []string `json:"profile"`
	}
	Action, Outcome, OutcomeDesc string
	Agent                        []struct {
		Type struct{ Coding []coding }
		Who  struct {
			Display    string
			Identifier struct{ Value string }
			Reference  string
		}
		Name         string
		Requestor    bool
		Network      *struct{ Address string }
		PurposeOfUse []struct{ Coding []coding }
	}
	Entity []struct {
		What struct {
			Reference, Display string
			Identifier         struct{ Value string }
		}
		Type, Role coding
		Query      string
	}
}

type coding struct{ System, Code string }

func parse(t *testing.T, e ledger.Event) (r resource) {
	t.Helper()
	if err := json.Unmarshal(audit(e), &r, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	return r
}

// agents lists "code requestor network" of each.
func (r resource) agents() (out []string) {
	for _, a := range r.Agent {
		s := ""
		if len(a.Type.Coding) > 0 {
			s = a.Type.Coding[0].Code
		}
		if a.Requestor {
			s += " requestor"
		}
		if a.Network != nil {
			s += " network"
		}
		out = append(out, s)
	}
	return out
}

func (r resource) entities() (out []string) {
	for _, e := range r.Entity {
		out = append(out, e.Type.Code+"/"+e.Role.Code+" "+e.What.Reference+e.What.Display+e.What.Identifier.Value+e.Query)
	}
	return out
}

// What IHE BALP 1.1 asks of PatientRead and PatientQuery: client and server with
// who and network, a requesting user, the patient, and the data or the query.
func TestAuditEventsFollowBALP(t *testing.T) {
	read := parse(t, looked)
	if read.ID != "main-2-17" || read.Action != "R" || read.Outcome != "0" || !strings.HasSuffix(read.Meta.Profile[0], "IHE.BasicAudit.PatientRead") {
		t.Errorf("%+v", read)
	}
	if got, want := read.agents(), []string{"IRCP requestor", "PROV", "110152 network", "110153 network"}; !slices.Equal(got, want) {
		t.Errorf("agents %q, want %q", got, want)
	}
	if got, want := read.entities(), []string{"XrequestId/ req-1", "1/1 Patient/pmary", "2/4 MedicationRequest"}; !slices.Equal(got, want) {
		t.Errorf("entities %q, want %q", got, want)
	}
	if u := read.Agent[0]; u.Name != `Dr "A"` || u.PurposeOfUse[0].Coding[0].Code != "TREAT" || u.PurposeOfUse[0].Coding[1].Code != "appointment" {
		t.Errorf("user %+v", u)
	}

	found := looked
	found.Action, found.Basis, found.What = access.Find, access.Finding, "Patient"
	query := parse(t, found)
	if query.Action != "E" || !strings.HasSuffix(query.Meta.Profile[0], "IHE.BasicAudit.PatientQuery") {
		t.Errorf("%+v", query)
	}
	if got, want := query.agents(), []string{"IRCP requestor", "PROV", "110153 network", "110152 network"}; !slices.Equal(got, want) {
		t.Errorf("agents %q, want %q", got, want)
	}
	if got, want := query.entities(), []string{"XrequestId/ req-1", "1/1 Patient/pmary", "2/24 UGF0aWVudC9fc2VhcmNo"}; !slices.Equal(got, want) {
		t.Errorf("entities %q, want %q", got, want)
	}
}

func TestAuditEventOfARefusal(t *testing.T) {
	e := looked
	e.Outcome, e.Basis = access.NoConsent, access.NoBasis
	r := parse(t, e)
	if r.Outcome != "4" || r.OutcomeDesc == "" || len(r.Meta.Profile) != 0 {
		t.Errorf("%+v", r)
	}
}

// A resident is told who looked by name and role, never by the ids of staff.
func TestAuditEventsCarryNoIdsOfStaff(t *testing.T) {
	if body := string(audit(looked)); strings.Contains(body, "555") {
		t.Error(body)
	}
	own := ledger.Event{Time: looked.Time, Kind: identity.Resident, Caller: "amary", Name: "Mary", Action: access.Read, Outcome: access.Allowed, Basis: access.Self,
		Person: "pmary", What: "Observation", Sections: section.Of(section.Results)}
	r := parse(t, own)
	if r.Agent[0].Who.Reference != "Patient/pmary" || r.Agent[0].Name != "" || r.Agent[0].PurposeOfUse[0].Coding[0].Code != "PATRQT" {
		t.Errorf("%+v", r.Agent[0])
	}
}

func TestAuditIDs(t *testing.T) {
	for _, bad := range []string{"", "-1", "main", "main-", "main-01", "main--", "main-1x", "main-18446744073709551616"} {
		if i, n, ok := ledger.ParseAuditID(bad); ok {
			t.Errorf("%q: %q %d", bad, i, n)
		}
	}
	if i, n, ok := ledger.ParseAuditID(ledger.AuditID("main-2", 17)); !ok || i != "main-2" || n != 17 {
		t.Errorf("%q %d %v", i, n, ok)
	}
}

func BenchmarkAppendAuditEvent(b *testing.B) {
	b.ReportAllocs()
	var room []byte
	for b.Loop() {
		room = ledger.AppendAuditEvent(room[:0], looked, ledger.Audit{Instance: "main", Seq: 17, Base: "https://record.example/fhir/R4"})
	}
}

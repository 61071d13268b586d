package record_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
)

var (
	now      = time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)
	practice = record.Source{ID: "gp-a", Org: "J81001", Kind: partner.GP}
	other    = record.Source{ID: "gp-b", Org: "J81002", Kind: partner.GP}
	hospital = record.Source{ID: "uhd", Org: "R0D", Kind: partner.Acute}
	council  = record.Source{ID: "bcp", Org: "E0001", Kind: partner.Council}

	mary = nhs.MustNumber("9990000018")
	john = nhs.MustNumber("9990000026")
)

// world is a record on a real store, with a ledger that remembers.
type world struct {
	t       testing.TB
	r       *record.Records
	engine  *bolt.Engine
	trail   []ledger.Event
	refuse  error         // what the ledger answers instead
	during  func()        // runs once, within the next append
	later   time.Duration // that has passed since now
	seq     uint64
	partner map[nhs.ODS]partner.Agreement
}

func (w *world) Append(_ context.Context, e *ledger.Event) (uint64, error) {
	if w.refuse != nil {
		return 0, w.refuse
	}
	w.trail = append(w.trail, *e)
	if f := w.during; f != nil {
		w.during = nil
		f()
	}
	return uint64(len(w.trail)), nil
}

func (w *world) Agreement(_ context.Context, org nhs.ODS) (partner.Agreement, error) {
	return w.partner[org], nil
}

func newWorld(t testing.TB) *world {
	t.Helper()
	e, err := bolt.Open(t.TempDir(), record.Specs(), bolt.Options{NoSync: true, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	w := &world{t: t, engine: e, partner: map[nhs.ODS]partner.Agreement{}}
	for _, s := range []record.Source{practice, other, hospital, council} {
		w.partner[s.Org] = partner.Agreement{Org: s.Org, Name: string(s.Org), Kind: s.Kind, Read: section.All, Contribute: section.All,
			Signed: now.AddDate(-1, 0, 0), Ends: now.AddDate(1, 0, 0), DSPT: now.AddDate(1, 0, 0)}
	}
	w.r = w.records(e)
	return w
}

// records returns the record over a store of one's own.
func (w *world) records(d record.Documents) *record.Records {
	return record.New(record.Options{Store: d, Ledger: w, Partners: w, Looks: w, Sources: w, Key: []byte("0123456789abcdef0123456789abcdef"), Now: func() time.Time { return now.Add(w.later) }})
}

func (w *world) doctor(org nhs.ODS) identity.Caller {
	return identity.Caller{Kind: identity.Professional, ID: "cis2/" + string(org), Name: "Dr A", Org: org, Role: identity.Clinician, Expires: now.Add(time.Hour)}
}

var operator = identity.Caller{Kind: identity.Operator, ID: "operator"}

// object makes an object of a resource's JSON.
func object(t testing.TB, js string) record.Object {
	t.Helper()
	d, err := fhir.Parse([]byte(js))
	if err != nil {
		t.Fatalf("%v in %s", err, js)
	}
	n := d.Root()
	return record.Object{Type: n.Type(), SourceID: n.ID(), Resource: n}
}

// sends applies a message of the given minute about one person.
func (w *world) sends(s record.Source, who nhs.Number, minute int, objects ...record.Object) []record.Applied {
	w.t.Helper()
	out, err := w.r.Apply(w.t.Context(), w.change(s, who, minute, objects...))
	if err != nil {
		w.t.Fatalf("apply: %v", err)
	}
	return out
}

func (w *world) change(s record.Source, who nhs.Number, minute int, objects ...record.Object) record.Change {
	w.seq++
	at := now.Add(-24*time.Hour + time.Duration(minute)*time.Minute)
	return record.Change{Person: w.r.PersonOf(who), Source: s, Objects: objects,
		Message: record.Message{Seq: w.seq, Key: fmt.Sprintf("m%d", minute), Time: at, Received: now}}
}

func patient(t testing.TB, who nhs.Number, family string) record.Object {
	return object(t, `{"resourceType":"Patient","id":"`+family+`","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"`+who.Digits()+
		`"}],"name":[{"family":"`+family+`","given":["Ann"]}],"gender":"female","birthDate":"1950-02-03","address":[{"line":["1 High Street"],"postalCode":"DT1 1XJ"}]}`)
}

func observation(t testing.TB, id, code, date, value string) record.Object {
	return object(t, `{"resourceType":"Observation","id":"`+id+`","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"`+code+
		`"}]},"effectiveDateTime":"`+date+`","valueQuantity":{"value":`+value+`,"unit":"mmol/L"}}`)
}

func encounter(t testing.TB, id, status, start, end string) record.Object {
	return object(t, `{"resourceType":"Encounter","id":"`+id+`","status":"`+status+`","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"period":{"start":"`+start+`","end":"`+end+`"}}`)
}

// knows makes Mary known by her practice, and gives the hospital a relationship.
func (w *world) knows(who nhs.Number, family string) record.PersonID {
	w.t.Helper()
	w.sends(practice, who, 0, patient(w.t, who, family))
	w.sends(hospital, who, 1, encounter(w.t, "enc-"+family, "finished", "2026-01-02T10:00:00Z", "2026-01-02T11:00:00Z"))
	return w.r.PersonOf(who)
}

func (w *world) open(c identity.Caller, p record.PersonID, typ string) (*record.View, error) {
	return w.r.Open(w.t.Context(), c, record.Request{Person: p, Type: typ, What: "test", RequestID: "r1"})
}

// ids lists what a search returns, "type:last part of the value".
func (w *world) search(v *record.View, s record.Search) []string {
	w.t.Helper()
	var out []string
	for {
		next, err := v.Search(w.t.Context(), s, func(e record.Entry) bool {
			d, err := fhir.Parse(append([]byte(nil), e.Body...))
			if err != nil {
				w.t.Fatalf("stored bytes: %v", err)
			}
			if got := d.Root().ID(); got != e.ID {
				w.t.Fatalf("id %s in the body of %s", got, e.ID)
			}
			out = append(out, e.Type+" "+d.Root().Path("valueQuantity", "value").Text()+string(d.Root().Path("valueQuantity", "value").Raw())+date(d.Root()))
			return true
		})
		if err != nil {
			w.t.Fatal(err)
		}
		if next == "" {
			return out
		}
		s.After = next
	}
}

func date(n fhir.Node) string { return strings.TrimSuffix(" "+n.Get("effectiveDateTime").Text(), " ") }

func (w *world) mustOpen(c identity.Caller, p record.PersonID, typ string) *record.View {
	w.t.Helper()
	v, err := w.open(c, p, typ)
	if err != nil {
		w.t.Fatalf("open: %v", err)
	}
	return v
}

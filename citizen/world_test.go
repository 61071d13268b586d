package citizen_test

import (
	"bytes"
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/citizen"
	"github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/identity/session"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/ledger/ledgertest"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
)

var (
	mary     = nhs.MustNumber("9990000018")
	practice = record.Source{ID: "gp", Org: "J81012", Kind: partner.GP}
	council  = record.Source{ID: "council", Org: "436", Kind: partner.Council}
)

// world is the rooms that residents' use cases stand on, with Mary's record and account.
// What the record says of her, and what the agreements say, can be made to fail.
type world struct {
	*record.Records
	t        *testing.T
	now      time.Time
	db       *store.DB
	ledger   *ledger.Ledger
	accounts *account.Accounts
	sessions *session.Sessions
	s        *citizen.Service
	asserted passkey.Asserted
	seq      uint64

	standing error // what is met when the record is asked who somebody is
	partners error // what is met when an agreement is asked for
}

func (w *world) clock() time.Time { return w.now }

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)}
	specs := record.Specs()
	for _, more := range [][]store.Spec{ledger.Specs(), account.Specs(), session.Specs(), inquiry.Specs()} {
		specs = append(specs, more...)
	}
	engine, err := bolt.Open(t.TempDir(), store.Specs(specs...), bolt.Options{NoSync: true, Now: w.clock})
	w.must(err)
	t.Cleanup(func() { _ = engine.Close() })
	w.db, err = store.Open(engine, specs...)
	w.must(err)
	w.ledger = ledgertest.Open(t, w.db, "main", w.clock)
	key := func(n byte) []byte { return bytes.Repeat([]byte{n}, 32) }
	w.Records = record.New(record.Options{Store: w.db, Ledger: w.ledger, Looks: w.ledger, Partners: agreements{w}, Key: key(1), Now: w.clock})
	w.accounts, err = account.New(account.Options{DB: w.db, Key: key(2), Now: w.clock, EnrolURL: &url.URL{},
		PersonOf: func(n nhs.Number) string { return string(w.PersonOf(n)) },
		Gone:     func(context.Context, string) (bool, error) { return false, nil }})
	w.must(err)
	w.sessions, err = session.New(session.Options{DB: w.db, Key: key(3), Now: w.clock})
	w.must(err)
	party, err := passkey.New(passkey.Options{RPID: "record.example", RPName: "Record", Origins: []string{"https://record.example"}, Key: key(4), Spend: w.accounts, Now: w.clock})
	w.must(err)
	asked := inquiry.New(inquiry.Options{DB: w.db, Ledger: w.ledger, Partners: agreements{w}, People: people{w}, Notices: people{w}, Now: w.clock})
	pages, err := web.New(web.Options{Service: "Record"})
	w.must(err)
	w.s, err = citizen.New(citizen.Options{Records: w, Accounts: w.accounts, Sessions: w.sessions, Passkeys: party, Inquiries: asked, Partners: agreements{w},
		Documents: pages, Key: key(5), BaseURL: "https://record.example", Now: w.clock})
	w.must(err)
	w.sends(practice, patient)
	w.enrol()
	return w
}

const patient = `{"resourceType":"Patient","id":"m","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}],"name":[{"family":"Marigold","given":["Mary"]}],"gender":"female","birthDate":"1957-03-27"}`

func (w *world) enrol() {
	e, err := w.accounts.EnrolByNHSLogin(w.t.Context(), account.NHSLogin{Number: mary, BirthDate: "1957-03-27", Proofing: "P9", Vector: "P9.Cm"})
	w.must(err)
	c := passkey.Credential{ID: bytes.Repeat([]byte{9}, 32), PublicKey: []byte{1}, Name: "phone"}
	acc, err := w.accounts.Finish(w.t.Context(), e.Ticket, passkey.Registered{UserHandle: e.Handle, Credential: c}, nil)
	w.must(err)
	w.asserted = passkey.Asserted{Account: acc.ID, Credential: c}
}

// logsIn begins a session, and returns its token.
func (w *world) logsIn() string {
	w.t.Helper()
	var tokens session.Tokens
	w.asserted.Credential.LastUsed = w.now
	anybody := func(account.Account) error { return nil }
	_, err := w.accounts.SignedIn(w.t.Context(), w.asserted, w.sessions.Starting(&tokens, session.Device{Name: "phone"}, anybody))
	w.must(err)
	return tokens.Access
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// sends applies resources, each in a message of its own.
func (w *world) sends(s record.Source, resources ...string) {
	w.t.Helper()
	for _, text := range resources {
		d, err := fhir.Parse([]byte(text))
		w.must(err)
		w.seq++
		at := w.now.Add(-time.Hour + time.Duration(w.seq)*time.Second)
		_, err = w.Apply(w.t.Context(), record.Change{Person: w.PersonOf(mary), Source: s, Message: record.Message{Seq: w.seq, Key: at.String(), Time: at, Received: at},
			Objects: []record.Object{{Type: d.Root().Type(), SourceID: d.Root().ID(), Resource: d.Root()}}})
		w.must(err)
	}
}

// Standing is the record's, unless it is made to fail.
func (w *world) Standing(ctx context.Context, p record.PersonID) (record.Standing, error) {
	if w.standing != nil {
		return record.Standing{}, w.standing
	}
	return w.Records.Standing(ctx, p)
}

// mary is who she is once she has logged in.
func (w *world) mary() identity.Caller {
	w.t.Helper()
	c, err := w.s.Authenticate(w.t.Context(), w.logsIn())
	w.must(err)
	return c
}

// agreements let everybody read and send all.
type agreements struct{ w *world }

func (a agreements) Agreement(_ context.Context, org nhs.ODS) (partner.Agreement, error) {
	day := a.w.now.AddDate(1, 0, 0)
	return partner.Agreement{Org: org, Name: "Org " + string(org), Kind: partner.GP, Read: section.All, Contribute: section.All, Signed: a.w.now.AddDate(-1, 0, 0), Ends: day, DSPT: day}, a.w.partners
}

// people have no names here, and are told nothing.
type people struct{ w *world }

func (people) NameOf(context.Context, string) (string, error)        { return "Mary", nil }
func (people) Inquiry(context.Context, string, inquiry.Notice) error { return nil }

package professional_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/api"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/identity/smart"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/ledger/ledgertest"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/professional"
)

const (
	practice  nhs.ODS = "J81001"
	hospital  nhs.ODS = "R0D"
	programme nhs.ODS = "QVV"
)

// Mary is registered with the practice, and was seen by the hospital.
var (
	mary   = nhs.MustNumber("9990000018")
	nobody = nhs.MustNumber("9990000042")
)

const maryBorn = "1950-02-03"

// world is the real service with the routes of staff. Who a token belongs to is a
// table: the issuers are the outside world.
type world struct {
	t        *testing.T
	now      time.Time
	db       *store.DB
	ledger   *ledger.Ledger
	partner  *partner.Registry
	records  *record.Records
	accounts *account.Accounts
	asked    *inquiry.Inquiries
	app      *fiber.App
	tokens   map[string]identity.Caller
	mark     uint64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC), tokens: map[string]identity.Caller{}}
	clock := func() time.Time { return w.now }
	specs := record.Specs()
	for _, more := range [][]store.Spec{partner.Specs(), smart.Specs(), ledger.Specs(), account.Specs(), inquiry.Specs()} {
		specs = append(specs, more...)
	}
	engine, err := bolt.Open(t.TempDir(), store.Specs(specs...), bolt.Options{NoSync: true, Now: clock})
	w.must(err)
	t.Cleanup(func() { _ = engine.Close() })
	w.db, err = store.Open(engine, specs...)
	w.must(err)
	w.partner = partner.NewRegistry(w.db)
	w.ledger = ledgertest.Open(t, w.db, "main", clock)
	w.records = record.New(record.Options{Store: w.db, Ledger: w.ledger, Looks: w.ledger, Partners: partner.Agreements{Of: w.partner}, Key: bytes.Repeat([]byte{1}, 32), Now: clock})
	page, err := url.Parse("https://record.example/enrol")
	w.must(err)
	w.accounts, err = account.New(account.Options{DB: w.db, Key: bytes.Repeat([]byte{7}, 32), Now: clock, EnrolURL: page,
		Gone:     func(context.Context, string) (bool, error) { return false, nil },
		PersonOf: func(n nhs.Number) string { return string(w.records.PersonOf(n)) }})
	w.must(err)
	w.asked = inquiry.New(inquiry.Options{DB: w.db, Ledger: w.ledger, Partners: partner.Agreements{Of: w.partner}, People: w, Notices: w, Now: clock})
	staff := professional.New(professional.Options{Inquiries: w.asked, Enrolments: w.records, Codes: w.accounts})
	systems := smart.New(smart.Options{DB: w.db, Partners: w.partner, TokenURL: "https://record.example/oauth/token", Now: clock})
	w.app = api.New(api.Options{Records: w.records, Auth: w, Systems: systems, Certs: systems, Routes: staff.Routes(), Now: clock,
		Log: slog.DiscardHandler, BaseURL: "https://record.example", Version: "test"})
	w.people()
	return w
}

// people signs the agreements, gives everybody a token, and sends Mary.
func (w *world) people() {
	for org, kind := range map[nhs.ODS]partner.Kind{practice: partner.GP, hospital: partner.Acute, programme: partner.Programme, "J81002": partner.GP} {
		a := partner.Agreement{Org: org, Name: "Org " + string(org), Kind: kind, Read: section.All, Contribute: section.All,
			Signed: w.now.AddDate(-1, 0, 0), Ends: w.now.AddDate(1, 0, 0), DSPT: w.now.AddDate(1, 0, 0)}
		_, err := w.partner.PutAgreement(w.t.Context(), a, 0, "test", w.now)
		w.must(err)
	}
	for name, who := range map[string]struct {
		org  nhs.ODS
		role identity.Role
	}{
		"anna": {practice, identity.Receptionist}, "bert": {practice, identity.Nurse}, "gina": {"J81002", identity.Receptionist},
		"doctor": {hospital, identity.Clinician}, "olive": {hospital, identity.PrivacyOfficer}, "petra": {practice, identity.PrivacyOfficer},
		"clara": {programme, identity.ProgrammeOffice},
	} {
		w.tokens[name] = identity.Caller{Kind: identity.Professional, ID: "cis2/" + name, Name: name, Org: who.org, Role: who.role,
			AuthTime: w.now, Expires: w.now.AddDate(1, 0, 0)}
	}
	w.tokens["mary"] = identity.Caller{Kind: identity.Resident, ID: "amary", Person: w.mary(), Proofing: identity.P9, Expires: w.now.AddDate(1, 0, 0)}
	w.sends(record.Source{ID: "gp", Org: practice, Kind: partner.GP}, `{"resourceType":"Patient","id":"m","identifier":[{"system":"`+nhs.NumberSystem+`","value":"`+mary.Digits()+
		`"}],"name":[{"family":"Marigold","given":["Mary"]}],"gender":"female","birthDate":"`+maryBorn+`"}`)
	w.sends(record.Source{ID: "uhd", Org: hospital, Kind: partner.Acute}, `{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"period":{"start":"2026-01-02T10:00:00Z","end":"2026-01-02T11:00:00Z"}}`)
}

func (w *world) mary() string { return string(w.records.PersonOf(mary)) }

func (w *world) sends(s record.Source, text string) {
	w.t.Helper()
	d, err := fhir.Parse([]byte(text))
	w.must(err)
	_, err = w.records.Apply(w.t.Context(), record.Change{Person: w.records.PersonOf(mary), Source: s,
		Message: record.Message{Seq: 1, Key: s.ID, Time: w.now.AddDate(0, 0, -1), Received: w.now},
		Objects: []record.Object{{Type: d.Root().Type(), SourceID: d.Root().ID(), Resource: d.Root()}}})
	w.must(err)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) Verify(_ context.Context, token string) (identity.Caller, error) {
	if c, ok := w.tokens[token]; ok {
		return c, nil
	}
	return identity.Caller{}, errs.New(errs.Unauthenticated, "The token does not hold.")
}

// NameOf and Inquiry join the rooms as the server does.
func (w *world) NameOf(ctx context.Context, person string) (string, error) {
	return w.records.NameOf(ctx, record.PersonID(person))
}

func (w *world) Inquiry(ctx context.Context, person string, n inquiry.Notice) error {
	kind := account.InquiryAnswered
	if n.Kind == inquiry.IsLate {
		kind = account.InquiryLate
	}
	return w.accounts.Tell(ctx, person, n.Key, account.Notice{Kind: kind, At: n.At, About: string(n.Org)})
}

// trail returns what the ledger was told since it was last asked.
func (w *world) trail() []string {
	w.t.Helper()
	out := []string{}
	w.must(w.ledger.Read(w.t.Context(), w.mark, func(_ uint64, e ledger.Event) bool {
		person := e.Person
		if person == w.mary() {
			person = "mary"
		}
		out = append(out, fmt.Sprintf("%s %s %s %s: %s", strings.TrimPrefix(e.Caller, "cis2/"), e.Action, e.Outcome, person, e.What))
		return true
	}))
	w.mark = w.ledger.Len()
	return out
}

// answer is what came back.
type answer struct {
	status int
	etag   string
	kind   string
	body   string
}

func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
}

// does sends "METHOD /path" with a token, a JSON body and headers in pairs.
func (w *world) does(token, route, body string, header ...string) answer {
	w.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	req := httptest.NewRequestWithContext(w.t.Context(), method, "/professional/v1"+path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := w.app.Test(req, 20_000)
	w.must(err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	w.must(err)
	if got := resp.Header.Get("Cache-Control"); resp.StatusCode < http.StatusInternalServerError && got != "no-store" {
		w.t.Errorf("%s: Cache-Control %q", route, got)
	}
	return answer{resp.StatusCode, resp.Header.Get("ETag"), resp.Header.Get("Content-Type"), string(b)}
}

// enrols opens Mary's account with a code.
func (w *world) enrols(code string) {
	w.t.Helper()
	e, err := w.accounts.Begin(w.t.Context(), account.Entered{Code: code, Number: mary, BirthDate: maryBorn})
	w.must(err)
	_, err = w.accounts.Finish(w.t.Context(), e.Ticket, passkey.Registered{UserHandle: e.Handle, Credential: passkey.Credential{ID: []byte("credential of " + e.Account), PublicKey: []byte("key")}}, nil)
	w.must(err)
}

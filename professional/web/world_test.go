package web_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/api"
	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc/oidctest"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/identity/smart"
	"github.com/dorsetcarerecord/dcr/internal/identity/staff"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/ledger/ledgertest"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	handlers "github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/dorsetcarerecord/dcr/professional"
	"github.com/dorsetcarerecord/dcr/professional/web"
)

const (
	practice nhs.ODS = "J81001"
	hospital nhs.ODS = "R0D"
	office   nhs.ODS = "QVV"
	maryBorn         = "1950-02-03"
	secret           = "the client's secret"
)

var mary = nhs.MustNumber("9990000018")

// jobs are who works where, with the code of their role.
var jobs = map[string]struct {
	org  nhs.ODS
	code string
}{
	"anna": {practice, "R1"}, "bert": {practice, "R2"}, "doctor": {hospital, "R3"}, "olive": {hospital, "R4"}, "nobody": {practice, "R9"},
	"clara": {office, "R5"},
}

// world is the service with the staff's pages, and an issuer on a real socket that
// logs in whoever is named.
type world struct {
	t        *testing.T
	now      time.Time
	real     bool // the clock of the machine: a browser keeps cookies by it
	base     string
	listener net.Listener
	db       *store.DB
	ledger   *ledger.Ledger
	partner  *partner.Registry
	records  *record.Records
	accounts *account.Accounts
	asked    *inquiry.Inquiries
	flow     *oidctest.Flow
	issuer   *oidctest.Issuer
	user     string // who the issuer logs in when a browser comes
	signedIn time.Time
	sessions *staff.Sessions
	pages    *web.Pages
	app      *fiber.App
	mark     uint64
}

func (w *world) clock() time.Time {
	if w.real {
		return time.Now()
	}
	return w.now
}

func newWorld(t *testing.T, clock bool) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC), real: clock}
	if clock {
		w.now = time.Now()
	}
	w.signedIn = w.now
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	t.Cleanup(func() { _ = l.Close() })
	w.listener, w.base = l, fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
	w.rooms()
	w.people()
	w.openIssuer()
	w.open()
	return w
}

// rooms opens what the pages stand on.
func (w *world) rooms() {
	specs := record.Specs()
	for _, more := range [][]store.Spec{partner.Specs(), smart.Specs(), ledger.Specs(), account.Specs(), inquiry.Specs(), staff.Specs()} {
		specs = append(specs, more...)
	}
	engine, err := bolt.Open(w.t.TempDir(), store.Specs(specs...), bolt.Options{NoSync: true, Now: w.clock})
	w.must(err)
	w.t.Cleanup(func() { _ = engine.Close() })
	w.db, err = store.Open(engine, specs...)
	w.must(err)
	w.partner = partner.NewRegistry(w.db)
	w.ledger = ledgertest.Open(w.t, w.db, "main", w.clock)
	w.records = record.New(record.Options{Store: w.db, Ledger: w.ledger, Looks: w.ledger, Partners: partner.Agreements{Of: w.partner}, Key: bytes.Repeat([]byte{1}, 32), Now: w.clock})
	page, err := url.Parse(w.base + "/enrol")
	w.must(err)
	w.accounts, err = account.New(account.Options{DB: w.db, Key: bytes.Repeat([]byte{7}, 32), Now: w.clock, EnrolURL: page,
		Gone:     func(context.Context, string) (bool, error) { return false, nil },
		PersonOf: func(n nhs.Number) string { return string(w.records.PersonOf(n)) }})
	w.must(err)
	w.asked = inquiry.New(inquiry.Options{DB: w.db, Ledger: w.ledger, Partners: partner.Agreements{Of: w.partner}, People: w, Notices: w, Now: w.clock})
}

// openIssuer starts the issuer, which is called cis2.
func (w *world) openIssuer() {
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	w.t.Cleanup(server.Close)
	var err error
	w.issuer, err = oidctest.New(server.URL, "dcr")
	w.must(err)
	w.flow = oidctest.NewFlow(oidctest.FlowOptions{URL: server.URL, Keys: w.issuer.Keys, Sign: w.issuer.Sign, Now: w.clock,
		Clients: []oidctest.Client{{ID: "pages", Redirect: w.base + staff.ReturnPath("cis2"), Secret: secret}},
		Claims: func(g oidctest.Grant) (token, info map[string]any) {
			all := w.issuer.Claims(w.person(g.User), w.clock())
			return map[string]any{"acr": "AAL3", "selected_roleid": all["selected_roleid"]},
				map[string]any{"nhsid_useruid": g.User, "name": strings.ToUpper(g.User[:1]) + g.User[1:], "nhsid_nrbac_roles": all["nhsid_nrbac_roles"]}
		}})
	mux.HandleFunc("/.well-known/openid-configuration", w.flow.Discovery)
	mux.HandleFunc("/.well-known/jwks.json", w.flow.JWKS)
	mux.HandleFunc("/token", w.flow.Token)
	mux.HandleFunc("/userinfo", w.flow.UserInfo)
	mux.HandleFunc("/authorize", func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, w.grants(r.URL.Query(), w.user), http.StatusFound)
	})
}

func (w *world) person(user string) oidctest.Person {
	return oidctest.Person{Sub: user, Org: string(jobs[user].org), RoleCode: jobs[user].code, RoleName: "x", ACR: "AAL3"}
}

// grants answers a request to the issuer for somebody.
func (w *world) grants(query url.Values, user string) string {
	asked, err := w.flow.Read(query)
	if err != nil {
		w.t.Error(err)
	}
	return w.flow.Grant(asked, oidctest.Grant{User: user, AuthTime: w.signedIn})
}

// open puts the pages on the rooms, as the server does.
func (w *world) open() {
	verifier := oidc.New(oidc.Options{Issuers: []oidc.Issuer{{Name: "cis2", URL: w.issuer.URL(), Audience: "dcr"}}, Now: w.clock,
		Roles: map[string]identity.Role{"R1": identity.Receptionist, "R2": identity.Nurse, "R3": identity.Clinician, "R4": identity.PrivacyOfficer, "R5": identity.ProgrammeOffice}})
	var err error
	w.sessions, err = staff.New(staff.Options{Verifier: verifier, Clients: []staff.Client{{Issuer: "cis2", ID: "pages", Secret: secret}}, PublicURL: w.base,
		Seal: bytes.Repeat([]byte{9}, 32), DB: w.db, Now: w.clock})
	w.must(err)
	service := professional.New(professional.Options{Inquiries: w.asked, Enrolments: w.records, Codes: w.accounts})
	w.pages, err = web.New(web.Options{Service: service, Sessions: w.sessions, Seal: bytes.Repeat([]byte{8}, 32), Now: w.clock, Style: "/assets/app.css", PerSecond: 1, Burst: 30,
		OrgName: func(org nhs.ODS) string { return map[nhs.ODS]string{practice: "Poole Road Surgery"}[org] }})
	w.must(err)
	systems := smart.New(smart.Options{DB: w.db, Partners: w.partner, TokenURL: w.base + "/oauth/token", Now: w.clock})
	w.app = api.New(api.Options{Records: w.records, Auth: verifier, Systems: systems, Certs: systems, StaffSessions: w.sessions,
		Routes:    append(append(w.pages.Routes(), service.Routes()...), w.style()),
		ErrorPage: w.pages.Failed, Now: w.clock, Log: slog.DiscardHandler, BaseURL: w.base, Version: "test"})
}

// style serves the style sheet that the residents' pages have, from where it lies.
func (w *world) style() handlers.Route {
	var css []byte
	for _, name := range []string{"nhsuk.css", "dcr.css"} {
		b, err := os.ReadFile("../../citizen/web/assets/" + name)
		w.must(err)
		css = append(css, b...)
	}
	return handlers.Route{Method: "GET", Path: "/assets/app.css", Access: handlers.Public, Page: true, Handler: func(c *fiber.Ctx) error {
		c.Set("Content-Type", "text/css; charset=utf-8")
		return c.Send(css)
	}}
}

// people signs the agreements and sends Mary.
func (w *world) people() {
	for org, kind := range map[nhs.ODS]partner.Kind{practice: partner.GP, hospital: partner.Acute, office: partner.Programme} {
		_, err := w.partner.PutAgreement(w.t.Context(), partner.Agreement{Org: org, Name: "Org " + string(org), Kind: kind, Read: section.All, Contribute: section.All,
			Signed: w.now.AddDate(-1, 0, 0), Ends: w.now.AddDate(1, 0, 0), DSPT: w.now.AddDate(1, 0, 0)}, 0, "test", w.now)
		w.must(err)
	}
	d, err := fhir.Parse([]byte(`{"resourceType":"Patient","id":"m","identifier":[{"system":"` + nhs.NumberSystem + `","value":"` + mary.Digits() +
		`"}],"name":[{"family":"Marigold","given":["Mary"]}],"gender":"female","birthDate":"` + maryBorn + `"}`))
	w.must(err)
	_, err = w.records.Apply(w.t.Context(), record.Change{Person: w.records.PersonOf(mary), Source: record.Source{ID: "gp", Org: practice, Kind: partner.GP},
		Message: record.Message{Seq: 1, Key: "gp", Time: w.now.AddDate(0, 0, -1), Received: w.now},
		Objects: []record.Object{{Type: d.Root().Type(), SourceID: d.Root().ID(), Resource: d.Root()}}})
	w.must(err)
}

func (w *world) mary() string { return string(w.records.PersonOf(mary)) }

// asks makes the doctor look, and Mary ask why.
func (w *world) asks(words string) {
	w.t.Helper()
	seq, err := w.ledger.Append(w.t.Context(), &ledger.Event{Time: w.clock(), Request: "r0", Kind: identity.Professional, Caller: "cis2/doctor", Name: "Doctor",
		Role: identity.Clinician, Org: hospital, Action: access.Read, Outcome: access.Allowed, Basis: access.ByEncounter, Person: w.mary(), Sections: section.Of(section.Medicines, section.Results), What: "$everything"})
	w.must(err)
	resident := identity.Caller{Kind: identity.Resident, ID: account.IDOf(w.mary()), Person: w.mary(), Proofing: identity.P9, Expires: w.clock().Add(time.Hour)}
	door, err := w.records.OpenAccesses(w.t.Context(), resident, record.PersonID(w.mary()), "r")
	w.must(err)
	_, err = w.asked.Ask(w.t.Context(), resident, door, "main", seq, words)
	w.must(err)
	w.mark = w.ledger.Len()
}

// enrols opens Mary's account with a code.
func (w *world) enrols(code string) {
	w.t.Helper()
	e, err := w.accounts.Begin(w.t.Context(), account.Entered{Code: code, Number: mary, BirthDate: maryBorn})
	w.must(err)
	_, err = w.accounts.Finish(w.t.Context(), e.Ticket, passkey.Registered{UserHandle: e.Handle, Credential: passkey.Credential{ID: []byte("credential of " + e.Account), PublicKey: []byte("key")}}, nil)
	w.must(err)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// NameOf and Inquiry join the rooms as the server does.
func (w *world) NameOf(ctx context.Context, person string) (string, error) {
	return w.records.NameOf(ctx, record.PersonID(person))
}

func (w *world) Inquiry(context.Context, string, inquiry.Notice) error { return nil }

// trail returns what the ledger was told since it was last asked.
func (w *world) trail() []string {
	w.t.Helper()
	out := []string{}
	w.must(w.ledger.Read(w.t.Context(), w.mark, func(_ uint64, e ledger.Event) bool {
		out = append(out, fmt.Sprintf("%s %s %s: %s", strings.TrimPrefix(e.Caller, "cis2/"), e.Action, e.Outcome, e.What))
		return true
	}))
	w.mark = w.ledger.Len()
	return out
}

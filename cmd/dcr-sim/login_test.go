package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/codeflow"
	"github.com/dorsetcarerecord/dcr/internal/identity/nhslogin"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc"
	"github.com/dorsetcarerecord/dcr/internal/identity/staff"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
)

// issuers starts those of a county on real sockets, and returns the settings of a
// dcrd that takes them.
func issuers(t *testing.T) (settings, *config.Config) {
	t.Helper()
	professionals, residents := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	dir := t.TempDir()
	s := settings{Seed: 5, People: 6, PerPerson: 30, API: "127.0.0.1:1", Ops: "127.0.0.1:2", Sources: "127.0.0.1:3", Data: filepath.Join(dir, "data"),
		Issuer: professionals.Listener.Addr().String(), NHSLogin: residents.Listener.Addr().String()}
	if _, err := prepare(dir, s, false, time.Now()); err != nil {
		t.Fatal(err)
	}
	s, err := readSettings(dir)
	if err != nil {
		t.Fatal(err)
	}
	if professionals.Config.Handler, err = newIssuer(dir, s, s.county(), time.Now); err != nil {
		t.Fatal(err)
	}
	if residents.Config.Handler, err = newNHSLogin(dir, s, s.county(), time.Now); err != nil {
		t.Fatal(err)
	}
	for _, server := range []*httptest.Server{professionals, residents} {
		server.Start()
		t.Cleanup(server.Close)
	}
	c, err := config.Load(filepath.Join(dir, "dcrd.env"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// browser is one that keeps cookies, and says where it is sent.
type browser struct {
	t *testing.T
	c *http.Client
}

func newBrowser(t *testing.T) browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return browser{t, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// opens an address of an issuer; fills in its page, if form is not nil. It returns the
// page, or the query of the address that it is sent to.
func (b browser) opens(at string, form url.Values) (status int, page string, sentTo *url.URL) {
	b.t.Helper()
	var resp *http.Response
	var err error
	if form == nil {
		resp, err = b.c.Get(at)
	} else {
		resp, err = b.c.PostForm(at, form)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if sentTo, err = resp.Location(); err != nil {
		sentTo = &url.URL{}
	}
	return resp.StatusCode, string(body), sentTo
}

func seal() []byte { return []byte("0123456789abcdef0123456789abcdef") }

func TestResidentsLogInByNHSLogin(t *testing.T) {
	s, c := issuers(t)
	key, err := codeflow.LoadKey(c.NHSLogin.Key)
	if err != nil {
		t.Fatal(err)
	}
	client, err := nhslogin.New(nhslogin.Options{Issuer: c.NHSLogin.Issuer, ClientID: c.NHSLogin.ClientID, Key: key, PublicURL: c.PublicURL, Seal: seal(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	begin := func(l nhslogin.Level) codeflow.Begun {
		b, err := client.Begin(t.Context(), l, "/enrol/passkey")
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	who := s.county().Person(2)

	b := newBrowser(t)
	for _, form := range []url.Values{{"user": {"resident-3"}, "level": {"P9"}}, {"user": {"resident-1"}, "typed": {who.Number.Digits()}, "level": {"P9"}}} {
		begun := begin(nhslogin.P9)
		if status, page, _ := b.opens(begun.URL, nil); status != 200 || !strings.Contains(page, who.Family) {
			t.Fatalf("the page, though this browser was known: %d %s", status, page) // prompt=login
		}
		_, _, to := b.opens(begun.URL, form)
		if to.Host != "localhost:1" || to.Path != nhslogin.ReturnPath {
			t.Fatalf("sent to %s", to)
		}
		got, err := client.Finish(t.Context(), begun.Cookie, to.RawQuery)
		if err != nil {
			t.Fatal(err)
		}
		got.AuthTime = time.Time{}
		want := nhslogin.Claims{NHSNumber: who.Number, BirthDate: who.BirthDate(), Proofing: "P9", VoT: "P9.Cp.Cd", Sub: "resident-3", Return: "/enrol/passkey"}
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if _, err := client.Finish(t.Context(), begun.Cookie, to.RawQuery); errs.CodeOf(err) != codeflow.CodeFailed {
			t.Errorf("the code a second time: %v", err)
		}
	}

	begun := begin(nhslogin.P9)
	if status, page, _ := b.opens(begun.URL, url.Values{"user": {"resident-3"}, "level": {"P5"}}); status != 400 || !strings.Contains(page, "asks for P9") {
		t.Errorf("less than was asked for: %d", status)
	}
	if status, _, _ := b.opens(begun.URL, url.Values{"typed": {"9000000009"}, "level": {"P9"}}); status != 400 {
		t.Errorf("a number of nobody: %d", status)
	}
	_, _, to := b.opens(begun.URL, url.Values{"deny": {"1"}})
	if _, err := client.Finish(t.Context(), begun.Cookie, to.RawQuery); errs.CodeOf(err) != codeflow.CodeCancelled {
		t.Errorf("turned back: %v", err)
	}
	begun = begin(nhslogin.P5)
	_, _, to = b.opens(begun.URL, url.Values{"user": {"resident-1"}, "level": {"P5"}})
	if got, err := client.Finish(t.Context(), begun.Cookie, to.RawQuery); err != nil || got.Proofing != "P5" || got.VoT != "P5.Cp.Cd" {
		t.Errorf("P5: %v %v", got.Proofing, err)
	}
	status, _, to := b.opens(strings.Replace(begun.URL, url.QueryEscape(nhslogin.ReturnPath), url.QueryEscape("/elsewhere"), 1), nil)
	if status != 400 || to.Host != "" {
		t.Errorf("another redirect_uri: %d %s", status, to)
	}
	_, _, to = b.opens(strings.Replace(begun.URL, "P5.Cm", "P7.Cm", 1), nil)
	if to.Query().Get("error") != "invalid_request" {
		t.Errorf("a vector that there is not: sent to %s", to)
	}
	_, _, to = b.opens(strings.Replace(begun.URL, "code_challenge_method=S256", "code_challenge_method=plain", 1), nil)
	if to.Query().Get("error") != "invalid_request" {
		t.Errorf("without PKCE: sent to %s", to)
	}
}

func TestStaffLogInByTheirIssuer(t *testing.T) {
	s, c := issuers(t)
	i := c.Issuers[0]
	key, err := codeflow.LoadKey(i.Client.Key)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := bolt.Open(t.TempDir(), store.Specs(staff.Specs()...), bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(engine, staff.Specs()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	verifier := oidc.New(oidc.Options{Issuers: []oidc.Issuer{{Name: i.Name, URL: i.URL, Audience: i.Audience}}, Roles: c.Roles, Now: time.Now})
	sessions, err := staff.New(staff.Options{Verifier: verifier, PublicURL: c.PublicURL, Seal: seal(), DB: db, Now: time.Now,
		Clients: []staff.Client{{Issuer: i.Name, ID: i.Client.ID, Key: key, Scopes: i.Client.Scopes}}})
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t)
	for n, p := range s.county().Professionals() {
		begun, err := sessions.Begin(t.Context(), i.Name, "/staff/codes")
		if err != nil {
			t.Fatal(err)
		}
		_, _, to := b.opens(begun.URL, url.Values{"user": {p.Sub}})
		session, err := sessions.Finish(t.Context(), i.Name, begun.Cookie, to.RawQuery)
		if err != nil {
			t.Fatalf("%s: %v", p.User, err)
		}
		got, err := sessions.Authenticate(t.Context(), session.Cookie)
		if err != nil || got.Role != p.Role || got.Org != p.Org.ODS || got.Name != p.Name() || got.ID != "sim/"+p.Sub || session.Return != "/staff/codes" {
			t.Errorf("%s: %+v, %v", p.User, got, err)
		}
		if n > 0 {
			continue
		}
		// Who is known to the issuer is offered as chosen, and goes on with their log-in.
		begun, err = sessions.Begin(t.Context(), i.Name, "/staff")
		if err != nil {
			t.Fatal(err)
		}
		status, page, _ := b.opens(begun.URL, nil)
		if chosen := `<option value="` + p.Sub + `" selected>` + p.User + ": "; status != 200 || strings.Count(page, " selected") != 1 || !strings.Contains(page, chosen) {
			t.Errorf("not offered as %s: %d %s", chosen, status, page)
		}
		_, _, to = b.opens(begun.URL, url.Values{"user": {p.Sub}})
		again, err := sessions.Finish(t.Context(), i.Name, begun.Cookie, to.RawQuery)
		if err != nil || again.Caller.ID != got.ID || !again.Caller.AuthTime.Equal(got.AuthTime) {
			t.Errorf("renewed: %+v, %v", again.Caller, err)
		}
	}
}

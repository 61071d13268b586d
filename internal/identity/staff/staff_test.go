package staff_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc/oidctest"
	"github.com/dorsetcarerecord/dcr/internal/identity/staff"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
)

// world is an issuer on a real socket and a service that takes it.
type world struct {
	t           *testing.T
	now         time.Time
	issuer      *oidctest.Issuer
	flow        *oidctest.Flow
	verifier    *oidc.Verifier
	db          *store.DB
	sessions    *staff.Sessions
	token, info map[string]any
	signedIn    time.Time
}

func doctor() oidctest.Person {
	return oidctest.Person{Sub: "u1", UserUID: "555", Name: "Dr A", Org: "R0D", RoleCode: "S8000:G8000:R1", RoleName: "x", ACR: "AAL3"}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)}
	w.signedIn = w.now
	now := func() time.Time { return w.now }
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	var err error
	if w.issuer, err = oidctest.New(server.URL, "dcr"); err != nil {
		t.Fatal(err)
	}
	all := w.issuer.Claims(doctor(), w.now)
	w.token = map[string]any{"acr": "AAL3", "selected_roleid": all["selected_roleid"]}
	w.info = map[string]any{"nhsid_useruid": "555", "name": "Dr A", "nhsid_nrbac_roles": all["nhsid_nrbac_roles"]}
	w.flow = oidctest.NewFlow(oidctest.FlowOptions{URL: server.URL, Clients: []oidctest.Client{{ID: "pages", Redirect: "https://record.example" + staff.ReturnPath("cis2"), Secret: "s"}},
		Keys: w.issuer.Keys, Sign: w.issuer.Sign, Now: now, Claims: func(oidctest.Grant) (map[string]any, map[string]any) { return w.token, w.info }})
	mux.HandleFunc("/.well-known/openid-configuration", w.flow.Discovery)
	mux.HandleFunc("/.well-known/jwks.json", w.flow.JWKS)
	mux.HandleFunc("/token", w.flow.Token)
	mux.HandleFunc("/userinfo", w.flow.UserInfo)
	engine, err := bolt.Open(t.TempDir(), store.Specs(staff.Specs()...), bolt.Options{NoSync: true, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if w.db, err = store.Open(engine, staff.Specs()...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.db.Close() })
	w.verifier = oidc.New(oidc.Options{Issuers: []oidc.Issuer{{Name: "cis2", URL: server.URL, Audience: "dcr"}}, Roles: map[string]identity.Role{"R1": identity.Clinician}, Now: now})
	w.sessions = w.instance(w.verifier, 1)
	return w
}

// instance is the sessions of one dcrd on the store.
func (w *world) instance(v *oidc.Verifier, seal byte) *staff.Sessions {
	w.t.Helper()
	s, err := staff.New(staff.Options{Verifier: v, Clients: []staff.Client{{Issuer: "cis2", ID: "pages", Secret: "s", Params: map[string]string{"acr_values": "AAL3"}}},
		PublicURL: "https://record.example", Seal: bytes.Repeat([]byte{seal}, 32), DB: w.db, Now: func() time.Time { return w.now }})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) logsIn() (staff.Session, error) {
	w.t.Helper()
	b, err := w.sessions.Begin(w.t.Context(), "cis2", "/staff")
	if err != nil {
		w.t.Fatal(err)
	}
	at, err := url.Parse(b.URL)
	if err != nil || at.Query().Get("acr_values") != "AAL3" {
		w.t.Fatal(b.URL, err)
	}
	asked, err := w.flow.Read(at.Query())
	if err != nil {
		w.t.Fatal(err)
	}
	_, query, _ := strings.Cut(w.flow.Grant(asked, oidctest.Grant{User: "u1", AuthTime: w.signedIn}), "?")
	return w.sessions.Finish(w.t.Context(), "cis2", b.Cookie, query)
}

// A session is of the very caller that a bearer token with the same claims is.
func TestASessionIsWhatTheTokenWouldBe(t *testing.T) {
	w := newWorld(t)
	w.signedIn = w.now.Add(-11*time.Hour - 50*time.Minute)
	s, err := w.logsIn()
	if err != nil {
		t.Fatal(err)
	}
	claims := w.issuer.Claims(doctor(), w.now)
	claims["auth_time"] = w.signedIn.Unix()
	want, err := w.verifier.Verify(t.Context(), w.issuer.Sign(claims))
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.sessions.Authenticate(t.Context(), s.Cookie)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !got.Expires.Equal(w.signedIn.Add(12 * time.Hour)) {
		t.Errorf("until %s", got.Expires)
	}
}

func TestClaimsThatRefuse(t *testing.T) {
	for name, spoil := range map[string]func(w *world){
		"AAL1":                      func(w *world) { w.token["acr"] = "AAL1" },
		"acr in the userinfo only":  func(w *world) { w.info["acr"] = "AAL3"; delete(w.token, "acr") },
		"no role selected":          func(w *world) { delete(w.token, "selected_roleid") },
		"another role selected":     func(w *world) { w.token["selected_roleid"] = "other" },
		"no roles":                  func(w *world) { delete(w.info, "nhsid_nrbac_roles") },
		"none in the token":         func(w *world) { w.token["nhsid_nrbac_roles"] = []any{} },
		"no user id":                func(w *world) { delete(w.info, "nhsid_useruid") },
		"of somebody else":          func(w *world) { w.info["sub"] = "u2" },
		"authenticated long ago":    func(w *world) { w.signedIn = w.now.Add(-12 * time.Hour) },
		"no auth_time in the token": func(w *world) { w.token["auth_time"] = nil; w.info["auth_time"] = w.now.Unix() },
	} {
		w := newWorld(t)
		spoil(w)
		if s, err := w.logsIn(); errs.KindOf(err) != errs.Unauthenticated || err == nil {
			t.Errorf("%s: %+v %v", name, s.Caller, err)
		}
	}
}

func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	begin := func() string {
		s, err := w.logsIn()
		if err != nil {
			t.Fatal(err)
		}
		return s.Cookie
	}
	counts := func(s *staff.Sessions, cookie string) bool {
		_, err := s.Authenticate(t.Context(), cookie)
		if err != nil && errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("%v", err)
		}
		return err == nil
	}
	one, other := begin(), begin()
	beside := w.instance(w.verifier, 1)
	if !counts(w.sessions, one) || !counts(beside, one) {
		t.Fatal("a session that has begun does not count")
	}
	for name, cookie := range map[string]string{"empty": "", "cut": one[:20], "changed": "AAAA" + one[4:], "long": strings.Repeat("A", 8000), "no base64": "!!"} {
		if counts(w.sessions, cookie) {
			t.Errorf("%s cookie counts", name)
		}
		if err := w.sessions.End(t.Context(), cookie); err != nil {
			t.Errorf("%s cookie: %v", name, err)
		}
	}
	if counts(w.instance(w.verifier, 2), one) {
		t.Error("a cookie under another key counts")
	}
	for range 2 {
		if err := w.sessions.End(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	if counts(w.sessions, one) || counts(beside, one) {
		t.Error("a session counts after log-out, here or on another instance")
	}
	if !counts(w.sessions, other) {
		t.Error("another session of the same person ended with it")
	}
	w.now = w.now.Add(15 * time.Minute)
	if counts(w.sessions, other) {
		t.Error("a session counts 15 minutes after its token was issued")
	}
}

// When the issuer withdraws the key that signed a log-in, or is no longer taken, the
// session ends with it.
func TestSessionsEndWithTheirIssuersKey(t *testing.T) {
	w := newWorld(t)
	s, err := w.logsIn()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.issuer.Rotate(true); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Minute)
	if _, err := w.logsIn(); err != nil { // with the new key, which makes the keys be fetched
		t.Fatal(err)
	}
	if _, err := w.sessions.Authenticate(t.Context(), s.Cookie); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("signed with a key that was withdrawn: %v", err)
	}
}

func TestIssuers(t *testing.T) {
	w := newWorld(t)
	if d := cmp.Diff([]string{"cis2"}, w.sessions.Issuers()); d != "" {
		t.Error(d)
	}
	if _, err := w.sessions.Begin(t.Context(), "other", "/"); errs.KindOf(err) != errs.NotFound {
		t.Error(err)
	}
	if _, err := w.sessions.Finish(t.Context(), "other", "", ""); errs.KindOf(err) != errs.NotFound {
		t.Error(err)
	}
	_, err := staff.New(staff.Options{Verifier: w.verifier, Clients: []staff.Client{{Issuer: "other", ID: "x", Secret: "s"}}, PublicURL: "https://record.example", Seal: make([]byte, 32), DB: w.db, Now: time.Now})
	if err == nil {
		t.Error("a client of an issuer that there is not")
	}
}

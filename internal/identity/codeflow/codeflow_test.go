package codeflow_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/codeflow"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc/oidctest"
)

const redirect = "https://record.example/return"

// world is an issuer on a real socket, whose answers a test may spoil.
type world struct {
	t      *testing.T
	now    time.Time
	server *httptest.Server
	flow   *oidctest.Flow
	claims map[string]any                         // over those of a good ID token
	info   map[string]any                         // of a good userinfo
	spoil  map[string]func(w http.ResponseWriter) // by path, instead of a good answer
}

func newWorld(t *testing.T, clients ...oidctest.Client) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC), spoil: map[string]func(http.ResponseWriter){}}
	mux := http.NewServeMux()
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if bad := w.spoil[r.URL.Path]; bad != nil {
			bad(rw)
			return
		}
		mux.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.server.Close)
	signer, err := oidctest.New(w.server.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	w.flow = oidctest.NewFlow(oidctest.FlowOptions{URL: w.server.URL, Clients: clients, Keys: signer.Keys, Sign: signer.Sign, Now: func() time.Time { return w.now },
		Claims: func(oidctest.Grant) (map[string]any, map[string]any) { return w.claims, w.info }})
	mux.HandleFunc("/.well-known/openid-configuration", w.flow.Discovery)
	mux.HandleFunc("/.well-known/jwks.json", w.flow.JWKS)
	mux.HandleFunc("/token", w.flow.Token)
	mux.HandleFunc("/userinfo", w.flow.UserInfo)
	return w
}

// client returns a client of the issuer; change may change its options.
func (w *world) client(change func(*codeflow.Options)) *codeflow.Client {
	w.t.Helper()
	now := func() time.Time { return w.now }
	p, err := oidc.NewProvider(w.server.URL, nil, now)
	if err != nil {
		w.t.Fatal(err)
	}
	o := codeflow.Options{Provider: p, ClientID: "c", Secret: "s", Redirect: redirect, Seal: bytes.Repeat([]byte{1}, 32), Now: now}
	if change != nil {
		change(&o)
	}
	c, err := codeflow.New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func secret() oidctest.Client { return oidctest.Client{ID: "c", Redirect: redirect, Secret: "s"} }

// begins begins a log-in, and has the issuer log somebody in.
func (w *world) begins(c *codeflow.Client) (codeflow.Begun, codeflow.Answer) {
	w.t.Helper()
	b, err := c.Begin(w.t.Context(), codeflow.Start{Return: "/on", For: "x"})
	if err != nil {
		w.t.Fatal(err)
	}
	at, err := url.Parse(b.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	asked, err := w.flow.Read(at.Query())
	if err != nil {
		w.t.Fatal(err)
	}
	back, err := url.Parse(w.flow.Grant(asked, oidctest.Grant{User: "u", AuthTime: w.now}))
	if err != nil {
		w.t.Fatal(err)
	}
	a, err := codeflow.ReadAnswer(back.RawQuery)
	if err != nil {
		w.t.Fatal(err)
	}
	return b, a
}

func TestALogIn(t *testing.T) {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		client oidctest.Client
		key    any
	}{
		"by a secret": {secret(), nil}, "by an RSA key": {oidctest.Client{ID: "c", Redirect: redirect, Key: &r.PublicKey}, r},
		"by an EC key": {oidctest.Client{ID: "c", Redirect: redirect, Key: &e.PublicKey}, e},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tt.client)
			w.info = map[string]any{"name": "U"}
			c := w.client(func(o *codeflow.Options) {
				if tt.key != nil {
					o.Secret = ""
					if o.Key, err = codeflow.NewKey(tt.key); err != nil {
						t.Fatal(err)
					}
				}
			})
			b, a := w.begins(c)
			in, err := c.Finish(t.Context(), b.Cookie, a)
			if err != nil || in.Subject != "u" || in.Return != "/on" || in.For != "x" || !in.AuthTime.Equal(w.now) {
				t.Fatalf("%+v %v", in, err)
			}
			info, err := c.UserInfo(t.Context(), in)
			if err != nil || !strings.Contains(string(info), `"name":"U"`) {
				t.Errorf("%s %v", info, err)
			}
			if strings.Contains(b.Cookie, a.State) || len(b.Cookie) > 1000 {
				t.Error("the cookie shows what is in it, or is large")
			}
		})
	}
}

func TestIDTokensThatDoNotHold(t *testing.T) {
	w := newWorld(t, secret())
	at := func(d time.Duration) int64 { return w.now.Add(d).Unix() }
	for name, claims := range map[string]map[string]any{
		"iss": {"iss": "https://other.example"}, "aud": {"aud": "d"}, "no aud": {"aud": []string{}}, "two aud without azp": {"aud": []string{"c", "d"}},
		"azp": {"azp": "d"}, "no sub": {"sub": ""}, "long sub": {"sub": strings.Repeat("u", 256)}, "nonce": {"nonce": "n"}, "no nonce": {"nonce": ""},
		"expired": {"exp": at(0)}, "no exp": {"exp": nil}, "no iat": {"iat": nil}, "iat in the future": {"iat": at(time.Minute)}, "iat before it began": {"iat": at(-time.Hour)},
		"auth_time in the future": {"auth_time": at(time.Minute)}, "at_hash": {"at_hash": "x"},
		"not fresh": {"auth_time": at(-time.Hour)}, "no auth_time": {"auth_time": nil}, "exp is text": {"exp": "soon"},
	} {
		w.claims = claims
		c := w.client(func(o *codeflow.Options) { o.Fresh = true })
		b, a := w.begins(c)
		if _, err := c.Finish(t.Context(), b.Cookie, a); errs.CodeOf(err) != codeflow.CodeFailed {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.claims = map[string]any{"auth_time": at(-time.Hour)}
	c := w.client(nil)
	b, a := w.begins(c)
	if _, err := c.Finish(t.Context(), b.Cookie, a); err != nil {
		t.Errorf("an older log-in where none need be fresh: %v", err)
	}
}

func TestAnswersThatDoNotHold(t *testing.T) {
	w := newWorld(t, secret(), oidctest.Client{ID: "d", Redirect: redirect, Secret: "s"})
	c := w.client(nil)
	b, good := w.begins(c)
	other, _ := w.begins(c)
	another := w.client(func(o *codeflow.Options) { o.ClientID = "d" })
	theirs, _ := w.begins(another)
	change := func(f func(*codeflow.Answer)) codeflow.Answer { a := good; f(&a); return a }
	for name, tt := range map[string]struct {
		cookie string
		answer codeflow.Answer
		code   string
	}{
		"no cookie": {"", good, codeflow.CodeExpired}, "the cookie of another log-in": {other.Cookie, good, codeflow.CodeExpired},
		"of another client": {theirs.Cookie, good, codeflow.CodeExpired}, "not ours": {"AAAA" + b.Cookie[4:], good, codeflow.CodeExpired}, "no base64": {"!", good, codeflow.CodeExpired},
		"too long":       {strings.Repeat("A", 9000), good, codeflow.CodeExpired},
		"another state":  {b.Cookie, change(func(a *codeflow.Answer) { a.State += "x" }), codeflow.CodeExpired},
		"no state":       {b.Cookie, change(func(a *codeflow.Answer) { a.State = "" }), codeflow.CodeExpired},
		"another issuer": {b.Cookie, change(func(a *codeflow.Answer) { a.Issuer = "https://other.example" }), codeflow.CodeFailed},
		"no code":        {b.Cookie, change(func(a *codeflow.Answer) { a.Code = "" }), codeflow.CodeFailed},
		"another code":   {b.Cookie, change(func(a *codeflow.Answer) { a.Code = "x" }), codeflow.CodeFailed},
		"turned back":    {b.Cookie, change(func(a *codeflow.Answer) { a.Error = "access_denied" }), codeflow.CodeCancelled},
		"refused":        {b.Cookie, change(func(a *codeflow.Answer) { a.Error = "invalid_scope" }), codeflow.CodeFailed},
	} {
		if _, err := c.Finish(t.Context(), tt.cookie, tt.answer); errs.CodeOf(err) != tt.code || errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Finish(t.Context(), b.Cookie, change(func(a *codeflow.Answer) { a.Error = "temporarily_unavailable" })); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("the issuer is not up: %v", err)
	}
	w.now = w.now.Add(10 * time.Minute)
	if _, err := c.Finish(t.Context(), b.Cookie, good); errs.CodeOf(err) != codeflow.CodeExpired {
		t.Errorf("ten minutes later: %v", err)
	}
	for _, query := range []string{"state=a&state=b&code=c", "code=%zz", strings.Repeat("x", 9000)} {
		if _, err := codeflow.ReadAnswer(query); errs.CodeOf(err) != codeflow.CodeFailed {
			t.Errorf("query %.20q: %v", query, err)
		}
	}
}

// What an issuer answers is bounded, and none of it comes out in an error.
func TestIssuersThatDoNotBehave(t *testing.T) {
	const leak = "a-secret-that-must-not-show"
	says := func(status int, media, body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", media)
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, body)
		}
	}
	for name, tt := range map[string]struct {
		path  string
		spoil func(http.ResponseWriter)
		kind  errs.Kind
	}{
		"token: down":             {"/token", says(503, "text/plain", leak), errs.Unavailable},
		"token: refused":          {"/token", says(400, "application/json", `{"error":"invalid_grant","error_description":"`+leak+`"}`), errs.Unauthenticated},
		"token: HTML":             {"/token", says(200, "text/html", "<p>"+leak), errs.Unavailable},
		"token: elsewhere":        {"/token", says(302, "text/plain", leak), errs.Unauthenticated},
		"token: no ID token":      {"/token", says(200, "application/json", `{"access_token":"`+leak+`","token_type":"Bearer"}`), errs.Unauthenticated},
		"token: no JWT":           {"/token", says(200, "application/json", `{"access_token":"a","token_type":"Bearer","id_token":"`+leak+`"}`), errs.Unauthenticated},
		"userinfo: of another":    {"/userinfo", says(200, "application/json", `{"sub":"`+leak+`"}`), errs.Unauthenticated},
		"userinfo: sub twice":     {"/userinfo", says(200, "application/json", `{"sub":"u","sub":"u"}`), errs.Unauthenticated},
		"userinfo: too long":      {"/userinfo", says(200, "application/json", `{"sub":"u","x":"`+strings.Repeat("x", 300<<10)+`"}`), errs.Unauthenticated},
		"userinfo: a JWT":         {"/userinfo", says(200, "application/jwt", leak), errs.Unauthenticated},
		"userinfo: down":          {"/userinfo", says(500, "text/plain", leak), errs.Unavailable},
		"discovery: down":         {"/.well-known/openid-configuration", says(500, "text/plain", leak), errs.Unavailable},
		"discovery: of another":   {"/.well-known/openid-configuration", says(200, "application/json", `{"issuer":"https://other.example"}`), errs.Unavailable},
		"discovery: in the clear": {"/.well-known/openid-configuration", nil, errs.Unavailable},
		"keys: none":              {"/.well-known/jwks.json", says(200, "application/json", `{"keys":[]}`), errs.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, secret())
			c := w.client(nil)
			if w.spoil[tt.path] = tt.spoil; tt.spoil == nil {
				w.spoil[tt.path] = says(200, "application/json", strings.ReplaceAll(`{"issuer":"U","jwks_uri":"U/.well-known/jwks.json","authorization_endpoint":"http://x.example/a","token_endpoint":"http://x.example/t"}`, "U", w.server.URL))
			}
			err := w.whole(c)
			if errs.KindOf(err) != tt.kind || err == nil || strings.Contains(err.Error(), leak) {
				t.Errorf("%v", err)
			}
		})
	}
}

// whole is a log-in from beginning to end.
func (w *world) whole(c *codeflow.Client) error {
	if _, err := c.Begin(w.t.Context(), codeflow.Start{}); err != nil {
		return err
	}
	b, a := w.begins(c)
	in, err := c.Finish(w.t.Context(), b.Cookie, a)
	if err == nil {
		_, err = c.UserInfo(w.t.Context(), in)
	}
	return err
}

func TestKeys(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // it is to be refused
	if err != nil {
		t.Fatal(err)
	}
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []any{weak, p521, "key"} {
		if _, err := codeflow.NewKey(k); err == nil {
			t.Errorf("%T was taken", k)
		}
	}
	good, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(good)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{"good": pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), "no PEM": []byte("key"), "no key": pem.EncodeToMemory(&pem.Block{Type: "X", Bytes: []byte("x")})} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		k, err := codeflow.LoadKey(path)
		if (err == nil) != (name == "good") {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && strings.Contains(fmt.Sprintf("%v %+v %#v", k, k, k), "0x") {
			t.Error("a key prints itself")
		}
	}
	if _, err := codeflow.LoadKey(filepath.Join(dir, "none")); err == nil {
		t.Error("a file that there is not")
	}
}

func TestLocal(t *testing.T) {
	for path, want := range map[string]string{"/a?b=c": "/a?b=c", "": "/", "a": "/", "//evil": "/", "https://evil": "/", "/\\evil": "/", "/a\nb": "/", "/%zz": "/"} {
		if got := codeflow.Local(path, "/"); got != want {
			t.Errorf("%q: %q", path, got)
		}
	}
}

// Whatever a browser brings, it is nobody.
func FuzzFinish(f *testing.F) {
	now := time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)
	p, err := oidc.NewProvider("http://localhost:1", nil, func() time.Time { return now })
	if err != nil {
		f.Fatal(err)
	}
	c, err := codeflow.New(codeflow.Options{Provider: p, ClientID: "c", Secret: "s", Redirect: redirect, Seal: bytes.Repeat([]byte{1}, 32), Now: func() time.Time { return now }})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("", "state=a&code=b")
	f.Add("AAAA", "state=&error=access_denied")
	f.Fuzz(func(t *testing.T, cookie, query string) {
		a, err := codeflow.ReadAnswer(query)
		if err == nil {
			_, err = c.Finish(t.Context(), cookie, a)
		}
		if errs.KindOf(err) != errs.Unauthenticated {
			t.Fatalf("%v", err)
		}
	})
}

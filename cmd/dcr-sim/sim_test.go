package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc"
	"github.com/dorsetcarerecord/dcr/internal/identity/smart"
	"github.com/dorsetcarerecord/dcr/internal/operator"
)

func sim(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestPKIMakesWhatDcrdNeeds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sim")
	if code, _, errs := sim(t, "pki", "--dir", dir, "--people", "30"); code != 0 {
		t.Fatal(errs)
	}
	c, err := config.Load(filepath.Join(dir, "dcrd.env"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Sources.Addr != "127.0.0.1:8443" || len(c.Issuers) != 1 || len(c.Roles) == 0 {
		t.Errorf("%+v", c)
	}
	b, err := os.ReadFile(filepath.Join(dir, "partners.json"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := operator.ParsePartners(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Agreements) != 9 || len(p.Clients) != 9 {
		t.Errorf("%d agreements and %d clients", len(p.Agreements), len(p.Clients))
	}
	for _, client := range p.Clients {
		if len(client.Certs) == 0 {
			continue
		}
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "clients", client.ID+".pem"), filepath.Join(dir, "clients", client.ID+".key"))
		if err != nil || smart.Fingerprint(pair.Leaf) != client.Certs[0] {
			t.Errorf("%s: %v", client.ID, err)
		}
	}
	if code, _, errs := sim(t, "pki", "--dir", dir); code != 0 || errs != "" {
		t.Errorf("a second time: %d %s", code, errs)
	}
	if again, err := os.ReadFile(filepath.Join(dir, "partners.json")); err != nil || !bytes.Equal(b, again) {
		t.Error("a county that was there was made anew")
	}
}

func TestUsageIsExitCode2(t *testing.T) {
	for _, args := range [][]string{{"dance"}, {"pki", "--people", "0", "--dir", t.TempDir()}, {"pki", "x"}, {"token"}, {"run", "--workers", "0"}, {"pki", "--colour", "blue"}} {
		if code, _, errs := sim(t, args...); code != 2 || !strings.Contains(errs, "--help") {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	if code, _, errs := sim(t, "users", "--dir", t.TempDir()); code != 1 || !strings.Contains(errs, "dcr-sim pki") {
		t.Errorf("no county: %d %s", code, errs)
	}
}

// county makes one whose dcrd and issuer are at the given addresses.
func countyAt(t *testing.T, sources, issuer string) (dir string, s settings) {
	t.Helper()
	dir = t.TempDir()
	s = settings{Seed: 5, People: 6, PerPerson: 30, API: "127.0.0.1:1", Ops: "127.0.0.1:2", Sources: sources, Issuer: issuer, Data: filepath.Join(dir, "data")}
	if _, err := prepare(dir, s, false, time.Now()); err != nil {
		t.Fatal(err)
	}
	s, err := readSettings(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, s
}

func TestTokensAreTakenByTheService(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	dir, s := countyAt(t, "127.0.0.1:3", server.Listener.Addr().String())
	handler, err := newIssuer(dir, s, s.county(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	defer server.Close()
	c, err := config.Load(filepath.Join(dir, "dcrd.env"), nil)
	if err != nil {
		t.Fatal(err)
	}
	o := oidc.Options{Roles: c.Roles, Now: time.Now}
	for _, i := range c.Issuers {
		o.Issuers = append(o.Issuers, oidc.Issuer{Name: i.Name, URL: i.URL, Audience: i.Audience})
	}
	verifier := oidc.New(o)
	for _, p := range s.county().Professionals() {
		code, token, errs := sim(t, "token", "--dir", dir, "--user", p.User)
		if code != 0 {
			t.Fatal(errs)
		}
		caller, err := verifier.Verify(t.Context(), strings.TrimSpace(token))
		if err != nil || caller.Role != p.Role || caller.Org != p.Org.ODS || caller.Name != p.Name() || caller.ID != "sim/"+p.Sub {
			t.Errorf("%s: %+v, %v", p.User, caller, err)
		}
	}
	if code, _, errs := sim(t, "token", "--dir", dir, "--user", "nobody"); code != 1 || !strings.Contains(errs, "no such user") {
		t.Errorf("an unknown user: %d %s", code, errs)
	}
}

// fakeDcrd takes bundles from whoever proves to be a source.
type fakeDcrd struct {
	t     *testing.T
	dir   string
	base  string
	mu    sync.Mutex
	busy  int      // how many requests are answered 503 yet
	got   []string // "source Bundle-id"
	event chan string
}

func (f *fakeDcrd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r.URL.Path {
	case "/fhir/R4/.well-known/smart-configuration":
		answer(w, 200, map[string]string{"token_endpoint": f.base + "/oauth/token"})
	case "/oauth/token":
		answer(w, 200, map[string]any{"access_token": f.client(r), "expires_in": 300})
	case "/fhir/R4":
		f.receive(w, r)
	default:
		http.NotFound(w, r)
	}
}

// client returns whose assertion it is; its signature must hold.
func (f *fakeDcrd) client(r *http.Request) string {
	token, err := jwt.ParseSigned(r.FormValue("client_assertion"), []jose.SignatureAlgorithm{jose.ES384})
	if err != nil {
		f.t.Error(err)
		return ""
	}
	key, err := readKey(filepath.Join(f.dir, "clients", token.Headers[0].KeyID+".key"))
	if err != nil {
		f.t.Error(err)
		return ""
	}
	var claims jwt.Claims
	if err := token.Claims(&key.PublicKey, &claims); err != nil || claims.Validate(jwt.Expected{AnyAudience: jwt.Audience{f.base + "/oauth/token"}, Time: time.Now()}) != nil || claims.ID == "" {
		f.t.Error("an assertion that no server takes", err)
	}
	return claims.Subject
}

func (f *fakeDcrd) receive(w http.ResponseWriter, r *http.Request) {
	source := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if certs := r.TLS.PeerCertificates; len(certs) > 0 {
		source = certs[0].Subject.CommonName
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Error(err)
	}
	var b struct{ ID string }
	if err := json.Unmarshal(body, &b); err != nil || source == "" {
		f.t.Errorf("from %q: %v", source, err)
	}
	if f.busy > 0 {
		f.busy--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	f.got = append(f.got, source+" "+b.ID)
	if strings.Contains(b.ID, "-e") {
		select {
		case f.event <- b.ID:
		default:
		}
	}
	w.WriteHeader(http.StatusOK)
}

func startFake(t *testing.T) (*fakeDcrd, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeDcrd{t: t, busy: 2, base: "https://" + l.Addr().String(), event: make(chan string, 1)}
	issuer, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer issuer.Close()
	f.dir, _ = countyAt(t, l.Addr().String(), issuer.Addr().String())
	pair, err := tls.LoadX509KeyPair(filepath.Join(f.dir, "server.pem"), filepath.Join(f.dir, "server.key"))
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(filepath.Join(f.dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	server := &http.Server{Handler: f, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: roots, ClientAuth: tls.VerifyClientCertIfGiven}}
	go func() { _ = server.ServeTLS(l, "", "") }()
	t.Cleanup(func() { _ = server.Close() })
	return f, f.dir
}

func TestTheCountySendsItsHistoryThenEvents(t *testing.T) {
	f, dir := startFake(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	var errs bytes.Buffer
	go func() {
		ended <- run(ctx, []string{"run", "--dir", dir, "--trickle", "10ms", "--workers", "3"}, io.Discard, &errs)
	}()
	select {
	case <-f.event:
	case code := <-ended:
		t.Fatalf("ended with %d: %s", code, errs.String())
	case <-time.After(20 * time.Second):
		t.Error("no event came")
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("stopped with %d: %s", code, errs.String())
	}
	s, err := readSettings(dir)
	if err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	at := map[string]int{}
	for i, name := range f.got {
		at[name] = i + 1
	}
	directories, last := 0, 0
	county := s.county()
	for b := range county.Directory() {
		var id struct{ ID string }
		if err := json.Unmarshal(b.Bytes, &id); err != nil {
			t.Fatal(err)
		}
		directories++
		last = max(last, at[b.Source+" "+id.ID])
	}
	if last != directories {
		t.Errorf("the directories are not sent first: %v", f.got[:directories])
	}
	for i := range county.Len() {
		before := last
		for b := range county.Bundles(i) {
			var id struct{ ID string }
			if err := json.Unmarshal(b.Bytes, &id); err != nil {
				t.Fatal(err)
			}
			n := at[b.Source+" "+id.ID]
			if n <= before {
				t.Errorf("person %d: %s is missing, or not after the one before", i, b.Source)
			}
			before = n
		}
	}
}

func TestUsersAndPeople(t *testing.T) {
	dir, s := countyAt(t, "127.0.0.1:3", "127.0.0.1:4")
	if code, out, _ := sim(t, "users", "--dir", dir); code != 0 || !strings.Contains(out, "gp-z99001-clinician-1") {
		t.Errorf("%d %s", code, out)
	}
	if code, out, _ := sim(t, "people", "--dir", dir, "--count", "2"); code != 0 || strings.Count(out, "\n") != 2 || !strings.Contains(out, s.county().Person(1).Number.Digits()) {
		t.Errorf("%d %s", code, out)
	}
}

func TestEveryCommandHasHelp(t *testing.T) {
	root := rootCommand(io.Discard, io.Discard)
	for _, c := range root.Commands() {
		if c.Short == "" || c.Long == "" || c.Example == "" {
			t.Errorf("%s: short, long or example is missing", c.Name())
		}
	}
}

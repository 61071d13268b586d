package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/smart"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/go-jose/go-jose/v4"
)

// client registers a system and returns how it signs an assertion.
func (w *world) client(id string, org nhs.ODS, kind partner.ClientKind) func(jti string) string {
	w.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	fatal(w.t, err)
	jwks, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: id, Algorithm: "ES384", Use: "sig"}}})
	fatal(w.t, err)
	fatal(w.t, w.partner.Register(w.t.Context(), partner.Client{ID: id, Org: org, Kind: kind, Name: id, JWKS: jwks}))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES384, Key: jose.JSONWebKey{Key: key, KeyID: id}}, (&jose.SignerOptions{}).WithType("JWT"))
	fatal(w.t, err)
	return func(jti string) string {
		claims, err := json.Marshal(map[string]any{"iss": id, "sub": id, "aud": "https://record.example/oauth/token", "jti": jti,
			"iat": now.Unix(), "exp": now.Add(time.Minute).Unix()})
		fatal(w.t, err)
		sig, err := signer.Sign(claims)
		fatal(w.t, err)
		text, err := sig.CompactSerialize()
		fatal(w.t, err)
		return text
	}
}

// tokenFor asks for a token over HTTP.
func (w *world) tokenFor(base, scope, assertion string) (token string, a answer) {
	w.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
	a = w.at(base, request{method: "POST", path: "/oauth/token", body: form.Encode()})
	var got struct {
		Token string `json:"access_token"`
		Type  string `json:"token_type"`
		In    int    `json:"expires_in"`
		Scope string
	}
	fatal(w.t, json.Unmarshal([]byte(a.body), &got))
	if a.status == http.StatusOK && (got.Type != "bearer" || got.In <= 0 || got.Scope != scope || a.header.Get("Cache-Control") != "no-store") {
		w.t.Errorf("token response: %s", a.body)
	}
	return got.Token, a
}

// A clinical system does nothing of its own: it names its user in each request,
// and may do what they may.
func TestSystemActsForAUser(t *testing.T) {
	w := newWorld(t)
	p := string(w.knows(mary, 1))
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	w.signIn("far", stranger.Org, identity.Clinician)
	assert := w.client("ehr", practice.Org, partner.ClinicalSystem)
	token, a := w.tokenFor(w.url, "system/*.rs", assert("j1"))
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if _, a := w.tokenFor(w.url, "system/*.rs", assert("j1")); a.status != 401 || !strings.Contains(a.body, `"error":"invalid_client"`) {
		t.Errorf("an assertion used twice: %d %s", a.status, a.body)
	}
	if _, a := w.tokenFor(w.url, "system/*.cruds", assert("j2")); a.status != 400 || !strings.Contains(a.body, `"error":"invalid_scope"`) {
		t.Errorf("more than it may: %d %s", a.status, a.body)
	}
	w.trail()
	for user, want := range map[string]int{doc: 200, "": 401, "garbage": 401, "far": 401, "{}": 401, token: 401} {
		r := request{method: "GET", path: "/fhir/R4/Patient/" + p, token: token}
		if user != "" {
			r.header = map[string]string{"X-Acting-User": user}
		}
		if a := w.do(r); a.status != want {
			t.Errorf("for %q: %d %s", user, a.status, a.body)
		}
	}
	if trail := w.trail(); len(trail) != 1 || !strings.HasPrefix(trail[0], "cis2/doc read allowed") {
		t.Errorf("%v", trail)
	}
}

// A source is known by its token, and reads nothing with it.
func TestSourceByToken(t *testing.T) {
	w := newWorld(t)
	p := string(w.knows(mary, 1))
	assert := w.client("uhd", hospital.Org, partner.Feed)
	token, a := w.tokenFor(w.srcURL, "system/Bundle.c", assert("j1"))
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	send := request{method: "POST", path: "/fhir/R4", token: token, body: "{}", header: map[string]string{"Content-Type": "application/fhir+json"}}
	if a := w.at(w.srcURL, send); a.status != 200 {
		t.Errorf("sending: %d %s", a.status, a.body)
	}
	if a := w.get(token, "/fhir/R4/Patient/"+p); a.status != 403 {
		t.Errorf("reading: %d", a.status)
	}
	fatal(t, w.partner.Revoke(t.Context(), "uhd"))
	if a := w.at(w.srcURL, send); a.status != 401 {
		t.Errorf("revoked: %d", a.status)
	}
}

// certificate makes a self-signed one.
func certificate(t *testing.T, name string) (tls.Certificate, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	fatal(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(20, 0, 0),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	fatal(t, err)
	cert, err := x509.ParseCertificate(der)
	fatal(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, cert
}

// A source is known by its client certificate, for each request anew; without one,
// or with one that is not registered, a token is needed.
func TestSourceByCertificate(t *testing.T) {
	w := newWorld(t)
	serverPair, serverCert := certificate(t, "record.example")
	known, knownCert := certificate(t, "uhd")
	unknown, unknownCert := certificate(t, "somebody")
	fatal(t, w.partner.Register(t.Context(), partner.Client{ID: "uhd", Org: hospital.Org, Kind: partner.Feed, Name: "UHD", Certs: []string{smart.Fingerprint(knownCert)}}))

	clients := x509.NewCertPool()
	clients.AddCert(knownCert)
	clients.AddCert(unknownCert)
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{serverPair}, ClientAuth: tls.VerifyClientCertIfGiven,
		ClientCAs: clients, Time: func() time.Time { return now }, MinVersion: tls.VersionTLS12})
	fatal(t, err)
	go func() { _ = w.sources.Listener(ln) }()
	t.Cleanup(func() { _ = ln.Close() })

	roots := x509.NewCertPool()
	roots.AddCert(serverCert)
	send := func(pair ...tls.Certificate) int {
		c := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: pair, Time: func() time.Time { return now }, MinVersion: tls.VersionTLS12}}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+ln.Addr().String()+"/fhir/R4", strings.NewReader("{}"))
		fatal(t, err)
		req.Header.Set("Content-Type", "application/fhir+json")
		resp, err := c.Do(req)
		fatal(t, err)
		defer func() { _ = resp.Body.Close() }()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode
	}
	if got := send(known); got != 200 {
		t.Errorf("with its certificate: %d", got)
	}
	if got := send(unknown); got != 401 {
		t.Errorf("with one that is not registered: %d", got)
	}
	if got := send(); got != 401 {
		t.Errorf("with none: %d", got)
	}
	fatal(t, w.partner.Revoke(t.Context(), "uhd"))
	if got := send(known); got != 401 {
		t.Errorf("revoked: %d", got)
	}
}

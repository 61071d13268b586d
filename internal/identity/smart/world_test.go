package smart_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/identity/smart"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
)

const tokenURL = "https://record.example.nhs.uk/oauth/token"

// world is a store with a hospital under an agreement, its feed and its clinical
// system, and two instances of the service over it.
type world struct {
	t            testing.TB
	partners     *partner.Registry
	one, other   *smart.Server
	key          *ecdsa.PrivateKey // of both clients
	cert         *x509.Certificate // of the feed
	agreementRev uint64

	mu  sync.Mutex
	now time.Time
}

func (w *world) clock() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }

func (w *world) advance(d time.Duration) { w.mu.Lock(); defer w.mu.Unlock(); w.now = w.now.Add(d) }

func start(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)}
	specs := append(partner.Specs(), smart.Specs()...)
	engine, err := bolt.Open(t.TempDir(), store.Specs(specs...), bolt.Options{NoSync: true, Now: w.clock})
	w.must(err)
	db, err := store.Open(engine, specs...)
	w.must(err)
	t.Cleanup(func() { w.must(db.Close()) })

	w.partners = partner.NewRegistry(db)
	o := smart.Options{DB: db, Partners: w.partners, TokenURL: tokenURL, Now: w.clock}
	w.one, w.other = smart.New(o), smart.New(o)
	w.key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	w.must(err)
	w.cert = w.certificate(w.now.Add(-time.Hour), w.now.Add(365*24*time.Hour))

	w.agree(func(*partner.Agreement) {})
	jwks := w.jwks(jose.JSONWebKey{Key: &w.key.PublicKey, KeyID: "k1"})
	w.must(w.partners.Register(t.Context(), partner.Client{ID: "uhd-feed", Org: "R0D", Kind: partner.Feed, Name: "Trust integration engine",
		JWKS: jwks, Certs: []string{smart.Fingerprint(w.cert)}}))
	w.must(w.partners.Register(t.Context(), partner.Client{ID: "ward-app", Org: "R0D", Kind: partner.ClinicalSystem, Name: "Ward app", JWKS: jwks}))
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// agree changes the hospital's agreement.
func (w *world) agree(change func(*partner.Agreement)) {
	w.t.Helper()
	a := partner.Agreement{Org: "R0D", Name: "University Hospitals Dorset", Kind: partner.Acute, Read: section.All, Contribute: section.All,
		DSPT: w.clock().AddDate(1, 0, 0), Signed: w.clock().AddDate(-1, 0, 0), Ends: w.clock().AddDate(1, 0, 0)}
	change(&a)
	rev, err := w.partners.PutAgreement(w.t.Context(), a, w.agreementRev, "operator", w.clock())
	w.must(err)
	w.agreementRev = rev
}

func (w *world) jwks(keys ...jose.JSONWebKey) []byte {
	w.t.Helper()
	b, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	w.must(err)
	return b
}

func (w *world) certificate(from, until time.Time) *x509.Certificate {
	w.t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tie"}, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &w.key.PublicKey, w.key)
	w.must(err)
	cert, err := x509.ParseCertificate(der)
	w.must(err)
	return cert
}

// claims are those of a good assertion of the feed.
func (w *world) claims() map[string]any {
	return map[string]any{"iss": "uhd-feed", "sub": "uhd-feed", "aud": tokenURL, "exp": w.clock().Add(5 * time.Minute).Unix(), "jti": rand.Text()}
}

func (w *world) sign(alg jose.SignatureAlgorithm, key any, kid string, claims any) string {
	w.t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", kid))
	w.must(err)
	body, err := json.Marshal(claims)
	w.must(err)
	jws, err := s.Sign(body)
	w.must(err)
	token, err := jws.CompactSerialize()
	w.must(err)
	return token
}

// request is the form of a good token request with this assertion.
func request(assertion, scope string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion": {assertion}, "scope": {scope}}
}

// good is the form of a request that the feed gets a token for.
func (w *world) good() url.Values {
	return request(w.sign(jose.ES384, w.key, "k1", w.claims()), "system/Bundle.c")
}

// token gets one for the feed.
func (w *world) token() string {
	w.t.Helper()
	r, err := w.one.Token(w.t.Context(), w.good())
	w.must(err)
	return r.AccessToken
}

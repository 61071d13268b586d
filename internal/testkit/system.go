package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
)

// System is a clinical system, which signs assertions for itself and acts for users.
type System struct {
	w      *World
	id     string
	signer jose.Signer
}

// System registers a clinical system of a partner.
func (w *World) System(id string, org nhs.ODS) *System { return w.system(id, org, "clinical-system") }

// Feed registers a source system of a partner that signs assertions, and has no
// certificate.
func (w *World) Feed(id string, org nhs.ODS) *System { return w.system(id, org, "feed") }

func (w *World) system(id string, org nhs.ODS, kind string) *System {
	w.T.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	fatal(w.T, err)
	jwks, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: id, Algorithm: "ES384", Use: "sig"}}})
	fatal(w.T, err)
	fatal(w.T, w.Operator().RegisterClient(w.T.Context(), operator.Client{ID: id, Org: org, Kind: kind, Name: id, JWKS: jwks}))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES384, Key: jose.JSONWebKey{Key: key, KeyID: id}}, (&jose.SignerOptions{}).WithType("JWT"))
	fatal(w.T, err)
	return &System{w, id, signer}
}

// Asserts returns an assertion of that id, issued just now.
func (s *System) Asserts(jti string) string {
	s.w.T.Helper()
	now := s.w.Clock()
	claims, err := json.Marshal(map[string]any{"iss": s.id, "sub": s.id, "aud": s.w.Config.PublicURL + "/oauth/token", "jti": jti, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()})
	fatal(s.w.T, err)
	sig, err := s.signer.Sign(claims)
	fatal(s.w.T, err)
	text, err := sig.CompactSerialize()
	fatal(s.w.T, err)
	return text
}

// TokenFor asks this service for a token; "" if it gives none.
func (w *World) TokenFor(assertion string) string {
	w.T.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"system/*.rs"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
	r, err := http.NewRequestWithContext(w.T.Context(), http.MethodPost, "http://"+w.Server.Addr("api")+"/oauth/token", strings.NewReader(form.Encode()))
	fatal(w.T, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var got struct {
		Token string `json:"access_token"`
	}
	fatal(w.T, json.Unmarshal(do(w.T, http.DefaultClient, r).Body, &got))
	return got.Token
}

// GetsFor asks with a system's token, on behalf of somebody.
func (w *World) GetsFor(token string, user *Professional, path string) Answer {
	w.T.Helper()
	r, err := http.NewRequestWithContext(w.T.Context(), http.MethodGet, "http://"+w.Server.Addr("api")+"/fhir/R4/"+path, http.NoBody)
	fatal(w.T, err)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("X-Acting-User", user.Token())
	return do(w.T, http.DefaultClient, r)
}

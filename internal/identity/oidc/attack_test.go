package oidc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc"
)

func sign(t testing.TB, alg jose.SignatureAlgorithm, key any, kid string, claims any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", kid))
	if err != nil {
		t.Fatal(err)
	}
	return signWith(t, s, claims)
}

func signWith(t testing.TB, s jose.Signer, claims any) string {
	t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := s.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func generateEC(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func generateRSA(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAlgorithms(t *testing.T) {
	w := start(t)
	claims := w.issuer.Claims(mary(), w.now())
	r, p384, p521 := generateRSA(t), generateEC(t, elliptic.P384()), generateEC(t, elliptic.P521())
	shared := []byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
	w.issuer.Publish(jose.JSONWebKey{Key: &r.PublicKey, KeyID: "rsa"})
	w.issuer.Publish(jose.JSONWebKey{Key: &r.PublicKey, KeyID: "rsa-256", Algorithm: "RS256"})
	w.issuer.Publish(jose.JSONWebKey{Key: &r.PublicKey, KeyID: "rsa-enc", Use: "enc"})
	w.issuer.Publish(jose.JSONWebKey{Key: &p384.PublicKey, KeyID: "p384"})
	w.issuer.Publish(jose.JSONWebKey{Key: &p521.PublicKey, KeyID: "p521"})
	w.issuer.Publish(jose.JSONWebKey{Key: shared, KeyID: "shared"})
	for _, tt := range []struct {
		alg  jose.SignatureAlgorithm
		key  any
		kid  string
		want bool
	}{
		{jose.RS256, r, "rsa", true}, {jose.RS384, r, "rsa", true}, {jose.RS512, r, "rsa", true}, {jose.PS256, r, "rsa", true},
		{jose.PS384, r, "rsa", false}, {jose.PS512, r, "rsa", false},
		{jose.RS256, r, "rsa-256", true}, {jose.RS512, r, "rsa-256", false}, // the key is for RS256 alone
		{jose.RS256, r, "rsa-enc", false}, // a key for encryption
		{jose.ES384, p384, "p384", true}, {jose.ES512, p521, "p521", false},
		{jose.HS256, shared, "shared", false}, {jose.HS512, shared, "shared", false},
		{jose.RS256, r, "p384", false}, {jose.ES384, p384, "rsa", false}, // the kid of another kind of key
		{jose.RS256, r, "", false}, {jose.RS256, r, strings.Repeat("k", 300), false}, {jose.RS256, r, "nobody", false},
		{jose.ES384, generateEC(t, elliptic.P384()), "p384", false}, // not the issuer's key
	} {
		_, err := w.v.Verify(t.Context(), sign(t, tt.alg, tt.key, tt.kid, claims))
		if got := err == nil; got != tt.want {
			t.Errorf("%s with key %q: %v", tt.alg, tt.kid, err)
		}
		if err != nil && errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("%s with key %q: kind %v", tt.alg, tt.kid, errs.KindOf(err))
		}
	}
}

func TestForgeries(t *testing.T) {
	w := start(t)
	good := w.issuer.Mint(mary(), w.now())
	part := strings.Split(good, ".")
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	own := generateEC(t, elliptic.P256())
	public, ok := w.issuer.Keys().Keys[0].Key.(*ecdsa.PublicKey)
	if !ok {
		t.Fatal("the issuer's key is not ECDSA")
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	claims := w.issuer.Claims(mary(), w.now())
	embedded, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: own},
		(&jose.SignerOptions{EmbedJWK: true}).WithHeader("jku", "https://evil.example/jwks").WithHeader("kid", "key-1"))
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"empty":                         "",
		"not a token":                   "hello",
		"alg none":                      b64(`{"alg":"none","kid":"key-1"}`) + "." + part[1] + ".",
		"alg none, with signature":      b64(`{"alg":"none","kid":"key-1"}`) + "." + part[1] + "." + part[2],
		"alg nOnE":                      b64(`{"alg":"nOnE","kid":"key-1"}`) + "." + part[1] + ".",
		"HS256 with the public key":     sign(t, jose.HS256, der, "key-1", claims),
		"signature cut off":             part[0] + "." + part[1] + ".",
		"signature of zeros":            part[0] + "." + part[1] + "." + b64(strings.Repeat("\x00", 64)),
		"other claims":                  part[0] + "." + b64(strings.Replace(payload(t, part[1]), "R0D", "RDY", 1)) + "." + part[2],
		"own key under its kid":         sign(t, jose.ES256, own, "key-1", claims),
		"own key in the header":         signWith(t, embedded, claims),
		"JSON serialization":            fmt.Sprintf(`{"payload":"%s","protected":"%s","signature":"%s"}`, part[1], part[0], part[2]),
		"three dots":                    good + ".",
		"white space":                   " " + good,
		"too long":                      good + strings.Repeat("A", oidc.MaxToken),
		"claims that are no object":     w.issuer.Sign([]string{"x"}),
		"a claim twice":                 w.issuer.SignBytes([]byte(strings.Replace(payload(t, part[1]), "{", `{"acr":"AAL3",`, 1))),
		"critical header not known":     b64(`{"alg":"ES256","kid":"key-1","crit":["exp"],"exp":1}`) + "." + part[1] + "." + part[2],
		"claims in another letter case": w.issuer.SignBytes([]byte(strings.Replace(payload(t, part[1]), `"acr"`, `"ACR"`, 1))),
	} {
		if _, err := w.v.Verify(t.Context(), token); errs.KindOf(err) != errs.Unauthenticated || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.v.Verify(t.Context(), good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func payload(t *testing.T, part string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// However many tokens name keys that do not exist, the issuer is asked once per
// cool-down.
func TestFloodOfKeyIDs(t *testing.T) {
	w := start(t)
	own := generateEC(t, elliptic.P256())
	claims := w.issuer.Claims(mary(), w.now())
	var tokens []string
	for n := range 200 {
		tokens = append(tokens, sign(t, jose.ES256, own, fmt.Sprint("made-up-", n), claims))
	}
	flood := func() {
		var wg sync.WaitGroup
		for _, token := range tokens {
			wg.Go(func() {
				if _, err := w.v.Verify(t.Context(), token); errs.KindOf(err) != errs.Unauthenticated || err == nil {
					t.Errorf("err = %v", err)
				}
			})
		}
		wg.Wait()
	}
	for minute := 1; minute <= 3; minute++ {
		flood()
		flood()
		if n := w.issuer.Fetches(); n != minute {
			t.Fatalf("after flood %d the keys were asked for %d times", minute, n)
		}
		w.advance(30 * time.Second)
	}
}

func TestRotation(t *testing.T) {
	w := start(t)
	before := w.issuer.Mint(mary(), w.now())
	if _, err := w.v.Verify(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	if err := w.issuer.Rotate(false); err != nil {
		t.Fatal(err)
	}
	w.advance(30 * time.Second)
	if _, err := w.v.Verify(t.Context(), w.issuer.Mint(mary(), w.now())); err != nil {
		t.Errorf("signed with the new key: %v", err)
	}
	if _, err := w.v.Verify(t.Context(), before); err != nil {
		t.Errorf("signed with the old key, still published: %v", err)
	}
	if err := w.issuer.Rotate(true); err != nil {
		t.Fatal(err)
	}
	w.advance(30 * time.Second)
	if _, err := w.v.Verify(t.Context(), w.issuer.Mint(mary(), w.now())); err != nil {
		t.Errorf("signed with the newest key: %v", err)
	}
	if _, err := w.v.Verify(t.Context(), before); errs.KindOf(err) != errs.Unauthenticated || err == nil {
		t.Errorf("remembered, though its key was withdrawn: %v", err)
	}
}

func TestIssuerDown(t *testing.T) {
	w := start(t)
	w.issuer.SetDown(true)
	_, err := w.v.Verify(t.Context(), w.issuer.Mint(mary(), w.now()))
	if e, _ := errs.As(err); e == nil || e.Kind != errs.Unavailable || e.After == 0 {
		t.Fatalf("down from the start: %v", err)
	}
	w.issuer.SetDown(false)
	if _, err := w.v.Verify(t.Context(), w.issuer.Mint(mary(), w.now())); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("asked again at once: %v", err)
	}
	w.advance(5 * time.Second)
	if _, err := w.v.Verify(t.Context(), w.issuer.Mint(mary(), w.now())); err != nil {
		t.Fatalf("up again: %v", err)
	}

	// Down again, for longer than the keys stay fresh: they go on serving.
	w.issuer.SetDown(true)
	for range 4 {
		w.advance(time.Hour)
		if _, err := w.v.Verify(t.Context(), w.issuer.Mint(mary(), w.now())); err != nil {
			t.Errorf("with the keys it had: %v", err)
		}
		w.v.Settle()
	}
	if err := w.issuer.Rotate(false); err != nil {
		t.Fatal(err)
	}
	if _, err := w.v.Verify(t.Context(), w.issuer.Mint(mary(), w.now())); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("with a key that cannot be fetched: %v", err)
	}
}

// What an issuer answers is held to limits, and is believed only from the place
// that it names itself.
func TestBadIssuers(t *testing.T) {
	for name, serve := range map[string]func(w http.ResponseWriter, r *http.Request, self string){
		"endless keys": func(w http.ResponseWriter, r *http.Request, self string) {
			if r.URL.Path != "/jwks" {
				_, _ = fmt.Fprintf(w, `{"issuer":"%s","jwks_uri":"%s/jwks"}`, self, self)
				return
			}
			for {
				if _, err := w.Write([]byte(strings.Repeat(" ", 1<<16))); err != nil {
					return
				}
			}
		},
		"another issuer's document": func(w http.ResponseWriter, _ *http.Request, self string) {
			_, _ = fmt.Fprintf(w, `{"issuer":"https://other.example","jwks_uri":"%s/jwks"}`, self)
		},
		"keys over plain http": func(w http.ResponseWriter, _ *http.Request, self string) {
			_, _ = fmt.Fprintf(w, `{"issuer":"%s","jwks_uri":"http://keys.example/jwks"}`, self)
		},
		"redirect": func(w http.ResponseWriter, r *http.Request, self string) {
			http.Redirect(w, r, self+"/elsewhere", http.StatusFound)
		},
		"no JSON": func(w http.ResponseWriter, _ *http.Request, _ string) { _, _ = w.Write([]byte("<html>")) },
		"no keys": func(w http.ResponseWriter, r *http.Request, self string) {
			_, _ = fmt.Fprintf(w, `{"issuer":"%s","jwks_uri":"%s/jwks","keys":[]}`, self, self)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			var server *httptest.Server
			server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { serve(rw, r, server.URL) }))
			defer server.Close()
			v := oidc.New(oidc.Options{Issuers: []oidc.Issuer{{Name: "bad", URL: server.URL, Audience: audience}}, Now: w.now})
			c := w.issuer.Claims(mary(), w.now())
			c["iss"] = server.URL
			if _, err := v.Verify(t.Context(), w.issuer.Sign(c)); errs.KindOf(err) != errs.Unavailable {
				t.Errorf("err = %v", err)
			}
		})
	}
}

// A request that ends does not end the fetch that others wait for.
func TestFetchOutlivesItsRequest(t *testing.T) {
	w := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	token := w.issuer.Mint(mary(), w.now())
	if _, err := w.v.Verify(ctx, token); err != nil && errs.KindOf(err) != errs.Unavailable {
		t.Errorf("cancelled: %v", err)
	}
	w.v.Settle()
	if _, err := w.v.Verify(t.Context(), token); err != nil {
		t.Errorf("the next request: %v", err)
	}
	if n := w.issuer.Fetches(); n != 1 {
		t.Errorf("%d fetches", n)
	}
}

func FuzzVerify(f *testing.F) {
	w := start(f)
	f.Add(w.issuer.Mint(mary(), w.now().Add(-time.Hour)))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		if c, err := w.v.Verify(t.Context(), token); err == nil {
			t.Fatalf("taken: %+v", c)
		}
	})
}

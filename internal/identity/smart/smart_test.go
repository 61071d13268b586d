package smart_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/smart"
	"github.com/dorsetcarerecord/dcr/internal/partner"
)

func wantKind(t *testing.T, what string, err error, k errs.Kind) {
	t.Helper()
	if err == nil || errs.KindOf(err) != k {
		t.Errorf("%s: err = %v (%v), want %v", what, err, errs.KindOf(err), k)
	}
}

func TestFeedGetsAToken(t *testing.T) {
	w := start(t)
	r, err := w.one.Token(t.Context(), w.good())
	if err != nil {
		t.Fatal(err)
	}
	if r.TokenType != "bearer" || r.ExpiresIn != 300 || r.Scope != "system/Bundle.c" || !strings.HasPrefix(r.AccessToken, "uhd-feed~") {
		t.Errorf("response %+v", r)
	}
	want := identity.Caller{Kind: identity.Source, ID: "uhd-feed", Name: "Trust integration engine", Org: "R0D", Client: "uhd-feed",
		AuthTime: w.clock(), Expires: w.clock().Add(5 * time.Minute)}
	for name, instance := range map[string]*smart.Server{"the instance that gave it": w.one, "another": w.other} {
		got, err := instance.Authenticate(t.Context(), r.AccessToken)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

func TestTokensEnd(t *testing.T) {
	w := start(t)
	token := w.token()
	w.advance(5*time.Minute - time.Second)
	if _, err := w.one.Authenticate(t.Context(), token); err != nil {
		t.Errorf("a second before: %v", err)
	}
	w.advance(time.Second)
	_, err := w.one.Authenticate(t.Context(), token)
	wantKind(t, "after 300 s", err, errs.Unauthenticated)
}

// An assertion is used once, whichever instance it is shown to, and however many
// show it at the same time.
func TestAssertionIsUsedOnce(t *testing.T) {
	w := start(t)
	form := w.good()
	answers := make(chan error)
	for i := range 16 {
		instance := []*smart.Server{w.one, w.other}[i%2]
		go func() {
			_, err := instance.Token(context.WithoutCancel(t.Context()), form)
			answers <- err
		}()
	}
	given := 0
	for range 16 {
		err := <-answers
		if err == nil {
			given++
		} else if f := smart.FailureOf(err); f.Error != "invalid_client" || !strings.Contains(f.Description, "used before") {
			t.Errorf("%+v", f)
		}
	}
	if given != 1 {
		t.Errorf("%d tokens were given", given)
	}
	w.advance(5*time.Minute + 30*time.Second)
	_, err := w.one.Token(t.Context(), form)
	wantKind(t, "again, when its jti is forgotten soon", err, errs.Unauthenticated)

	c := w.claims()
	c["jti"] = "of-both"
	if _, err := w.one.Token(t.Context(), request(w.sign(jose.ES384, w.key, "k1", c), "system/Bundle.c")); err != nil {
		t.Error(err)
	}
	c["iss"], c["sub"] = "ward-app", "ward-app"
	if _, err := w.one.Token(t.Context(), request(w.sign(jose.ES384, w.key, "k1", c), "system/*.rs")); err != nil {
		t.Errorf("another client's jti of the same text: %v", err)
	}
}

func TestAssertions(t *testing.T) {
	w := start(t)
	type claims = map[string]any
	set := func(claim string, value any) func(claims) { return func(c claims) { c[claim] = value } }
	in := func(d time.Duration) int64 { return w.clock().Add(d).Unix() }
	for _, tt := range []struct {
		name   string
		change func(claims)
		want   string // part of the description; empty: taken
	}{
		{"as it should be", func(claims) {}, ""},
		{"audience in a list", set("aud", []string{tokenURL}), ""},
		{"another audience", set("aud", "https://evil.example/token"), "(aud)"},
		{"no audience", func(c claims) { delete(c, "aud") }, "(aud)"},
		{"empty audience", set("aud", ""), "(aud)"},
		{"sub of another client", set("sub", "ward-app"), "iss and sub"},
		{"no sub", func(c claims) { delete(c, "sub") }, "iss and sub"},
		{"iss of another client, signed with the same key", set("iss", "ward-app"), "iss and sub"},
		{"iss of nobody", func(c claims) { c["iss"], c["sub"] = "nobody", "nobody" }, "not registered"},
		{"no iss", func(c claims) { delete(c, "iss") }, "not registered"},
		{"expires now", set("exp", in(0)), "expired"},
		{"expired", set("exp", in(-time.Minute)), "expired"},
		{"no exp", func(c claims) { delete(c, "exp") }, "expired"},
		{"exp as text", set("exp", "soon"), "JSON object"},
		{"clock a little ahead", set("exp", in(5*time.Minute+30*time.Second)), ""},
		{"too long", set("exp", in(5*time.Minute+31*time.Second)), "longer than is taken"},
		{"for ever", set("exp", 1e18), "longer than is taken"},
		{"too long since iat", set("iat", in(-time.Minute)), "longer than is taken (iat"},
		{"issued in the future", func(c claims) { c["iat"], c["exp"] = in(time.Minute), in(4*time.Minute) }, "from the future"},
		{"not before the future", set("nbf", in(time.Minute)), "from the future"},
		{"no jti", func(c claims) { delete(c, "jti") }, "jti"},
		{"jti of 257 bytes", set("jti", strings.Repeat("x", 257)), "jti"},
		{"jti of another type", set("jti", 7), "JSON object"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := w.claims()
			tt.change(c)
			r, err := w.one.Token(t.Context(), request(w.sign(jose.ES384, w.key, "k1", c), "system/Bundle.c"))
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			f := smart.FailureOf(err)
			if f.Error != "invalid_client" || !strings.Contains(f.Description, tt.want) || r != (smart.Response{}) {
				t.Errorf("%+v, %+v; want invalid_client with %q", r, f, tt.want)
			}
			wantKind(t, tt.name, err, errs.Unauthenticated)
		})
	}
}

func TestSignatures(t *testing.T) {
	w := start(t)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.must(err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	w.must(err)
	w.must(w.partners.Register(t.Context(), partner.Client{ID: "rsa-feed", Org: "R0D", Kind: partner.Feed, Name: "Feed", JWKS: w.jwks(
		jose.JSONWebKey{Key: &rsaKey.PublicKey, KeyID: "r"}, jose.JSONWebKey{Key: &p256.PublicKey, KeyID: "p256"}, jose.JSONWebKey{Key: &w.key.PublicKey, KeyID: "p384"})}))
	for _, tt := range []struct {
		client string
		alg    jose.SignatureAlgorithm
		key    any
		kid    string
		want   bool
	}{
		{"rsa-feed", jose.RS384, rsaKey, "r", true},
		{"rsa-feed", jose.ES384, w.key, "p384", true},
		{"rsa-feed", jose.RS256, rsaKey, "r", false},
		{"rsa-feed", jose.PS384, rsaKey, "r", false},
		{"rsa-feed", jose.ES256, p256, "p256", false},
		{"rsa-feed", jose.RS384, rsaKey, "p384", false},
		{"rsa-feed", jose.RS384, rsaKey, "", false},
		{"rsa-feed", jose.RS384, rsaKey, "k1", false},
		{"uhd-feed", jose.RS384, rsaKey, "k1", false}, // another client's key
		{"uhd-feed", jose.HS384, []byte(strings.Repeat("k", 48)), "k1", false},
	} {
		c := w.claims()
		c["iss"], c["sub"] = tt.client, tt.client
		_, err := w.one.Token(t.Context(), request(w.sign(tt.alg, tt.key, tt.kid, c), "system/Bundle.c"))
		if (err == nil) != tt.want || err != nil && smart.FailureOf(err).Error != "invalid_client" {
			t.Errorf("%s of %s with key %q: %v", tt.alg, tt.client, tt.kid, err)
		}
	}
	good := w.sign(jose.ES384, w.key, "k1", w.claims())
	part := strings.Split(good, ".")
	for name, token := range map[string]string{
		"alg none":          "eyJhbGciOiJub25lIiwia2lkIjoiazEifQ." + part[1] + ".",
		"cut":               part[0] + "." + part[1] + ".",
		"other signature":   part[0] + "." + part[1] + "." + strings.Repeat("A", len(part[2])),
		"no JSON":           part[0] + ".AAAA." + part[2],
		"JSON that is text": w.sign(jose.ES384, w.key, "k1", "text"),
	} {
		_, err := w.one.Token(t.Context(), request(token, "system/Bundle.c"))
		if f := smart.FailureOf(err); f.Error != "invalid_client" || strings.Contains(f.Description, part[1]) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestRequests(t *testing.T) {
	w := start(t)
	for _, tt := range []struct {
		name   string
		change func(url.Values)
		want   string
	}{
		{"its own client_id", func(f url.Values) { f.Set("client_id", "uhd-feed") }, ""},
		{"something unknown", func(f url.Values) { f.Set("resource", "x") }, ""},
		{"another client_id", func(f url.Values) { f.Set("client_id", "ward-app") }, "invalid_client"},
		{"no grant type", func(f url.Values) { f.Del("grant_type") }, "invalid_request"},
		{"password grant", func(f url.Values) { f.Set("grant_type", "password") }, "unsupported_grant_type"},
		{"no assertion type", func(f url.Values) { f.Del("client_assertion_type") }, "invalid_request"},
		{"SAML", func(f url.Values) {
			f.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")
		}, "invalid_request"},
		{"no assertion", func(f url.Values) { f.Del("client_assertion") }, "invalid_request"},
		{"an endless one", func(f url.Values) { f.Set("client_assertion", strings.Repeat("A", 9000)) }, "invalid_request"},
		{"two scopes parameters", func(f url.Values) { f.Add("scope", "system/Bundle.c") }, "invalid_request"},
		{"no scope", func(f url.Values) { f.Del("scope") }, "invalid_scope"},
		{"to read, as a feed", func(f url.Values) { f.Set("scope", "system/*.rs") }, "invalid_scope"},
		{"to read too", func(f url.Values) { f.Set("scope", "system/Bundle.c system/*.rs") }, "invalid_scope"},
		{"everything", func(f url.Values) { f.Set("scope", "system/*.cruds") }, "invalid_scope"},
	} {
		form := w.good()
		tt.change(form)
		_, err := w.one.Token(t.Context(), form)
		if got := smart.FailureOf(err).Error; err != nil && got != tt.want || err == nil && tt.want != "" {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	_, err := w.one.Token(t.Context(), nil)
	wantKind(t, "nothing at all", err, errs.Invalid)
}

func TestMadeUpTokens(t *testing.T) {
	w := start(t)
	token := w.token()
	id, secret, _ := strings.Cut(token, "~")
	for _, made := range []string{"", "~", token + "x", token[:len(token)-1], secret, id + "~", "ward-app~" + secret, "~" + secret,
		strings.Repeat("a", 2000) + "~" + secret, id + "~" + strings.Repeat("A", 43), strings.ToUpper(token)} {
		c, err := w.one.Authenticate(t.Context(), made)
		if errs.KindOf(err) != errs.Unauthenticated || err == nil || c != (identity.Caller{}) {
			t.Errorf("%.20s…: %+v, %v", made, c, err)
		}
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	w := start(b)
	token := w.token()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.one.Authenticate(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzToken(f *testing.F) {
	w := start(f)
	late := w.claims()
	late["exp"] = 1
	f.Add(w.sign(jose.ES384, w.key, "k1", late), "system/Bundle.c")
	f.Add("a.b.c", "")
	f.Fuzz(func(t *testing.T, assertion, scope string) {
		r, err := w.one.Token(t.Context(), request(assertion, scope))
		if err == nil || errs.KindOf(err) == errs.Internal {
			t.Fatalf("%+v, %v", r, err)
		}
	})
}

// A token does not live longer because the clock was put back; when the clock is right
// again, it counts as before.
func TestAClockPutBack(t *testing.T) {
	w := start(t)
	token := w.token()
	w.advance(-time.Hour)
	_, err := w.one.Authenticate(t.Context(), token)
	wantKind(t, "from the future", err, errs.Unauthenticated)
	w.advance(time.Hour)
	if _, err := w.one.Authenticate(t.Context(), token); err != nil {
		t.Errorf("the right time: %v", err)
	}
}

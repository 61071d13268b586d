package smart_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/smart"
	"github.com/dorsetcarerecord/dcr/internal/partner"
)

// What is withdrawn stops counting at the next request, on every instance.
func TestWithdrawal(t *testing.T) {
	t.Run("agreement suspended", func(t *testing.T) {
		w := start(t)
		token := w.token()
		w.agree(func(a *partner.Agreement) { a.Suspended = true })
		_, err := w.other.Authenticate(t.Context(), token)
		wantKind(t, "token", err, errs.Forbidden)
		_, err = w.other.CallerFromCert(t.Context(), w.cert)
		wantKind(t, "certificate", err, errs.Forbidden)
		_, err = w.one.Token(t.Context(), w.good())
		if f := smart.FailureOf(err); f.Error != "unauthorized_client" {
			t.Errorf("new token: %+v", f)
		}
		w.agree(func(*partner.Agreement) {})
		if _, err := w.other.Authenticate(t.Context(), token); err != nil {
			t.Errorf("in force again: %v", err)
		}
	})
	t.Run("agreement lapses", func(t *testing.T) {
		w := start(t)
		w.agree(func(a *partner.Agreement) { a.Ends = w.clock().Add(time.Minute) })
		token := w.token()
		w.advance(time.Minute)
		_, err := w.other.Authenticate(t.Context(), token)
		wantKind(t, "token", err, errs.Forbidden)
		_, err = w.one.CallerFromCert(t.Context(), w.cert)
		wantKind(t, "certificate", err, errs.Forbidden)
	})
	t.Run("client revoked", func(t *testing.T) {
		w := start(t)
		token := w.token()
		if err := w.partners.Revoke(t.Context(), "uhd-feed"); err != nil {
			t.Fatal(err)
		}
		_, err := w.other.Authenticate(t.Context(), token)
		wantKind(t, "token", err, errs.Unauthenticated)
		_, err = w.other.CallerFromCert(t.Context(), w.cert)
		wantKind(t, "certificate", err, errs.Unauthenticated)
		_, err = w.one.Token(t.Context(), w.good())
		if f := smart.FailureOf(err); f.Error != "invalid_client" {
			t.Errorf("new token: %+v", f)
		}
	})
	t.Run("key replaced", func(t *testing.T) {
		w := start(t)
		c, rev, err := w.partners.Client(t.Context(), "uhd-feed")
		if err != nil {
			t.Fatal(err)
		}
		other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c.JWKS = w.jwks(jose.JSONWebKey{Key: &other.PublicKey, KeyID: "k1"})
		if err := w.partners.UpdateClient(t.Context(), c, rev); err != nil {
			t.Fatal(err)
		}
		_, err = w.one.Token(t.Context(), w.good())
		wantKind(t, "signed with the old key", err, errs.Unauthenticated)
	})
}

func TestCertificates(t *testing.T) {
	w := start(t)
	got, err := w.one.CallerFromCert(t.Context(), w.cert)
	want := identity.Caller{Kind: identity.Source, ID: "uhd-feed", Name: "Trust integration engine", Org: "R0D", Client: "uhd-feed",
		AuthTime: w.clock(), Expires: w.cert.NotAfter}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	_, err = w.one.CallerFromCert(t.Context(), nil)
	wantKind(t, "none", err, errs.Unauthenticated)
	_, err = w.one.CallerFromCert(t.Context(), w.certificate(w.clock(), w.clock().Add(time.Hour)))
	wantKind(t, "not registered", err, errs.Unauthenticated)
	w.advance(w.cert.NotAfter.Sub(w.clock()))
	_, err = w.one.CallerFromCert(t.Context(), w.cert)
	wantKind(t, "expired", err, errs.Unauthenticated)
}

// A clinical system's own token reads nothing; with the user named it does what
// the user may do.
func TestClinicalSystemActsForAUser(t *testing.T) {
	w := start(t)
	c := w.claims()
	c["iss"], c["sub"] = "ward-app", "ward-app"
	r, err := w.one.Token(t.Context(), request(w.sign(jose.ES384, w.key, "k1", c), "system/*.rs"))
	w.must(err)
	system, err := w.one.Authenticate(t.Context(), r.AccessToken)
	w.must(err)
	a, _, err := w.partners.Agreement(t.Context(), "R0D")
	w.must(err)
	facts := access.Facts{Now: w.clock(), Caller: system, Action: access.Find, Asked: 2, Agreement: a, Known: true, ByNumber: true}
	facts.Sharing.Tier = 1
	if g := access.Decide(facts); g.Outcome != access.Refused {
		t.Errorf("by itself: %v", g.Outcome)
	}

	user := identity.Caller{Kind: identity.Professional, ID: "uhd/1", Name: "Dr Mary Poole", Org: "R0D", Role: identity.Nurse,
		AuthTime: w.clock(), Expires: w.clock().Add(time.Minute)}
	acting, err := smart.ActingFor(system, user)
	w.must(err)
	want := user
	want.Kind, want.Client = identity.System, "ward-app"
	if diff := cmp.Diff(want, acting); diff != "" {
		t.Error(diff)
	}
	if facts.Caller = acting; access.Decide(facts).Outcome != access.Allowed {
		t.Error("acting for a nurse, refused")
	}
	user.Expires = w.clock().Add(time.Hour)
	if acting, _ := smart.ActingFor(system, user); !acting.Expires.Equal(system.Expires) {
		t.Error("it lasts longer than the system's token")
	}

	elsewhere, feed := user, system
	elsewhere.Org, feed.Kind = "RDY", identity.Source
	for name, pair := range map[string][2]identity.Caller{"nobody": {system, {}}, "itself": {system, system}, "staff of another": {system, elsewhere},
		"a feed": {feed, user}, "a user for a user": {user, user}} {
		_, err := smart.ActingFor(pair[0], pair[1])
		wantKind(t, name, err, errs.Unauthenticated)
	}
}

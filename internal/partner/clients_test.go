package partner_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
)

func TestClients(t *testing.T) {
	r := open(t)
	wantKind(t, r.Register(t.Context(), feed("uhd-tie", printA)), errs.Unprocessable, "no agreement with R0D")
	put(t, r, hospital(), 0)
	if err := r.Register(t.Context(), feed("uhd-tie", printA)); err != nil {
		t.Fatal(err)
	}
	wantKind(t, r.Register(t.Context(), feed("uhd-tie", printA)), errs.Conflict, "of that id already")
	got, rev, err := r.Client(t.Context(), "uhd-tie")
	if diff := cmp.Diff(feed("uhd-tie", printA), got); diff != "" || err != nil || rev != 1 {
		t.Errorf("rev %d, %v\n%s", rev, err, diff)
	}
	_, _, err = r.Client(t.Context(), "nobody")
	wantKind(t, err, errs.NotFound, "no such client")

	moved := feed("uhd-tie", printA)
	moved.Kind = partner.ClinicalSystem
	wantKind(t, r.UpdateClient(t.Context(), moved, 1), errs.Unprocessable, "keeps its organisation and kind")
	if err := r.UpdateClient(t.Context(), feed("uhd-tie", printB), 1); err != nil {
		t.Fatal(err)
	}
	wantKind(t, r.UpdateClient(t.Context(), feed("uhd-tie", printA), 1), errs.Conflict, "read it again")

	for range 2 {
		if err := r.Revoke(t.Context(), "uhd-tie"); err != nil {
			t.Fatal(err)
		}
	}
	if c, _, _ := r.Client(t.Context(), "uhd-tie"); !c.Revoked {
		t.Error("not revoked")
	}
	wantKind(t, r.UpdateClient(t.Context(), feed("uhd-tie", printB), 3), errs.Unprocessable, "stays revoked")
	wantKind(t, r.Revoke(t.Context(), "nobody"), errs.NotFound, "no such client")
	all, err := r.Clients(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != "uhd-tie" {
		t.Errorf("all: %v, %v", all, err)
	}
}

// A certificate belongs to one client, and counts for as long as that client
// lists it.
func TestCertificates(t *testing.T) {
	r := open(t)
	put(t, r, hospital(), 0)
	owner := func(fingerprint, want string) {
		t.Helper()
		c, err := r.ClientByCert(t.Context(), fingerprint)
		if c.ID != want || want == "" && errs.KindOf(err) != errs.NotFound {
			t.Errorf("%s… belongs to %q (%v), want %q", fingerprint[:4], c.ID, err, want)
		}
	}
	register := func(c partner.Client) {
		t.Helper()
		if err := r.Register(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	owner(printA, "")
	register(feed("one", printA))
	owner(printA, "one")
	wantKind(t, r.Register(t.Context(), feed("two", printA)), errs.Conflict, "belongs to another client")
	owner(printA, "one")

	if err := r.UpdateClient(t.Context(), feed("one", printB), 1); err != nil {
		t.Fatal(err)
	}
	owner(printA, "") // the claim is there, its owner does not confirm it
	register(feed("two", printA))
	owner(printA, "two")
	owner(printB, "one")

	if err := r.Revoke(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	owner(printB, "one") // revoked, as the client itself says
	register(feed("three", printB))
	owner(printB, "three")
	owner("", "")
	owner(strings.Repeat("z", 5000), "")
}

func TestConcurrentClaims(t *testing.T) {
	r := open(t)
	put(t, r, hospital(), 0)
	ids := []string{"c-1", "c-2", "c-3", "c-4"}
	done := make(chan error)
	for _, id := range ids {
		go func() { done <- r.Register(context.WithoutCancel(t.Context()), feed(id, printA)) }()
	}
	won := 0
	for range ids {
		if err := <-done; err == nil {
			won++
		} else if errs.KindOf(err) != errs.Conflict {
			t.Error(err)
		}
	}
	c, err := r.ClientByCert(t.Context(), printA)
	if won == 0 || err != nil || c.ID == "" {
		t.Errorf("%d won; the owner is %q, %v", won, c.ID, err)
	}
}

func TestClientValidate(t *testing.T) {
	for want, change := range map[string]func(*partner.Client){
		"client id has":    func(c *partner.Client) { c.ID = "Upper" },
		"64 lower":         func(c *partner.Client) { c.ID = "a~b" },
		"ODS code":         func(c *partner.Client) { c.Org = "" },
		"a name has":       func(c *partner.Client) { c.Name = "a\nb" },
		"or feed":          func(c *partner.Client) { c.Kind = 0 },
		"needs keys":       func(c *partner.Client) { c.Certs = nil },
		"fingerprint is":   func(c *partner.Client) { c.Certs = []string{strings.ToUpper(printA)} },
		"there twice":      func(c *partner.Client) { c.Certs = []string{printA, printA} },
		"at most 20 certs": func(c *partner.Client) { c.Certs = make([]string, 21) },
		"rule's name":      func(c *partner.Client) { c.Allow = []string{"a rule"} },
		"not a JSON Web":   func(c *partner.Client) { c.JWKS = []byte("{") },
	} {
		c := feed("uhd-tie", printA)
		change(&c)
		wantKind(t, c.Validate(), errs.Invalid, strings.Replace(want, "20 certs", "20 certificates", 1))
	}
}

func TestKeys(t *testing.T) {
	ec := func(c elliptic.Curve) *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	weak := &rsa.PublicKey{N: ec(elliptic.P521()).X, E: 65537}
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256, p384 := ec(elliptic.P256()), ec(elliptic.P384())
	set := func(keys ...jose.JSONWebKey) []byte {
		b, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	good := set(jose.JSONWebKey{Key: &p256.PublicKey, KeyID: "a"}, jose.JSONWebKey{Key: &p384.PublicKey, KeyID: "b", Algorithm: "ES384", Use: "sig"},
		jose.JSONWebKey{Key: &strong.PublicKey, KeyID: "c", Algorithm: "RS384"})
	keys, err := partner.Keys(good)
	if err != nil || len(keys.Keys) != 3 {
		t.Fatal(err)
	}
	for i, alg := range []string{"ES256", "ES384", "RS384"} {
		for _, other := range []string{"ES256", "ES384", "RS384", "HS256", "none", ""} {
			if partner.Fits(&keys.Keys[i], other) != (other == alg) {
				t.Errorf("key for %s and %q", alg, other)
			}
		}
	}
	for name, tt := range map[string]struct {
		jwks []byte
		want string
	}{
		"a private key":     {set(jose.JSONWebKey{Key: p384, KeyID: "a"}), "not public"},
		"a shared key":      {set(jose.JSONWebKey{Key: []byte("secret"), KeyID: "a"}), "not public"},
		"P-521":             {set(jose.JSONWebKey{Key: &ec(elliptic.P521()).PublicKey, KeyID: "a"}), "ES256, ES384 or RS384"},
		"Ed25519":           {set(jose.JSONWebKey{Key: ed, KeyID: "a"}), "ES256, ES384 or RS384"},
		"RSA of 521 bits":   {set(jose.JSONWebKey{Key: weak, KeyID: "a"}), "2048 bits"},
		"RS256":             {set(jose.JSONWebKey{Key: &strong.PublicKey, KeyID: "a", Algorithm: "RS256"}), "ES256, ES384 or RS384"},
		"for encryption":    {set(jose.JSONWebKey{Key: &p384.PublicKey, KeyID: "a", Use: "enc"}), "ES256, ES384 or RS384"},
		"no kid":            {set(jose.JSONWebKey{Key: &p384.PublicKey}), "kid of its own"},
		"one kid twice":     {set(jose.JSONWebKey{Key: &p384.PublicKey, KeyID: "a"}, jose.JSONWebKey{Key: &p256.PublicKey, KeyID: "a"}), "kid of its own"},
		"no keys":           {[]byte(`{"keys":[]}`), "1 to 20 keys"},
		"over 64 kB":        {[]byte(strings.Repeat(" ", 70000)), "65536 bytes"},
		"keys twice":        {[]byte(`{"keys":[],"keys":[]}`), "not a JSON Web Key Set"},
		"not on its curve":  {[]byte(`{"keys":[{"kty":"EC","crv":"P-384","kid":"a","x":"AQ","y":"AQ"}]}`), "not a JSON Web Key Set"},
		"a key of no sense": {[]byte(`{"keys":[7]}`), "not a JSON Web Key Set"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := partner.Keys(tt.jwks)
			wantKind(t, err, errs.Invalid, tt.want)
		})
	}
}

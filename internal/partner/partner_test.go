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
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
)

var now = time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)

func open(t testing.TB) *partner.Registry {
	t.Helper()
	r, _ := openDB(t)
	return r
}

func openDB(t testing.TB) (*partner.Registry, *store.DB) {
	t.Helper()
	engine, err := bolt.Open(t.TempDir(), store.Specs(partner.Specs()...), bolt.Options{NoSync: true, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(engine, partner.Specs()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return partner.NewRegistry(db), db
}

func hospital() partner.Agreement {
	return partner.Agreement{Org: "R0D", Name: "University Hospitals Dorset", Kind: partner.Acute, Read: section.All,
		Contribute: section.Of(section.Results, section.Encounters), DSPT: now.AddDate(0, 6, 0), Signed: now.AddDate(-1, 0, 0), Ends: now.AddDate(1, 0, 0)}
}

const printA, printB = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

func feed(id string, certs ...string) partner.Client {
	return partner.Client{ID: id, Org: "R0D", Kind: partner.Feed, Name: "Trust integration engine", Certs: certs}
}

func put(t testing.TB, r *partner.Registry, a partner.Agreement, rev uint64) uint64 {
	t.Helper()
	rev, err := r.PutAgreement(t.Context(), a, rev, "operator", now)
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

func wantKind(t *testing.T, err error, k errs.Kind, words string) {
	t.Helper()
	if err == nil || errs.KindOf(err) != k || !strings.Contains(err.Error(), words) {
		t.Errorf("err = %v (%v), want %v with %q", err, errs.KindOf(err), k, words)
	}
}

func TestAgreements(t *testing.T) {
	r := open(t)
	if _, _, err := r.Agreement(t.Context(), "R0D"); err == nil {
		t.Error("an agreement before there is one")
	}
	rev := put(t, r, hospital(), 0)
	got, gotRev, err := r.Agreement(t.Context(), "R0D")
	if diff := cmp.Diff(hospital(), got); diff != "" || err != nil || gotRev != rev {
		t.Errorf("rev %d, %v\n%s", gotRev, err, diff)
	}

	_, err = r.PutAgreement(t.Context(), hospital(), 0, "operator", now)
	wantKind(t, err, errs.Conflict, "read it again")

	suspended := hospital()
	suspended.Suspended = true
	if rev = put(t, r, suspended, rev); rev != 2 {
		t.Errorf("second revision is %d", rev)
	}
	if got, _, _ := r.Agreement(t.Context(), "R0D"); got.Live(now) {
		t.Error("live after it was suspended")
	}
	_, err = r.PutAgreement(t.Context(), hospital(), 1, "operator", now)
	wantKind(t, err, errs.Conflict, "read it again")

	history, err := r.History(t.Context(), "R0D")
	want := []partner.Version{{Agreement: hospital(), Rev: 1, At: now, By: "operator"}, {Agreement: suspended, Rev: 2, At: now, By: "operator"}}
	if diff := cmp.Diff(want, history); diff != "" || err != nil {
		t.Errorf("history: %v\n%s", err, diff)
	}

	practice := hospital()
	practice.Org, practice.Kind = "J81012", partner.GP
	put(t, r, practice, 0)
	all, err := r.Agreements(t.Context())
	if diff := cmp.Diff([]partner.Agreement{practice, suspended}, all); diff != "" || err != nil {
		t.Errorf("all: %v\n%s", err, diff)
	}
}

// A reader that takes the agreement along with other documents sees the same.
func TestAgreementRef(t *testing.T) {
	r, db := openDB(t)
	put(t, r, hospital(), 0)
	var got partner.Agreement
	err := db.Get(t.Context(), []store.Ref{partner.AgreementRef("R0D")}, func(d *store.Doc) bool {
		if err := got.UnmarshalBinary(d.Body); err != nil {
			t.Error(err)
		}
		return true
	})
	if diff := cmp.Diff(hospital(), got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestAgreementValidate(t *testing.T) {
	for want, change := range map[string]func(*partner.Agreement){
		"ODS code":       func(a *partner.Agreement) { a.Org = "r0d" },
		"a name has":     func(a *partner.Agreement) { a.Name = " " },
		"kind must":      func(a *partner.Agreement) { a.Kind = 0 },
		"one of gp":      func(a *partner.Agreement) { a.Kind = 99 },
		"do not exist":   func(a *partner.Agreement) { a.Read |= 1 << 31 },
		"in it that":     func(a *partner.Agreement) { a.Contribute |= 1 },
		"was signed is":  func(a *partner.Agreement) { a.Signed = time.Time{} },
		"after it was":   func(a *partner.Agreement) { a.Ends = a.Signed },
		"DSPT status":    func(a *partner.Agreement) { a.DSPT = time.Time{} },
		"1 to 200 bytes": func(a *partner.Agreement) { a.Name = strings.Repeat("x", 201) },
	} {
		a := hospital()
		change(&a)
		wantKind(t, a.Validate(), errs.Invalid, want)
	}
	if err := hospital().Validate(); err != nil {
		t.Error(err)
	}
}

func TestLive(t *testing.T) {
	a := hospital()
	for _, tt := range []struct {
		name string
		at   time.Time
		want bool
	}{
		{"signed later", a.Signed.Add(-1), false}, {"signed", a.Signed, true}, {"now", now, true},
		{"DSPT holds", a.DSPT.Add(-1), true}, {"DSPT lapsed", a.DSPT, false}, {"ended", a.Ends, false},
	} {
		if got := a.Live(tt.at); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	if (partner.Agreement{}).Live(now) {
		t.Error("no agreement is live")
	}
}

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

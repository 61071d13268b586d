package oidc_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc/oidctest"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

const audience = "https://record.example.nhs.uk"

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) advance(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

// world is a hospital's issuer and a verifier that takes its tokens.
type world struct {
	*clock
	issuer *oidctest.Issuer
	v      *oidc.Verifier
}

func start(t testing.TB, orgs ...nhs.ODS) *world {
	t.Helper()
	issuer, err := oidctest.Start("127.0.0.1:0", audience)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{clock: &clock{at: time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)}, issuer: issuer}
	w.v = oidc.New(oidc.Options{
		Issuers: []oidc.Issuer{{Name: "uhd", URL: issuer.URL(), Audience: audience, Orgs: orgs}},
		Roles:   map[string]identity.Role{"S8000:G8000:R8000": identity.Clinician, "R8001": identity.Nurse},
		Now:     w.now,
	})
	t.Cleanup(func() {
		w.v.Settle()
		if err := issuer.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func mary() oidctest.Person {
	return oidctest.Person{Sub: "910000000001", Name: "Dr Mary Poole", Org: "R0D", RoleCode: "S8000:G8000:R8000"}
}

func TestVerify(t *testing.T) {
	w := start(t)
	got, err := w.v.Verify(t.Context(), w.issuer.Mint(mary(), w.now()))
	if err != nil {
		t.Fatal(err)
	}
	want := identity.Caller{Kind: identity.Professional, ID: "uhd/910000000001", Name: "Dr Mary Poole", Org: "R0D", Role: identity.Clinician,
		AuthTime: w.now(), Expires: w.now().Add(15 * time.Minute)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Every claim but the name is needed, and each says what is wrong without
// repeating what the token says.
func TestClaims(t *testing.T) {
	w := start(t, "R0D", "RDY")
	type claims = map[string]any
	unix := func(d time.Duration) int64 { return w.now().Add(d).Unix() }
	set := func(claim string, value any) func(claims) { return func(c claims) { c[claim] = value } }
	without := func(claim string) func(claims) { return func(c claims) { delete(c, claim) } }
	roles := func(rs ...map[string]any) func(claims) { return set("nhsid_nrbac_roles", rs) }
	held := func(id, org, code string) map[string]any {
		return map[string]any{"person_roleid": id, "org_code": org, "role_code": code}
	}
	const mine = "910000000001-1"

	for _, tt := range []struct {
		name   string
		change func(claims)
		want   string // part of the error; empty: taken
	}{
		{"as minted", func(claims) {}, ""},
		{"several audiences", set("aud", []string{"https://other.example", audience}), ""},
		{"another audience", set("aud", "https://other.example"), "(aud)"},
		{"other audiences", set("aud", []string{"a", "b"}), "(aud)"},
		{"audience of a like name", set("aud", audience+"/"), "(aud)"},
		{"no audience", without("aud"), "(aud)"},
		{"another issuer", set("iss", "https://evil.example"), "issuer"},
		{"issuer with a slash more", set("iss", w.issuer.URL()+"/"), "issuer"},
		{"no issuer", without("iss"), "issuer"},
		{"expired just now", set("exp", unix(0)), "expired"},
		{"about to expire", set("exp", unix(time.Second)), ""},
		{"no exp", without("exp"), "times"},
		{"exp as text", set("exp", "never"), "claims"},
		{"exp beyond the calendar", set("exp", 1e300), "times"},
		{"issued 15 minutes ago", set("iat", unix(-15*time.Minute)), "15 minutes"},
		{"issued nearly 15 minutes ago", set("iat", unix(-15*time.Minute+time.Second)), ""},
		{"issued by a clock a little ahead", set("iat", unix(30*time.Second)), ""},
		{"issued in the future", set("iat", unix(31*time.Second)), "future"},
		{"no iat", without("iat"), "times"},
		{"not before a minute from now", set("nbf", unix(time.Minute)), "future"},
		{"signed in 12 hours ago", set("auth_time", unix(-12*time.Hour)), "12 hours"},
		{"signed in nearly 12 hours ago", set("auth_time", unix(-12*time.Hour+time.Second)), ""},
		{"signed in tomorrow", set("auth_time", unix(24*time.Hour)), "auth_time"},
		{"no auth_time", without("auth_time"), "times"},
		{"negative auth_time", set("auth_time", -1), "times"},
		{"AAL3", set("acr", "AAL3"), ""},
		{"AAL1", set("acr", "AAL1"), "acr"},
		{"no acr", without("acr"), "acr"},
		{"no sub", without("sub"), "sub is missing"},
		{"sub of spaces", set("sub", "  "), "sub is missing"},
		{"sub with a line break", set("sub", "a\nb"), "sub is missing"},
		{"sub of 1,000 letters", set("sub", strings.Repeat("x", 1000)), "sub is missing"},
		{"no nhsid_useruid", without("nhsid_useruid"), "nhsid_useruid is missing"},
		{"no selected role", without("selected_roleid"), "selected_roleid is missing"},
		{"selected a role that is not theirs", set("selected_roleid", "other"), "not among"},
		{"no roles", without("nhsid_nrbac_roles"), "not among"},
		{"empty roles", roles(), "not among"},
		{"roles of another shape", set("nhsid_nrbac_roles", "R8000"), "claims"},
		{"the selected one of two", roles(held("other", "RDY", "R8001"), held(mine, "R0D", "R8001")), ""},
		{"the selected one twice", roles(held(mine, "R0D", "R8001"), held(mine, "RDY", "R8001")), "twice"},
		{"role without organisation", roles(held(mine, "", "R8001")), "org_code"},
		{"role at no ODS code", roles(held(mine, "the ward", "R8001")), "org_code"},
		{"role at an organisation it may not speak for", roles(held(mine, "J81012", "R8001")), "may not speak"},
		{"role without code", roles(held(mine, "R0D", "")), "role_code"},
		{"no name", without("name"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := w.issuer.Claims(mary(), w.now())
			tt.change(c)
			token := w.issuer.Sign(c)
			caller, err := w.v.Verify(t.Context(), token)
			if tt.want == "" {
				if err != nil || caller.Org != "R0D" || caller.Expires.After(w.now().Add(15*time.Minute)) {
					t.Fatalf("%+v, %v", caller, err)
				}
				return
			}
			if errs.KindOf(err) != errs.Unauthenticated || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("err = %v, want one with %q", err, tt.want)
			}
			if caller != (identity.Caller{}) {
				t.Errorf("a refusal names %+v", caller)
			}
			for _, secret := range append(strings.Split(token, "."), "evil.example", "910000000001") {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error quotes the token: %v", err)
				}
			}
		})
	}
}

func TestRoles(t *testing.T) {
	w := start(t)
	for code, want := range map[string]identity.Role{
		"S8000:G8000:R8000": identity.Clinician, // whole code in the table
		"S0010:G0020:R8001": identity.Nurse,     // its last part is
		"R8001":             identity.Nurse,
		"R9999":             identity.NoRole, // known, and may do nothing
		"R8000":             identity.NoRole, // the table names it with its prefix only
		"S8000:G8000:":      identity.NoRole,
	} {
		p := mary()
		p.RoleCode = code
		c, err := w.v.Verify(t.Context(), w.issuer.Mint(p, w.now()))
		if err != nil || c.Role != want {
			t.Errorf("%s: %v, %v; want %v", code, c.Role, err, want)
		}
	}
}

func TestRememberedTokensEnd(t *testing.T) {
	w := start(t)
	c := w.issuer.Claims(mary(), w.now())
	c["auth_time"] = w.now().Add(-12*time.Hour + 5*time.Minute).Unix()
	token := w.issuer.Sign(c)
	for range 2 {
		if _, err := w.v.Verify(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	w.advance(5*time.Minute - time.Second)
	if _, err := w.v.Verify(t.Context(), token); err != nil {
		t.Errorf("a second before: %v", err)
	}
	w.advance(time.Second)
	if _, err := w.v.Verify(t.Context(), token); err == nil {
		t.Error("taken 12 hours after the log-in")
	}
}

func TestRememberedTokensAreBounded(t *testing.T) {
	w := start(t)
	_, most := w.v.Remembered()
	for range 64 { // few enough to be quick, and refused ones beside them
		if _, err := w.v.Verify(t.Context(), w.issuer.Mint(mary(), w.now())); err != nil {
			t.Fatal(err)
		}
		if _, err := w.v.Verify(t.Context(), w.issuer.Mint(mary(), w.now().Add(-time.Hour))); err == nil {
			t.Fatal("an old token was taken")
		}
	}
	if n, _ := w.v.Remembered(); n != 64 || n > most {
		t.Errorf("%d remembered, want 64 of at most %d", n, most)
	}
}

func TestOptionsValidate(t *testing.T) {
	good := oidc.Issuer{Name: "uhd", URL: "https://issuer.example", Audience: "x"}
	for name, o := range map[string]oidc.Options{
		"plain http":     {Issuers: []oidc.Issuer{{Name: "a", URL: "http://issuer.example", Audience: "x"}}},
		"no audience":    {Issuers: []oidc.Issuer{{Name: "a", URL: "https://issuer.example"}}},
		"no name":        {Issuers: []oidc.Issuer{{URL: "https://issuer.example", Audience: "x"}}},
		"with a query":   {Issuers: []oidc.Issuer{{Name: "a", URL: "https://issuer.example?x", Audience: "x"}}},
		"twice":          {Issuers: []oidc.Issuer{good, good}},
		"role of no one": {Roles: map[string]identity.Role{"R1": identity.NoRole}},
	} {
		if o.Validate() == nil {
			t.Errorf("%s: no fault found", name)
		}
	}
	if err := (oidc.Options{Issuers: []oidc.Issuer{good, {Name: "sim", URL: "http://127.0.0.1:8080", Audience: "x"}}}).Validate(); err != nil {
		t.Error(err)
	}
}

func BenchmarkVerifyRemembered(b *testing.B) {
	w := start(b)
	token := w.issuer.Mint(mary(), w.now())
	if _, err := w.v.Verify(b.Context(), token); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := w.v.Verify(b.Context(), token); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkMintAndVerify(b *testing.B) {
	w := start(b)
	b.Run("mint", func(b *testing.B) {
		for b.Loop() {
			w.issuer.Mint(mary(), w.now())
		}
	})
	b.Run("mint and verify", func(b *testing.B) {
		for b.Loop() {
			if _, err := w.v.Verify(b.Context(), w.issuer.Mint(mary(), w.now())); err != nil {
				b.Fatal(err)
			}
		}
	})
}

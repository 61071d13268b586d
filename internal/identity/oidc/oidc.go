// Package oidc makes callers of the bearer tokens that professionals bring from
// their organisation's OpenID Connect issuer. RULES 1 and 3. A claim that is
// missing or doubtful refuses; it never widens.
package oidc

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// Limits on a token.
const (
	MaxToken = 8 << 10          // bytes
	leeway   = 30 * time.Second // by which an issuer's clock may be ahead; never one by which a token lasts longer
)

// Issuer is one whose tokens are taken.
type Issuer struct {
	Name     string    // short name, which callers' ids begin with
	URL      string    // exactly as its tokens say in iss
	Audience string    // what its tokens for this service say in aud
	Orgs     []nhs.ODS // whose staff it may name; empty: those of any partner
}

// Options of a Verifier.
type Options struct {
	Issuers    []Issuer
	Roles      map[string]identity.Role // by role code: all of it ("S8000:G8000:R8001"), or its last part
	Now        func() time.Time
	HTTPClient *http.Client  // nil: one with a time limit
	MaxAge     time.Duration // how long a token is taken after iat; 0: 15 minutes
	MaxSession time.Duration // and after auth_time; 0: 12 hours
}

// Validate reports every mistake in the options.
func (o Options) Validate() error {
	var all []error
	names, urls := map[string]bool{}, map[string]bool{}
	for _, i := range o.Issuers {
		u, err := url.Parse(i.URL)
		if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || !safe(u) {
			all = append(all, fmt.Errorf("issuer %s: its URL must be https, without query or fragment", i.Name))
		}
		if i.Name == "" || i.Audience == "" {
			all = append(all, fmt.Errorf("issuer %s: it needs a name, a URL and an audience", i.URL))
		}
		if names[i.Name] || urls[i.URL] {
			all = append(all, fmt.Errorf("issuer %s: its name or its URL is there twice", i.Name))
		}
		names[i.Name], urls[i.URL] = true, true
	}
	for code, role := range o.Roles {
		if code == "" || role == identity.NoRole {
			all = append(all, fmt.Errorf("role code %q: it must name a role", code))
		}
	}
	return errors.Join(all...)
}

// safe reports whether what is fetched from there cannot be changed on the way.
func safe(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// Verifier checks tokens. It may be used concurrently.
type Verifier struct {
	issuers map[string]*issuer // by URL
	roles   map[string]identity.Role
	now     func() time.Time
	known   *memory

	maxAge, maxSession time.Duration
}

type issuer struct {
	Issuer
	keys *keySet
}

// New returns a verifier. It asks no issuer for anything before it needs it, so
// that an issuer that is down stops nobody else. Of issuers that Validate finds
// fault with, it takes no tokens.
func New(o Options) *Verifier {
	if o.Now == nil {
		o.Now = time.Now
	}
	v := &Verifier{issuers: map[string]*issuer{}, roles: o.Roles, now: o.Now, known: newMemory(),
		maxAge: cmp.Or(o.MaxAge, 15*time.Minute), maxSession: cmp.Or(o.MaxSession, 12*time.Hour)}
	client := limited(o.HTTPClient)
	for _, i := range o.Issuers {
		if (Options{Issuers: []Issuer{i}}).Validate() == nil && v.issuers[i.URL] == nil {
			v.issuers[i.URL] = &issuer{Issuer: i, keys: &keySet{url: i.URL, client: client, now: o.Now}}
		}
	}
	return v
}

// Verify returns the professional that a token names. Its errors are of kind
// errs.Unauthenticated, and say what is wrong with it without quoting it, or
// errs.Unavailable if its issuer's keys are not to be had.
//
// A token that was verified is remembered, by its hash, until it stops counting
// or its issuer withdraws a key.
func (v *Verifier) Verify(ctx context.Context, token string) (identity.Caller, error) {
	if len(token) > MaxToken {
		return identity.Caller{}, refuse("The token is over %d bytes.", MaxToken)
	}
	var room [2 << 10]byte // so that hashing a token of the usual size allocates nothing
	hash := sha256.Sum256(append(room[:0], token...))
	now := v.now()
	if caller, ok := v.known.get(hash, now); ok {
		return caller, nil
	}
	caller, made, err := v.verify(ctx, token, now)
	if err != nil {
		return identity.Caller{}, err
	}
	v.known.put(hash, remembered{caller: caller, keys: made.keys, withdrawn: made.withdrawn}, now)
	return caller, nil
}

func refuse(format string, args ...any) error {
	return errs.New(errs.Unauthenticated, format, args...)
}

package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
)

// Provider is one issuer: where it is asked, and its keys. Both are fetched when
// first needed, and again within the limits that hold for keys: however many tokens
// name keys that are not there, the issuer is asked once per cool-down.
type Provider struct{ keys *keySet }

// Endpoints are an issuer's, as its own discovery document names them: each is
// https, or plain http on this machine.
type Endpoints struct {
	Authorize string   // where browsers are sent
	Token     string   // where a code is exchanged
	UserInfo  string   // may be empty
	EndLogin  string   // where a browser is sent to end its login there; may be empty
	ClientBy  []string // how clients may authenticate; empty: client_secret_basic
}

// NewProvider returns the issuer of that URL. It asks for nothing yet.
func NewProvider(issuer string, client *http.Client, now func() time.Time) (*Provider, error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || !safe(u) {
		return nil, errors.New("oidc: the issuer's URL must be https, without query or fragment")
	}
	return &Provider{&keySet{url: issuer, client: limited(client), now: now}}, nil
}

// Provider returns an issuer of the verifier's, by its name, whose keys are those
// that its tokens are verified by; nil if there is none.
func (v *Verifier) Provider(name string) *Provider {
	for _, i := range v.issuers {
		if i.Name == name {
			return &Provider{i.keys}
		}
	}
	return nil
}

// Issuer returns its URL, exactly as its tokens say in iss.
func (p *Provider) Issuer() string { return p.keys.url }

// Client returns the client that an issuer is asked by: within a time limit, and
// following no redirect.
func (p *Provider) Client() *http.Client { return p.keys.client }

// Endpoints returns where the issuer is asked. One that cannot be reached, and was
// not before, is errs.Unavailable.
func (p *Provider) Endpoints(ctx context.Context) (Endpoints, error) {
	have := p.keys.current.Load()
	if have != nil && p.keys.now().Before(have.at.Add(freshFor)) {
		return have.where, nil
	}
	flight := p.keys.fetch(ctx)
	if have != nil { // those it had serve for as long as it does not answer
		return have.where, nil
	}
	if flight != nil {
		select {
		case <-flight:
		case <-ctx.Done():
			return Endpoints{}, unreachable(ctx.Err())
		}
	}
	if have = p.keys.current.Load(); have != nil {
		return have.where, nil
	}
	p.keys.mu.Lock()
	defer p.keys.mu.Unlock()
	return Endpoints{}, unreachable(p.keys.failed)
}

// Signed returns the claims of a token whose signature holds by one of the issuer's
// keys, and the id of that key. Nothing that it claims was checked, not even iss.
func (p *Provider) Signed(ctx context.Context, token string) (claims []byte, kid, algorithm string, err error) {
	if len(token) > MaxToken {
		return nil, "", "", refuse("The token is over %d bytes.", MaxToken)
	}
	jws, err := parse(token)
	if err != nil {
		return nil, "", "", err
	}
	claims, err = p.keys.payload(ctx, jws)
	if err != nil {
		return nil, "", "", err
	}
	head := jws.Signatures[0].Protected
	return claims, head.KeyID, head.Algorithm, nil
}

// SignIn is what a professional's log-in in a browser brought from their issuer.
type SignIn struct {
	Issuer   string // short name
	Client   string // the client of ours that their ID token is for
	Claims   []byte // of that ID token, whose signature and nonce were checked
	UserInfo []byte // of the same sub, which was checked; nil: there is none
}

// SignedIn makes the caller of a log-in, by the same rules as Verify: they may no
// more and for no longer than a bearer token with these claims would let them. What
// the ID token does not say of who they are is taken from the user information,
// where CIS2 puts the roles.
func (v *Verifier) SignedIn(in SignIn) (identity.Caller, error) {
	var from *issuer
	for _, i := range v.issuers {
		if i.Name == in.Issuer {
			from = i
		}
	}
	if from == nil {
		return identity.Caller{}, refuse("The log-in is from an issuer that is not taken here.")
	}
	c, err := parseClaims(in.Claims)
	if err != nil {
		return identity.Caller{}, err
	}
	if in.UserInfo != nil {
		more, err := parseClaims(in.UserInfo)
		if err != nil {
			return identity.Caller{}, err
		}
		if more.Subject != c.Subject {
			return identity.Caller{}, refuse("The user information is about somebody else.")
		}
		c.fill(more)
	}
	client := *from
	client.Audience = in.Client
	return v.caller(&client, c, v.now())
}

// fill takes from the user information what the ID token does not say. When somebody
// authenticated, how and for whom are the ID token's alone.
func (c *claims) fill(more claims) {
	if c.UserUID == "" {
		c.UserUID = more.UserUID
	}
	if c.Selected == "" {
		c.Selected = more.Selected
	}
	if c.Roles == nil {
		c.Roles = more.Roles
	}
	if c.Name == "" {
		c.Name = more.Name
	}
}

// Stands reports whether an issuer is still one whose log-ins count, and has not
// withdrawn the key that one was signed with. An issuer that was not asked since the
// start is not asked for this: the log-in ends soon by itself.
func (v *Verifier) Stands(name, kid string) bool {
	for _, i := range v.issuers {
		if i.Name == name {
			have := i.keys.current.Load()
			return have == nil || have.key(kid) != nil
		}
	}
	return false
}

// Unreachable is the error of an issuer that does not answer, with what it was asked
// for in words for a person.
func Unreachable(why error, message string) error {
	err := errs.Wrap(errs.Unavailable, why, message)
	if e, ok := errs.As(err); ok {
		e.After = retryDown
	}
	return err
}

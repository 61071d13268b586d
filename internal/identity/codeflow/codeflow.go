// Package codeflow logs people in by other people's issuers: OpenID Connect's
// authorisation code flow with PKCE, as the client of one issuer. It says who
// somebody is to that issuer, in claims that were verified, and nothing of what
// they may do here.
//
// Between the two requests of a log-in nothing is kept here: state, nonce and PKCE
// verifier travel sealed in a cookie, so that a log-in ends in the browser in which
// it began, on any instance, or not at all.
package codeflow

import (
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/dorsetcarerecord/dcr/internal/identity/oidc"
)

// Options of a Client. Key, or Secret, is how it proves to the issuer who it is.
type Options struct {
	Provider *oidc.Provider
	ClientID string
	Key      *Key              // private_key_jwt
	Secret   string            // client_secret_post or client_secret_basic, as the issuer takes them
	Redirect string            // our address to which the issuer sends browsers back, as registered there
	Scopes   []string          // beside openid
	Params   map[string]string // more of what the issuer is asked: acr_values, prompt
	Seal     []byte            // 32 bytes, the same on every instance
	Fresh    bool              // only a log-in that was made for us counts, not one that the issuer remembers
	Life     time.Duration     // of a log-in that was begun; 0: 10 minutes
	Now      func() time.Time
}

// leeway is by how much an issuer's clock may differ.
const leeway = 30 * time.Second

// exchangeLimit is for all that an issuer is asked while somebody waits.
const exchangeLimit = 10 * time.Second

// Client is a client of one issuer. It may be used concurrently.
type Client struct {
	o    Options
	seal cipher.AEAD
}

// New returns a client. It asks the issuer for nothing yet.
func New(o Options) (*Client, error) {
	o.Life = cmp.Or(o.Life, 10*time.Minute)
	o.Scopes = append([]string{"openid"}, slices.DeleteFunc(slices.Clone(o.Scopes), func(s string) bool { return s == "openid" })...)
	u, err := url.Parse(o.Redirect)
	switch {
	case o.Provider == nil || o.Now == nil || o.ClientID == "":
		return nil, errors.New("codeflow: an issuer, a client id and a clock are needed")
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("codeflow: the redirect must be an absolute URL without query or fragment")
	case (o.Key == nil) == (o.Secret == ""):
		return nil, errors.New("codeflow: a client has a key or a secret, and not both")
	case len(o.Seal) != 32:
		return nil, errors.New("codeflow: the sealing key must have 32 bytes")
	}
	block, err := aes.NewCipher(o.Seal)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Client{o, aead}, nil
}

// Start is what a log-in is begun for.
type Start struct {
	Return string            // handed back by Finish: where to go on; a path of ours
	For    string            // handed back by Finish: what was asked for
	Params map[string]string // over those of the Options: vtr
}

// Begun is where to send the browser, and the cookie that it must bring back. The
// cookie is to be of this host alone, Secure, HttpOnly and SameSite=Lax.
type Begun struct {
	URL     string
	Cookie  string
	Expires time.Time
}

// Begin begins a log-in. An issuer that cannot be reached is errs.Unavailable.
func (c *Client) Begin(ctx context.Context, s Start) (Begun, error) {
	ctx, cancel := context.WithTimeout(ctx, exchangeLimit)
	defer cancel()
	where, err := c.endpoints(ctx)
	if err != nil {
		return Begun{}, err
	}
	now := c.o.Now()
	p := pending{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Began: now.UnixMilli(), Return: s.Return, For: s.For}
	params := maps.Clone(c.o.Params)
	if params == nil {
		params = map[string]string{}
	}
	maps.Copy(params, s.Params)
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(p.Verifier), oauth2.SetAuthURLParam("nonce", p.Nonce)}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		options = append(options, oauth2.SetAuthURLParam(name, params[name]))
	}
	cookie, err := c.close(p)
	if err != nil {
		return Begun{}, err
	}
	return Begun{URL: c.config(where).AuthCodeURL(p.State, options...), Cookie: cookie, Expires: now.Add(c.o.Life)}, nil
}

func (c *Client) endpoints(ctx context.Context) (oidc.Endpoints, error) {
	where, err := c.o.Provider.Endpoints(ctx)
	if err != nil {
		return where, unreachable(err)
	}
	if where.Authorize == "" || where.Token == "" {
		return where, unreachable(errors.New("its discovery document names no authorization and token endpoint at an https address"))
	}
	return where, nil
}

// config is the client as oauth2 wants it. A secret goes where the issuer says that
// it takes it; where it says nothing, that is the Authorization header.
func (c *Client) config(where oidc.Endpoints) *oauth2.Config {
	style := oauth2.AuthStyleInParams
	if c.o.Key == nil && !slices.Contains(where.ClientBy, "client_secret_post") {
		style = oauth2.AuthStyleInHeader
	}
	return &oauth2.Config{ClientID: c.o.ClientID, ClientSecret: c.o.Secret, RedirectURL: c.o.Redirect, Scopes: c.o.Scopes,
		Endpoint: oauth2.Endpoint{AuthURL: where.Authorize, TokenURL: where.Token, AuthStyle: style}}
}

// Local returns path if it is a path of ours that a browser may be sent on to, else
// otherwise: never another host.
func Local(path, otherwise string) string {
	u, err := url.Parse(path)
	if err != nil || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") || u.Host != "" || u.Scheme != "" {
		return otherwise
	}
	return path
}

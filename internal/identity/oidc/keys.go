package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// How an issuer is asked for its keys.
const (
	coolDown   = 30 * time.Second // after an answer, however many tokens name keys that are not in it
	retryDown  = 5 * time.Second  // after no answer
	freshFor   = 15 * time.Minute // then they are fetched again, while the old ones go on serving
	fetchLimit = 5 * time.Second
	maxBody    = 256 << 10
	maxKeys    = 100
	maxKID     = 256
	minRSA     = 2048
)

// keySet is an issuer's public keys, fetched when first needed. Those it has serve
// for as long as the issuer does not answer: its being down logs nobody out.
type keySet struct {
	url    string
	client *http.Client
	now    func() time.Time

	current   atomic.Pointer[fetched]
	withdrawn atomic.Uint64 // grows when a fetch lacks a key, or has another one of that kid

	mu     sync.Mutex
	next   time.Time     // no fetch before
	failed error         // of the last one
	flight chan struct{} // closed when the fetch under way has ended; nil if none is
}

// fetched is one answer of the issuer; it does not change.
type fetched struct {
	keys  map[string]*jose.JSONWebKey // by kid
	where Endpoints
	at    time.Time
}

func (f *fetched) key(kid string) *jose.JSONWebKey {
	if f == nil {
		return nil
	}
	return f.keys[kid]
}

// key returns the key of that kid. It waits for the issuer only if it does not
// have it and the issuer was not asked a moment ago.
func (s *keySet) key(ctx context.Context, kid string) (*jose.JSONWebKey, error) {
	have := s.current.Load()
	if k := have.key(kid); k != nil {
		if !s.now().Before(have.at.Add(freshFor)) {
			s.fetch(ctx)
		}
		return k, nil
	}
	flight := s.fetch(ctx)
	if flight != nil {
		select {
		case <-flight:
		case <-ctx.Done():
			return nil, unreachable(ctx.Err())
		}
	}
	if k := s.current.Load().key(kid); k != nil {
		return k, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return nil, unreachable(s.failed)
	}
	return nil, refuse("The token is signed with a key that its issuer does not publish.")
}

func unreachable(why error) error {
	return Unreachable(why, "The token's issuer cannot be reached for its keys.")
}

// fetch starts a fetch, unless one is under way or it is too soon, and returns
// what is closed when the one under way has ended; nil if there is none. The
// fetch outlives the request that started it: others wait for it too.
func (s *keySet) fetch(ctx context.Context) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight != nil || s.now().Before(s.next) {
		return s.flight
	}
	done := make(chan struct{})
	s.flight = done
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchLimit)
		defer cancel()
		got, err := s.download(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.keep(got, err)
		s.flight = nil
		close(done)
	}()
	return done
}

// keep takes the outcome of a fetch.
func (s *keySet) keep(got *fetched, err error) {
	now := s.now()
	if s.failed = err; err != nil {
		s.next = now.Add(retryDown)
		return
	}
	s.next = now.Add(coolDown)
	got.at = now
	old := s.current.Swap(got)
	if old == nil {
		return
	}
	for kid, was := range old.keys {
		if is := got.keys[kid]; is == nil || !same(was, is) {
			s.withdrawn.Add(1)
			return
		}
	}
}

func same(a, b *jose.JSONWebKey) bool {
	switch k := a.Key.(type) {
	case *ecdsa.PublicKey:
		return k.Equal(b.Key)
	case *rsa.PublicKey:
		return k.Equal(b.Key)
	}
	return false
}

// discovery is what is read of an issuer's document about itself.
type discovery struct {
	Issuer    string   `json:"issuer"`
	JWKS      string   `json:"jwks_uri"`
	Authorize string   `json:"authorization_endpoint"`
	Token     string   `json:"token_endpoint"`
	UserInfo  string   `json:"userinfo_endpoint"`
	EndLogin  string   `json:"end_session_endpoint"`
	ClientBy  []string `json:"token_endpoint_auth_methods_supported"`
}

// endpoints leaves out what is not at a safe address, as if it were not there.
func (d *discovery) endpoints() Endpoints {
	e := Endpoints{Authorize: d.Authorize, Token: d.Token, UserInfo: d.UserInfo, EndLogin: d.EndLogin, ClientBy: d.ClientBy}
	for _, at := range []*string{&e.Authorize, &e.Token, &e.UserInfo, &e.EndLogin} {
		if u, err := url.Parse(*at); err != nil || u.Host == "" || u.Fragment != "" || !safe(u) {
			*at = ""
		}
	}
	return e
}

// download asks the issuer where its keys are, and for them.
func (s *keySet) download(ctx context.Context) (*fetched, error) {
	var about discovery
	if err := s.get(ctx, strings.TrimSuffix(s.url, "/")+"/.well-known/openid-configuration", &about); err != nil {
		return nil, err
	}
	if about.Issuer != s.url {
		return nil, fmt.Errorf("oidc: %s says that it is another issuer", s.url)
	}
	if u, err := url.Parse(about.JWKS); err != nil || !safe(u) {
		return nil, fmt.Errorf("oidc: the keys of %s are not at an https address", s.url)
	}
	var set struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if err := s.get(ctx, about.JWKS, &set); err != nil {
		return nil, err
	}
	keys := usable(set.Keys)
	if len(keys) == 0 { // no issuer means that: better the keys it had
		return nil, fmt.Errorf("oidc: %s publishes no key that can be used", s.url)
	}
	return &fetched{keys: keys, where: about.endpoints()}, nil
}

// usable returns the keys that tokens may be checked with; others (shared keys,
// keys for encryption, types that are not known here) are passed over.
func usable(raw []jsontext.Value) map[string]*jose.JSONWebKey {
	keys := map[string]*jose.JSONWebKey{}
	for _, r := range raw {
		k := new(jose.JSONWebKey)
		if k.UnmarshalJSON(r) != nil || k.KeyID == "" || len(k.KeyID) > maxKID || k.Use != "" && k.Use != "sig" || !k.Valid() || len(keys) == maxKeys {
			continue
		}
		switch key := k.Key.(type) {
		case *ecdsa.PublicKey:
		case *rsa.PublicKey:
			if key.N.BitLen() < minRSA {
				continue
			}
		default:
			continue
		}
		if keys[k.KeyID] == nil {
			keys[k.KeyID] = k
		}
	}
	return keys
}

// get decodes the JSON at an address, within limits on time and size.
func (s *keySet) get(ctx context.Context, address string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("oidc: %s answers %s", address, resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return err
	}
	if len(body) > maxBody {
		return fmt.Errorf("oidc: %s answers with more than %d bytes", address, maxBody)
	}
	return json.Unmarshal(body, into)
}

// limited returns a client that follows no redirect: an issuer's keys are where
// its own document says.
func limited(c *http.Client) *http.Client {
	own := http.Client{Timeout: fetchLimit}
	if c != nil {
		own = *c
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// Package staff logs professionals in by a browser, with their own organisation's
// OpenID Connect issuer, and knows them again by a cookie for as long as the token
// of that log-in would be taken as a bearer token: 15 minutes after it was issued,
// and 12 hours after they authenticated (RULES 3). To go on they pass by their
// issuer again, which does not ask anew while it remembers them.
//
// The cookie holds the sealed caller, made by the rules of package oidc. A log-out is
// a mark in the store, so that it bites at the next request, on every instance.
package staff

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/codeflow"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Cookie names. The first carries a session, the second a log-in that was begun.
const (
	Cookie      = "__Host-dcr-staff"
	BegunCookie = "__Host-dcr-staff-log-in"
)

// ReturnPath is where an issuer sends browsers back to, below the public URL: each
// issuer has its own, so that no answer is taken for another's.
func ReturnPath(issuer string) string { return "/staff/log-in/" + issuer + "/return" }

// Client is how we are known to one issuer of the Verifier's.
type Client struct {
	Issuer string // short name
	ID     string
	Key    *codeflow.Key     // or
	Secret string            //
	Scopes []string          // nil: what CIS2 needs to tell roles
	Params map[string]string // acr_values
}

// Options of Sessions.
type Options struct {
	Verifier  *oidc.Verifier
	Clients   []Client
	PublicURL string // without a slash at its end
	Seal      []byte // 32 bytes, the same on every instance
	DB        *store.DB
	Now       func() time.Time
}

// Sessions of staff. It may be used concurrently.
type Sessions struct {
	o     Options
	seal  cipher.AEAD
	flows map[string]*codeflow.Client
	names []string
}

// New returns the sessions. No issuer is asked for anything yet.
func New(o Options) (*Sessions, error) {
	if len(o.Seal) != 32 || o.Verifier == nil || o.DB == nil || o.Now == nil {
		return nil, errors.New("staff: a verifier, a store, a clock and a sealing key of 32 bytes are needed")
	}
	block, err := aes.NewCipher(o.Seal)
	if err != nil {
		return nil, err
	}
	s := &Sessions{o: o, flows: map[string]*codeflow.Client{}}
	if s.seal, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return nil, err
	}
	for _, c := range o.Clients {
		scopes := c.Scopes
		if scopes == nil {
			scopes = []string{"profile", "nationalrbacaccess", "selectedrole"}
		}
		provider := o.Verifier.Provider(c.Issuer)
		if provider == nil || s.flows[c.Issuer] != nil {
			return nil, fmt.Errorf("staff: %q is no issuer, or is there twice", c.Issuer)
		}
		flow, err := codeflow.New(codeflow.Options{Provider: provider, ClientID: c.ID, Key: c.Key, Secret: c.Secret, Redirect: o.PublicURL + ReturnPath(c.Issuer),
			Scopes: scopes, Params: c.Params, Seal: o.Seal, Now: o.Now})
		if err != nil {
			return nil, fmt.Errorf("staff: issuer %s: %w", c.Issuer, err)
		}
		s.flows[c.Issuer] = flow
		s.names = append(s.names, c.Issuer)
	}
	return s, nil
}

// Issuers returns the names of those that one can log in with.
func (s *Sessions) Issuers() []string { return slices.Clone(s.names) }

// Begin begins a log-in with an issuer. back is handed on by Finish.
func (s *Sessions) Begin(ctx context.Context, issuer, back string) (codeflow.Begun, error) {
	flow := s.flows[issuer]
	if flow == nil {
		return codeflow.Begun{}, errs.New(errs.NotFound, "There is no such way to log in.")
	}
	return flow.Begin(ctx, codeflow.Start{Return: back, For: issuer})
}

// Session is one that has begun.
type Session struct {
	Cookie string
	Caller identity.Caller
	Return string
}

// Finish ends a log-in with the cookie of Begin and the query that the browser
// brings back from that issuer.
func (s *Sessions) Finish(ctx context.Context, issuer, cookie, query string) (Session, error) {
	flow := s.flows[issuer]
	if flow == nil {
		return Session{}, errs.New(errs.NotFound, "There is no such way to log in.")
	}
	answer, err := codeflow.ReadAnswer(query)
	if err != nil {
		return Session{}, err
	}
	in, err := flow.Finish(ctx, cookie, answer)
	if err != nil {
		return Session{}, err
	}
	info, err := s.userInfo(ctx, issuer, flow, in)
	if err != nil {
		return Session{}, err
	}
	caller, err := s.o.Verifier.SignedIn(oidc.SignIn{Issuer: issuer, Client: s.clientID(issuer), Claims: in.Claims, UserInfo: info})
	if err != nil {
		return Session{}, err
	}
	text, err := s.close(caller, issuer, in.KeyID)
	return Session{Cookie: text, Caller: caller, Return: in.Return}, err
}

// userInfo returns the user information of an issuer that has one: some say all in
// the ID token.
func (s *Sessions) userInfo(ctx context.Context, issuer string, flow *codeflow.Client, in codeflow.LogIn) ([]byte, error) {
	where, err := s.o.Verifier.Provider(issuer).Endpoints(ctx)
	if err != nil || where.UserInfo == "" {
		return nil, err
	}
	return flow.UserInfo(ctx, in)
}

func (s *Sessions) clientID(issuer string) string {
	for _, c := range s.o.Clients {
		if c.Issuer == issuer {
			return c.ID
		}
	}
	return ""
}

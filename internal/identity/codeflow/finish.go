package codeflow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/oauth2"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc"
)

// Codes of a log-in that did not end well.
const (
	CodeCancelled = "LOGIN_CANCELLED" // the person turned back at the issuer, or it refused them
	CodeExpired   = "LOGIN_EXPIRED"   // begun in another browser, or too long ago, or ended already
	CodeFailed    = "LOGIN_FAILED"    // what the issuer answered does not hold
)

func coded(code, text string, why error) error {
	err := errs.Wrap(errs.Unauthenticated, why, text)
	if e, ok := errs.As(err); ok {
		e.Code = code
	}
	return err
}

func expired() error {
	return errs.Coded(errs.Unauthenticated, CodeExpired, "This log-in was begun in another window, or too long ago. Start again.")
}

// failed is what a person cannot put right. Why is for the log, and holds nothing of
// what the issuer said of them.
func failed(why string) error {
	return coded(CodeFailed, "The log-in did not work. Start again.", errors.New("codeflow: "+why))
}

func unreachable(why error) error {
	return oidc.Unreachable(why, "The service that you log in with does not answer. Try again in a few minutes.")
}

// Failed is the error of a log-in whose claims do not hold for whoever asked for it.
// Why is for the log alone: it names no person, and is not shown.
func Failed(why string) error { return failed(why) }

// LogIn is somebody whom the issuer has just logged in.
type LogIn struct {
	Subject   string
	AuthTime  time.Time // zero if the issuer does not say
	Claims    []byte    // of the ID token, all of them; iss, aud, exp, iat, nonce, at_hash were checked
	Algorithm string    // that signed it
	KeyID     string    // of the key that signed it
	Return    string    // as Start said
	For       string    // as Start said
	access    string
}

// Finish ends a log-in that Begin began: with the cookie that this browser brings
// and what the issuer answered. The caller takes the cookie back in any case.
func (c *Client) Finish(ctx context.Context, cookie string, a Answer) (LogIn, error) {
	p, err := c.open(cookie, a.State)
	if err != nil {
		return LogIn{}, err
	}
	if a.Issuer != "" && a.Issuer != c.o.Provider.Issuer() {
		return LogIn{}, failed("another issuer answers")
	}
	if err := refusal(a); err != nil {
		return LogIn{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, exchangeLimit)
	defer cancel()
	where, err := c.endpoints(ctx)
	if err != nil {
		return LogIn{}, err
	}
	token, err := c.exchange(ctx, where, a.Code, p.Verifier)
	if err != nil {
		return LogIn{}, err
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" || token.AccessToken == "" {
		return LogIn{}, failed("the issuer gives no ID token")
	}
	in, err := c.verify(ctx, raw, token.AccessToken, p)
	if err != nil {
		return LogIn{}, err
	}
	in.Return, in.For, in.access = p.Return, p.For, token.AccessToken
	return in, nil
}

// refusal says what the issuer answered instead of a code.
func refusal(a Answer) error {
	switch a.Error {
	case "":
		if a.Code == "" {
			return failed("the issuer answers without a code")
		}
		return nil
	case "access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required":
		return errs.Coded(errs.Unauthenticated, CodeCancelled, "You did not finish logging in. Start again if you want to go on.")
	case "temporarily_unavailable", "server_error":
		return unreachable(errors.New("codeflow: the issuer says " + a.Error))
	}
	return failed("the issuer refuses what it was asked")
}

func (c *Client) exchange(ctx context.Context, where oidc.Endpoints, code, verifier string) (*oauth2.Token, error) {
	options := []oauth2.AuthCodeOption{oauth2.VerifierOption(verifier)}
	if c.o.Key != nil {
		assertion, err := c.o.Key.assertion(c.o.ClientID, where.Token, c.o.Now())
		if err != nil {
			return nil, err
		}
		options = append(options, oauth2.SetAuthURLParam("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
			oauth2.SetAuthURLParam("client_assertion", assertion))
	}
	token, err := c.config(where).Exchange(context.WithValue(ctx, oauth2.HTTPClient, c.o.Provider.Client()), code, options...)
	if err == nil {
		return token, nil
	}
	// The library's error holds the issuer's whole answer: it goes no further.
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		if refused.Response != nil && refused.Response.StatusCode >= http.StatusInternalServerError {
			return nil, unreachable(fmt.Errorf("codeflow: the token endpoint answers %d", refused.Response.StatusCode))
		}
		return nil, failed(fmt.Sprintf("the token endpoint refuses: %.40q", refused.ErrorCode))
	}
	return nil, unreachable(errors.New("codeflow: the token endpoint cannot be reached, or answers with what is no token"))
}

const maxUserInfo = 256 << 10

// UserInfo returns what the issuer says of who has just logged in: a JSON object
// about the same sub as the ID token.
func (c *Client) UserInfo(ctx context.Context, in LogIn) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, exchangeLimit)
	defer cancel()
	where, err := c.endpoints(ctx)
	if err != nil {
		return nil, err
	}
	if where.UserInfo == "" {
		return nil, failed("the issuer has no userinfo endpoint")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, where.UserInfo, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+in.access)
	req.Header.Set("Accept", "application/json")
	resp, err := c.o.Provider.Client().Do(req)
	if err != nil {
		return nil, unreachable(errors.New("codeflow: the userinfo endpoint cannot be reached"))
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, unreachable(fmt.Errorf("codeflow: the userinfo endpoint answers %d", resp.StatusCode))
	}
	if media, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(media), "application/json") {
		return nil, failed("the user information is no JSON")
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxUserInfo+1))
	if err != nil {
		return nil, unreachable(errors.New("codeflow: the user information breaks off"))
	}
	var about struct {
		Subject string `json:"sub"`
	}
	if len(body) > maxUserInfo || json.Unmarshal(body, &about) != nil {
		return nil, failed("the user information cannot be read")
	}
	if about.Subject == "" || about.Subject != in.Subject {
		return nil, failed("the user information is about somebody else")
	}
	return body, nil
}

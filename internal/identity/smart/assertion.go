package smart

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
)

// assertion is what is left to use of one that was checked.
type assertion struct {
	jti     string
	expires time.Time
}

// claims are what is read of an assertion.
type claims struct {
	Issuer    string           `json:"iss"`
	Subject   string           `json:"sub"`
	Audience  jwt.Audience     `json:"aud"`
	Expires   *jwt.NumericDate `json:"exp"`
	NotBefore *jwt.NumericDate `json:"nbf"`
	IssuedAt  *jwt.NumericDate `json:"iat"`
	ID        string           `json:"jti"`
}

const maxJTI = 256 // bytes

// assertion checks a client's signed assertion. Before the signature holds, all
// that is wrong gets one answer, so that nobody learns which clients there are.
func (s *Server) assertion(ctx context.Context, token string, now time.Time) (partner.Client, assertion, error) {
	client, payload, err := s.signed(ctx, token)
	if err != nil {
		return partner.Client{}, assertion{}, err
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return partner.Client{}, assertion{}, invalidClient("The assertion's claims are not the JSON object that they should be.")
	}
	expires := c.Expires.Time()
	wrong := ""
	switch {
	case c.Issuer != client.ID || c.Subject != client.ID:
		wrong = "The assertion's iss and sub must both be the client's id."
	case s.o.TokenURL == "" || !slices.Contains(c.Audience, s.o.TokenURL):
		wrong = "The assertion is not meant for this token endpoint (aud)."
	case c.Expires == nil || !now.Before(expires):
		wrong = "The assertion has expired, or does not say when it does (exp)."
	case expires.After(now.Add(s.o.MaxAhead + leeway)):
		wrong = "The assertion lasts longer than is taken (exp)."
	case c.IssuedAt != nil && expires.Sub(c.IssuedAt.Time()) > s.o.MaxAhead:
		wrong = "The assertion lasts longer than is taken (iat, exp)."
	case c.IssuedAt.Time().After(now.Add(leeway)) || c.NotBefore.Time().After(now.Add(leeway)):
		wrong = "The assertion is from the future: the clocks of the client and this service differ (iat, nbf)."
	case c.ID == "" || len(c.ID) > maxJTI:
		wrong = "The assertion needs a jti of 1 to 256 bytes, used once."
	}
	if wrong != "" {
		return partner.Client{}, assertion{}, invalidClient(wrong)
	}
	return client, assertion{jti: c.ID, expires: expires}, nil
}

// signed returns the client whose key an assertion is signed with, and its claims.
func (s *Server) signed(ctx context.Context, token string) (partner.Client, []byte, error) {
	if token == "" || len(token) > MaxAssertion {
		return partner.Client{}, nil, errs.Coded(errs.Invalid, InvalidRequest, "client_assertion is missing, or over %d bytes.", MaxAssertion)
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES384, jose.RS384})
	if err != nil {
		return partner.Client{}, nil, invalidClient("The assertion is not a JWT signed with ES384 or RS384.")
	}
	var said struct {
		Issuer string `json:"iss"`
	}
	if err := json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &said); err != nil {
		return partner.Client{}, nil, unproven()
	}
	client, _, err := s.o.Partners.Client(ctx, said.Issuer)
	if errs.KindOf(err) == errs.NotFound || err == nil && (client.Revoked || len(client.JWKS) == 0) {
		return partner.Client{}, nil, unproven()
	}
	if err != nil {
		return partner.Client{}, nil, err
	}
	keys, err := partner.Keys(client.JWKS)
	if err != nil { // they were checked when they were stored: a fault of ours
		return partner.Client{}, nil, fmt.Errorf("stored keys of %s: %w", client.ID, err)
	}
	for i := range keys.Keys {
		k := &keys.Keys[i]
		if k.KeyID != jws.Signatures[0].Protected.KeyID || !partner.Fits(k, jws.Signatures[0].Protected.Algorithm) {
			continue
		}
		if payload, err := jws.Verify(k); err == nil {
			return client, payload, nil
		}
	}
	return partner.Client{}, nil, unproven()
}

func unproven() error {
	return invalidClient("The client is not registered, or was revoked, or the assertion is not signed with one of its keys.")
}

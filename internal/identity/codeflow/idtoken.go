package codeflow

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// standard are the claims of an ID token that are OpenID Connect's own. Names are
// matched exactly, and duplicates refused.
type standard struct {
	Issuer   string           `json:"iss"`
	Subject  string           `json:"sub"`
	Audience jwt.Audience     `json:"aud"`
	Party    string           `json:"azp"`
	Expires  *jwt.NumericDate `json:"exp"`
	IssuedAt *jwt.NumericDate `json:"iat"`
	AuthTime *jwt.NumericDate `json:"auth_time"`
	Nonce    string           `json:"nonce"`
	AtHash   string           `json:"at_hash"`
}

// verify checks an ID token as OpenID Connect Core 3.1.3.7 says.
func (c *Client) verify(ctx context.Context, raw, access string, p pending) (LogIn, error) {
	payload, kid, algorithm, err := c.o.Provider.Signed(ctx, raw)
	if err != nil {
		if errs.KindOf(err) == errs.Unavailable {
			return LogIn{}, unreachable(err)
		}
		return LogIn{}, failed("the ID token: " + errs.Message(err))
	}
	var t standard
	if err := json.Unmarshal(payload, &t); err != nil {
		return LogIn{}, failed("the ID token's claims cannot be read")
	}
	if why := c.wrong(t, p); why != "" {
		return LogIn{}, failed(why)
	}
	if t.AtHash != "" && subtle.ConstantTimeCompare([]byte(t.AtHash), []byte(halfHash(algorithm, access))) != 1 {
		return LogIn{}, failed("the ID token is of another access token (at_hash)")
	}
	in := LogIn{Subject: t.Subject, Claims: payload, KeyID: kid, Algorithm: algorithm}
	if t.AuthTime != nil {
		in.AuthTime = t.AuthTime.Time().UTC()
	}
	return in, nil
}

// wrong says what is wrong with the claims of an ID token; "" if nothing is.
func (c *Client) wrong(t standard, p pending) string {
	now, began := c.o.Now(), time.UnixMilli(p.Began)
	switch {
	case t.Issuer != c.o.Provider.Issuer():
		return "the ID token is another issuer's (iss)"
	case !slices.Contains(t.Audience, c.o.ClientID):
		return "the ID token is for another client (aud)"
	case t.Party != "" && t.Party != c.o.ClientID, len(t.Audience) > 1 && t.Party == "":
		return "the ID token was given to another client (azp)"
	case t.Subject == "" || len(t.Subject) > 255:
		return "the ID token does not say who it is about (sub)"
	case subtle.ConstantTimeCompare([]byte(t.Nonce), []byte(p.Nonce)) != 1:
		return "the ID token is of another log-in (nonce)"
	case t.Expires == nil || t.IssuedAt == nil:
		return "the ID token lacks one of its times (exp, iat)"
	case !now.Before(t.Expires.Time()):
		return "the ID token has expired (exp)"
	case t.IssuedAt.Time().After(now.Add(leeway)) || t.IssuedAt.Time().Before(began.Add(-leeway)):
		return "the ID token was not issued for this log-in (iat)"
	case t.AuthTime != nil && t.AuthTime.Time().After(now.Add(leeway)):
		return "the log-in is in the future (auth_time)"
	case c.o.Fresh && (t.AuthTime == nil || t.AuthTime.Time().Before(began.Add(-leeway))):
		return "the issuer did not log the person in anew (auth_time)"
	}
	return ""
}

// halfHash is the left half of the hash of an access token, by the hash of the
// algorithm that signed the ID token.
func halfHash(algorithm, access string) string {
	var sum []byte
	switch {
	case strings.HasSuffix(algorithm, "512"):
		s := sha512.Sum512([]byte(access))
		sum = s[:]
	case strings.HasSuffix(algorithm, "384"):
		s := sha512.Sum384([]byte(access))
		sum = s[:]
	default:
		s := sha256.Sum256([]byte(access))
		sum = s[:]
	}
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

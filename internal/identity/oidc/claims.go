package oidc

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// claims are what is read of a token. Names are matched exactly and duplicates
// refused, so that no second reading of the same bytes says otherwise.
type claims struct {
	Issuer    string       `json:"iss"`
	Audience  jwt.Audience `json:"aud"`
	Subject   string       `json:"sub"`
	IssuedAt  date         `json:"iat"`
	Expires   date         `json:"exp"`
	NotBefore date         `json:"nbf"`
	AuthTime  date         `json:"auth_time"`
	ACR       string       `json:"acr"`
	UserUID   string       `json:"nhsid_useruid"`
	Selected  string       `json:"selected_roleid"`
	Roles     []nrbac      `json:"nhsid_nrbac_roles"`
	Name      string       `json:"name"`
}

// nrbac is one of the roles that a person holds.
type nrbac struct {
	ID   string `json:"person_roleid"`
	Org  string `json:"org_code"`
	Code string `json:"role_code"`
}

const maxText = 200 // bytes of a name or an identifier in a claim

func parseClaims(payload []byte) (claims, error) {
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return claims{}, refuse("The token's claims are not the JSON object that they should be.")
	}
	return c, nil
}

// caller checks the claims of a token whose signature holds.
func (v *Verifier) caller(from *issuer, c claims, now time.Time) (identity.Caller, error) {
	if c.Issuer != from.URL {
		return identity.Caller{}, refuse("The token is from an issuer that is not taken here.")
	}
	if !slices.Contains(c.Audience, from.Audience) {
		return identity.Caller{}, refuse("The token is not meant for this service (aud).")
	}
	until, err := v.until(c, now)
	if err != nil {
		return identity.Caller{}, err
	}
	if c.ACR != "AAL2" && c.ACR != "AAL3" {
		return identity.Caller{}, refuse("The log-in was not at assurance level AAL2 or AAL3 (acr).")
	}
	for _, claim := range [...]struct{ name, text string }{{"sub", c.Subject}, {"nhsid_useruid", c.UserUID}, {"selected_roleid", c.Selected}} {
		if !plain(claim.text) {
			return identity.Caller{}, refuse("The token does not say who the user is: %s is missing or not an identifier.", claim.name)
		}
	}
	org, role, err := v.position(c)
	if err != nil {
		return identity.Caller{}, err
	}
	if len(from.Orgs) > 0 && !slices.Contains(from.Orgs, org) {
		return identity.Caller{}, refuse("The token's issuer may not speak for the organisation of the selected role.")
	}
	caller := identity.Caller{Kind: identity.Professional, ID: from.Name + "/" + c.Subject, Org: org, Role: role, AuthTime: c.AuthTime.time(), Expires: until}
	if plain(c.Name) {
		caller.Name = c.Name
	}
	return caller, nil
}

// until checks the times of a token and returns when it stops counting.
func (v *Verifier) until(c claims, now time.Time) (time.Time, error) {
	iat, exp, auth := c.IssuedAt.time(), c.Expires.time(), c.AuthTime.time()
	soon := now.Add(leeway)
	switch {
	case iat.IsZero() || exp.IsZero() || auth.IsZero():
		return time.Time{}, refuse("The token lacks one of its times, or it is out of range (iat, exp, auth_time).")
	case !now.Before(exp):
		return time.Time{}, refuse("The token has expired.")
	case iat.After(soon) || c.NotBefore.time().After(soon):
		return time.Time{}, refuse("The token is from the future: the clocks of its issuer and this service differ (iat, nbf).")
	case !now.Before(iat.Add(v.maxAge)):
		return time.Time{}, refuse("The token was issued more than %d minutes ago; get a new one.", int(v.maxAge.Minutes()))
	case auth.After(soon):
		return time.Time{}, refuse("The log-in is in the future (auth_time).")
	case !now.Before(auth.Add(v.maxSession)):
		return time.Time{}, refuse("The log-in was more than %d hours ago; log in again.", int(v.maxSession.Hours()))
	}
	until := exp
	for _, t := range []time.Time{iat.Add(v.maxAge), auth.Add(v.maxSession)} {
		if t.Before(until) {
			until = t
		}
	}
	return until, nil
}

// position returns the organisation and role of the one role that the person
// selected. A role code that is not in the table is a person without a role: they
// are known, and refused where a role is needed.
func (v *Verifier) position(c claims) (nhs.ODS, identity.Role, error) {
	var held *nrbac
	for i := range c.Roles {
		if c.Roles[i].ID != c.Selected {
			continue
		}
		if held != nil {
			return "", 0, refuse("The selected role is there twice in the token.")
		}
		held = &c.Roles[i]
	}
	if held == nil {
		return "", 0, refuse("The selected role is not among the user's roles.")
	}
	org, err := nhs.ParseODS(held.Org)
	if err != nil {
		return "", 0, refuse("The selected role names no organisation (org_code).")
	}
	if !plain(held.Code) {
		return "", 0, refuse("The selected role has no role_code.")
	}
	role, ok := v.roles[held.Code]
	if !ok {
		role = v.roles[held.Code[strings.LastIndexByte(held.Code, ':')+1:]]
	}
	return org, role, nil
}

// plain reports whether a claim can be kept and shown as it is.
func plain(s string) bool {
	return s != "" && len(s) <= maxText && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// date is a NumericDate: seconds since 1970, perhaps with a fraction.
type date float64

// time returns the time, or the zero time for one that is missing or not between
// 1970 and 9999.
func (n date) time() time.Time {
	if !(n > 0 && n < 253402300800) {
		return time.Time{}
	}
	whole, part := math.Modf(float64(n))
	return time.Unix(int64(whole), int64(part*1e9)).UTC()
}

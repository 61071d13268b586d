// Package nhslogin is the client of NHS login, by which residents enrol and recover:
// the authorisation code flow of its interface specification, and what it says of
// who somebody is. RULES 1.
//
// Only what decides is asked for: the scope profile brings the NHS number, the birth
// date and the level of proofing, and neither a name nor an address for mail.
package nhslogin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/codeflow"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// ReturnPath is where NHS login sends browsers back to, below the public URL: it is
// registered there. Cookie carries a log-in that was begun, for that path to read.
const (
	ReturnPath = "/nhs-login/return"
	Cookie     = "__Host-dcr-nhs-login"
)

// Options of a Client.
type Options struct {
	Issuer     string // https://auth.login.nhs.uk
	ClientID   string
	Key        *codeflow.Key
	PublicURL  string // without a slash at its end
	Seal       []byte // 32 bytes, the same on every instance
	HTTPClient *http.Client
	Now        func() time.Time
}

// Client logs residents in by NHS login. It may be used concurrently.
type Client struct {
	flow   *codeflow.Client
	issuer *url.URL
}

// New returns a client. NHS login is asked for nothing yet, so that its being down
// stops nobody else.
func New(o Options) (*Client, error) {
	if o.Key == nil {
		return nil, errors.New("nhslogin: a key is needed: NHS login takes no secret")
	}
	provider, err := oidc.NewProvider(o.Issuer, o.HTTPClient, o.Now)
	if err != nil {
		return nil, err
	}
	issuer, err := url.Parse(o.Issuer)
	if err != nil {
		return nil, err
	}
	// NHS login forgets nobody on a shared device: whoever enrols logs in anew.
	flow, err := codeflow.New(codeflow.Options{Provider: provider, ClientID: o.ClientID, Key: o.Key, Redirect: o.PublicURL + ReturnPath, Scopes: []string{"profile"},
		Params: map[string]string{"prompt": "login"}, Fresh: true, Seal: o.Seal, Now: o.Now})
	if err != nil {
		return nil, err
	}
	return &Client{flow, issuer}, nil
}

// Level is how well NHS login is to have proved who somebody is.
type Level uint8

// Levels that can be asked for. The zero Level is the one that reads a record.
const (
	P9 Level = iota
	P5       // or better; it reads nothing
)

// vectors are what is asked for and taken: each is a level with a second factor.
func (l Level) vectors() []string {
	if l == P5 {
		return []string{"P5.Cp.Cd", "P5.Cp.Ck", "P5.Cm"}
	}
	return []string{"P9.Cp.Cd", "P9.Cp.Ck", "P9.Cm"}
}

// takes reports whether a vector is enough: P9 is where P5 was asked for. It is
// believed of the ID token alone.
func (l Level) takes(vector string) bool {
	return slices.Contains(P9.vectors(), vector) || slices.Contains(l.vectors(), vector)
}

// Begin begins a log-in. back is handed on by Finish.
func (c *Client) Begin(ctx context.Context, l Level, back string) (codeflow.Begun, error) {
	vtr, err := json.Marshal(l.vectors())
	if err != nil {
		return codeflow.Begun{}, err
	}
	return c.flow.Begin(ctx, codeflow.Start{Return: back, For: l.vectors()[0][:2], Params: map[string]string{"vtr": string(vtr)}})
}

// Claims are what NHS login says of somebody who has just logged in there.
type Claims struct {
	NHSNumber nhs.Number
	BirthDate string // 2006-01-02
	Proofing  string // identity_proofing_level: P9 or P5
	VoT       string // vector of trust: P9.Cp.Cd
	Sub       string // who they are to NHS login
	AuthTime  time.Time
	Return    string // as given to Begin
}

// said are the claims that the ID token and the user information may both hold.
type said struct {
	Number    string `json:"nhs_number"`
	BirthDate string `json:"birthdate"`
	Proofing  string `json:"identity_proofing_level"`
	Vector    string `json:"vot"`
	Mark      string `json:"vtm"`
}

// Finish ends a log-in with the cookie of Begin and the query that the browser
// brings back. It refuses what is not at the level that was asked for, or does not
// say who somebody is.
func (c *Client) Finish(ctx context.Context, cookie, query string) (Claims, error) {
	answer, err := codeflow.ReadAnswer(query)
	if err != nil {
		return Claims{}, err
	}
	in, err := c.flow.Finish(ctx, cookie, answer)
	if err != nil {
		return Claims{}, err
	}
	more, err := c.flow.UserInfo(ctx, in)
	if err != nil {
		return Claims{}, err
	}
	var token, info said
	if json.Unmarshal(in.Claims, &token) != nil || json.Unmarshal(more, &info) != nil {
		return Claims{}, refuse("a claim is not of its type")
	}
	if !levelOf(in.For).takes(token.Vector) {
		return Claims{}, errs.Coded(errs.Forbidden, CodeProofing,
			"NHS login has not checked who you are well enough. Prove who you are there, with a photo of your passport or driving licence, or ask your GP practice for a code.")
	}
	if why := c.wrong(token, info); why != "" {
		return Claims{}, refuse(why)
	}
	both := token
	for _, p := range []struct{ of, or *string }{{&both.Number, &info.Number}, {&both.BirthDate, &info.BirthDate}, {&both.Proofing, &info.Proofing}} {
		if *p.of == "" {
			*p.of = *p.or
		}
	}
	out := Claims{BirthDate: both.BirthDate, Proofing: both.Proofing, VoT: both.Vector, Sub: in.Subject, AuthTime: in.AuthTime, Return: in.Return}
	if both.Proofing != both.Vector[:2] {
		return Claims{}, refuse("the level of proofing is not the vector's")
	}
	if out.NHSNumber, err = nhs.ParseNumber(both.Number); err != nil {
		return Claims{}, unknown()
	}
	if _, err := time.Parse(time.DateOnly, both.BirthDate); err != nil {
		return Claims{}, unknown()
	}
	return out, nil
}

func levelOf(asked string) Level {
	if asked == "P5" {
		return P5
	}
	return P9
}

// wrong says what does not hold of what NHS login says; "" if all does.
func (c *Client) wrong(token, info said) string {
	switch {
	case !c.trustmark(token.Mark):
		return "the vector's trustmark is not NHS login's (vtm)"
	case differ(token.Number, info.Number), differ(token.BirthDate, info.BirthDate), differ(token.Proofing, info.Proofing), differ(token.Vector, info.Vector):
		return "the ID token and the user information do not say the same"
	}
	return ""
}

// trustmark reports whether a trustmark lies at the issuer itself, which hosts its
// own (5.1.5 of the specification).
func (c *Client) trustmark(mark string) bool {
	u, err := url.Parse(mark)
	return err == nil && u.Scheme == c.issuer.Scheme && strings.EqualFold(u.Host, c.issuer.Host)
}

func differ(a, b string) bool { return a != "" && b != "" && a != b }

// Codes of refusals of somebody who did log in.
const (
	CodeProofing = "PROOFING_TOO_LOW"     // at a level, or by means, that were not asked for
	CodeUnknown  = "NHS_LOGIN_INCOMPLETE" // NHS login does not tell their NHS number or birth date
)

func unknown() error {
	return errs.Coded(errs.Forbidden, CodeUnknown, "NHS login did not tell your NHS number and date of birth. Prove who you are there first, or ask your GP practice for a code.")
}

func refuse(why string) error { return codeflow.Failed("NHS login: " + why) }

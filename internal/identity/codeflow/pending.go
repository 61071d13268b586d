package codeflow

import (
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"
)

// pending is a log-in between its two requests. It is readable to nobody but us.
type pending struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Began    int64  `json:"b"` // ms since 1970
	Return   string `json:"r,omitzero"`
	For      string `json:"f,omitzero"`
}

const maxCookie = 3 << 10

// bound names what a sealed log-in is good for: this client of this issuer, with
// this redirect. Another client's does not open.
func (c *Client) bound() []byte {
	return []byte("log-in\x00" + c.o.Provider.Issuer() + "\x00" + c.o.ClientID + "\x00" + c.o.Redirect)
}

func (c *Client) close(p pending) (string, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(c.seal.Seal(nil, nil, body, c.bound())), nil
}

// open returns the log-in that the browser began, if it is the one that the issuer
// answers, and not too old.
func (c *Client) open(cookie, state string) (pending, error) {
	if cookie == "" || len(cookie) > maxCookie {
		return pending{}, expired()
	}
	sealed, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		return pending{}, expired()
	}
	body, err := c.seal.Open(nil, nil, sealed, c.bound())
	if err != nil {
		return pending{}, expired()
	}
	var p pending
	if err := json.Unmarshal(body, &p); err != nil {
		return pending{}, expired()
	}
	now, began := c.o.Now(), time.UnixMilli(p.Began)
	if subtle.ConstantTimeCompare([]byte(p.State), []byte(state)) != 1 || now.Before(began.Add(-leeway)) || !now.Before(began.Add(c.o.Life)) {
		return pending{}, expired()
	}
	return p, nil
}

// Answer is what the browser brings back from the issuer.
type Answer struct {
	State, Code string
	Error       string // instead of a code
	Issuer      string // who says that it answers (RFC 9207); may be empty
}

// ReadAnswer reads the query of the request that the issuer sent the browser back
// with. A parameter that is there twice means two things, and is refused.
func ReadAnswer(query string) (Answer, error) {
	if len(query) > 8<<10 {
		return Answer{}, failed("the answer of the issuer is too long")
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return Answer{}, failed("the answer of the issuer cannot be read")
	}
	var a Answer
	for name, into := range map[string]*string{"state": &a.State, "code": &a.Code, "error": &a.Error, "iss": &a.Issuer} {
		if len(values[name]) > 1 {
			return Answer{}, failed("the answer of the issuer says " + name + " twice")
		}
		*into = values.Get(name)
	}
	return a, nil
}

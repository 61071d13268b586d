// Package oidctest is an OpenID Connect issuer for tests and for the simulated
// county: it serves discovery and keys and mints the tokens of professionals. It
// lets nobody log in; whoever holds an Issuer may mint.
package oidctest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
)

// Person is a professional, in the one role that they selected.
type Person struct {
	Sub      string
	UserUID  string // empty: Sub
	Name     string
	Org      string // ODS code
	RoleCode string // as the issuer's directory has it
	RoleName string
	RoleID   string // empty: Sub + "-1"
	ACR      string // empty: AAL2
}

// Issuer signs tokens. It is an http.Handler that serves what a verifier asks
// for, wherever it is mounted. It may be used concurrently.
type Issuer struct {
	url      string
	audience string
	fetches  atomic.Int64
	down     atomic.Bool
	server   *http.Server

	mu      sync.Mutex
	signing *key
	public  []jose.JSONWebKey
	made    int
}

// key signs with ES256; its header is encoded once.
type key struct {
	private *ecdsa.PrivateKey
	header  string
}

// New returns the issuer of that URL, whose tokens are meant for audience.
func New(url, audience string) (*Issuer, error) {
	i := &Issuer{url: url, audience: audience}
	return i, i.Rotate(true)
}

// Start returns an issuer that listens on address, which may be "127.0.0.1:0".
func Start(address, audience string) (*Issuer, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	i, err := New("http://"+l.Addr().String(), audience)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	i.server = &http.Server{Handler: i, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = i.server.Serve(l) }()
	return i, nil
}

// Close ends what Start began.
func (i *Issuer) Close() error {
	if i.server == nil {
		return nil
	}
	return i.server.Close()
}

// URL returns what tokens say in iss.
func (i *Issuer) URL() string { return i.url }

// Fetches returns how often the keys were asked for.
func (i *Issuer) Fetches() int { return int(i.fetches.Load()) }

// SetDown makes every answer a 503, or ends that.
func (i *Issuer) SetDown(down bool) { i.down.Store(down) }

// Rotate signs with a new key from now on. Dropping withdraws the others.
func (i *Issuer) Rotate(drop bool) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.made++
	kid := "key-" + strconv.Itoa(i.made)
	i.signing = &key{private, base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":"ES256","kid":"%s","typ":"JWT"}`, kid))}
	if drop {
		i.public = nil
	}
	i.public = append(i.public, jose.JSONWebKey{Key: &private.PublicKey, KeyID: kid, Algorithm: "ES256", Use: "sig"})
	return nil
}

// Publish adds a key to those that are served.
func (i *Issuer) Publish(k jose.JSONWebKey) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.public = append(i.public, k)
}

// Keys returns the keys that are served.
func (i *Issuer) Keys() jose.JSONWebKeySet {
	i.mu.Lock()
	defer i.mu.Unlock()
	return jose.JSONWebKeySet{Keys: append([]jose.JSONWebKey(nil), i.public...)}
}

// Claims returns those of a token for p, issued at now and good for 15 minutes,
// after a log-in at the same time.
func (i *Issuer) Claims(p Person, now time.Time) map[string]any {
	c := i.claims(p, now)
	m := map[string]any{"iss": c.Issuer, "aud": c.Audience, "iat": c.IssuedAt, "exp": c.Expires, "auth_time": c.AuthTime, "acr": c.ACR, "sub": c.Subject,
		"nhsid_useruid": c.UserUID, "selected_roleid": c.Selected}
	if c.Name != "" {
		m["name"] = c.Name
	}
	r := c.Roles[0]
	m["nhsid_nrbac_roles"] = []any{map[string]any{"person_roleid": r.ID, "org_code": r.Org, "role_code": r.Code, "role_name": r.Name}}
	return m
}

// Mint returns a token with the Claims of p at now.
func (i *Issuer) Mint(p Person, now time.Time) string { return i.Sign(i.claims(p, now)) }

// Sign returns a token with any claims, which must encode as a JSON object.
func (i *Issuer) Sign(claims any) string {
	body, err := json.Marshal(claims, json.Deterministic(true))
	if err != nil {
		panic(fmt.Sprintf("oidctest: claims that are no JSON: %v", err))
	}
	return i.SignBytes(body)
}

// SignBytes returns a token whose claims are these bytes, whatever they are.
func (i *Issuer) SignBytes(body []byte) string {
	i.mu.Lock()
	k := i.signing
	i.mu.Unlock()
	return k.sign(body)
}

func (k *key) sign(body []byte) string {
	b64 := base64.RawURLEncoding
	token := make([]byte, 0, len(k.header)+2+b64.EncodedLen(len(body))+b64.EncodedLen(64))
	token = append(append(token, k.header...), '.')
	token = b64.AppendEncode(token, body)
	digest := sha256.Sum256(token)
	r, s, err := ecdsa.Sign(rand.Reader, k.private, digest[:])
	if err != nil {
		panic(fmt.Sprintf("oidctest: sign: %v", err)) // a P-256 key of our own always signs
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return string(b64.AppendEncode(append(token, '.'), signature[:]))
}

// wire are the claims of a token, in the order in which they are written.
type wire struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	AuthTime int64  `json:"auth_time"`
	ACR      string `json:"acr"`
	Subject  string `json:"sub"`
	UserUID  string `json:"nhsid_useruid"`
	Name     string `json:"name,omitzero"`
	Selected string `json:"selected_roleid"`
	Roles    []role `json:"nhsid_nrbac_roles"`
}

type role struct {
	ID   string `json:"person_roleid"`
	Org  string `json:"org_code"`
	Code string `json:"role_code"`
	Name string `json:"role_name"`
}

func (i *Issuer) claims(p Person, now time.Time) wire {
	or := func(s, other string) string {
		if s == "" {
			return other
		}
		return s
	}
	id := or(p.RoleID, p.Sub+"-1")
	return wire{Issuer: i.url, Audience: i.audience, IssuedAt: now.Unix(), Expires: now.Add(15 * time.Minute).Unix(), AuthTime: now.Unix(),
		ACR: or(p.ACR, "AAL2"), Subject: p.Sub, UserUID: or(p.UserUID, p.Sub), Name: p.Name, Selected: id,
		Roles: []role{{ID: id, Org: p.Org, Code: p.RoleCode, Name: p.RoleName}}}
}

// ServeHTTP answers for the discovery document and the keys.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	keys := r.URL.Path == "/jwks"
	if keys {
		i.fetches.Add(1)
	}
	if i.down.Load() {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	var body any
	switch {
	case r.Method != http.MethodGet:
		http.Error(w, "GET only", http.StatusMethodNotAllowed)
		return
	case keys:
		body = i.Keys()
	case r.URL.Path == "/.well-known/openid-configuration":
		body = map[string]any{"issuer": i.url, "jwks_uri": i.url + "/jwks", "id_token_signing_alg_values_supported": []string{"ES256"}}
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.MarshalWrite(w, body)
}

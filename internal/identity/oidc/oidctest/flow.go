package oidctest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
)

// Client is one that may log people in: it proves itself by a key or a secret.
type Client struct {
	ID       string
	Redirect string // compared as it is
	Key      any    // public
	Secret   string
}

// FlowOptions say what kind of issuer it is.
type FlowOptions struct {
	URL     string
	Base    string // path that the endpoints begin with: "/connect"
	Clients []Client
	Keys    func() jose.JSONWebKeySet
	Sign    func(claims any) string
	Now     func() time.Time
	// Claims returns what the ID token and the user information say of somebody, beyond
	// what the flow itself says: iss, aud, sub, iat, exp, auth_time, nonce, at_hash.
	Claims  func(g Grant) (token, info map[string]any)
	Vectors bool // vtr is honoured, and must be asked for (NHS login)
}

// Grant is who logged in, and how, on the issuer's page.
type Grant struct {
	User     string    // the sub
	Level    string    // of proofing, where the issuer has levels
	AuthTime time.Time // when
	asked    Asked
	expires  time.Time
}

// Asked is a request for a log-in that holds: its client is known, and it is sent
// back to where that client is.
type Asked struct {
	Client, Redirect, State, Nonce, Challenge, Prompt string
	Scopes                                            []string
	Vectors                                           []string // in the order of preference
}

// Flow is the authorisation code flow of an issuer. It checks what its clients send
// as a real one does. The page on which somebody says who they are is the caller's.
type Flow struct {
	o FlowOptions

	mu     sync.Mutex
	codes  map[string]Grant
	access map[string]Grant
	used   map[string]bool // ids of assertions
}

// NewFlow returns the flow of an issuer.
func NewFlow(o FlowOptions) *Flow {
	return &Flow{o: o, codes: map[string]Grant{}, access: map[string]Grant{}, used: map[string]bool{}}
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// Discovery answers with the issuer's document about itself.
func (f *Flow) Discovery(w http.ResponseWriter, _ *http.Request) {
	at := f.o.URL + f.o.Base
	write(w, http.StatusOK, map[string]any{"issuer": f.o.URL, "authorization_endpoint": at + "/authorize", "token_endpoint": at + "/token", "userinfo_endpoint": at + "/userinfo",
		"jwks_uri": f.o.URL + "/.well-known/jwks.json", "response_types_supported": []string{"code"}, "code_challenge_methods_supported": []string{"S256"},
		"subject_types_supported": []string{"public"}, "token_endpoint_auth_methods_supported": []string{"private_key_jwt", "client_secret_post"}})
}

// JWKS answers with the issuer's keys.
func (f *Flow) JWKS(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, f.o.Keys()) }

// errNoClient is of a request that the browser must not be sent back from: it is told
// on a page of the issuer.
var errNoClient = errors.New("the client is unknown, or its redirect_uri is another than was registered")

// Refused is a request that is answered to the client, with its error code.
type Refused struct{ Code, Words, To string }

func (r *Refused) Error() string { return r.Code + ": " + r.Words }

// Read checks a request for a log-in.
func (f *Flow) Read(q url.Values) (Asked, error) {
	a := Asked{Client: q.Get("client_id"), Redirect: q.Get("redirect_uri"), State: q.Get("state"), Nonce: q.Get("nonce"), Challenge: q.Get("code_challenge"),
		Prompt: q.Get("prompt"), Scopes: strings.Fields(q.Get("scope"))}
	if c := f.client(a.Client); c == nil || c.Redirect != a.Redirect {
		return a, errNoClient
	}
	no := func(code, words string) (Asked, error) {
		return a, &Refused{code, words, back(a.Redirect, url.Values{"error": {code}, "error_description": {words}, "state": {a.State}})}
	}
	for name, all := range q {
		if len(all) > 1 {
			return no("invalid_request", name+" is there twice")
		}
	}
	switch {
	case q.Get("response_type") != "code":
		return no("unsupported_response_type", "only code is")
	case !slices.Contains(a.Scopes, "openid"):
		return no("invalid_scope", "openid is missing")
	case a.State == "" || a.Nonce == "":
		return no("invalid_request", "state and nonce are needed")
	case q.Get("code_challenge_method") != "S256" || len(a.Challenge) != 43:
		return no("invalid_request", "PKCE with S256 is needed")
	}
	if f.o.Vectors {
		if err := json.Unmarshal([]byte(q.Get("vtr")), &a.Vectors); err != nil || len(a.Vectors) == 0 {
			return no("invalid_request", "vtr is no list of vectors")
		}
		for _, v := range a.Vectors {
			if !known(v) || v[:2] != a.Vectors[0][:2] {
				return no("invalid_request", "a vector of vtr is unknown, or of another level")
			}
		}
	}
	return a, nil
}

// known are the vectors of NHS login (5.1.6 of its interface specification).
func known(vector string) bool {
	return slices.Contains([]string{"P0.Cp", "P0.Cp.Cd", "P0.Cp.Ck", "P5.Cp.Cd", "P5.Cp.Ck", "P5.Cm", "P9.Cp.Cd", "P9.Cp.Ck", "P9.Cm"}, vector)
}

func (f *Flow) client(id string) *Client {
	for i := range f.o.Clients {
		if f.o.Clients[i].ID == id {
			return &f.o.Clients[i]
		}
	}
	return nil
}

// Grant returns where to send the browser of somebody who logged in.
func (f *Flow) Grant(a Asked, g Grant) string {
	g.asked, g.expires = a, f.o.Now().Add(time.Minute)
	code := rand.Text()
	f.mu.Lock()
	f.codes[code] = g
	f.mu.Unlock()
	return back(a.Redirect, url.Values{"code": {code}, "state": {a.State}})
}

// Deny returns where to send the browser of somebody who did not.
func (f *Flow) Deny(a Asked, code string) string {
	return back(a.Redirect, url.Values{"error": {code}, "state": {a.State}})
}

func back(redirect string, values url.Values) string { return redirect + "?" + values.Encode() }

// Token is the token endpoint.
func (f *Flow) Token(w http.ResponseWriter, r *http.Request) {
	no := func(status int, code, words string) {
		write(w, status, map[string]string{"error": code, "error_description": words})
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil || r.URL.RawQuery != "" {
		no(http.StatusBadRequest, "invalid_request", "the form cannot be read")
		return
	}
	if r.PostForm.Get("grant_type") != "authorization_code" {
		no(http.StatusBadRequest, "unsupported_grant_type", "only authorization_code is")
		return
	}
	f.mu.Lock()
	g, ok := f.codes[r.PostForm.Get("code")]
	delete(f.codes, r.PostForm.Get("code")) // it counts once, whatever comes of it
	f.mu.Unlock()
	c := f.client(g.asked.Client)
	if !ok || c == nil {
		no(http.StatusBadRequest, "invalid_grant", "there is no such code")
		return
	}
	if err := f.proves(c, r); err != nil {
		no(http.StatusUnauthorized, "invalid_client", err.Error())
		return
	}
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	if !f.o.Now().Before(g.expires) || r.PostForm.Get("redirect_uri") != g.asked.Redirect || subtle.ConstantTimeCompare([]byte(challenge), []byte(g.asked.Challenge)) != 1 {
		no(http.StatusBadRequest, "invalid_grant", "the code has expired, or redirect_uri or code_verifier is another's")
		return
	}
	f.give(w, g)
}

// give answers with the tokens of a log-in.
func (f *Flow) give(w http.ResponseWriter, g Grant) {
	now, access := f.o.Now(), rand.Text()+rand.Text()
	g.expires = now.Add(5 * time.Minute)
	f.mu.Lock()
	f.access[access] = g
	f.mu.Unlock()
	claims, _ := f.o.Claims(g)
	all := map[string]any{"iss": f.o.URL, "aud": g.asked.Client, "sub": g.User, "iat": now.Unix(), "exp": now.Add(15 * time.Minute).Unix(), "jti": rand.Text(),
		"auth_time": g.AuthTime.Unix(), "nonce": g.asked.Nonce, "at_hash": f.hash(access)}
	for name, v := range claims {
		all[name] = v
	}
	write(w, http.StatusOK, map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": f.o.Sign(all)})
}

// hash is at_hash, by the algorithm that the issuer signs with.
func (f *Flow) hash(access string) string {
	if keys := f.o.Keys().Keys; len(keys) > 0 && strings.HasSuffix(keys[0].Algorithm, "512") {
		sum := sha512.Sum512([]byte(access))
		return base64.RawURLEncoding.EncodeToString(sum[:32])
	}
	sum := sha256.Sum256([]byte(access))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// UserInfo is the userinfo endpoint.
func (f *Flow) UserInfo(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	f.mu.Lock()
	g, known := f.access[token]
	f.mu.Unlock()
	if !ok || !known || !f.o.Now().Before(g.expires) {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		write(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	_, info := f.o.Claims(g)
	all := map[string]any{"sub": g.User}
	for name, v := range info {
		all[name] = v
	}
	write(w, http.StatusOK, all)
}

// proves checks that a request comes from its client.
func (f *Flow) proves(c *Client, r *http.Request) error {
	if c.Key == nil {
		if c.Secret == "" || r.PostForm.Get("client_id") != c.ID || subtle.ConstantTimeCompare([]byte(r.PostForm.Get("client_secret")), []byte(c.Secret)) != 1 {
			return errors.New("the secret is not the client's")
		}
		return nil
	}
	if r.PostForm.Get("client_assertion_type") != assertionType {
		return errors.New("private_key_jwt is needed")
	}
	jws, err := jose.ParseSignedCompact(r.PostForm.Get("client_assertion"), []jose.SignatureAlgorithm{jose.RS512, jose.ES256, jose.ES384})
	if err != nil {
		return errors.New("the assertion is no JWT that is taken")
	}
	payload, err := jws.Verify(c.Key)
	if err != nil {
		return errors.New("the assertion's signature does not hold")
	}
	var a struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience string `json:"aud"`
		ID       string `json:"jti"`
		Expires  int64  `json:"exp"`
	}
	if err := json.Unmarshal(payload, &a); err != nil {
		return errors.New("the assertion's claims cannot be read")
	}
	left := time.Unix(a.Expires, 0).Sub(f.o.Now())
	if a.Issuer != c.ID || a.Subject != c.ID || a.Audience != f.o.URL+f.o.Base+"/token" || left <= 0 || left > 5*time.Minute || a.ID == "" {
		return errors.New("the assertion is another client's, for another endpoint, or of another time")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.used[a.ID] {
		return errors.New("the assertion was used before")
	}
	f.used[a.ID] = true
	return nil
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.MarshalWrite(w, v)
}

// RSA signs as NHS login does, with RS512.
type RSA struct {
	signer jose.Signer
	public jose.JSONWebKey
}

// NewRSA returns the signer of that key.
func NewRSA(key *rsa.PrivateKey, kid string) (*RSA, error) {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS512, Key: key}, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", kid))
	return &RSA{s, jose.JSONWebKey{Key: &key.PublicKey, KeyID: kid, Algorithm: "RS512", Use: "sig"}}, err
}

// Keys returns the key that tokens are checked with.
func (r *RSA) Keys() jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{r.public}}
}

// Sign returns a token with these claims.
func (r *RSA) Sign(claims any) string {
	body, err := json.Marshal(claims, json.Deterministic(true))
	if err != nil {
		panic(fmt.Sprintf("oidctest: claims that are no JSON: %v", err))
	}
	jws, err := r.signer.Sign(body)
	if err != nil {
		panic(fmt.Sprintf("oidctest: sign: %v", err)) // a key of our own always signs
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		panic(fmt.Sprintf("oidctest: serialize: %v", err))
	}
	return token
}

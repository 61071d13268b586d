package smart

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Response is the answer of the token endpoint. It must not be cached.
type Response struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"` // seconds
	Scope       string `json:"scope"`
}

// Failure is the answer of the token endpoint when there is no token (RFC 6749,
// 5.2).
type Failure struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// Codes of a Failure.
const (
	InvalidRequest       = "invalid_request"
	InvalidClient        = "invalid_client"
	InvalidScope         = "invalid_scope"
	UnauthorizedClient   = "unauthorized_client"
	UnsupportedGrantType = "unsupported_grant_type"
)

// FailureOf returns an error of Token in OAuth's form. The kind of the error gives
// the status: errs.Unauthenticated for invalid_client, errs.Invalid for others.
func FailureOf(err error) Failure {
	f := Failure{Error: errs.CodeOf(err), Description: errs.Message(err)}
	if f.Error == "" {
		f.Error = "server_error"
		if errs.KindOf(err) == errs.Unavailable {
			f.Error = "temporarily_unavailable"
		}
	}
	return f
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// Token answers the form of a token request with an access token. Its errors have
// one of the codes above, unless the store is at fault.
func (s *Server) Token(ctx context.Context, form url.Values) (Response, error) {
	if err := wellFormed(form); err != nil {
		return Response{}, err
	}
	now := s.o.Now()
	client, a, err := s.assertion(ctx, form.Get("client_assertion"), now)
	if err != nil {
		return Response{}, err
	}
	if id := form.Get("client_id"); id != "" && id != client.ID {
		return Response{}, invalidClient("The client_id is not the one in the assertion.")
	}
	scope, err := granted(client.Kind, form.Get("scope"))
	if err != nil {
		return Response{}, err
	}
	if err := s.live(ctx, client, now); errs.KindOf(err) == errs.Forbidden {
		return Response{}, errs.Coded(errs.Invalid, UnauthorizedClient, "%s", errs.Message(err))
	} else if err != nil {
		return Response{}, err
	}
	token, err := s.issue(ctx, client.ID, a, now)
	if err != nil {
		return Response{}, err
	}
	return Response{AccessToken: token, TokenType: "bearer", ExpiresIn: int(s.o.TokenLife.Seconds()), Scope: scope}, nil
}

// wellFormed checks what can be checked without knowing the client.
func wellFormed(form url.Values) error {
	for _, values := range form {
		if len(values) > 1 {
			return errs.Coded(errs.Invalid, InvalidRequest, "A parameter is there more than once.")
		}
	}
	if form.Get("grant_type") == "" {
		return errs.Coded(errs.Invalid, InvalidRequest, "grant_type is missing.")
	}
	if form.Get("grant_type") != "client_credentials" {
		return errs.Coded(errs.Invalid, UnsupportedGrantType, "The only grant_type here is client_credentials.")
	}
	if form.Get("client_assertion_type") != assertionType {
		return errs.Coded(errs.Invalid, InvalidRequest, "client_assertion_type must be %s.", assertionType)
	}
	return nil
}

// granted returns the scope of a client's tokens: what it is registered for, if
// that is what it asks for.
func granted(k partner.ClientKind, asked string) (string, error) {
	scope := map[partner.ClientKind]string{partner.Feed: "system/Bundle.c", partner.ClinicalSystem: "system/*.rs"}[k]
	fields := strings.Fields(asked)
	for _, f := range fields {
		if f != scope {
			return "", errs.Coded(errs.Invalid, InvalidScope, "This client may ask for the scope %s only.", scope)
		}
	}
	if len(fields) == 0 || scope == "" {
		return "", errs.Coded(errs.Invalid, InvalidScope, "scope is missing; this client may ask for %s.", scope)
	}
	return scope, nil
}

// issue makes a token, and takes the assertion as used in the same commit: of two
// requests with one assertion, on whatever instances, one gets a token.
func (s *Server) issue(ctx context.Context, client string, a assertion, now time.Time) (string, error) {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	text := base64.RawURLEncoding.EncodeToString(secret[:])
	until := now.Add(s.o.TokenLife)
	err := s.o.DB.Commit(ctx, client, []store.Op{
		{Kind: store.Insert, Doc: store.Doc{Ref: ref(assertions, client, a.jti), Body: []byte{form}, Expires: a.expires.Add(time.Minute)}},
		{Kind: store.Insert, Doc: store.Doc{Ref: ref(tokens, client, text), Body: appendToken(nil, now, until), Expires: until}}})
	if errs.KindOf(err) == errs.Conflict {
		return "", invalidClient("The assertion was used before: each needs a jti of its own.")
	}
	if err != nil {
		return "", err
	}
	return client + separator + text, nil
}

// separator is between the client id, which says in what partition the token
// lies, and the secret. It is in neither.
const separator = "~"

// ref names the document of a secret or of a jti by its hash, so that what is
// stored opens nothing.
func ref(collection, client, of string) store.Ref {
	sum := sha256.Sum256([]byte(of))
	return store.Ref{Collection: collection, Partition: client, ID: hex.EncodeToString(sum[:])}
}

// Authenticate returns the system that an access token was given to. That it is
// still registered, and its agreement still holds, is read anew each time.
func (s *Server) Authenticate(ctx context.Context, token string) (identity.Caller, error) {
	id, secret, ok := strings.Cut(token, separator)
	if !ok || len(secret) != 43 || len(id) > 64 || id == "" {
		return identity.Caller{}, badToken()
	}
	now := s.o.Now()
	var since, until time.Time
	var malformed error
	refs := [1]store.Ref{ref(tokens, id, secret)}
	err := s.o.DB.Get(ctx, refs[:], func(d *store.Doc) bool {
		since, until, malformed = decodeToken(d.Body)
		return true
	})
	if err == nil {
		err = malformed
	}
	if err != nil {
		return identity.Caller{}, err
	}
	if !now.Before(until) || since.After(now.Add(leeway)) { // from the future: our clock was put back, and it would live longer
		return identity.Caller{}, badToken()
	}
	c, _, err := s.o.Partners.Client(ctx, id)
	if errs.KindOf(err) == errs.NotFound || err == nil && c.Revoked {
		return identity.Caller{}, badToken()
	}
	if err != nil {
		return identity.Caller{}, err
	}
	return s.caller(ctx, c, now, since, until)
}

func badToken() error {
	return errs.New(errs.Unauthenticated, "The token is not one of ours, has expired, or its client was revoked.")
}

func invalidClient(words string) error {
	return errs.Coded(errs.Unauthenticated, InvalidClient, "%s", words)
}

// form is the newest version of a token's stored form.
const form = 1

func appendToken(dst []byte, since, until time.Time) []byte {
	return packed.AppendTime(packed.AppendTime(append(dst, form), since), until)
}

func decodeToken(b []byte) (since, until time.Time, err error) {
	r, _ := packed.NewReader(b, form)
	since, until = r.Time(), r.Time()
	if err := r.Close(); err != nil {
		return time.Time{}, time.Time{}, err
	}
	return since, until, nil
}

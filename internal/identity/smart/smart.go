// Package smart makes callers of registered systems: by SMART Backend Services
// (client credentials with a signed assertion, then a short opaque token) or by
// their client certificate. RULES 3 and 8.
//
// What a token is for follows from what its client is registered as, and nothing
// a client says can make it more. A feed gets system/Bundle.c: it sends, and reads
// nothing. A clinical system gets system/*.rs, and may do nothing with it but act
// for a user who is named, by a token of their own, in the same request.
package smart

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Limits on assertions and tokens.
const (
	MaxAssertion = 8 << 10          // bytes
	leeway       = 30 * time.Second // by which a client's clock may differ
)

// Collections: both are partitioned by client id.
const (
	tokens     = "smart_token" // id: the SHA-256 of the token's secret
	assertions = "smart_jti"   // id: the SHA-256 of a jti that was used
)

// Specs declares the collections of the package.
func Specs() []store.Spec {
	return []store.Spec{{Name: tokens, Small: true}, {Name: assertions, Small: true}}
}

// Options of a Server. All but the last two are needed.
type Options struct {
	DB       *store.DB
	Partners *partner.Registry
	TokenURL string // of the token endpoint: what assertions are meant for (aud)
	Now      func() time.Time

	MaxAhead  time.Duration // of an assertion's exp; 0: 5 minutes
	TokenLife time.Duration // of an access token; 0: 300 seconds
}

// Server gives tokens to systems and knows them again. It holds no state of its
// own: several may stand over one store.
type Server struct{ o Options }

// New returns a server.
func New(o Options) *Server {
	o.MaxAhead, o.TokenLife = cmp.Or(o.MaxAhead, 5*time.Minute), cmp.Or(o.TokenLife, 300*time.Second)
	return &Server{o}
}

// CallerFromCert returns the system that a client certificate belongs to. Call it
// for every request or message, not for every connection: a certificate that was
// withdrawn, or an agreement that lapsed, ends what is under way too.
//
// The certificate is known by its fingerprint, whoever signed it; that the peer has
// its private key is what TLS has proved.
func (s *Server) CallerFromCert(ctx context.Context, cert *x509.Certificate) (identity.Caller, error) {
	if cert == nil {
		return identity.Caller{}, errs.New(errs.Unauthenticated, "A client certificate is needed.")
	}
	now := s.o.Now()
	if now.Before(cert.NotBefore) || !now.Before(cert.NotAfter) {
		return identity.Caller{}, errs.New(errs.Unauthenticated, "The client certificate has expired, or is not valid yet.")
	}
	c, err := s.o.Partners.ClientByCert(ctx, Fingerprint(cert))
	if errs.KindOf(err) == errs.NotFound || err == nil && c.Revoked {
		return identity.Caller{}, errs.New(errs.Unauthenticated, "The client certificate belongs to no registered client.")
	}
	if err != nil {
		return identity.Caller{}, err
	}
	return s.caller(ctx, c, now, now, cert.NotAfter)
}

// Fingerprint returns what a certificate is registered by.
func Fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}

// ActingFor returns a clinical system that acts for a professional: both were
// verified for the same request, and work for the same organisation. What may be
// done is what the professional may do.
func ActingFor(system, user identity.Caller) (identity.Caller, error) {
	switch {
	case system.Kind != identity.System || system.Client == "":
		return identity.Caller{}, errs.New(errs.Unauthenticated, "Only a registered clinical system can act for a user.")
	case user.Kind != identity.Professional || user.ID == "":
		return identity.Caller{}, errs.New(errs.Unauthenticated, "A clinical system must name the user that it acts for.")
	case system.Org == "" || system.Org != user.Org:
		return identity.Caller{}, errs.New(errs.Unauthenticated, "The user works in another organisation than the clinical system is registered for.")
	}
	acting := user
	acting.Kind, acting.Client = identity.System, system.Client
	if system.Expires.Before(acting.Expires) {
		acting.Expires = system.Expires
	}
	return acting, nil
}

// caller returns the client as a caller, if the agreement that it is registered
// under holds now.
func (s *Server) caller(ctx context.Context, c partner.Client, now, since, until time.Time) (identity.Caller, error) {
	if err := s.live(ctx, c, now); err != nil {
		return identity.Caller{}, err
	}
	caller := identity.Caller{ID: c.ID, Name: c.Name, Org: c.Org, Client: c.ID, AuthTime: since, Expires: until}
	switch c.Kind {
	case partner.Feed:
		caller.Kind = identity.Source
	case partner.ClinicalSystem:
		caller.Kind = identity.System // without a role: see ActingFor
	default:
		return identity.Caller{}, errs.New(errs.Unauthenticated, "The client is registered for nothing.")
	}
	return caller, nil
}

// CodeNoAgreement is the code of the refusal of a client whose organisation has
// no agreement that holds.
const CodeNoAgreement = "NO_AGREEMENT"

func (s *Server) live(ctx context.Context, c partner.Client, now time.Time) error {
	a, _, err := s.o.Partners.Agreement(ctx, c.Org)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	if err != nil || !a.Live(now) {
		return errs.Coded(errs.Forbidden, CodeNoAgreement, "The sharing agreement of the client's organisation does not hold.")
	}
	return nil
}

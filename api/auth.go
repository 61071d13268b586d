package api

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/smart"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// identify finds out who is calling, by bearer token or, on the sources'
// listener, by client certificate. Nobody passes.
func (s *server) identify(c *fiber.Ctx) error {
	caller, err := s.caller(c.Context())
	if err != nil {
		return err
	}
	if err := s.admit(c, caller); err != nil {
		return err
	}
	return c.Next()
}

// admit makes the caller that of the request, unless their identity has ended.
func (s *server) admit(c *fiber.Ctx, caller identity.Caller) error {
	if caller.Kind == identity.Nobody || caller.ID == "" || !s.o.Now().Before(caller.Expires) {
		return errs.New(errs.Unauthenticated, "Your log-in has ended. Log in again.")
	}
	web.From(c).Caller = caller
	return nil
}

// headerActing names the user that a clinical system acts for, by a token of their
// own.
const headerActing = "X-Acting-User"

func (s *server) caller(ctx *fasthttp.RequestCtx) (identity.Caller, error) {
	headers := ctx.Request.Header.PeekAll(fiber.HeaderAuthorization)
	if len(headers) == 0 && s.o.Certs != nil {
		if tls := ctx.TLSConnectionState(); tls != nil && len(tls.PeerCertificates) > 0 {
			return s.o.Certs.CallerFromCert(web.Of(ctx).Ctx, tls.PeerCertificates[0])
		}
	}
	if len(headers) != 1 { // of two, each party on the way might believe another
		return identity.Caller{}, errs.New(errs.Unauthenticated, "Log in: send one Authorization header with a bearer token.")
	}
	token, ok := bearer(headers[0])
	if !ok {
		return identity.Caller{}, errs.New(errs.Unauthenticated, "The Authorization header must be Bearer and a token.")
	}
	if strings.HasPrefix(token, sessionToken) && s.o.Sessions != nil {
		return s.o.Sessions.Authenticate(web.Of(ctx).Ctx, token)
	}
	if !strings.Contains(token, systemToken) {
		return s.o.Auth.Verify(web.Of(ctx).Ctx, token)
	}
	system, err := s.o.Systems.Authenticate(web.Of(ctx).Ctx, token)
	if err != nil || system.Kind != identity.System {
		return system, err
	}
	return s.actingFor(ctx, system)
}

// systemToken is in every token of ours, and in no JWT.
const systemToken = "~"

// actingFor makes a clinical system the user that it names: it may do nothing of
// its own.
func (s *server) actingFor(ctx *fasthttp.RequestCtx, system identity.Caller) (identity.Caller, error) {
	var user identity.Caller
	if acting := ctx.Request.Header.PeekAll(headerActing); len(acting) == 1 && isToken(acting[0]) {
		var err error
		if user, err = s.o.Auth.Verify(web.Of(ctx).Ctx, string(acting[0])); err != nil {
			return identity.Caller{}, err
		}
	}
	return smart.ActingFor(system, user)
}

// bearer returns the token of an Authorization header: letters, digits and
// -._~+/ with = at the end, as RFC 6750 says.
func bearer(header []byte) (token string, ok bool) {
	const scheme = "bearer "
	if len(header) <= len(scheme) {
		return "", false
	}
	for i := range len(scheme) {
		if header[i]|0x20 != scheme[i] { // lower case; a blank stays one
			return "", false
		}
	}
	header = header[len(scheme):]
	return string(header), isToken(header)
}

func isToken(text []byte) bool {
	for i, b := range text {
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9',
			b == '-', b == '.', b == '_', b == '~', b == '+', b == '/', b == '=' && i > 0:
		default:
			return false
		}
	}
	return len(text) > 0
}

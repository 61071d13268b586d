package api

import (
	"context"
	"net/url"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Sessions makes a caller of the token of a session. One that does not hold, or has
// ended, is an error of kind Unauthenticated.
type Sessions interface {
	Authenticate(ctx context.Context, token string) (identity.Caller, error)
}

// Exports says whether a resident may take a copy of their whole record away at this
// moment: nil, or why not. That it must be confirmed first is the code access.CodeStepUp.
type Exports interface {
	MayExport(ctx context.Context, caller identity.Caller) error
}

// sessionToken is what a resident's access token begins with.
const sessionToken = "dcrs_"

// cookie returns the value of a cookie, "" if there is none. Of two, each party on
// the way might believe another.
func cookie(ctx *fasthttp.RequestCtx, name string) (string, error) {
	value, n := "", 0
	ctx.Request.Header.VisitAllCookie(func(k, v []byte) {
		if string(k) == name {
			value = string(v)
			n++
		}
	})
	if n > 1 || n == 1 && !isToken([]byte(value)) {
		return "", errs.New(errs.Unauthenticated, "Your log-in cannot be read. Log in again.")
	}
	return value, nil
}

// safe reports whether a method changes nothing.
func safe(method string) bool { return method == fiber.MethodGet || method == fiber.MethodHead }

// ownSite refuses what a foreign site made a browser send.
func (s *server) ownSite(strictly bool) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := s.fromOwnSite(c, strictly); err != nil {
			return err
		}
		return c.Next()
	}
}

// fromOwnSite refuses a change that a browser was made to send by another site. A
// browser says where a change comes from: where nothing is said, it is none, which
// is enough unless it must be one (strictly).
func (s *server) fromOwnSite(c *fiber.Ctx, strictly bool) error {
	if safe(c.Method()) {
		return nil
	}
	foreign := errs.Coded(errs.Forbidden, "FOREIGN_ORIGIN", "This was not sent from a page of ours. Open the page again and try once more.")
	h := &c.Context().Request.Header
	site, origin := string(h.Peek("Sec-Fetch-Site")), string(h.Peek(fiber.HeaderOrigin))
	switch {
	case site != "" && site != "same-origin", origin != "" && origin != s.origin:
		return foreign
	case site == "" && origin == "" && strictly:
		return foreign
	}
	return nil
}

// originOf returns the origin of a URL: its scheme, host and port.
func originOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

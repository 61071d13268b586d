package api

import (
	"bytes"
	"fmt"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
)

// mountAudiences adds the routes that the audiences bring. They come before FHIR's,
// whose paths are wider.
func (s *server) mountAudiences() {
	for _, r := range s.o.Routes {
		s.mountOne(r)
	}
}

// mountOne adds a route of an audience. Order matters: what a foreign site made a
// browser send is refused before anybody is asked who is calling, and the caller's
// rate needs the caller.
func (s *server) mountOne(r web.Route) {
	m := s.newRoute(r.Method, r.Path)
	m.page, m.open = r.Page, r.Access == web.Public
	hs := []fiber.Handler{s.takes(r)}
	switch r.Access {
	case web.Public:
		hs = append(hs, s.ownSite(r.Page))
	case web.Residents:
		hs = append(hs, s.session(door{s.o.Sessions, web.CookieResident, isResident}), s.limit)
	case web.Professionals:
		hs = append(hs, s.session(door{s.o.StaffSessions, web.CookieStaff, isProfessional}), s.limit)
	default:
		panic(fmt.Sprintf("api: nobody may call %s %s: say who", r.Method, r.Path)) // found by any test that starts the service
	}
	s.addRoute(m, r.Method, r.Path, append(hs, r.Handler)...)
}

func isResident(k identity.Kind) bool { return k == identity.Resident }

func isProfessional(k identity.Kind) bool {
	return k == identity.Professional || k == identity.System
}

// takes refuses bodies that the route does not take. A form is a page's alone: any
// site can make a browser send one without asking.
func (s *server) takes(r web.Route) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx := c.Context()
		if safe(c.Method()) {
			return c.Next()
		}
		if n := len(ctx.Request.Body()); r.Body > 0 && n > r.Body {
			return errs.New(errs.TooLarge, "The body is larger than the %d bytes that are allowed here.", r.Body)
		}
		if r.Page || len(ctx.Request.Body()) == 0 {
			return c.Next()
		}
		if media, utf8 := web.MediaType(string(ctx.Request.Header.ContentType())); media != mediaJSON || !utf8 {
			return errs.New(errs.Unsupported, "Send the request as "+mediaJSON+".")
		}
		return c.Next()
	}
}

// door is how the callers of an audience come in by cookie, and which callers they
// are.
type door struct {
	sessions Sessions
	cookie   string
	mine     func(identity.Kind) bool
}

// session finds out who is calling: by the Authorization header if there is one,
// else by the audience's cookie.
func (s *server) session(d door) fiber.Handler {
	return func(c *fiber.Ctx) error {
		caller, err := s.sessionCaller(c, d)
		if err != nil {
			return err
		}
		if err := s.admit(c, caller); err != nil {
			return err
		}
		if !d.mine(caller.Kind) {
			return errs.Coded(errs.Forbidden, access.CodeDenied, "This is not for callers of your kind.")
		}
		return c.Next()
	}
}

func (s *server) sessionCaller(c *fiber.Ctx, d door) (identity.Caller, error) {
	ctx := c.Context()
	if len(ctx.Request.Header.Peek(fiber.HeaderAuthorization)) > 0 {
		return s.caller(ctx)
	}
	token, err := cookie(ctx, d.cookie)
	if err != nil {
		return identity.Caller{}, err
	}
	if token == "" || d.sessions == nil {
		return identity.Caller{}, errs.New(errs.Unauthenticated, "Log in to go on.")
	}
	if err := s.fromOwnSite(c, true); err != nil {
		return identity.Caller{}, err
	}
	return d.sessions.Authenticate(web.Of(ctx).Ctx, token)
}

// render makes a page of the error that was just answered, where a browser waits
// for one. If that fails too the problem document stays.
func (s *server) render(c *fiber.Ctx, err error) {
	ctx := c.Context()
	if s.o.ErrorPage == nil || !s.wantsPage(c) {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			s.logPanic(ctx, p)
			s.write(ctx, errs.New(errs.Internal, "panic"))
		}
	}()
	e := told(err)
	err = s.o.ErrorPage(c, web.Problem{Status: ctx.Response.StatusCode(), Kind: e.Kind, Code: e.Code, Text: errs.Message(e), Path: e.Path,
		RequestID: web.From(c).RequestID, After: e.After})
	if err != nil {
		s.refuse(ctx, err)
	}
}

// wantsPage reports whether the request is for a page: by its route, or, where no
// route took it, by what it accepts.
func (s *server) wantsPage(c *fiber.Ctx) bool {
	if r := routeOf(c.Context()); r != nil {
		return r.page
	}
	return !insideFHIR(c.Context()) && bytes.Contains(c.Request().Header.Peek(fiber.HeaderAccept), []byte(fiber.MIMETextHTML))
}

package site

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/citizen"
	pages "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/codeflow"
	"github.com/dorsetcarerecord/dcr/internal/identity/nhslogin"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// publicRoutes are the pages for everybody.
func (s *Site) publicRoutes() []web.Route {
	routes := []web.Route{
		public(http.MethodGet, pages.PathStart, s.start),
		public(http.MethodGet, pages.PathLogIn, s.logIn),
		public(http.MethodGet, pages.PathLoggedOut, s.loggedOut),
		public(http.MethodPost, pages.PathLogOut, s.logOut),
		public(http.MethodGet, pages.PathOffline, func(c *fiber.Ctx) error { return s.o.Pages.Send(c, http.StatusOK, pages.Layout{}, pages.Offline()) }),
		public(http.MethodGet, pages.PathEnrol, s.enrol),
		public(http.MethodPost, pages.PathEnrol, s.enrolCode),
		public(http.MethodGet, pages.PathEnrolDetails, toStart),
		public(http.MethodPost, pages.PathEnrolDetails, s.enrolDetails),
		public(http.MethodGet, pages.PathEnrolPasskey, toStart),
	}
	for topic, path := range map[pages.Topic]string{pages.Help: pages.PathHelp, pages.HelpNoPasskey: pages.PathHelpNoPasskey, pages.HelpLost: pages.PathHelpLost,
		pages.HelpCarers: pages.PathHelpCarers, pages.Cookies: pages.PathCookies, pages.Privacy: pages.PathPrivacy, pages.Accessibility: pages.PathAccessibility} {
		routes = append(routes, public(http.MethodGet, path, func(c *fiber.Ctx) error { return s.showAnybody(c, topic) }))
	}
	if s.o.NHSLogin != nil {
		routes = append(routes, public(http.MethodGet, pages.PathNHSLogin, s.nhsLogin), public(http.MethodGet, nhslogin.ReturnPath, s.nhsLoginReturn))
	}
	return routes
}

// guest returns who is logged in, of a page that everybody may see; nobody where that
// cannot be known.
func (s *Site) guest(c *fiber.Ctx) (context.Context, identity.Caller) {
	ctx := web.From(c).Ctx
	token := c.Cookies(web.CookieResident)
	if token == "" {
		return ctx, identity.Caller{}
	}
	caller, err := s.o.Service.Authenticate(ctx, token)
	if err != nil || caller.Kind != identity.Resident {
		return ctx, identity.Caller{}
	}
	return ctx, caller
}

// showAnybody answers with a page that is the same for everybody, in the layout of who
// is logged in: they lose neither their menu nor the warning before the session ends.
func (s *Site) showAnybody(c *fiber.Ctx, p pages.Page) error {
	ctx, caller := s.guest(c)
	if caller.Kind == identity.Nobody {
		return s.o.Pages.Send(c, http.StatusOK, pages.Layout{}, p)
	}
	l, err := s.layout(ctx, caller)
	if err != nil {
		l = pages.Layout{}
	}
	return s.o.Pages.Send(c, http.StatusOK, l, p)
}

func (s *Site) start(c *fiber.Ctx) error {
	if _, caller := s.guest(c); caller.Kind == identity.Resident {
		return goTo(c, pages.PathHome)
	}
	return s.o.Pages.Send(c, http.StatusOK, pages.Layout{}, pages.Start{})
}

func (s *Site) logIn(c *fiber.Ctx) error {
	if _, caller := s.guest(c); caller.Kind == identity.Resident {
		return goTo(c, pages.PathHome)
	}
	return s.o.Pages.Send(c, http.StatusOK, pages.Layout{}, pages.LogIn{})
}

func (s *Site) loggedOut(c *fiber.Ctx) error {
	q, err := query(c, "why")
	if err != nil {
		return err
	}
	return s.o.Pages.Send(c, http.StatusOK, pages.Layout{}, pages.LoggedOut(q["why"] == "idle"))
}

// logOut ends the session. Who has none any more is logged out already.
func (s *Site) logOut(c *fiber.Ctx) error {
	if ctx, caller := s.guest(c); caller.Kind == identity.Resident {
		f, err := readForm(c)
		if err != nil {
			return err
		}
		if err := s.o.Service.CheckForm(caller, f.get(pages.FormToken)); err != nil {
			return err
		}
		if err := s.o.Service.LogOut(ctx, caller); err != nil {
			return err
		}
	}
	s.o.Service.ClearCookie(c)
	return goTo(c, pages.PathLoggedOut)
}

// toStart is for who opens again the address of a step in the middle.
func toStart(c *fiber.Ctx) error { return goTo(c, pages.PathEnrol) }

// clientOf is who is at the other end, as the service heeds it.
func clientOf(c *fiber.Ctx) citizen.Client {
	return citizen.Client{Address: web.AddressOf(c), Device: citizen.DeviceName(c.Get(fiber.HeaderUserAgent))}
}

// ErrorPage makes a page of an error. Who is not logged in gets the page to log in,
// and comes back to where they were.
func (s *Site) ErrorPage(c *fiber.Ctx, p web.Problem) error {
	call := web.From(c)
	if p.Status == http.StatusUnauthorized && call.Caller.Kind == identity.Nobody {
		notice := "Log in to see this page."
		if c.Cookies(web.CookieResident) != "" {
			notice = "You were logged out because you had not done anything for a while, or logged out elsewhere."
			s.o.Service.ClearCookie(c)
		}
		return s.o.Pages.Send(c, p.Status, pages.Layout{}, pages.LogIn{Notice: notice, Next: wayBack(c)})
	}
	var l pages.Layout
	if call.Caller.Kind == identity.Resident && p.Status < http.StatusInternalServerError {
		var err error
		if l, err = s.layout(call.Ctx, call.Caller); err != nil {
			l = pages.Layout{}
		}
	}
	return s.o.Pages.Send(c, p.Status, l, pages.Failed(p))
}

// wayBack is the page that somebody was at: the one they asked for or, when they sent
// a form, the one that it stood on.
func wayBack(c *fiber.Ctx) string {
	at := c.OriginalURL()
	if c.Method() != http.MethodGet {
		u, err := url.Parse(c.Get(fiber.HeaderReferer))
		if err != nil || u.Host != c.Hostname() {
			return pages.PathHome
		}
		at = u.RequestURI()
	}
	at = codeflow.Local(at, pages.PathHome)
	if at == pages.PathEnding || strings.HasPrefix(at, pages.PathLogIn) {
		return pages.PathHome
	}
	return at
}

package web

import (
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/codeflow"
	"github.com/dorsetcarerecord/dcr/internal/identity/staff"
	handlers "github.com/dorsetcarerecord/dcr/internal/web"
)

// logIn offers the ways to log in.
func (p *Pages) logIn(c *fiber.Ctx) error {
	back := p.back(c)
	var ways []link
	for _, name := range p.o.Sessions.Issuers() {
		ways = append(ways, link{logInBy(name, back), name})
	}
	return p.send(c, "login", view{heading: "Log in as staff", page: ways})
}

// back is the page of ours to go on to after a log-in.
func (p *Pages) back(c *fiber.Ctx) string {
	back := codeflow.Local(c.Query("back"), PathHome)
	if !Owns(back) {
		return PathHome
	}
	return back
}

// admit limits what one address may begin, as nobody is known yet.
func (p *Pages) admit(c *fiber.Ctx) error {
	if after := p.limit.Take(handlers.AddressOf(c), p.o.Now()); after > 0 {
		return &errs.Error{Kind: errs.RateLimited, Message: "Too many log-ins come from your address. Wait a moment and try again.", After: after}
	}
	return nil
}

// begin sends the browser to an issuer. It is a link, and not a form: a form's
// content policy would have to name every issuer.
func (p *Pages) begin(c *fiber.Ctx) error {
	if err := p.admit(c); err != nil {
		return err
	}
	b, err := p.o.Sessions.Begin(handlers.From(c).Ctx, c.Params("issuer"), p.back(c))
	if err != nil {
		return err
	}
	headers(c)
	c.Cookie(hostCookie(staff.BegunCookie, b.Cookie, b.Expires))
	return c.Redirect(b.URL, fiber.StatusSeeOther)
}

// finish takes the answer of an issuer.
func (p *Pages) finish(c *fiber.Ctx) error {
	if err := p.admit(c); err != nil {
		return err
	}
	headers(c)
	begun := c.Cookies(staff.BegunCookie)
	c.Cookie(gone(staff.BegunCookie))
	s, err := p.o.Sessions.Finish(handlers.From(c).Ctx, c.Params("issuer"), begun, string(c.Context().URI().QueryString()))
	if err != nil {
		return p.notLoggedIn(c, err)
	}
	if old := c.Cookies(staff.Cookie); old != "" { // the session that this one renews, or somebody else's
		if err := p.o.Sessions.End(handlers.From(c).Ctx, old); err != nil {
			return err
		}
	}
	c.Cookie(hostCookie(staff.Cookie, s.Cookie, s.Caller.Expires))
	return c.Redirect(codeflow.Local(s.Return, PathHome), fiber.StatusSeeOther)
}

// notLoggedIn says why a log-in did not work, with a way to begin again.
func (p *Pages) notLoggedIn(c *fiber.Ctx, err error) error {
	if errs.KindOf(err) != errs.Unauthenticated {
		return err
	}
	return p.send(c, "message", view{status: fiber.StatusUnauthorized, heading: "You are not logged in",
		page: message{Text: []string{errs.Message(err)}, Go: link{PathLogIn, "Log in"}}})
}

func (p *Pages) logOut(c *fiber.Ctx) error {
	if cookie := c.Cookies(staff.Cookie); cookie != "" {
		if err := p.o.Sessions.End(handlers.From(c).Ctx, cookie); err != nil {
			return err
		}
	}
	c.Cookie(gone(staff.Cookie))
	return p.send(c, "message", view{heading: "You are logged out", page: message{
		Text: []string{"If others use this computer, log out of your organisation's system too, or take your smartcard with you."}, Go: link{PathLogIn, "Log in again"}}})
}

func (p *Pages) home(c *fiber.Ctx) error {
	return p.send(c, "home", view{heading: "What do you want to do?"})
}

func (p *Pages) renewed(c *fiber.Ctx) error {
	until := p.clock(handlers.From(c).Caller.Expires)
	return p.send(c, "message", view{heading: "You are logged in until " + until, page: message{
		Text: []string{"Close this tab, and go on in the one that you came from. What you were writing is still there."}, Go: link{PathHome, "Or go to the start"}}})
}

// message is a page that says one thing, and what to do next.
type message struct {
	Text      []string
	Go        link
	Reference string // the request's id
}

// Failed answers an error on a page of the staff's: for whoever has Owns of its path.
// What is not somebody's and what does not exist are the same page.
func (p *Pages) Failed(c *fiber.Ctx, e handlers.Problem) error {
	v, m := view{status: e.Status}, message{Text: []string{e.Text}, Go: link{PathHome, "Go to the start"}, Reference: e.RequestID}
	switch {
	case e.Status == 401:
		v.heading, m.Text, m.Go = "Log in to go on", []string{"You are not logged in, or your session has ended. If you were writing something, log in in another tab and send it again."}, link{PathLogIn, "Log in"}
		if c.Method() == fiber.MethodGet { // nothing was being written
			m.Text, m.Reference = []string{"You are not logged in, or your session has ended."}, ""
			m.Go.Href += "?" + url.Values{"back": {c.Path()}}.Encode()
		}
	case e.Status == 403:
		v.heading = "You cannot do this"
		if may, err := p.may(c); err == nil {
			if who := whoCan(c.Path(), may); who != nil {
				m.Text, m.Reference = who, ""
			}
		}
	case e.Status == 404 || e.Status == 405:
		v.heading, m.Text = "Page not found", []string{"There is no such page, or it is not your organisation's to see."}
	case e.Status == 429 || e.Status == 503:
		v.heading, m.Text = "Try again in a moment", []string{e.Text, "Wait " + wait(e.After) + ", then try again."}
	case e.Status >= 500:
		v.heading, m.Text = "Something went wrong", []string{"It is not your fault. Try again in a few minutes."}
	default:
		v.heading = "That did not work"
	}
	v.page = m
	return p.send(c, "message", v)
}

func wait(d time.Duration) string {
	if d <= time.Minute {
		return "a minute"
	}
	return "a few minutes"
}

// hostCookie is of this host alone. Lax, as whoever comes back from an issuer comes
// from another site.
func hostCookie(name, value string, expires time.Time) *fiber.Cookie {
	return &fiber.Cookie{Name: name, Value: value, Path: "/", Expires: expires, Secure: true, HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode}
}

func gone(name string) *fiber.Cookie { return hostCookie(name, "", time.Unix(1, 0)) }

// Package site is the residents' web app as far as it answers: each handler takes a
// request for a page, asks the use cases of package citizen, and fills in a page of
// citizen/web. It decides nothing; what a page shows was decided by the record.
//
// Every form is answered by a redirect, or by the same page with what must be put
// right and status 422. A form counts only with the token of its session. Addresses
// hold no more than opaque ids, and no answer is kept by a cache.
package site

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/citizen"
	pages "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/codeflow"
	"github.com/dorsetcarerecord/dcr/internal/identity/nhslogin"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// NHSLogin logs people in by NHS login; *nhslogin.Client does.
type NHSLogin interface {
	Begin(ctx context.Context, l nhslogin.Level, back string) (codeflow.Begun, error)
	Finish(ctx context.Context, cookie, query string) (nhslogin.Claims, error)
}

// Options are what a Site stands on. All are required but NHSLogin, without which
// nobody is sent there; Pages must have been told of it too.
type Options struct {
	Service  *citizen.Service
	Pages    *pages.Renderer
	NHSLogin NHSLogin
	Key      []byte // 32 bytes, the same on every instance
	Now      func() time.Time
}

// Site answers the residents' pages. It is safe for concurrent use.
type Site struct {
	o      Options
	seal   *web.Cursors // of what an enrolment carries from page to page
	london *time.Location
}

// enrolLife is how long somebody may take from the code to who they are.
const enrolLife = 30 * time.Minute

// New returns the site, or what is wrong with the options.
func New(o Options) (*Site, error) {
	if o.Service == nil || o.Pages == nil || o.Now == nil || len(o.Key) != 32 {
		return nil, errors.New("site: the use cases, the pages, a clock and a key of 32 bytes are needed")
	}
	key, err := hkdf.Key(sha256.New, o.Key, nil, "dcr site enrolment", 32)
	if err != nil {
		return nil, err
	}
	s := &Site{o: o}
	if s.seal, err = web.NewCursors(key, enrolLife); err != nil {
		return nil, err
	}
	s.london, err = time.LoadLocation("Europe/London")
	return s, err
}

// Routes returns the pages, and what they load.
func (s *Site) Routes() []web.Route {
	routes := append(s.publicRoutes(), s.recordRoutes()...)
	routes = append(append(routes, s.looksRoutes()...), s.accountRoutes()...)
	return append(routes, s.o.Pages.Assets()...)
}

// formLimit is of the bodies of all forms: a question in the longest words that are
// taken, escaped.
const formLimit = 32 << 10

func public(method, path string, h fiber.Handler) web.Route {
	return web.Route{Method: method, Path: path, Access: web.Public, Page: true, Body: formLimit, Handler: h}
}

// visit is a request of somebody who is logged in.
type visit struct {
	*fiber.Ctx
	ctx     context.Context
	caller  identity.Caller
	request string // its id
	form    form   // of a POST
}

// get makes a route of a page for who is logged in.
func (s *Site) get(path string, h func(*visit) error) web.Route {
	return web.Route{Method: http.MethodGet, Path: path, Access: web.Residents, Page: true, Handler: func(c *fiber.Ctx) error {
		return h(visitOf(c))
	}}
}

// post makes a route of a form of who is logged in. A form without the token of their
// session changes nothing, wherever it comes from.
func (s *Site) post(path string, h func(*visit) error) web.Route {
	return web.Route{Method: http.MethodPost, Path: path, Access: web.Residents, Page: true, Body: formLimit, Handler: func(c *fiber.Ctx) error {
		v := visitOf(c)
		var err error
		if v.form, err = readForm(c); err != nil {
			return err
		}
		if err := s.o.Service.CheckForm(v.caller, v.form.get(pages.FormToken)); err != nil {
			return err
		}
		return h(v)
	}}
}

func visitOf(c *fiber.Ctx) *visit {
	call := web.From(c)
	return &visit{Ctx: c, ctx: call.Ctx, caller: call.Caller, request: call.RequestID}
}

// layout is what stands around every page of who is logged in.
func (s *Site) layout(ctx context.Context, caller identity.Caller) (pages.Layout, error) {
	name, err := s.o.Service.Name(ctx, caller)
	if err != nil {
		return pages.Layout{}, err
	}
	unread, err := s.o.Service.Unread(ctx, caller)
	if err != nil {
		return pages.Layout{}, err
	}
	return pages.Layout{Person: name, SignedIn: true, IdleAt: caller.Expires, Now: s.o.Now(), Token: s.o.Service.FormToken(caller), Notices: unread}, nil
}

// show answers with a page.
func (s *Site) show(v *visit, p pages.Page) error { return s.showWith(v, http.StatusOK, nil, p) }

// again answers a form with the same page and what must be put right.
func (s *Site) again(v *visit, p pages.Page) error {
	return s.showWith(v, http.StatusUnprocessableEntity, nil, p)
}

func (s *Site) showWith(v *visit, status int, late []string, p pages.Page) error {
	l, err := s.layout(v.ctx, v.caller)
	if err != nil {
		return err
	}
	l.Late = late
	return s.o.Pages.Send(v.Ctx, status, l, p)
}

// goTo sends the browser on after a form.
func goTo(c *fiber.Ctx, path string) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Redirect(path, http.StatusSeeOther)
}

package web

import (
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/gofiber/fiber/v2"
)

// Access says who may call a route at all; the zero Access is nobody. What a caller
// may then see is the record's decision.
type Access uint8

// Kinds of access to a route.
const (
	_             Access = iota
	Public               // anybody, signed in or not: the route limits by address
	Residents            // residents, by session cookie or access token
	Professionals        // professionals, by bearer token or their staff session
)

// Route is one route of an audience. The api mounts it: it puts the request's id,
// limits, authentication and the log line before Handler, and turns the error that
// Handler returns into a problem document, or, of a Page, into a page.
type Route struct {
	Method, Path string
	Access       Access
	Page         bool // a web page: takes forms, answers HTML, and sets its own content policy
	Body         int  // bytes of a request's body at most; 0: as many as the listener takes
	Handler      fiber.Handler
}

// Problem is an error as a page tells it.
type Problem struct {
	Status    int
	Kind      errs.Kind
	Code      string // as RULES names it; may be empty
	Text      string // what is wrong and what to do
	Path      string // the field that is wrong; may be empty
	RequestID string
	After     time.Duration // when to try again; 0: not said
}

// ErrorPage answers with the page of an error.
type ErrorPage = func(c *fiber.Ctx, p Problem) error

// ErrorPages returns pages of errors that are mine on the paths that I own, and those of
// others elsewhere.
func ErrorPages(owns func(path string) bool, mine, others ErrorPage) ErrorPage {
	return func(c *fiber.Ctx, p Problem) error {
		if owns(c.Path()) {
			return mine(c, p)
		}
		return others(c, p)
	}
}

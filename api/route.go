package api

import (
	"log/slog"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// route is what the log and the metrics say of a route, made once.
type route struct {
	log     slog.Handler // with the route's own part of the line written already
	metrics RouteMetrics
	page    bool // answers HTML, under its own content policy
	open    bool // public: what it answers may be kept, if it says so
}

type routeKey struct{}

func routeOf(ctx *fasthttp.RequestCtx) *route {
	r, _ := ctx.UserValue(routeKey{}).(*route)
	return r
}

func (s *server) newRoute(method, path string) *route {
	own := []slog.Attr{slog.String("route", path), slog.String("method", method)}
	return &route{log: s.o.Log.WithAttrs(own), metrics: s.o.Metrics.Route(method, path)}
}

// public adds a route that anybody may call.
func (s *server) public(method, path string, h fiber.Handler) {
	s.add(method, path, h)
}

// protect adds a route for callers. Order matters: the caller's rate needs the
// caller.
func (s *server) protect(method, path string, h fiber.Handler) {
	s.add(method, path, s.identify, s.limit, h)
}

func (s *server) add(method, path string, hs ...fiber.Handler) {
	s.addRoute(s.newRoute(method, path), method, path, hs...)
}

func (s *server) addRoute(r *route, method, path string, hs ...fiber.Handler) {
	enter := func(c *fiber.Ctx) error {
		c.Context().SetUserValue(routeKey{}, r)
		return c.Next()
	}
	all := append([]fiber.Handler{enter}, hs...)
	if method == fiber.MethodGet {
		s.app.Get(path, all...) // and HEAD
		return
	}
	s.app.Add(method, path, all...)
}

// limit refuses a caller who asks too often.
func (s *server) limit(c *fiber.Ctx) error {
	if s.rate == nil {
		return c.Next()
	}
	if after := s.rate.Take(web.From(c).Caller.ID, s.o.Now()); after > 0 {
		return &errs.Error{Kind: errs.RateLimited, Message: "You ask more often than is allowed. Try again later.", After: after}
	}
	return c.Next()
}

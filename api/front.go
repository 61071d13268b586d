package api

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Names and values of headers, as bytes in canonical form: setting them neither
// allocates nor normalises.
var (
	hRequestID     = []byte("X-Request-Id")
	hCorrelationID = []byte("X-Correlation-Id")
	hCacheControl  = []byte("Cache-Control")
	hNosniff       = []byte("X-Content-Type-Options")
	hPolicy        = []byte("Content-Security-Policy")
	hTransport     = []byte("Strict-Transport-Security")
	hETag          = []byte("Etag")
	hLastModified  = []byte("Last-Modified")

	vNoStore   = []byte("no-store")
	vNosniff   = []byte("nosniff")
	vPolicy    = []byte("default-src 'none'; frame-ancestors 'none'; sandbox") // a letter's bytes too are of no origin
	vTransport = []byte("max-age=31536000")
	vFHIR      = []byte("application/fhir+json; charset=utf-8")
)

// begin makes the request's Call.
func (s *server) begin(c *fiber.Ctx) error {
	s.newCall(c.Context())
	return c.Next()
}

func (s *server) newCall(ctx *fasthttp.RequestCtx) *web.Call {
	call := &web.Call{Started: time.Now(), Proxies: s.o.Proxies}
	call.Ctx, call.End = context.WithTimeout(s.ctx, s.o.Limits.Answer)
	if id := ctx.Request.Header.PeekBytes(hRequestID); web.SafeID(id) {
		call.RequestID = string(id)
	} else {
		call.RequestID = web.NewRequestID()
	}
	if id := ctx.Request.Header.PeekBytes(hCorrelationID); web.SafeID(id) {
		call.Correlation = string(id)
	}
	web.Begin(ctx, call)
	return call
}

// observe completes every answer with what all have in common, and writes its
// line.
func (s *server) observe(c *fiber.Ctx) error {
	if err := c.Next(); err != nil { // answer leaves none
		return err
	}
	s.finish(c.Context())
	return nil
}

func (s *server) finish(ctx *fasthttp.RequestCtx) {
	s.rooms.leave(&ctx.Request.Header)
	call, h := web.Of(ctx), &ctx.Response.Header
	call.End()
	h.SetCanonical(hRequestID, []byte(call.RequestID))
	if call.Correlation != "" {
		h.SetCanonical(hCorrelationID, []byte(call.Correlation))
	}
	r := routeOf(ctx)
	if r == nil {
		r = s.unmatched
	}
	h.SetCanonical(hNosniff, vNosniff)
	// A page says what it may load, and of a public one what a browser may keep: no
	// other answer has a say in either.
	page := r.page || r == s.unmatched // a browser is told by a page that there is none
	if !page || len(h.PeekBytes(hPolicy)) == 0 {
		h.SetCanonical(hPolicy, vPolicy)
	}
	if !r.page || !r.open || len(h.PeekBytes(hCacheControl)) == 0 {
		h.SetCanonical(hCacheControl, vNoStore)
	}
	if s.secure {
		h.SetCanonical(hTransport, vTransport)
	}
	status, took := ctx.Response.StatusCode(), time.Since(call.Started)
	r.metrics.Done(status, took)
	s.line(ctx, r, call, status, took)
}

// line writes the request's line: the route, never the path or the query, and ids,
// never names. It goes straight to the handler: a Logger would look up its
// caller's file and line for each.
func (s *server) line(ctx *fasthttp.RequestCtx, r *route, call *web.Call, status int, took time.Duration) {
	if !s.o.Log.Enabled(s.ctx, slog.LevelInfo) {
		return
	}
	rec := slog.NewRecord(call.Started, slog.LevelInfo, "request", 0)
	rec.AddAttrs(slog.String("id", call.RequestID), slog.Int("status", status),
		slog.Int64("micros", took.Microseconds()), slog.Int("bytes", len(ctx.Response.Body())), slog.String("caller", call.Caller.ID),
		slog.String("org", string(call.Caller.Org)))
	if call.Type != "" {
		rec.AddAttrs(slog.String("type", call.Type))
	}
	if call.Correlation != "" {
		rec.AddAttrs(slog.String("correlation", call.Correlation))
	}
	_ = r.log.Handle(s.ctx, rec)
}

// answer turns what went wrong into an answer; a panic is our fault and tells the
// caller nothing.
func (s *server) answer(c *fiber.Ctx) error {
	defer func() {
		if p := recover(); p != nil {
			s.panicked(c, p)
		}
	}()
	if err := c.Next(); err != nil {
		s.refuse(c.Context(), err)
		s.render(c, err)
	}
	return nil
}

// panicked logs the stack, but of the panic's value only what the runtime says: a
// value may hold somebody's data.
func (s *server) panicked(c *fiber.Ctx, p any) {
	s.logPanic(c.Context(), p)
	err := errs.New(errs.Internal, "panic")
	s.write(c.Context(), err)
	s.render(c, err)
}

func (s *server) logPanic(ctx *fasthttp.RequestCtx, p any) {
	what := fmt.Sprintf("%T", p)
	if e, ok := p.(runtime.Error); ok {
		what = e.Error()
	}
	slog.New(s.o.Log).LogAttrs(s.ctx, slog.LevelError, "panic", slog.String("id", web.Of(ctx).RequestID),
		slog.String("what", what), slog.String("stack", string(debug.Stack())))
}

// failed answers for fiber: what could not be read as a request at all, and so
// passed none of the handlers.
func (s *server) failed(c *fiber.Ctx, err error) error {
	ctx := c.Context()
	if web.Of(ctx) == nil {
		s.newCall(ctx)
	}
	if s.rooms.leave(&ctx.Request.Header) {
		err = &errs.Error{Kind: errs.Unavailable, Message: "Too many large Bundles are being received at this moment. Send it again.", After: time.Second}
	}
	s.refuse(ctx, err)
	s.finish(ctx)
	return nil
}

// check refuses what no route takes.
func (s *server) check(c *fiber.Ctx) error {
	h := &c.Context().Request.Header
	if ambiguous(h.RawHeaders()) {
		c.Context().SetConnectionClose()
		return errs.New(errs.Invalid, "The host, or the length of the body, is given more than once.")
	}
	if len(h.Host()) == 0 && h.IsHTTP11() {
		return errs.New(errs.Invalid, "The Host header is missing.")
	}
	if len(h.Peek(fiber.HeaderContentEncoding)) > 0 {
		// A limit on the body bounds what was sent, not what it unpacks to.
		return errs.New(errs.Unsupported, "Send the body without a Content-Encoding.")
	}
	if (h.IsGet() || h.IsHead()) && len(c.Context().Request.Body()) > 0 {
		return errs.New(errs.Invalid, "A GET or HEAD has no body.")
	}
	return c.Next()
}

// ambiguous reports whether the head says more than once whom it is for, or how
// long the body is, or in a coding other than chunks: a proxy before us may have
// believed the other, and taken for a body what we would take for the next request.
func ambiguous(head []byte) bool {
	lengths, hosts := 0, 0
	for len(head) > 0 {
		switch head[0] | 0x20 {
		case 'c':
			if named(head, "content-length:") {
				lengths++
			}
		case 't':
			if named(head, "transfer-encoding:") {
				if lengths++; !named(bytes.TrimLeft(head[len("transfer-encoding:"):], " \t"), "chunked\r") {
					return true
				}
			}
		case 'h':
			if named(head, "host:") {
				hosts++
			}
		}
		if lengths > 1 || hosts > 1 {
			return true
		}
		end := bytes.IndexByte(head, '\n')
		if end < 0 {
			break
		}
		head = head[end+1:]
	}
	return false
}

func named(line []byte, name string) bool {
	return len(line) >= len(name) && strings.EqualFold(string(line[:len(name)]), name)
}

// guard answers methods that fiber does not know: it would answer without asking
// anybody.
func (s *server) guard() {
	known := map[string]bool{}
	for _, m := range fiber.DefaultMethods {
		known[m] = true
	}
	srv := s.app.Server()
	next := srv.Handler
	srv.Handler = func(ctx *fasthttp.RequestCtx) {
		if known[string(ctx.Method())] {
			next(ctx)
			return
		}
		s.newCall(ctx)
		s.refuse(ctx, fiber.ErrMethodNotAllowed)
		ctx.Response.Header.Set(fiber.HeaderAllow, "GET, HEAD, POST")
		s.finish(ctx)
	}
}

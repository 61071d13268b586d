package api

import (
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/smart"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// fault is what a kind of error is outside: an HTTP status, FHIR's issue type,
// and the title of a problem document.
type fault struct {
	status int
	issue  string
	title  string
}

// faults has a row for each kind.
var faults = [...]fault{
	errs.Internal:        {fiber.StatusInternalServerError, "exception", "Internal error"},
	errs.Invalid:         {fiber.StatusBadRequest, "invalid", "Malformed request"},
	errs.Unauthenticated: {fiber.StatusUnauthorized, "login", "Not logged in"},
	errs.NotFound:        {fiber.StatusNotFound, "not-found", "Not found"},
	errs.Forbidden:       {fiber.StatusForbidden, "forbidden", "Not allowed"},
	errs.Conflict:        {fiber.StatusConflict, "conflict", "Changed meanwhile"},
	errs.Unavailable:     {fiber.StatusServiceUnavailable, "transient", "Try again later"},
	errs.TooLarge:        {fiber.StatusRequestEntityTooLarge, "too-long", "Too large"},
	errs.Unsupported:     {fiber.StatusUnsupportedMediaType, "not-supported", "Not supported"},
	errs.Unprocessable:   {fiber.StatusUnprocessableEntity, "processing", "Refused by a rule"},
	errs.RateLimited:     {fiber.StatusTooManyRequests, "throttled", "Too many requests"},
	errs.Precondition:    {fiber.StatusPreconditionFailed, "conflict", "Precondition failed"},
}

// Codes of our own that have a status of their own.
const (
	codeNotAcceptable = "NOT_ACCEPTABLE"
	codeMethod        = "METHOD_NOT_ALLOWED"
	codeTimeout       = "REQUEST_TIMEOUT"
	codeHeader        = "HEADER_TOO_LARGE"
)

var statusOfCode = map[string]int{
	codeNotAcceptable:    fiber.StatusNotAcceptable,
	codeMethod:           fiber.StatusMethodNotAllowed,
	codeTimeout:          fiber.StatusRequestTimeout,
	codeHeader:           fiber.StatusRequestHeaderFieldsTooLarge,
	web.CodeMissingMatch: fiber.StatusPreconditionRequired,
}

// retryAfter is how long to wait when the error does not say.
const retryAfter = time.Second

// ours makes one of our errors of one of fiber's, whose words may hold the request.
func ours(err error) *errs.Error {
	if e, ok := errs.As(err); ok {
		return e
	}
	fe, ok := errors.AsType[*fiber.Error](err)
	if !ok {
		return &errs.Error{Kind: errs.Internal}
	}
	switch fe.Code {
	case fiber.StatusNotFound:
		return &errs.Error{Kind: errs.NotFound}
	case fiber.StatusMethodNotAllowed:
		return &errs.Error{Kind: errs.Unsupported, Code: codeMethod, Message: "This method is not allowed here."}
	case fiber.StatusRequestTimeout, fiber.StatusBadGateway:
		return &errs.Error{Kind: errs.Invalid, Code: codeTimeout, Message: "The request did not arrive in time."}
	case fiber.StatusRequestEntityTooLarge:
		return &errs.Error{Kind: errs.TooLarge, Message: "The body is larger than is allowed."}
	case fiber.StatusRequestHeaderFieldsTooLarge:
		return &errs.Error{Kind: errs.TooLarge, Code: codeHeader, Message: "The head of the request is larger than is allowed."}
	case fiber.StatusBadRequest:
		return &errs.Error{Kind: errs.Invalid, Message: "This could not be read as an HTTP request."}
	}
	return &errs.Error{Kind: errs.Internal}
}

// told is an error as it is told to whoever asked.
func told(err error) *errs.Error {
	e := ours(err)
	if e.Kind == errs.NotFound && e.Code == "" {
		// Whoever said it and why: absent and hidden are the same, to the byte.
		return ours(access.Absent())
	}
	return e
}

// refuse answers with the error; what went wrong on our side is logged.
func (s *server) refuse(ctx *fasthttp.RequestCtx, err error) {
	e := ours(err)
	if e.Kind == errs.Internal || e.Kind == errs.Unavailable {
		slog.New(s.o.Log).LogAttrs(s.ctx, slog.LevelError, "failed", slog.String("id", web.Of(ctx).RequestID), slog.String("err", err.Error()))
	}
	s.write(ctx, e)
}

// write is the only place where an error becomes a status: an OperationOutcome
// inside FHIR, a problem document outside.
func (s *server) write(ctx *fasthttp.RequestCtx, err error) {
	e := told(err)
	f := faults[e.Kind]
	if status, ok := statusOfCode[e.Code]; ok {
		f.status = status
	}
	text := errs.Message(e)
	allow := string(ctx.Response.Header.Peek(fiber.HeaderAllow))
	last := ctx.Response.ConnectionClose()
	ctx.Response.Reset()
	if last {
		ctx.Response.SetConnectionClose()
	}
	ctx.Response.SetStatusCode(f.status)
	h := &ctx.Response.Header
	switch e.Kind {
	case errs.Unauthenticated:
		h.Set(fiber.HeaderWWWAuthenticate, challenge(ctx, e))
	case errs.Unavailable, errs.RateLimited:
		h.Set(fiber.HeaderRetryAfter, seconds(e.After))
	}
	if f.status == fiber.StatusMethodNotAllowed && allow != "" {
		h.Set(fiber.HeaderAllow, allow)
	}
	if insideFHIR(ctx) {
		h.SetContentTypeBytes(vFHIR)
		ctx.Response.SetBodyRaw(web.AppendOutcome(nil, web.Issue{Severity: "error", Type: f.issue, Code: e.Code, Text: text, Path: e.Path}))
		return
	}
	h.SetContentType("application/problem+json")
	ctx.Response.SetBodyRaw(appendProblem(nil, f, e, text))
}

// refuseToken answers a token request in OAuth's own form (RFC 6749, 5.2), with
// the status of the same table.
func (s *server) refuseToken(ctx *fasthttp.RequestCtx, err error) error {
	e, ok := errs.As(err)
	if !ok || e.Kind != errs.Invalid && e.Kind != errs.Unauthenticated {
		return err
	}
	f := smart.FailureOf(err)
	b := append(make([]byte, 0, 256), `{"error":`...)
	b = web.AppendString(b, f.Error)
	b = append(b, `,"error_description":`...)
	b = web.AppendString(b, f.Description)
	ctx.Response.SetStatusCode(faults[e.Kind].status)
	ctx.Response.Header.SetContentType(mediaJSON)
	ctx.Response.SetBodyRaw(append(b, '}'))
	return nil
}

// appendProblem appends an RFC 9457 problem document.
func appendProblem(dst []byte, f fault, e *errs.Error, text string) []byte {
	dst = append(dst, `{"type":"urn:dcr:problem:`...)
	dst = append(dst, e.Kind.String()...)
	dst = append(dst, `","title":`...)
	dst = web.AppendString(dst, f.title)
	dst = append(dst, `,"status":`...)
	dst = strconv.AppendInt(dst, int64(f.status), 10)
	dst = append(dst, `,"detail":`...)
	dst = web.AppendString(dst, text)
	if e.Code != "" {
		dst = append(dst, `,"code":`...)
		dst = web.AppendString(dst, e.Code)
	}
	if e.Path != "" {
		dst = append(dst, `,"path":`...)
		dst = web.AppendString(dst, e.Path)
	}
	if e.Action != "" {
		dst = append(dst, `,"action":`...)
		dst = web.AppendString(dst, e.Action)
	}
	return append(dst, '}')
}

// stepUpAge is how long a passkey counts that confirms an action (RULES 1).
const stepUpAge = 5 * time.Minute

// challenge says how to authenticate, and that a token was no good if there was
// one, or is not fresh enough for this. RFC 6750 and 9470; action, which names what
// is to be confirmed, is our own.
func challenge(ctx *fasthttp.RequestCtx, e *errs.Error) string {
	if e.Code == access.CodeStepUp {
		c := `Bearer realm="dcr", error="insufficient_user_authentication", max_age="` + seconds(stepUpAge) + `"`
		if e.Action != "" {
			c = string(web.AppendString([]byte(c+`, action=`), e.Action)) // quoted alike in JSON and here
		}
		return c
	}
	if len(ctx.Request.Header.Peek(fiber.HeaderAuthorization)) == 0 {
		return `Bearer realm="dcr"`
	}
	return `Bearer realm="dcr", error="invalid_token"`
}

// seconds rounds up: a caller who comes back in time must not be refused again.
func seconds(d time.Duration) string {
	if d <= 0 {
		d = retryAfter
	}
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}

// insideFHIR reports whether the path asked for is one of FHIR's.
func insideFHIR(ctx *fasthttp.RequestCtx) bool {
	const prefix = "/fhir/"
	path := ctx.URI().PathOriginal()
	return len(path) >= len(prefix) && string(path[:len(prefix)]) == prefix
}

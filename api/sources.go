package api

import (
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// receive takes a Bundle of a source.
//
//	@Summary		Send a Bundle
//	@Description	Of type transaction, batch, collection or message; FHIR R4 as JSON. The answer says what became of each entry, once all of it is durable. The sender is known by client certificate or by token. This route is on the sources' listener.
//	@Tags			sources
//	@Security		bearer
//	@Accept			application/fhir+json
//	@Produce		application/fhir+json
//	@Param			bundle	body	main.Bundle	true	"FHIR Bundle"
//	@Success		200	{object}	main.Bundle
//	@Failure		400,401,403,406,409,413,415,422,429,500,503	{object}	main.OperationOutcome
//	@Router			/fhir/R4 [post]
func (s *server) receive(c *fiber.Ctx) error {
	ctx := c.Context()
	if err := acceptable(ctx); err != nil {
		return err
	}
	media, utf8 := web.MediaType(string(ctx.Request.Header.ContentType()))
	if !utf8 || media != mediaFHIR && media != mediaJSON {
		return errs.New(errs.Unsupported, "Send the Bundle as "+mediaFHIR+" in UTF-8.")
	}
	if len(ctx.Request.Body()) == 0 {
		return errs.New(errs.Invalid, "The body is empty: send a Bundle.")
	}
	body := ctx.Request.SwapBody(nil) // given away: the receiver may keep it, which fiber's own is not for
	status, response, err := s.o.Receiver.Receive(web.From(c).Ctx, web.From(c).Caller, media, body)
	if err != nil {
		return err
	}
	ctx.Response.SetStatusCode(status)
	ctx.Response.Header.SetContentTypeBytes(vFHIR)
	ctx.Response.SetBodyRaw(response)
	return nil
}

// smallBody is the limit of a body that is no Bundle of a sender who says who they
// are.
const smallBody = 64 << 10

// roomFor says, once the head of a request has come, how large its body may be: a
// body is read before anybody is asked who sent it.
func (s *server) roomFor(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	named := s.o.Certs != nil || len(h.Peek(fiber.HeaderAuthorization)) > 0
	if named && h.IsPost() && string(h.RequestURI()) == pathBase {
		n := h.ContentLength()
		if n < 0 { // it comes in chunks
			n = s.o.Limits.Body
		}
		if n <= smallBody || n > s.o.Limits.Body || s.rooms.enter(h, n, time.Now()) {
			return fasthttp.RequestConfig{MaxRequestBodySize: s.o.Limits.Body}
		}
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: min(smallBody, s.o.Limits.Body)}
}

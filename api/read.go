package api

import (
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// kindOf returns the type that the path names. One that we do not serve is as
// absent as an entry that is not there.
func (s *server) kindOf(c *fiber.Ctx) (*kind, error) {
	k, ok := s.kinds[c.Params("type")]
	if !ok {
		return nil, errs.New(errs.NotFound, "no such type")
	}
	web.From(c).Type = k.name
	return k, acceptable(c.Context())
}

// read answers with the current version of one resource.
//
//	@Summary		Read a resource
//	@Description	The resource as its source sent it, with our id, meta and references. What is absent, hidden, or in a section that is not the caller's is one and the same 404.
//	@Tags			record
//	@Security		bearer
//	@Produce		application/fhir+json
//	@Param			type			path	string	true	"FHIR resource type"
//	@Param			id				path	string	true	"resource id"
//	@Param			If-None-Match	header	string	false	"entity tag of the version that the caller has"
//	@Success		200	{object}	main.Resource
//	@Success		304	"the caller's version is the current one"
//	@Failure		400,401,403,404,406,429,500,503	{object}	main.OperationOutcome
//	@Router			/fhir/R4/{type}/{id} [get]
func (s *server) read(c *fiber.Ctx) error {
	k, err := s.kindOf(c)
	if err != nil {
		return err
	}
	if err := s.onlyControls(c); err != nil {
		return err
	}
	ctx, call, id := c.Context(), web.From(c), c.Params("id")
	show := func(e record.Entry) { writeEntry(ctx, e) }
	if k.ledger {
		return s.readAudit(c, id)
	}
	if k.directory {
		d, err := s.o.Records.OpenDirectory(call.Ctx, call.Caller, k.name, call.RequestID)
		if err != nil {
			return err
		}
		return d.Read(call.Ctx, k.name, id, show)
	}
	view, err := s.o.Records.OpenID(call.Ctx, call.Caller, k.name, id, k.name, call.RequestID)
	if err != nil {
		return err
	}
	return view.Read(call.Ctx, k.name, id, show)
}

// vread answers with one version of a resource.
//
//	@Summary	Read one version of a resource
//	@Tags		record
//	@Security	bearer
//	@Produce	application/fhir+json
//	@Param		type	path	string	true	"FHIR resource type"
//	@Param		id		path	string	true	"resource id"
//	@Param		version	path	string	true	"meta.versionId"
//	@Success	200	{object}	main.Resource
//	@Success	304	"the caller has it"
//	@Failure	400,401,403,404,406,429,500,503	{object}	main.OperationOutcome
//	@Router		/fhir/R4/{type}/{id}/_history/{version} [get]
func (s *server) vread(c *fiber.Ctx) error {
	k, err := s.kindOf(c)
	if err != nil {
		return err
	}
	if err := s.onlyControls(c); err != nil {
		return err
	}
	if k.directory || k.ledger {
		return errs.New(errs.NotFound, "it has no versions")
	}
	ctx, call, id := c.Context(), web.From(c), c.Params("id")
	view, err := s.o.Records.OpenID(call.Ctx, call.Caller, k.name, id, k.name, call.RequestID)
	if err != nil {
		return err
	}
	gone := false
	err = view.Version(call.Ctx, k.name, id, c.Params("version"), func(e record.Entry) {
		if gone = e.Deleted; !gone {
			writeEntry(ctx, e)
		}
	})
	if gone {
		return errs.New(errs.NotFound, "deleted in that version")
	}
	return err
}

// writeEntry answers with an entry, or with 304 if the caller has that version:
// the look itself is in the ledger by then.
func writeEntry(ctx *fasthttp.RequestCtx, e record.Entry) {
	h := &ctx.Response.Header
	var room [64]byte
	h.SetCanonical(hETag, web.AppendETag(room[:0], e.Version))
	h.SetCanonical(hLastModified, web.AppendHTTPDate(room[:0], e.Updated))
	if has := ctx.Request.Header.Peek(fiber.HeaderIfNoneMatch); len(has) > 0 && web.Matches(has, e.Version) {
		ctx.Response.SetStatusCode(fiber.StatusNotModified)
		return
	}
	h.SetContentTypeBytes(vFHIR)
	ctx.Response.AppendBody(e.Body) // copied: the body is the store's
}

// onlyControls refuses parameters of the query that a read does not take: none
// but _format and _pretty mean anything there. An NHS number is refused whatever
// it is called.
func (s *server) onlyControls(c *fiber.Ctx) error {
	raw := c.Context().URI().QueryString()
	if len(raw) == 0 {
		return nil
	}
	var room [8]web.Pair
	pairs, err := web.AppendPairs(room[:0], raw)
	if err != nil {
		return err
	}
	strict := strictly(c.Context())
	for _, p := range pairs {
		if holdsNumber(p.Value) {
			return postOnly()
		}
		if p.Name == "_format" {
			if err := format(p.Value); err != nil {
				return err
			}
		} else if strict && p.Name != "_pretty" {
			return errs.New(errs.Invalid, "A read takes no parameters but _format.")
		}
	}
	return nil
}

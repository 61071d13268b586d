// Package web is what the handlers of every audience share: what is known of a
// request while it is served, strict reading of queries and forms, sealed cursors
// for paging, conditional requests, and the JSON that is written by hand.
package web

import (
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Call is what is known of a request while it is served. It belongs to the
// request: nobody keeps it.
type Call struct {
	RequestID   string // ours, or the caller's if it was safe to take
	Correlation string // the caller's X-Correlation-ID, if it was safe to take
	Type        string // FHIR type asked for, if it is one that we serve
	Caller      identity.Caller
	Proxies     Proxies // whose word for an address counts: see AddressOf
	Started     time.Time
	Ctx         context.Context // ends when there must be an answer
	End         context.CancelFunc
}

// callKey is the key of the Call among a request's values; of no size, so that
// asking for it allocates nothing.
type callKey struct{}

// Begin attaches call to the request.
func Begin(ctx *fasthttp.RequestCtx, call *Call) { ctx.SetUserValue(callKey{}, call) }

// Of returns the Call of the request, or nil before Begin.
func Of(ctx *fasthttp.RequestCtx) *Call {
	call, _ := ctx.UserValue(callKey{}).(*Call)
	return call
}

// From returns the Call of the request that c serves.
func From(c *fiber.Ctx) *Call { return Of(c.Context()) }

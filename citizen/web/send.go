package web

import (
	handlers "github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
)

// ContentPolicy is what our pages may load: style, scripts and pictures of our own
// address, and a letter in a frame, which is sandboxed. No script or style that
// stands in a page runs.
const ContentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"frame-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// LetterPolicy is for the bytes of a letter that is shown in a frame on its page:
// it is sandboxed, may load and run nothing, and no other site may frame it.
const LetterPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; base-uri 'none'"

// FilePolicy is for a document that the browser opens by itself, a PDF or a picture:
// its own viewer may show it, and nothing else happens.
const FilePolicy = "default-src 'none'; object-src 'self'; img-src 'self'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"

// Send answers with a page. The policy on referrers is not no-referrer: with that
// a browser tells of no form of ours where it comes from.
func (r *Renderer) Send(c *fiber.Ctx, status int, l Layout, p Page) error {
	body, err := r.Render(l, p)
	if err != nil {
		return err
	}
	headers(c)
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	return c.Status(status).Send(body)
}

func headers(c *fiber.Ctx) {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentSecurityPolicy, ContentPolicy)
	c.Set(fiber.HeaderReferrerPolicy, "same-origin")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), publickey-credentials-get=(self), publickey-credentials-create=(self)")
}

// ErrorPage answers with the page of an error, for api's option of that name. It is
// the same for everybody: it does not know who is signed in.
func (r *Renderer) ErrorPage(c *fiber.Ctx, p handlers.Problem) error {
	return r.Send(c, p.Status, Layout{}, Failed(p))
}

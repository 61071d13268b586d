package citizen

import (
	"net/http"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// wellKnown is a document that browsers and telephones read to learn who may use our
// passkeys. It holds nobody's data.
type wellKnown struct {
	path string
	body []byte
}

func wellKnowns(o Options) ([]wellKnown, error) {
	related, err := passkey.RelatedOrigins(o.Origins)
	if err != nil {
		return nil, err
	}
	apple, err := passkey.AppleAppSiteAssociation(o.AppleApps)
	if err != nil {
		return nil, err
	}
	android, err := passkey.AssetLinks(o.AndroidApps)
	if err != nil {
		return nil, err
	}
	return []wellKnown{{"/.well-known/webauthn", related}, {"/.well-known/apple-app-site-association", apple}, {"/.well-known/assetlinks.json", android}}, nil
}

func (k wellKnown) route() web.Route {
	return web.Route{Method: http.MethodGet, Path: k.path, Access: web.Public, Handler: func(c *fiber.Ctx) error {
		c.Context().Response.Header.SetContentType(fiber.MIMEApplicationJSON)
		return c.Send(k.body)
	}}
}

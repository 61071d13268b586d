package citizen

import (
	"net/http"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// Documents that browsers and telephones read to learn who may use our passkeys. They
// hold nobody's data.
const (
	pathRelated = "/.well-known/webauthn"
	pathApple   = "/.well-known/apple-app-site-association"
	pathAndroid = "/.well-known/assetlinks.json"
)

// wellKnowns makes the documents, by path.
func wellKnowns(o Options) (map[string][]byte, error) {
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
	return map[string][]byte{pathRelated: related, pathApple: apple, pathAndroid: android}, nil
}

// RelatedOrigins is what browsers read at other web origins that may use our passkeys.
type RelatedOrigins struct {
	Origins []string `json:"origins" example:"https://record.example"`
} //	@name	RelatedOrigins

// AppleApps is what telephones of Apple read of the apps that may use our passkeys.
type AppleApps struct {
	WebCredentials AppleAppList `json:"webcredentials"`
} //	@name	AppleApps

// AppleAppList is the apps, each its team and bundle.
type AppleAppList struct {
	Apps []string `json:"apps" example:"ABCDE12345.uk.nhs.example"`
} //	@name	AppleAppList

// AssetLink is a statement of what an app for Android may do with our host.
type AssetLink struct {
	Relation []string  `json:"relation" example:"delegate_permission/common.get_login_creds"`
	Target   AssetHost `json:"target"`
} //	@name	AssetLink

// AssetHost is the app that an AssetLink is about.
type AssetHost struct {
	Namespace    string   `json:"namespace" example:"android_app"`
	Package      string   `json:"package_name"`
	Fingerprints []string `json:"sha256_cert_fingerprints"`
} //	@name	AssetHost

// related tells browsers which other web origins may use our passkeys.
//
//	@Summary	Web origins that may use the passkeys (Related Origin Requests)
//	@Tags		residents
//	@Produce	json
//	@Success	200	{object}	citizen.RelatedOrigins
//	@Failure	500	{object}	main.Problem
//	@Router		/.well-known/webauthn [get]
func (s *Service) related(c *fiber.Ctx) error { return s.wellKnown(c, pathRelated) }

// apple tells telephones of Apple which apps may.
//
//	@Summary	Apps for iOS that may use the passkeys
//	@Tags		residents
//	@Produce	json
//	@Success	200	{object}	citizen.AppleApps
//	@Failure	500	{object}	main.Problem
//	@Router		/.well-known/apple-app-site-association [get]
func (s *Service) apple(c *fiber.Ctx) error { return s.wellKnown(c, pathApple) }

// android tells telephones of Android which apps may.
//
//	@Summary	Apps for Android that may use the passkeys (Digital Asset Links)
//	@Tags		residents
//	@Produce	json
//	@Success	200	{array}		citizen.AssetLink
//	@Failure	500	{object}	main.Problem
//	@Router		/.well-known/assetlinks.json [get]
func (s *Service) android(c *fiber.Ctx) error { return s.wellKnown(c, pathAndroid) }

// wellKnown sends a document, without a redirect and as JSON: else it is not believed.
func (s *Service) wellKnown(c *fiber.Ctx, path string) error {
	c.Context().Response.Header.SetContentType(fiber.MIMEApplicationJSON)
	return c.Send(s.known[path])
}

// wellKnownRoutes are their routes.
func (s *Service) wellKnownRoutes() []web.Route {
	get := func(path string, h fiber.Handler) web.Route {
		return web.Route{Method: http.MethodGet, Path: path, Access: web.Public, Handler: h}
	}
	return []web.Route{get(pathRelated, s.related), get(pathApple, s.apple), get(pathAndroid, s.android)}
}

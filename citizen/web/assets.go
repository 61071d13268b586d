package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"path"
	"strings"

	handlers "github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
)

//go:embed assets/*.css assets/*.js assets/*.svg
var files embed.FS

// asset is a file under /assets/. Its address holds a hash of its content, so that
// it may be kept for ever.
type asset struct {
	path     string
	media    string
	raw, zip []byte
}

// assets are the files by the name that templates know them by.
type assets map[string]asset

// worker is the script that answers "you are offline". It lies outside /assets/: a
// browser lets it stand in for the pages beside and below it only.
const worker = "sw.js"

func loadAssets() (assets, error) {
	all := assets{}
	for name, parts := range map[string][]string{
		"app.css": {"nhsuk.css", "dcr.css"}, // one request for both
		"page.js": nil, "passkey.js": nil, "enrol.js": nil, "stay.js": nil, "proof.js": nil, "icon.svg": nil, worker: nil,
	} {
		if parts == nil {
			parts = []string{name}
		}
		var body []byte
		for _, part := range parts {
			b, err := files.ReadFile("assets/" + part)
			if err != nil {
				return nil, err
			}
			body = append(append(body, b...), '\n')
		}
		a, err := newAsset(name, body)
		if err != nil {
			return nil, err
		}
		all[name] = a
	}
	return all, nil
}

func newAsset(name string, body []byte) (asset, error) {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	a := asset{
		path:  "/assets/" + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext,
		media: map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[ext],
		raw:   body,
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return asset{}, err
	}
	if _, err := z.Write(body); err != nil {
		return asset{}, err
	}
	if err := z.Close(); err != nil {
		return asset{}, err
	}
	a.zip = b.Bytes()
	return a, nil
}

// path returns the address of a file, for templates.
func (as assets) path(name string) (string, error) {
	a, ok := as[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return a.path, nil
}

// Assets returns the routes of style sheet, scripts and icon, and of the worker.
func (r *Renderer) Assets() []handlers.Route {
	var routes []handlers.Route
	for name, a := range r.assets {
		at, keep := a.path, "public, max-age=31536000, immutable"
		if name == worker {
			at, keep = "/"+worker, "no-cache"
		}
		routes = append(routes, handlers.Route{Method: fiber.MethodGet, Path: at, Access: handlers.Public, Page: true, Handler: serve(a, keep)})
	}
	return routes
}

func serve(a asset, keep string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, a.media)
		c.Set(fiber.HeaderCacheControl, keep)
		c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
		c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; connect-src 'self'") // what the worker may do
		c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
		if strings.Contains(c.Get(fiber.HeaderAcceptEncoding), "gzip") {
			c.Set(fiber.HeaderContentEncoding, "gzip")
			return c.Send(a.zip)
		}
		return c.Send(a.raw)
	}
}

// Asset returns the address of a style sheet, a script or a picture by its name, such as
// "app.css", for other pages that share it; "" if there is none.
func (r *Renderer) Asset(name string) string { return r.assets[name].path }

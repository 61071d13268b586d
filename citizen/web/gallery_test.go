package web_test

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/gofiber/fiber/v2"
)

// gallery serves every fixture under /gallery/, with what the pages load.
func gallery(t *testing.T, r *web.Renderer) *fiber.App {
	t.Helper()
	return galleryWith(t, r, &service{})
}

func galleryWith(t *testing.T, r *web.Renderer, s *service) *fiber.App {
	t.Helper()
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	for _, a := range r.Assets() {
		app.Get(a.Path, a.Handler)
	}
	for _, f := range fixtures() {
		app.Get("/gallery/"+f.name, func(c *fiber.Ctx) error { return r.Send(c, 200, f.layout, f.page) })
	}
	app.Get("/gallery/document", func(c *fiber.Ctx) error {
		body, err := r.RenderDocument(document())
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
		return c.Send(body)
	})
	app.Get(web.PathOffline, func(c *fiber.Ctx) error { return r.Send(c, 200, web.Layout{}, web.Offline()) })
	app.Get("/record/letters/p7-l1/documents/0", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
		c.Set(fiber.HeaderContentSecurityPolicy, web.LetterPolicy)
		return c.SendString("<!DOCTYPE html><html lang=en><title>Letter</title><p>Dear Mary,</p><p>Thank you for coming to the clinic.</p><script>document.body.textContent = 'a script ran'</script>")
	})
	app.Get("/record/letters/p7-l2/documents/1", func(c *fiber.Ctx) error {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1600, 900))); err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, "image/png")
		c.Set(fiber.HeaderContentSecurityPolicy, web.FilePolicy)
		return c.Send(b.Bytes())
	})
	s.mount(app)
	return app
}

package web_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/gofiber/fiber/v2"

	chromium "github.com/dorsetcarerecord/dcr/internal/testkit/browser"
	"github.com/dorsetcarerecord/dcr/professional/web"
)

// serve listens where the world says that it is.
func (w *world) serve(app *fiber.App) {
	go func() { _ = app.Listener(w.listener) }()
	w.t.Cleanup(func() { _ = app.ShutdownWithTimeout(time.Second) })
}

// TestPagesInABrowser looks at every page at two widths, in error states too.
func TestPagesInABrowser(t *testing.T) {
	w := newWorld(t, true)
	b := chromium.Start(t, w.base)
	b.Shots = "staff"
	pages := w.every()
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	for _, r := range append(w.pages.Routes(), w.style()) {
		if strings.HasSuffix(r.Path, ".css") {
			app.Get(r.Path, r.Handler)
		}
	}
	app.Get("/favicon.ico", func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusNoContent) })
	app.Get("/gallery/:name", func(c *fiber.Ctx) error {
		c.Set("Content-Type", "text/html; charset=utf-8")
		c.Set("Content-Security-Policy", web.ContentPolicy)
		return c.SendString(pages[c.Params("name")])
	})
	w.serve(app)
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		b.Go("/gallery/" + name)
		b.Look(name)
	}
}

// A member of staff logs in, makes a letter and logs out, by keyboard alone.
func TestStaffInABrowser(t *testing.T) {
	w := newWorld(t, true)
	b := chromium.Start(t, w.base)
	b.Expect("favicon")
	b.Visits(w.issuer.URL())
	w.user = "anna"
	w.serve(w.app)
	b.Go(web.PathLogIn)
	b.Do(chromedp.Focus(chromedp.CSS("main .nhsuk-button")))
	b.Key("\r")
	b.At(web.PathHome)
	b.Go(web.PathNewCode)
	b.Do(chromedp.Focus(chromedp.CSS("#nhsNumber")))
	b.Key("999 000 0018\t3\t2\t1950\r")
	b.Says("Print this page now")
	if b.Text(".staff-code") == "" {
		t.Error("there is no code on the letter")
	}
	b.Do(chromedp.Focus(chromedp.CSS(".nhsuk-header__account-button")))
	b.Key("\r")
	b.Until(`document.querySelector('main a[href="` + web.PathLogIn + `"]') !== null`)
	b.Quiet()
	if a := (&browser{w: w, cookies: map[string]string{}}).opens(web.PathHome, nil); a.status != 401 || strings.Contains(a.body, "anna") {
		t.Errorf("after log-out: %d", a.status)
	}
}

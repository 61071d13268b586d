package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/professional/web"
)

const runAxe = `axe.run(document, {iframes: false, resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`

// chromium starts a browser, or skips the test where there is none.
func chromium(t *testing.T) (context.Context, *complaints) {
	t.Helper()
	path := os.Getenv("CHROMIUM")
	if path == "" {
		path = "/usr/bin/chromium"
	}
	if _, err := os.Stat(path); err != nil {
		t.Skip("there is no Chromium at " + path + ": make browser, or set CHROMIUM")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("no-first-run", true), chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	c := &complaints{}
	if err := chromedp.Listen(ctx, c.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	return ctx, c
}

// complaints are what a browser says of a page on its console.
type complaints struct {
	mu  sync.Mutex
	all []string
}

func (c *complaints) hear(ev any) {
	if e, ok := ev.(*log.EventEntryAdded); ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.all = append(c.all, e.Entry.Text+" "+e.Entry.URL)
	}
}

func (c *complaints) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.all
	c.all = nil
	return all
}

// serve listens where the world says that it is.
func (w *world) serve(app *fiber.App) {
	go func() { _ = app.Listener(w.listener) }()
	w.t.Cleanup(func() { _ = app.ShutdownWithTimeout(time.Second) })
}

// TestPagesInABrowser looks at every page at two widths: axe-core finds nothing,
// nothing has to be scrolled sideways, the browser complains of nothing.
func TestPagesInABrowser(t *testing.T) {
	const root = "../../var"
	axe, err := os.ReadFile(filepath.Join(root, "axe.min.js"))
	if err != nil {
		t.Skip("axe-core is not there: make browser")
	}
	ctx, said := chromium(t)
	w := newWorld(t, true)
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
	shots := filepath.Join(root, "screenshots", "staff")
	if err := os.MkdirAll(shots, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, width := range []int64{320, 1280} {
		for _, name := range keys(pages) {
			t.Run(fmt.Sprintf("%s at %d", name, width), func(t *testing.T) {
				do(ctx, t, chromedp.EmulateViewport(width, 700), chromedp.Navigate(w.base+"/gallery/"+name), chromedp.WaitReady("main"))
				wide := run(ctx, t, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`))
				shot := run(ctx, t, chromedp.FullScreenshot(100))
				run(ctx, t, chromedp.Evaluate[bool](string(axe)+"; true"))
				found := run(ctx, t, chromedp.Evaluate[string](runAxe, chromedp.EvalAwaitPromise))
				if err := os.WriteFile(filepath.Join(shots, fmt.Sprintf("%s-%d.png", name, width)), shot, 0o644); err != nil {
					t.Fatal(err)
				}
				if wide > width {
					t.Errorf("the page is %d px wide", wide)
				}
				var findings []struct {
					ID, Help string
					Nodes    []struct{ HTML, FailureSummary string }
				}
				if err := json.Unmarshal([]byte(found), &findings); err != nil {
					t.Fatal(err)
				}
				for _, f := range findings {
					for _, n := range f.Nodes {
						t.Errorf("axe %s: %s\n%s\n%s", f.ID, f.Help, n.HTML, n.FailureSummary)
					}
				}
				for _, c := range said.take() {
					t.Errorf("the browser says: %s", c)
				}
			})
		}
	}
}

func do(ctx context.Context, t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func run[T any](ctx context.Context, t *testing.T, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func keys(m map[string]string) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// A member of staff logs in, makes a letter and logs out, by keyboard alone.
func TestStaffInABrowser(t *testing.T) {
	ctx, said := chromium(t)
	w := newWorld(t, true)
	w.user = "anna"
	w.serve(w.app)
	do(ctx, t, chromedp.Navigate(w.base+web.PathLogIn), chromedp.WaitReady("main"), chromedp.Focus("main .nhsuk-button"), chromedp.KeyEvent("\r"),
		chromedp.WaitReady(`form[action="`+web.PathLogOut+`"]`))
	at := run(ctx, t, chromedp.Location())
	do(ctx, t, chromedp.Navigate(w.base+web.PathNewCode), chromedp.WaitReady("#nhsNumber"), chromedp.Focus("#nhsNumber"),
		chromedp.KeyEvent("999 000 0018\t3\t2\t1950\r"), chromedp.WaitReady(".staff-code"))
	body := run(ctx, t, chromedp.Text("main"))
	do(ctx, t, chromedp.Focus(".nhsuk-header__account-button"), chromedp.KeyEvent("\r"), chromedp.WaitReady(`main a[href="`+web.PathLogIn+`"]`))
	if at != w.base+web.PathHome || !strings.Contains(body, "Print this page now") {
		t.Errorf("logged in at %s, and then: %s", at, body)
	}
	for _, c := range said.take() {
		if !strings.Contains(c, "favicon") {
			t.Errorf("the browser says: %s", c)
		}
	}
	if a := (&browser{w: w, cookies: map[string]string{}}).opens(web.PathHome, nil); a.status != 401 || bytes.Contains([]byte(a.body), []byte("anna")) {
		t.Errorf("after log-out: %d", a.status)
	}
}

package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/gofiber/fiber/v2"
)

// browser starts Chromium for a test, or skips it where there is none. What pages
// complain of is collected.
func browser(t *testing.T) (context.Context, *complaints) {
	t.Helper()
	path := os.Getenv("CHROMIUM")
	if path == "" {
		path = "/usr/bin/chromium"
	}
	if _, err := os.Stat(path); err != nil {
		t.Skip("there is no Chromium at " + path + ": make browser, or set CHROMIUM")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("no-first-run", true), chromedp.WSURLReadTimeout(time.Minute))
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

// complaints are what a browser says on its console of a page.
type complaints struct {
	mu  sync.Mutex
	all []string
}

func (c *complaints) hear(ev any) {
	said := ""
	switch e := ev.(type) {
	case *log.EventEntryAdded:
		said = e.Entry.Text + " " + e.Entry.URL
	case *runtime.EventExceptionThrown:
		said = e.ExceptionDetails.Text
	}
	// A frame that is sandboxed says that it ran no script: that is what it is for.
	if said == "" || strings.Contains(said, "/documents/") {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, said)
}

func (c *complaints) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.all
	c.all = nil
	return all
}

// listen serves app on a real socket until the test ends.
func listen(t *testing.T, app *fiber.App) (base string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = app.Listener(l) }()
	t.Cleanup(func() { _ = app.ShutdownWithTimeout(time.Second) })
	return fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
}

// finding is what axe-core found wrong.
type finding struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

const runAxe = `axe.run(document, {iframes: false, resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`

// TestPagesInABrowser looks at every page at two widths: a small phone (or a large
// screen at 400 % zoom), and a desk. axe-core finds nothing, nothing has to be
// scrolled sideways, and the browser complains of nothing. What was seen is kept
// under var/screenshots.
func TestPagesInABrowser(t *testing.T) {
	const root = "../../var"
	axe, err := os.ReadFile(filepath.Join(root, "axe.min.js"))
	if err != nil {
		t.Skip("axe-core is not there: make browser")
	}
	ctx, said := browser(t)
	base := listen(t, gallery(t, renderer(t)))
	shots := filepath.Join(root, "screenshots")
	if err := os.MkdirAll(shots, 0o755); err != nil {
		t.Fatal(err)
	}
	names := []string{"document"}
	for _, f := range fixtures() {
		names = append(names, f.name)
	}
	if only := os.Getenv("DCR_PAGE"); only != "" { // while a page is being made
		names = strings.Split(only, ",")
	}
	for _, width := range []int64{320, 1280} {
		for _, name := range names {
			t.Run(fmt.Sprintf("%s at %d", name, width), func(t *testing.T) {
				do(ctx, t, chromedp.EmulateViewport(width, 700), chromedp.Navigate(base+"/gallery/"+name), chromedp.WaitReady("main"))
				wide := run(ctx, t, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`))
				shot := run(ctx, t, chromedp.FullScreenshot(100))
				run(ctx, t, chromedp.Evaluate[bool](`document.querySelectorAll("details").forEach(d => d.open = true); true`))
				run(ctx, t, chromedp.Evaluate[bool](string(axe)+"; true"))
				found := run(ctx, t, chromedp.Evaluate[string](runAxe, chromedp.EvalAwaitPromise))
				if err := os.WriteFile(filepath.Join(shots, fmt.Sprintf("%s-%d.png", name, width)), shot, 0o644); err != nil {
					t.Fatal(err)
				}
				if wide > width {
					t.Errorf("the page is %d px wide", wide)
				}
				var findings []finding
				if err := json.Unmarshal([]byte(found), &findings); err != nil {
					t.Fatal(err)
				}
				for _, f := range findings {
					for _, n := range f.Nodes {
						t.Errorf("axe %s (%s): %s\n%s\n%s", f.ID, f.Impact, f.Help, n.HTML, n.FailureSummary)
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

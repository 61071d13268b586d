package web_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/testkit/browser"
)

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

// TestPagesInABrowser looks at every page at two widths, in error states too.
func TestPagesInABrowser(t *testing.T) {
	b := browser.Start(t, listen(t, gallery(t, renderer(t))))
	b.Shots = "pages"
	b.Expect("/documents/") // a frame that is sandboxed says that it ran no script: that is what it is for
	names := []string{"document"}
	for _, f := range fixtures() {
		names = append(names, f.name)
	}
	if only := os.Getenv("DCR_PAGE"); only != "" { // while a page is being made
		names = strings.Split(only, ",")
	}
	for _, name := range names {
		b.Go("/gallery/" + name)
		b.Look(name)
	}
}

// TestTagsAreOnOneLine looks at a small phone: what a tag says fits beside nothing else.
func TestTagsAreOnOneLine(t *testing.T) {
	b := browser.Start(t, listen(t, gallery(t, renderer(t))))
	b.Do(chromedp.EmulateViewport(320, 700))
	for _, page := range []string{"results", "looks", "passkeys"} {
		b.Go("/gallery/" + page)
		got := browser.Eval[string](b, `[...document.querySelectorAll(".nhsuk-tag")].map(e => e.textContent + " " + e.offsetHeight).filter(s => +s.split(" ").pop() > 32).join("; ")`)
		if got != "" || browser.Eval[int](b, `document.querySelectorAll(".nhsuk-tag").length`) == 0 {
			t.Errorf("%s: tags of more than one line, or none: %q", page, got)
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

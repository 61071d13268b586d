// Package browser drives Debian's Chromium for tests of web pages: it looks at pages
// as people do, plays the authenticators that hold their passkeys, and collects what
// a page may never have - complaints on its console, and requests to other hosts.
// Where there is no Chromium a test says so in one line, and is skipped.
package browser

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Browser is a browser with one window, at one site.
type Browser struct {
	t    testing.TB
	ctx  context.Context
	base string // of the site: http://localhost:8080

	// Shots is the folder under var/screenshots in which pictures are kept.
	Shots string

	mu      sync.Mutex
	said    []string // complaints
	foreign []string // requests to other hosts
	allowed []string // what may stand in a complaint
	visits  []string // other sites that a test leads to
}

// Path is where Chromium lies: $CHROMIUM, else Debian's.
func Path() string {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path
	}
	return "/usr/bin/chromium"
}

// Start starts Chromium at a site, or skips the test where there is none.
func Start(t testing.TB, base string) *Browser {
	t.Helper()
	if _, err := os.Stat(Path()); err != nil {
		t.Skip("there is no Chromium at " + Path() + ": make browser, or set CHROMIUM")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(Path()), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("no-first-run", true), chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &Browser{t: t, ctx: ctx, base: base, Shots: "live"}
	b.must(chromedp.Listen(ctx, b.hear))
	_, err := chromedp.Call(ctx, log.Enable, cdp.Empty{})
	b.must(err)
	_, err = chromedp.Call(ctx, network.Enable, network.EnableParams{})
	b.must(err)
	return b
}

// Context is for what chromedp does with the window that is not done here.
func (b *Browser) Context() context.Context { return b.ctx }

func (b *Browser) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// hear notes what a page complains of, and whom it asks.
func (b *Browser) hear(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := ev.(type) {
	case *log.EventEntryAdded:
		b.complain(e.Entry.Text + " " + e.Entry.URL)
	case *runtime.EventExceptionThrown:
		b.complain(e.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || !strings.HasPrefix(u.Scheme, "http") {
			return
		}
		if base := u.Scheme + "://" + u.Host; base != b.base && !slices.Contains(b.visits, base) {
			b.foreign = append(b.foreign, base)
		}
	}
}

func (b *Browser) complain(said string) {
	for _, a := range b.allowed {
		if strings.Contains(said, a) {
			return
		}
	}
	b.said = append(b.said, said)
}

// Expect lets pages complain of what a test makes them complain of: a status that is
// an error, a frame whose script did not run.
func (b *Browser) Expect(part ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.allowed = part
}

// Visits lets pages lead to another site: the issuer where people log in.
func (b *Browser) Visits(base string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.visits = append(b.visits, base)
}

// Quiet checks that no page complained of anything since the last call, and that no
// other host was asked.
func (b *Browser) Quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.said {
		b.t.Errorf("the browser says: %s", s)
	}
	for _, f := range b.foreign {
		b.t.Errorf("another host was asked: %s", f)
	}
	b.said, b.foreign = nil, nil
}

// Do does something in the browser.
func (b *Browser) Do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("at %s: %v", b.where(), err)
	}
}

// patience is how long a test waits for a page before it fails.
const patience = time.Minute

// Eval evaluates an expression of JavaScript; a promise is awaited.
func Eval[T any](b *Browser, expression string) T {
	b.t.Helper()
	return run(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

func run[T any](b *Browser, a chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		b.t.Fatalf("at %s: %v", b.where(), err)
	}
	return v
}

// where is the page for a message, and what it says first.
func (b *Browser) where() string {
	ctx, cancel := context.WithTimeout(b.ctx, time.Second)
	defer cancel()
	at, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname + " (" + (document.querySelector("main") || document.body).innerText.slice(0, 400) + ")"`))
	if err != nil {
		return "a page that does not answer"
	}
	return at
}

// Go opens a page of the site.
func (b *Browser) Go(path string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	open := func() error {
		return chromedp.Do(ctx, chromedp.Navigate(b.base+path), chromedp.WaitReady(chromedp.CSS("main")))
	}
	err := open()
	if err != nil && strings.Contains(err.Error(), "ERR_ABORTED") { // by a page that was still on its way
		err = open()
	}
	if err != nil {
		b.t.Fatalf("at %s: %v", b.where(), err)
	}
}

// Until waits until an expression is true, from page to page if need be. It asks again
// and again, rather than once within a page, which a page that goes takes with it; what
// is not there yet may throw.
func (b *Browser) Until(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		met, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		if met && err == nil {
			return
		}
		select {
		case <-ctx.Done():
			b.t.Fatalf("at %s: it never came to %s (%v)", b.where(), expression, err)
		case <-again.C:
		}
	}
}

// At waits until the page of a path is there.
func (b *Browser) At(path string) {
	b.t.Helper()
	b.Until(`location.pathname === ` + quoted(path) + ` && document.readyState === "complete" && document.querySelector("main") !== null`)
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

// Path is the path of the page that is open.
func (b *Browser) Path() string {
	b.t.Helper()
	return Eval[string](b, "location.pathname")
}

// Click clicks what a selector finds; it waits for it to be seen.
func (b *Browser) Click(selector string) {
	b.t.Helper()
	b.Do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Press clicks the button or link of that name.
func (b *Browser) Press(name string) {
	b.t.Helper()
	found := Eval[bool](b, `(() => { const e = [...document.querySelectorAll("main a, main button, header a, header button, summary, dialog[open] button")].find(e => e.checkVisibility() && e.textContent.trim().startsWith(`+quoted(name)+`));
		if (!e) return false; document.querySelectorAll("[data-press]").forEach(x => x.removeAttribute("data-press")); e.setAttribute("data-press", ""); return true; })()`)
	if !found {
		b.t.Fatalf("there is no button or link %q at %s", name, b.where())
	}
	b.Do(chromedp.Click(chromedp.CSS("[data-press]")))
}

// Type writes into the field of that id, in the place of what stands there.
func (b *Browser) Type(id, text string) {
	b.t.Helper()
	b.Do(chromedp.WaitVisible(chromedp.CSS("#"+id)), chromedp.Clear(chromedp.CSS("#"+id)), chromedp.SendKeys(chromedp.CSS("#"+id), text))
}

// Key presses keys.
func (b *Browser) Key(keys string) {
	b.t.Helper()
	b.Do(chromedp.KeyEvent(keys))
}

// Text is what is read at a selector.
func (b *Browser) Text(selector string) string {
	b.t.Helper()
	return strings.Join(strings.Fields(run(b, chromedp.Text(chromedp.CSS(selector)))), " ")
}

// Says waits until a page says something.
func (b *Browser) Says(text string) {
	b.t.Helper()
	b.Until(`document.readyState === "complete" && document.body.innerText.replace(/\s+/g, " ").includes(` + quoted(text) + `)`)
}

// Focused is the text, or the id, of what has the focus.
func (b *Browser) Focused() string {
	b.t.Helper()
	return Eval[string](b, `(document.activeElement?.textContent || document.activeElement?.id || "").trim().replace(/\s+/g, " ")`)
}

// WithoutScripts turns JavaScript off, or on again.
func (b *Browser) WithoutScripts(off bool) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off})
	b.must(err)
}

// Root is the folder of the module.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, gone := os.Stat(filepath.Join(dir, "go.mod")); gone == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("there is no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal(err)
	return ""
}

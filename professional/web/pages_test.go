package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/color"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/boombuler/barcode/qr"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
	"github.com/gofiber/fiber/v2"
	"golang.org/x/net/html"

	"github.com/dorsetcarerecord/dcr/professional/web"
)

// every returns all pages, in error states too, as staff get them.
func (w *world) every() map[string]string {
	w.t.Helper()
	guest := &browser{w: w, cookies: map[string]string{}}
	anna := w.logsIn("anna")
	all := map[string]string{
		"log-in": guest.opens(web.PathLogIn, nil).body, "logged-out": guest.opens(web.PathHome, nil).body, "failed": guest.opens("/staff/log-in/cis2/return?code=x&state=y", nil).body,
		"home": anna.opens(web.PathHome, nil).body, "no-codes": anna.opens(web.PathCodes, nil).body, "new-code": anna.opens(web.PathNewCode, nil).body,
		"new-code-wrong": anna.opens(web.PathNewCode, url.Values{"nhsNumber": {"1"}}).body, "new-code-wrong-date": anna.opens(web.PathNewCode, url.Values{"nhsNumber": {mary.Digits()}}).body,
		"renewed": anna.opens(web.PathRenewed, nil).body, "not-found": anna.opens("/staff/codes/x/y/z", nil, "Accept", "text/html").body,
	}
	code, _ := letter(w.t, anna)
	w.enrols(code)
	all["letter"] = anna.opens(web.PathNewCode, seen()).body
	codes, _, err := w.accounts.Codes(w.t.Context(), w.caller(anna), practice, "", 1)
	w.must(err)
	bert := w.logsIn("bert")
	all["codes"] = bert.opens(web.PathCodes+"?done=withdrawn", nil).body
	all["codes-own"] = anna.opens(web.PathCodes, nil).body
	all["withdraw"] = bert.opens(web.PathCodes+"/"+codes[0].ID+"/withdraw", nil).body
	all["vouch"] = bert.opens(web.PathCodes+"/"+codes[0].ID+"/vouch", nil).body
	all["vouch-wrong"] = bert.opens(web.PathCodes+"/"+codes[0].ID+"/vouch", url.Values{}).body
	all["no-role"] = w.logsIn("nobody").opens(web.PathHome, nil).body
	all["refused"] = bert.opens(web.PathQuestions, nil).body
	w.asks(strings.Repeat("Whydidyoulookatallthis", 20) + "\n\nI was not there.")
	olive := w.logsIn("olive")
	all["questions"] = olive.opens(web.PathQuestions, nil).body
	all["no-questions"] = olive.opens(web.PathQuestions+"?state=closed", nil).body
	ref := regexp.MustCompile(`href="(/staff/questions/[^"?]+)"`).FindStringSubmatch(all["questions"])[1]
	all["question"] = olive.opens(ref, nil).body
	all["question-wrong"] = olive.opens(ref+"/answer", url.Values{"version": {"1"}}).body
	return all
}

func elements(t *testing.T, body string) []*html.Node {
	t.Helper()
	root, err := html.ParseWithOptions(strings.NewReader(body), html.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatal(err)
	}
	var all []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n)
		}
	}
	return all
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestPagesAreWellMade(t *testing.T) {
	w := newWorld(t, false)
	for name, body := range w.every() {
		t.Run(name, func(t *testing.T) {
			headings, level := 0, 0
			ids, labels := map[string]bool{}, map[string]bool{}
			all := elements(t, body)
			for _, n := range all {
				if id := attr(n, "id"); id != "" {
					if ids[id] {
						t.Errorf("the id %q is there twice", id)
					}
					ids[id] = true
				}
				if n.Data == "label" {
					labels[attr(n, "for")] = true
				}
				if len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6' {
					now := int(n.Data[1] - '0')
					if now == 1 {
						headings++
					}
					if level > 0 && now > level+1 {
						t.Errorf("a heading of level %d comes after one of %d", now, level)
					}
					level = now
				}
			}
			if headings != 1 {
				t.Errorf("%d headings of the first level", headings)
			}
			for _, n := range all {
				check(t, n, ids, labels)
			}
			if title := strings.Contains(body, "<title>Error: "); title != strings.Contains(body, "There is a problem") {
				t.Error("the title does not say whether there is an error")
			}
		})
	}
}

// check looks at one element: nothing in the page that a strict policy would stop,
// nothing from elsewhere, labels, and links that lead to something.
func check(t *testing.T, n *html.Node, ids, labels map[string]bool) {
	t.Helper()
	if n.Data == "style" || n.Data == "script" || n.Data == "base" || n.Data == "iframe" {
		t.Errorf("a %s stands in the page", n.Data)
	}
	for _, a := range n.Attr {
		if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
			t.Errorf("%s has %s", n.Data, a.Key)
		}
		v := strings.ToLower(a.Val)
		if (a.Key == "href" || a.Key == "src" || a.Key == "action") && (strings.Contains(v, "//") || strings.HasPrefix(v, "javascript:") || strings.HasPrefix(v, "data:")) {
			t.Errorf("%s %s=%q leads elsewhere", n.Data, a.Key, a.Val)
		}
	}
	if to, here := strings.CutPrefix(attr(n, "href"), "#"); here && !ids[to] {
		t.Errorf("a link leads to #%s, which is not on the page", to)
	}
	for _, a := range []string{"aria-describedby", "aria-labelledby"} {
		for id := range strings.FieldsSeq(attr(n, a)) {
			if !ids[id] {
				t.Errorf("%s names %q, which is not on the page", a, id)
			}
		}
	}
	if (n.Data == "input" || n.Data == "textarea") && attr(n, "type") != "hidden" && !labels[attr(n, "id")] {
		t.Errorf("the %s %q has no label", n.Data, attr(n, "id"))
	}
}

// The square on a letter is the QR code of the page with the code in its fragment.
func TestTheSquareOfALetter(t *testing.T) {
	w := newWorld(t, false)
	a := w.logsIn("anna").opens(web.PathNewCode, seen())
	want, err := qr.Encode(w.base+"/enrol#code="+codeOnLetter.FindStringSubmatch(a.body)[1], qr.Q, qr.Unicode)
	if err != nil {
		t.Fatal(err)
	}
	side := want.Bounds().Dx()
	if m := regexp.MustCompile(`viewBox="0 0 (\d+) \d+"`).FindStringSubmatch(a.body); m == nil || m[1] != strconv.Itoa(side+8) {
		t.Fatalf("the square is not %d wide", side+8)
	}
	drawn := map[[2]int]bool{}
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-\d+z`).FindAllStringSubmatch(a.body, -1) {
		x, y, n := number(t, m[1]), number(t, m[2]), number(t, m[3])
		for i := range n {
			drawn[[2]int{x + i - 4, y - 4}] = true
		}
	}
	for y := range side {
		for x := range side {
			if black := want.At(x, y) == color.Color(color.Black); black != drawn[[2]int{x, y}] {
				t.Fatalf("module %d,%d is not as it should be", x, y)
			}
		}
	}
	if strings.Contains(a.header.Get("Content-Security-Policy"), "unsafe") || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", a.header)
	}
}

func number(t *testing.T, s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

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

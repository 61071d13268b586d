package web_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/testkit/browser"
	"github.com/gofiber/fiber/v2"
)

// service plays the ceremonies' endpoints: it says what it was sent, and answers as
// it is told.
type service struct {
	mu    sync.Mutex
	sent  []map[string]any
	fails string // what finishing answers instead, as a problem document
}

func (s *service) mount(app *fiber.App) {
	options := map[string]string{
		web.CeremonyLogIn:  `{"state":"sealed","options":{"challenge":"AAECAwQFBgcICQoLDA0ODw","rpId":"localhost","userVerification":"required","timeout":60000}}`,
		web.CeremonyStepUp: `{"state":"sealed","options":{"challenge":"AAECAwQFBgcICQoLDA0ODw","rpId":"localhost","userVerification":"required","timeout":60000}}`,
		web.CeremonyEnrol: `{"state":"sealed","options":{"challenge":"AAECAwQFBgcICQoLDA0ODw","rp":{"id":"localhost","name":"Test"},"user":{"id":"AQID","name":"Mary","displayName":"Mary"},
			"pubKeyCredParams":[{"type":"public-key","alg":-7}],"authenticatorSelection":{"residentKey":"required","userVerification":"required"},"attestation":"none"}}`,
	}
	for at, body := range options {
		app.Post(at+"/options", func(c *fiber.Ctx) error {
			s.note(c.Body())
			c.Set(fiber.HeaderContentType, "application/json")
			return c.SendString(body)
		})
		app.Post(at+"/finish", func(c *fiber.Ctx) error {
			s.note(c.Body())
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.fails == "" {
				return c.SendStatus(204)
			}
			c.Set(fiber.HeaderContentType, "application/problem+json")
			return c.Status(401).SendString(s.fails)
		})
	}
}

func (s *service) note(body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var m map[string]any
	if json.Unmarshal(body, &m) == nil {
		s.sent = append(s.sent, m)
	}
}

func (s *service) take() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := s.sent
	s.sent = nil
	return sent
}

func (s *service) fail(problem string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails = problem
}

func TestPasskeysInABrowser(t *testing.T) {
	s := &service{}
	app := galleryWith(t, renderer(t), s)
	landing(app, web.PathEnrolDone, web.PathHome, web.PathDownload)
	app.Post("/account/passkeys/k2/remove", func(c *fiber.Ctx) error { return landed(c) })
	base := listen(t, app)
	b := browser.Start(t, base)
	ctx := b.Context()

	do(ctx, t, chromedp.Navigate(base+"/gallery/log-in"), chromedp.WaitReady("[data-passkey]"))
	b.Authenticator("internal")
	do(ctx, t, chromedp.Navigate(base+"/gallery/enrol-passkey"), chromedp.Click("[data-passkey] button"), chromedp.WaitReady("#landed"))
	if at := run(ctx, t, chromedp.Location()); at != base+web.PathEnrolDone {
		t.Errorf("after making a passkey the reader is at %s", at)
	}
	sent := s.take()
	last := sent[len(sent)-1]
	if credential, _ := last["credential"].(map[string]any); last["state"] != "sealed" || credential["type"] != "public-key" {
		t.Errorf("sent %v", last)
	}
	if fields, _ := last["fields"].(map[string]any); fields["state"] != "sealed" {
		t.Errorf("the form's fields were not sent: %v", last["fields"])
	}

	// The passkey is offered in the box by itself: no touch of a button.
	do(ctx, t, chromedp.Navigate(base+"/gallery/log-in"), chromedp.WaitReady("#landed"))
	if at := run(ctx, t, chromedp.Location()); at != base+web.PathHome {
		t.Errorf("after logging in the reader is at %s", at)
	}

	// What is refused is said in words, and the reader is taken to them.
	s.fail(`{"detail":"This passkey is not known here any more.","code":"REFUSED"}`)
	do(ctx, t, chromedp.Navigate(base+"/gallery/download"), chromedp.Click("[data-passkey] button"))
	run(ctx, t, chromedp.Poll[bool](`document.activeElement.textContent.includes("not known here any more")`))
	if run(ctx, t, chromedp.Evaluate[bool](`document.querySelector("[data-passkey] button").disabled`)) {
		t.Error("the button cannot be pressed again")
	}
	s.fail("")
	s.take()

	// A step-up without a place to go sends the form itself.
	do(ctx, t, chromedp.Navigate(base+"/gallery/passkey"), chromedp.Click("[data-passkey] button"), chromedp.WaitReady("#landed"))
	if at := run(ctx, t, chromedp.Location()); at != base+"/account/passkeys/k2/remove" {
		t.Errorf("after the step-up the reader is at %s", at)
	}
	if first := s.take()[0]; first["action"] != "passkey.remove" {
		t.Errorf("the step-up is for %v", first["action"])
	}
}

func landing(app *fiber.App, paths ...string) {
	for _, p := range paths {
		app.Get(p, landed)
	}
}

func landed(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	return c.SendString("<!DOCTYPE html><title>landed</title><p id=landed>landed")
}

func TestTheCodeComesFromTheFragment(t *testing.T) {
	base := listen(t, gallery(t, renderer(t)))
	b := browser.Start(t, base)
	ctx := b.Context()
	do(ctx, t, chromedp.Navigate(base+"/gallery/enrol-code#code=7KQM-2XHT-9FWC"), chromedp.WaitReady("#code"))
	if got := run(ctx, t, chromedp.Value("#code")); got != "7KQM-2XHT-9FWC" {
		t.Errorf("the code is %q", got)
	}
	if at := run(ctx, t, chromedp.Location()); strings.Contains(at, "7KQM") {
		t.Errorf("the code stays in the address: %s", at)
	}
}

func TestOneTouchStays(t *testing.T) {
	r := renderer(t)
	app := gallery(t, r)
	stayed := make(chan string, 1)
	app.Post(web.PathStay, func(c *fiber.Ctx) error {
		stayed <- c.FormValue(web.FormToken)
		return c.SendStatus(204)
	})
	app.Get("/soon", func(c *fiber.Ctx) error {
		l := signedIn()
		l.IdleAt = l.Now.Add(2*time.Minute + time.Second)
		return r.Send(c, 200, l, web.Account{})
	})
	base := listen(t, app)
	b := browser.Start(t, base)
	ctx := b.Context()
	do(ctx, t, chromedp.Navigate(base+"/soon"), chromedp.WaitVisible("#stay"))
	if got := run(ctx, t, chromedp.Evaluate[string](`document.activeElement.textContent`)); got != "Stay logged in" {
		t.Errorf("the focus is on %q", got)
	}
	do(ctx, t, chromedp.KeyEvent(kb.Enter))
	run(ctx, t, chromedp.Poll[bool](`!document.getElementById("stay").open`))
	if token := <-stayed; token != "a-token" {
		t.Errorf("the form's token is %q", token)
	}
}

// TestKeyboardOnly goes through pages by Tab alone: everything that can be used is
// reached, and the first thing is the way past the menu.
func TestKeyboardOnly(t *testing.T) {
	base := listen(t, gallery(t, renderer(t)))
	b := browser.Start(t, base)
	ctx := b.Context()
	for _, name := range []string{"home", "results", "enrol-details-wrong", "passkey", "ask"} {
		do(ctx, t, chromedp.Navigate(base+"/gallery/"+name), chromedp.WaitReady("main"))
		want := run(ctx, t, chromedp.Evaluate[int](`document.activeElement.blur(); window.reached = new Set(); window.usable =
			[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")].filter(e => e.checkVisibility() && !e.closest("dialog, details:not([open]) > :not(summary)")); usable.length`))
		do(ctx, t, chromedp.Navigate(base+"/gallery/"+name), chromedp.WaitReady("main"))
		run(ctx, t, chromedp.Evaluate[bool](`document.activeElement.blur(); window.reached = new Set(); document.addEventListener("focusin", e => reached.add(e.target)); getSelection().removeAllRanges(); true`))
		do(ctx, t, chromedp.KeyEvent(kb.Tab))
		if name == "home" {
			if got := run(ctx, t, chromedp.Evaluate[string](`document.activeElement.textContent`)); got != "Skip to main content" {
				t.Errorf("the first thing that Tab reaches is %q", got)
			}
		}
		for range want + 2 {
			do(ctx, t, chromedp.KeyEvent(kb.Tab))
		}
		missed := run(ctx, t, chromedp.Evaluate[[]string](`[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")].
			filter(e => e.checkVisibility() && !e.closest("dialog, details:not([open]) > :not(summary)") && !reached.has(e)).map(e => e.outerHTML)`))
		for _, m := range missed {
			t.Errorf("%s: Tab does not reach %s", name, m)
		}
	}
}

func TestOfflineSaysSo(t *testing.T) {
	app := gallery(t, renderer(t))
	base := listen(t, app)
	b := browser.Start(t, base)
	ctx := b.Context()
	do(ctx, t, chromedp.Navigate(base+"/gallery/home"), chromedp.WaitReady("main"))
	run(ctx, t, chromedp.Evaluate[bool](`navigator.serviceWorker.ready.then(() => true)`, chromedp.EvalAwaitPromise))
	kept := run(ctx, t, chromedp.Evaluate[[]string](`caches.keys().then(names => Promise.all(names.map(n => caches.open(n).then(c => c.keys())))).then(all => all.flat().map(r => new URL(r.url).pathname))`, chromedp.EvalAwaitPromise))
	if len(kept) != 1 || kept[0] != web.PathOffline {
		t.Errorf("kept on the device: %v", kept)
	}
	do(ctx, t, chromedp.Navigate(base+"/gallery/home"))
	if err := app.ShutdownWithTimeout(time.Second); err != nil {
		t.Log(err)
	}
	do(ctx, t, chromedp.Navigate(base+"/gallery/medicines"), chromedp.WaitReady("main"))
	if got := run(ctx, t, chromedp.Text("h1")); got != "You are offline" {
		t.Errorf("without a network the reader sees %q", got)
	}
}

package site_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	pages "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/testkit/browser"
)

func TestASecondPasskeyAndTheFirstRemoved(t *testing.T) {
	w := newWorld(t)
	b := browser.Start(t, w.base)
	phone := b.Authenticator("internal")
	w.enrols(b)
	b.Go(pages.PathAddKey)
	b.Press("Show that it is me")
	b.Says("Create the new passkey")
	b.Look("passkey-add-proved")
	phone.Touch(false) // the new one shall be on the other
	b.Authenticator("usb")
	b.Press("Create the passkey")
	b.At(pages.PathPasskeys)
	if n := browser.Eval[int](b, `document.querySelectorAll(".dcr-rows > li").length`); n != 2 {
		t.Fatalf("there are %d passkeys after adding one", n)
	}
	b.Look("passkeys-two")

	// The security key gets another name, and an empty one is refused.
	b.Click(".dcr-rows li:nth-child(2) a")
	b.Says("Its name")
	b.Expect("422")
	b.Type("name", " ")
	b.Press("Change the name")
	b.Says("Enter a name for the passkey")
	b.Look("passkey-name-wrong")
	b.Expect()
	b.Type("name", "My blue key")
	b.Press("Change the name")
	b.At(pages.PathPasskeys)
	b.Says("My blue key")

	// The one that this session began with: its owner is logged out.
	b.Click(".dcr-rows li:nth-child(1) a")
	b.Says("Remove this passkey")
	b.Look("passkey-one-of-two")
	b.Press("Remove this passkey")
	b.At(pages.PathLoggedOut)
	phone.Lose()
	b.Go(pages.PathLogIn)
	b.Press("Log in with a passkey")
	b.At(pages.PathHome)
	b.Go(pages.PathNotices)
	b.Says("Your passkeys changed")
	b.Look("notices-keys")
}

// TestALostPhone goes to the practice: two members of staff vouch, the sessions of
// before are dead, and for a day nothing can be downloaded.
func TestALostPhone(t *testing.T) {
	w := newWorld(t)
	b := browser.Start(t, w.base)
	phone := b.Authenticator("internal")
	w.enrols(b)
	stolen := b.Cookies()
	if got := w.gets(pages.PathHome, stolen); got.status != http.StatusOK {
		t.Fatalf("with the session: %d", got.status)
	}
	phone.Lose()
	b.ForgetCookies()
	b.Authenticator("internal")

	l := w.code()
	if !l.Recovery {
		t.Fatal("the code is no recovery")
	}
	b.Expect("422")
	b.Go(strings.TrimPrefix(l.URL, w.base))
	b.Press("Continue")
	b.Says("Tell us who you are")
	w.fills(b)
	b.Press("Continue")
	b.Says("There is a problem") // nobody has vouched yet
	b.Expect()
	w.staff("bert", "/recoveries/"+l.ID+"/vouch", w.who(), nil)
	b.Go(strings.TrimPrefix(l.URL, w.base))
	b.Press("Continue")
	b.Says("Tell us who you are")
	w.fills(b)
	b.Press("Continue")
	b.Says("Create your passkey")
	b.Press("Create my passkey")
	b.At(pages.PathEnrolDone)

	if got := w.gets(pages.PathHome, stolen); got.status != http.StatusUnauthorized {
		t.Errorf("with the session of before: %d", got.status)
	}
	b.Go(pages.PathDownload)
	b.Says("You can do this from 11 March 2026 at 9:30am")
	b.Look("download-frozen")
	b.Go(pages.PathPasskeys)
	b.Look("passkeys-frozen")
	b.Go(pages.PathNotices)
	b.Look("notices-recovered")
}

// signs has the browser log in by hand, and returns what finishing was sent.
const signs = `(async () => {
	const begun = await (await fetch("/citizen/v1/log-in/options", {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"})).json();
	const credential = await navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(begun.options)});
	return JSON.stringify({state: begun.state, credential: credential.toJSON(), fields: {}});
})()`

func TestAReplayedAssertionIsRefused(t *testing.T) {
	w := newWorld(t)
	b := browser.Start(t, w.base)
	b.Authenticator("internal")
	w.enrols(b)
	logsOut(b)
	b.Go(pages.PathHelp)
	b.Expect("401", "409", "422")
	sent := browser.Eval[string](b, signs)
	finish := `fetch("/citizen/v1/log-in/finish", {method: "POST", headers: {"Content-Type": "application/json"}, body: ` + strconv.Quote(sent) + `}).then(r => r.status)`
	if got := browser.Eval[int](b, finish); got != http.StatusOK {
		t.Fatalf("the first time: %d", got)
	}
	b.Go(pages.PathHome)
	logsOut(b)
	b.Go(pages.PathHelp)
	if got := browser.Eval[int](b, finish); got < 400 || got >= 500 {
		t.Errorf("the second time: %d", got)
	}
	b.Expect("401")
	b.Go(pages.PathHome)
	b.Says("Log in")
}

// TestAnotherOriginIsRefused has a page of another address of the same machine, for
// which the browser lets passkeys of localhost sign, hand on what was signed.
func TestAnotherOriginIsRefused(t *testing.T) {
	w := newWorld(t)
	b := browser.Start(t, w.base)
	b.Authenticator("internal")
	w.enrols(b)
	logsOut(b)
	begun := w.posts(pages.CeremonyLogIn+"/options", "{}", w.base)
	other := httptest.NewServer(http.HandlerFunc(func(res http.ResponseWriter, _ *http.Request) {
		res.Header().Set("Content-Type", "text/html")
		fmt.Fprint(res, "<!DOCTYPE html><title>other</title><link rel=icon href=data:,><main>other</main>")
	}))
	defer other.Close()
	b.Elsewhere(strings.Replace(other.URL, "127.0.0.1", "localhost", 1))
	sent := browser.Eval[string](b, `(async () => {
		const begun = `+begun.body+`;
		const credential = await navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(begun.options)});
		return JSON.stringify({state: begun.state, credential: credential.toJSON(), fields: {}});
	})()`)
	if got := w.posts(pages.CeremonyLogIn+"/finish", sent, w.base); got.status != http.StatusUnauthorized || got.cookie != "" {
		t.Errorf("signed elsewhere, handed on as ours: %d %s", got.status, got.body)
	}
	if got := w.posts(pages.CeremonyLogIn+"/finish", sent, "http://localhost:1"); got.status != http.StatusForbidden {
		t.Errorf("sent from elsewhere: %d %s", got.status, got.body)
	}
}

// TestByKeyboardAlone logs in, opens a list, and reads an entry, with Tab and Enter.
func TestByKeyboardAlone(t *testing.T) {
	w := newWorld(t)
	b := browser.Start(t, w.base)
	b.Authenticator("usb") // a security key is not offered before it is asked for
	w.enrols(b)
	logsOut(b)
	b.Go(pages.PathLogIn)
	tabTo(b, "Log in with a passkey")
	b.Key(kb.Enter)
	b.At(pages.PathHome)
	b.Key(kb.Tab)
	if got := b.Focused(); got != "Skip to main content" {
		t.Errorf("the first thing that Tab reaches is %q", got)
	}
	tabTo(b, "Medicines")
	b.Key(kb.Enter)
	b.At("/record/medicines")
	tabTo(b, "Show only some")
	b.Key(kb.Enter)
	tabTo(b, "Show these")
	b.Key(kb.Enter)
	b.Until(`location.search !== "" && document.readyState === "complete"`)
	first := browser.Eval[string](b, `document.querySelector(".dcr-rows a").textContent.trim().replace(/\s+/g, " ")`)
	tabTo(b, first)
	b.Key(kb.Enter)
	b.Until(`document.querySelector("h1").textContent.includes(` + strconv.Quote(first) + `)`)
	b.Quiet()
}

// tabTo goes on with Tab until something of that name has the focus.
func tabTo(b *browser.Browser, name string) {
	for range 80 {
		if strings.HasPrefix(b.Focused(), name) {
			return
		}
		b.Key(kb.Tab)
	}
	b.Until("false && " + strconv.Quote("Tab reaches "+name))
}

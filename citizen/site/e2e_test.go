package site_test

import (
	"strconv"
	"strings"
	"testing"

	pages "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/testkit/browser"
)

// enrols goes from the letter to the open record, as somebody with a telephone does.
func (w *world) enrols(b *browser.Browser) {
	w.t.Helper()
	l := w.code()
	at := strings.TrimPrefix(l.URL, w.base)
	b.Go(at)
	if got := browser.Eval[string](b, `document.getElementById("code").value`); got != l.Code {
		w.t.Fatalf("the code of the QR is filled in as %q", got)
	}
	if got := browser.Eval[string](b, "location.href"); got != w.base+pages.PathEnrol {
		w.t.Errorf("the code stays in the address: %s", got)
	}
	b.Press("Continue")
	b.Says("Tell us who you are")
	w.fills(b)
	b.Press("Continue")
	b.Says("Create your passkey")
	b.Press("Create my passkey")
	b.At(pages.PathEnrolDone)
}

func (w *world) fills(b *browser.Browser) {
	w.t.Helper()
	b.Type("nhs-number", w.person.Number.Digits())
	b.Type("day", strconv.Itoa(w.person.Birth.Day()))
	b.Type("month", strconv.Itoa(int(w.person.Birth.Month())))
	b.Type("year", strconv.Itoa(w.person.Birth.Year()))
}

// logsOut presses the button of the menu.
func logsOut(b *browser.Browser) {
	b.Click(".nhsuk-header__account-button")
	b.At(pages.PathLoggedOut)
}

func TestEnrolLogInAndOut(t *testing.T) {
	w := newWorld(t)
	b := browser.Start(t, w.base)
	phone := b.Authenticator("internal")
	b.Go(pages.PathStart)
	b.Look("start")

	// What is wrong is said on the same page, and nothing is lost.
	b.Expect("422")
	b.Go(pages.PathEnrol)
	b.Look("enrol-code")
	b.Press("Continue")
	b.Says("There is a problem")
	b.Look("enrol-code-wrong")
	b.Go(pages.PathEnrol)
	b.Type("code", "AAAA-AAAA-AAAA-AAAA")
	b.Press("Continue")
	b.Says("Tell us who you are")
	b.Look("enrol-details")
	b.Press("Continue")
	b.Says("There is a problem")
	b.Look("enrol-details-wrong")
	w.fills(b)
	b.Press("Continue")
	b.Says("There is a problem")
	b.Look("enrol-refused")
	b.Expect()

	w.enrols(b)
	b.Look("enrol-done")
	b.Press("See my record")
	b.At(pages.PathHome)
	if got := b.Text("h1"); !strings.HasPrefix(got, w.person.Given[0]) || !strings.Contains(got, w.person.Family) {
		t.Errorf("the heading %q does not say whose record it is", got)
	}
	logsOut(b)
	b.Look("logged-out")

	// By conditional UI: the browser offers the passkey, and nothing is typed or pressed.
	b.Go(pages.PathLogIn)
	b.At(pages.PathHome)
	logsOut(b)

	// By the button.
	phone.Touch(false)
	b.Go(pages.PathLogIn)
	b.Look("log-in")
	phone.Touch(true)
	b.Press("Log in with a passkey")
	b.At(pages.PathHome)
	b.Quiet()
}

func TestTheWayBackAfterLoggingIn(t *testing.T) {
	w := newWorld(t)
	b := browser.Start(t, w.base)
	phone := b.Authenticator("internal")
	w.enrols(b)
	logsOut(b)
	phone.Touch(false)
	b.Expect("401")
	b.Go("/record/medicines?kind=prescribed")
	b.Says("Log in to see this page")
	b.Look("log-in-first")
	b.Expect()
	phone.Touch(true)
	b.Press("Log in with a passkey")
	b.Says("Medicines")
	if got := browser.Eval[string](b, "location.pathname + location.search"); got != "/record/medicines?kind=prescribed" {
		t.Errorf("after logging in the reader is at %s", got)
	}
}

// TestEveryPage reads the whole site, each section and some entries of each.
func TestEveryPage(t *testing.T) {
	w := newWorld(t)
	b := browser.Start(t, w.base)
	b.Authenticator("internal")
	w.enrols(b)
	// A frame that is sandboxed says that it ran no script: that is what it is for.
	b.Expect("/documents/")
	b.Go(pages.PathHome)
	b.Look("record")
	sections := browser.Eval[[]string](b, `[...document.querySelectorAll(".dcr-cards a")].map(a => a.getAttribute("href"))`)
	if len(sections) < 12 {
		t.Errorf("the first page leads to %v", sections)
	}
	for _, at := range sections {
		name := at[strings.LastIndex(at, "/")+1:]
		b.Go(at)
		b.Look("section-" + name)
		entries := browser.Eval[[]string](b, `[...new Set([...document.querySelectorAll(".dcr-rows a")].map(a => a.getAttribute("href")))].filter(h => h.startsWith(`+strconv.Quote(at+"/")+`))`)
		for i, entry := range spread(entries) {
			b.Go(entry)
			b.Look("entry-" + name + "-" + strconv.Itoa(i))
		}
	}
	for name, at := range map[string]string{"timeline": pages.PathTimeline, "looks": pages.PathLooks, "looks-all": pages.PathAllLooks, "questions-none": pages.PathAsked, "account": pages.PathAccount, "passkeys": pages.PathPasskeys,
		"passkey-add": pages.PathAddKey, "devices": pages.PathDevices, "notices": pages.PathNotices, "download": pages.PathDownload, "ending": pages.PathEnding, "help": pages.PathHelp,
		"help-no-passkey": pages.PathHelpNoPasskey, "help-lost": pages.PathHelpLost, "help-carers": pages.PathHelpCarers, "cookies": pages.PathCookies, "privacy": pages.PathPrivacy,
		"accessibility": pages.PathAccessibility, "offline": pages.PathOffline} {
		b.Go(at)
		b.Look(name)
	}
	b.Go(pages.PathPasskeys)
	b.Click(".dcr-rows a")
	b.Says("Remove this passkey")
	b.Look("passkey")
	b.Expect("404")
	b.Go("/record/medicines/" + strings.Repeat("x", 20))
	b.Look("not-found")
}

// spread takes the first, one between, and the last.
func spread(all []string) []string {
	if len(all) <= 3 {
		return all
	}
	return []string{all[0], all[len(all)/2], all[len(all)-1]}
}

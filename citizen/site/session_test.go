package site_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	pages "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/testkit/browser"
)

// TestTheWarningBeforeTheEnd lets 28 minutes pass, by the service's clock and by the
// device's stopwatch.
func TestTheWarningBeforeTheEnd(t *testing.T) {
	w := newWorld(t)
	b := browser.Start(t, w.base)
	phone := b.Authenticator("internal")
	w.enrols(b)
	b.Go(pages.PathAccount)
	w.Pass(28*time.Minute + 30*time.Second)
	browser.Eval[bool](b, `(() => { const now = Date.now; Date.now = () => now() + 28.5 * 60000; return true; })()`)
	b.Until(`document.getElementById("stay").open`)
	b.Look("idle-warning")
	if got := b.Focused(); got != "Stay logged in" {
		t.Errorf("the focus is on %q", got)
	}
	b.Key(kb.Enter)
	b.Until(`!document.getElementById("stay").open`)
	w.Pass(20 * time.Minute) // without the touch it would be over
	b.Go(pages.PathAccount)
	b.Says("Your account")

	phone.Touch(false)
	w.Pass(31 * time.Minute)
	b.Expect("401")
	b.Go(pages.PathAccount)
	b.Says("You were logged out")
	b.Look("log-in-after-idle")
}

// TestReadingWithoutScripts reads, narrows a list and asks a question in a browser that
// runs no scripts.
func TestReadingWithoutScripts(t *testing.T) {
	w := newWorld(t)
	b := browser.Start(t, w.base)
	b.Authenticator("internal")
	w.enrols(b)
	w.looks()
	b.WithoutScripts(true)
	b.Go(pages.PathHome)
	b.Press("Medicines")
	b.At("/record/medicines")
	b.Press("Show only some")
	b.Press("Show these")
	b.Until(`location.search !== ""`)
	b.Says("What you take now")
	b.Go(pages.PathLooks)
	b.Says("Dr house")
	b.Press("Include your own visits")
	b.Says("You looked at")
	b.Press("Leave out your own visits")
	b.Says("Your own visits are left out")
}

func TestWhoLookedAndWhy(t *testing.T) {
	w := newWorld(t)
	b := browser.Start(t, w.base)
	b.Authenticator("internal")
	w.enrols(b)
	w.looks()
	b.Go(pages.PathLooks)
	b.Says("Dr house")
	b.Look("looks-doctor")
	at := browser.Eval[string](b, `[...document.querySelectorAll(".dcr-row")].find(r => r.textContent.includes("Dr house") && r.textContent.includes("medicines")).querySelector("a").getAttribute("href")`)
	b.Go(at)
	b.Until(`document.querySelector("[data-proof-result]").textContent.includes("is in the ledger")`)
	b.Says("signature holds")
	b.Look("look")
	b.Press("Ask why they looked")
	b.Says("What do you want to know")
	b.Look("ask")
	b.Expect("422")
	browser.Eval[bool](b, `document.getElementById("words").value = "x".repeat(1001); true`)
	b.Press("Continue")
	b.Says("There is a problem")
	b.Look("ask-wrong")
	b.Expect()
	b.Type("words", "I was not there.")
	b.Press("Continue")
	b.Says("Check your question")
	b.Look("ask-check")
	b.Press("Send my question")
	b.Says("Your question was sent")
	b.Look("question-sent")

	var list struct {
		Inquiries []struct{ Ref string }
	}
	org := w.person.Hospital.ODS
	w.staffOf("olive", org, identity.PrivacyOfficer, http.MethodGet, "/inquiries", "", &list, "")
	if len(list.Inquiries) != 1 {
		t.Fatalf("the privacy officer sees %d questions", len(list.Inquiries))
	}
	ref := "/inquiries/" + list.Inquiries[0].Ref
	tag := w.staffOf("olive", org, identity.PrivacyOfficer, http.MethodGet, ref, "", nil, "").Get("Etag")
	w.staffOf("olive", org, identity.PrivacyOfficer, http.MethodPost, ref+"/answer", `{"answer":"He saw you in the clinic.\n\nHe prepared it."}`, nil, tag)
	b.Go(pages.PathAsked)
	b.Says("Answered")
	b.Look("questions")
	b.Click(".dcr-rows a")
	b.Says("He saw you in the clinic")
	b.Look("question-answered")
	b.Press("This answers my question")
	b.Says("Closed")
}

// TestTheDownload is behind a proof, and then there are two files.
func TestTheDownload(t *testing.T) {
	w := newWorld(t)
	b := browser.Start(t, w.base)
	b.Authenticator("internal")
	w.enrols(b)
	cookies := b.Cookies()
	b.Go(pages.PathDownload)
	b.Press("Show that it is me")
	b.Says("Save as a page")
	b.Look("download-proved")
	token := browser.Eval[string](b, `document.querySelector("main [name=form_token]").value`)
	for path, want := range map[string]string{pages.PathAsHTML: "<!DOCTYPE html>", pages.PathAsFHIR: `{"resourceType":"Bundle"`} {
		got := w.sendsForm(path, "form_token="+token, cookies)
		if got.status != http.StatusOK || !strings.HasPrefix(got.body, want) || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: %d %.200s", path, got.status, got.body)
		}
		if got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %q", path, got.header.Get("Cache-Control"))
		}
	}
	w.Pass(6 * time.Minute)
	if got := w.sendsForm(pages.PathAsHTML, "form_token="+token, cookies); got.status != http.StatusSeeOther || got.header.Get("Location") != pages.PathDownload {
		t.Errorf("when the proof is old: %d", got.status)
	}
}

package site_test

import (
	"strconv"
	"strings"
	"testing"

	pages "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/testkit/browser"
)

// TestLettersAsTheyWereSent shows each sort of document in its own way: nothing of a
// sender runs, or loads anything.
func TestLettersAsTheyWereSent(t *testing.T) {
	w := newWorld(t)
	b := browser.Start(t, w.base)
	b.Authenticator("internal")
	w.enrols(b)
	b.Expect("/documents/", "about:srcdoc") // the frame says that it ran and loaded nothing
	b.Go(pages.SectionPath("letters"))
	entries := browser.Eval[[]string](b, `[...document.querySelectorAll(".dcr-rows a")].map(a => a.getAttribute("href"))`)
	cookies := b.Cookies()
	sorts := map[string]bool{}
	for i, at := range entries {
		b.Go(at)
		sort := browser.Eval[string](b, `(async () => {
			const shown = document.querySelector("iframe, main img");
			if (shown) {
				await new Promise(r => { shown.addEventListener("load", r, {once: true}); shown.loading = "eager"; shown.src = shown.getAttribute("src"); });
				shown.scrollIntoView();
				if (shown.contentDocument) return "a frame that we can reach into";
			}
			return shown ? shown.localName : document.querySelector("main a[href$='/documents/0']") ? "opened" : "saved";
		})()`)
		sorts[sort] = true
		b.Shot("letter-" + strconv.Itoa(i))
		doc := w.gets(at+"/documents/0", cookies)
		policy, save := doc.header.Get("Content-Security-Policy"), strings.HasPrefix(doc.header.Get("Content-Disposition"), "attachment")
		switch {
		case doc.status != 200 || doc.header.Get("Cache-Control") != "no-store" || doc.header.Get("X-Content-Type-Options") != "nosniff":
			t.Errorf("a document: %d %v", doc.status, doc.header)
		case sort == "iframe" && !strings.HasPrefix(policy, "sandbox;"), sort == "saved" && !save, !strings.Contains(policy, "default-src 'none'"):
			t.Errorf("a document that is %s has the policy %q", sort, policy)
		}
		if got := w.gets(at+"/documents/0/download", cookies); got.body != doc.body || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
			t.Errorf("saved it is not what is shown: %d %v", got.status, got.header)
		}
	}
	for _, want := range []string{"iframe", "img", "opened", "saved"} {
		if !sorts[want] {
			t.Errorf("no letter is shown as %q: %v", want, sorts)
		}
	}
	b.Quiet()
}

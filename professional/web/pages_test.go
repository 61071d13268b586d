package web_test

import (
	"image/color"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/boombuler/barcode/qr"
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
	all["refused-codes"] = w.logsIn("doctor").opens(web.PathCodes, nil).body
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

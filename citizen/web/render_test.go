package web_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/citizen/own"
	"github.com/dorsetcarerecord/dcr/citizen/web"
	"golang.org/x/net/html"
)

func renderer(t testing.TB) *web.Renderer {
	t.Helper()
	r, err := web.New(web.Options{Phone: "01202 000009", Email: "office@dorset.example", NHSLogin: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// tree is a page, parsed.
type tree struct{ root *html.Node }

func parse(t *testing.T, body []byte) tree {
	t.Helper()
	root, err := html.ParseWithOptions(bytes.NewReader(body), html.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatal(err)
	}
	return tree{root}
}

// all returns the elements of a name; of every name for "".
func (p tree) all(name string) []*html.Node {
	var out []*html.Node
	for n := range p.root.Descendants() {
		if n.Type == html.ElementNode && (name == "" || n.Data == name) {
			out = append(out, n)
		}
	}
	return out
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func eachPage(t *testing.T, check func(t *testing.T, f fixture, p tree)) {
	r := renderer(t)
	for _, f := range fixtures() {
		t.Run(f.name, func(t *testing.T) {
			body, err := r.Render(f.layout, f.page)
			if err != nil {
				t.Fatal(err)
			}
			check(t, f, parse(t, body))
		})
	}
}

func TestOneHeadingWithTheName(t *testing.T) {
	eachPage(t, func(t *testing.T, f fixture, p tree) {
		h := p.all("h1")
		if len(h) != 1 {
			t.Fatalf("%d headings of the first level", len(h))
		}
		if f.layout.SignedIn && !strings.HasPrefix(text(h[0]), "Mary Brown – ") {
			t.Errorf("the heading %q does not say whose record it is", text(h[0]))
		}
		title := text(p.all("title")[0])
		if got := strings.HasPrefix(title, "Error: "); got != f.failed {
			t.Errorf("title %q: says that there is an error: %v, want %v", title, got, f.failed)
		}
		for _, private := range []string{"Mary", "Metformin", "Kidney", "diabetes"} {
			if strings.Contains(title, private) {
				t.Errorf("title %q: this stays in the browser's history", title)
			}
		}
	})
}

func TestHeadingsGoDownOneByOne(t *testing.T) {
	eachPage(t, func(t *testing.T, _ fixture, p tree) {
		level := 0
		for _, n := range p.all("") {
			if len(n.Data) != 2 || n.Data[0] != 'h' || n.Data[1] < '1' || n.Data[1] > '6' {
				continue
			}
			now := int(n.Data[1] - '0')
			if level > 0 && now > level+1 {
				t.Errorf("%s %q comes after a heading of level %d", n.Data, text(n), level)
			}
			level = now
		}
	})
}

func TestFieldsHaveLabels(t *testing.T) {
	eachPage(t, func(t *testing.T, f fixture, p tree) {
		labels := map[string]bool{}
		for _, l := range p.all("label") {
			labels[attr(l, "for")] = true
		}
		for _, name := range []string{"input", "select", "textarea"} {
			for _, n := range p.all(name) {
				if id := attr(n, "id"); attr(n, "type") != "hidden" && !labels[id] {
					t.Errorf("the %s %q has no label", name, id)
				}
			}
		}
		for _, form := range p.all("form") {
			if attr(form, "method") == "post" && f.layout.SignedIn && !has(form, web.FormToken) {
				t.Errorf("the form to %s has no token", attr(form, "action"))
			}
		}
	})
}

func has(form *html.Node, field string) bool {
	for d := range form.Descendants() {
		if d.Type == html.ElementNode && attr(d, "name") == field {
			return true
		}
	}
	return false
}

func TestErrorsLeadToTheirFields(t *testing.T) {
	eachPage(t, func(t *testing.T, _ fixture, p tree) {
		ids := map[string]bool{}
		for _, n := range p.all("") {
			id := attr(n, "id")
			if id != "" && ids[id] {
				t.Errorf("the id %q is there twice", id)
			}
			ids[id] = true
		}
		for _, n := range p.all("") {
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
		}
	})
}

func TestNothingInlineAndNothingForeign(t *testing.T) {
	eachPage(t, func(t *testing.T, _ fixture, p tree) {
		for _, n := range p.all("") {
			if n.Data == "style" || n.Data == "base" || n.Data == "script" && (attr(n, "src") == "" || n.FirstChild != nil) {
				t.Errorf("a %s stands in the page", n.Data)
			}
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s has %s", n.Data, a.Key)
				}
				if v := strings.ToLower(strings.TrimSpace(a.Val)); strings.Contains(v, "//") || strings.HasPrefix(v, "javascript:") || strings.HasPrefix(v, "data:") {
					t.Errorf("%s %s=%q leads elsewhere", n.Data, a.Key, a.Val)
				}
			}
		}
	})
}

// addresses are all that there are; the parts in braces are of an entry.
func addresses() []string {
	return []string{
		web.PathStart, web.PathLogIn, web.PathLogOut, web.PathLoggedOut, web.PathEnrol, web.PathEnrolDetails, web.PathEnrolPasskey, web.PathEnrolDone, web.PathNHSLogin,
		web.PathHelp, web.PathHelpNoPasskey, web.PathHelpLost, web.PathHelpCarers, web.PathCookies, web.PathPrivacy, web.PathAccessibility,
		web.PathHome, web.PathTimeline, web.PathDetails, web.PathLooks, web.PathAsked, web.PathAccount, web.PathPasskeys, web.PathAddKey, web.PathDevices, web.PathEndAll,
		web.PathNotices, web.PathDownload, web.PathAsFHIR, web.PathAsHTML, web.PathEnding, web.PathStay,
		"/record/{}", "/record/{}/{}", "/record/{}/{}/documents/{}", "/record/{}/{}/documents/{}/download", "/looks/{}", "/looks/{}/ask", "/questions/{}",
		"/account/passkeys/{}", "/account/passkeys/{}/rename", "/account/passkeys/{}/remove", "/account/devices/{}/end",
	}
}

// leads reports whether a path is of an address.
func leads(path, address string) bool {
	have, parts := strings.Split(path, "/"), strings.Split(address, "/")
	return slices.EqualFunc(have, parts, func(h, p string) bool { return h == p || p == "{}" && h != "" })
}

func TestEveryLinkLeadsToAPage(t *testing.T) {
	eachPage(t, func(t *testing.T, _ fixture, p tree) {
		for _, n := range p.all("") {
			for _, a := range []string{"href", "action", "src", "data-next", "data-ended"} {
				to, _, _ := strings.Cut(attr(n, a), "?")
				if to == "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "/assets/") {
					continue
				}
				if !slices.ContainsFunc(addresses(), func(a string) bool { return leads(to, a) }) {
					t.Errorf("%s %s=%q leads to no page", n.Data, a, to)
				}
			}
		}
	})
}

func TestTheUsualRangeIsSaidOnce(t *testing.T) {
	for says, want := range map[string]string{
		"Usual range: 3.5 to 5.3 mmol/L":             "3.5 to 5.3 mmol/L",
		"Usual range (women): 120 to 150 g/L":        "Usual range (women): 120 to 150 g/L",
		"Recommended range: 4 to 6 mmol/L; up to 10": "Recommended range: 4 to 6 mmol/L; up to 10",
	} {
		if got := web.ResultEntry(own.Result{Range: says}, nil).Fields; len(got) == 0 || got[0].Name != "Usual range" || got[0].Text != want {
			t.Errorf("%s: %+v", says, got)
		}
	}
}

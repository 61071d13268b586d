package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/citizen/web"
	handlers "github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
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

func TestFirstLoadIsLight(t *testing.T) {
	const limit = 100 << 10
	app := gallery(t, renderer(t))
	eachPage(t, func(t *testing.T, f fixture, p tree) {
		total := len(get(t, app, "/gallery/"+f.name))
		for _, n := range p.all("") {
			if to := first(attr(n, "src"), attr(n, "href")); strings.HasPrefix(to, "/assets/") {
				total += len(get(t, app, to))
			}
		}
		if total >= limit {
			t.Errorf("%d bytes are loaded for the first page", total)
		}
	})
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func get(t *testing.T, app *fiber.App, path string) []byte {
	t.Helper()
	q := httptest.NewRequest(http.MethodGet, path, nil)
	q.Header.Set("Accept-Encoding", "gzip")
	r, err := app.Test(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", path, r.StatusCode, err)
	}
	return body
}

func TestAssetsAreKeptAndPagesAreNot(t *testing.T) {
	r := renderer(t)
	app := gallery(t, r)
	for _, route := range r.Assets() {
		q := httptest.NewRequest(http.MethodGet, route.Path, nil)
		q.Header.Set("Accept-Encoding", "gzip")
		zipped, err := app.Test(q)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(zipped.Body)
		if err != nil {
			t.Fatal(err)
		}
		unzipped, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := app.Test(httptest.NewRequest(http.MethodGet, route.Path, nil))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(plain.Body)
		if err != nil || !bytes.Equal(raw, unzipped) {
			t.Errorf("%s differs with and without compression: %v", route.Path, err)
		}
		want := "public, max-age=31536000, immutable"
		if route.Path == "/sw.js" {
			want = "no-cache"
		}
		if got := plain.Header.Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control %q, want %q", route.Path, got, want)
		}
	}
	page, err := app.Test(httptest.NewRequest(http.MethodGet, "/gallery/home", nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Content-Security-Policy": web.ContentPolicy, "Referrer-Policy": "same-origin"} {
		if got := page.Header.Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
}

func TestWhatIsSentIsEscaped(t *testing.T) {
	const bad = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`
	l := signedIn()
	l.Person, l.Token, l.Late = bad, bad, []string{bad}
	m := medicines().Current[0]
	m.Title, m.Dose, m.Meaning, m.Notes, m.Source.Organisation, m.ID = bad, bad, bad, []string{bad}, bad, bad
	body, err := renderer(t).Render(l, web.MedicineEntry(m))
	if err != nil {
		t.Fatal(err)
	}
	p := parse(t, body)
	for _, n := range p.all("") {
		if n.Data == "img" || n.Data == "script" && n.FirstChild != nil {
			t.Errorf("what was sent became a %s", n.Data)
		}
	}
	doc := document()
	doc.Person, doc.Sections[0].Of.Title = bad, bad
	body, err = renderer(t).RenderDocument(doc)
	if err != nil {
		t.Fatal(err)
	}
	if d := parse(t, body); len(d.all("script"))+len(d.all("img")) > 0 {
		t.Error("what was sent became markup of the document")
	}
}

func TestTheDocumentStandsByItself(t *testing.T) {
	body, err := renderer(t).RenderDocument(document())
	if err != nil {
		t.Fatal(err)
	}
	p := parse(t, body)
	if h := p.all("h1"); len(h) != 1 || !strings.Contains(text(h[0]), "Mary Brown") {
		t.Error("the heading does not say whose record it is")
	}
	for _, n := range p.all("") {
		if n.Data == "script" || n.Data == "link" || n.Data == "img" || n.Data == "iframe" || attr(n, "src") != "" {
			t.Errorf("the document has a %s", n.Data)
		}
		if to := attr(n, "href"); to != "" && !strings.HasPrefix(to, "#") {
			t.Errorf("the document links to %q", to)
		}
	}
	for _, s := range []string{"Metformin 500mg tablets", "Penicillin", "It said 45 mL/min before it was corrected.", "shown by 12 December 2026", "999 000 0018"} {
		if !bytes.Contains(body, []byte(s)) {
			t.Errorf("the document does not say %q", s)
		}
	}
}

func TestAPageOfSomebodySaysWho(t *testing.T) {
	l := signedIn()
	l.Person = ""
	if _, err := renderer(t).Render(l, web.Account{}); err == nil {
		t.Error("a page was made that does not say whose record it is")
	}
}

func TestNotYoursAndNotThereAreOnePage(t *testing.T) {
	app := fiber.New()
	r := renderer(t)
	app.Get("/hidden", func(c *fiber.Ctx) error {
		return r.ErrorPage(c, handlers.Problem{Status: http.StatusNotFound, Text: "This entry is withheld.", RequestID: "r-1"})
	})
	app.Get("/absent", func(c *fiber.Ctx) error {
		return r.ErrorPage(c, handlers.Problem{Status: http.StatusNotFound, Text: "There is none.", RequestID: "r-2"})
	})
	var pages [][]byte
	for _, path := range []string{"/hidden", "/absent"} {
		res, err := app.Test(httptest.NewRequest(http.MethodGet, path, nil))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusNotFound {
			t.Fatalf("%s: %d, %v", path, res.StatusCode, err)
		}
		pages = append(pages, body)
	}
	if !bytes.Equal(pages[0], pages[1]) {
		t.Error("the pages differ")
	}
}

func TestPagedKeepsEveryRow(t *testing.T) {
	l := web.ResultsList(many())
	want, got := 0, 0
	for _, g := range l.Groups {
		want += len(g.Rows)
	}
	for n := range l.Paged(1).Last {
		on := 0
		for _, g := range l.Paged(n + 1).Groups {
			on += len(g.Rows)
		}
		if on > web.PageSize {
			t.Errorf("page %d has %d rows", n+1, on)
		}
		got += on
	}
	if got != want {
		t.Errorf("%d rows on all pages, want %d", got, want)
	}
}

func BenchmarkRender(b *testing.B) {
	r := renderer(b)
	for _, f := range fixtures() {
		if f.name != "home" && f.name != "results-many" && f.name != "result" {
			continue
		}
		b.Run(f.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := r.Render(f.layout, f.page); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("document", func(b *testing.B) {
		d := document()
		for b.Loop() {
			if _, err := r.RenderDocument(d); err != nil {
				b.Fatal(err)
			}
		}
	})
}

package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/citizen/web"
	handlers "github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
)

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

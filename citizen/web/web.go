// Package web is the residents' web app as far as it is seen: pages, their style
// and scripts, and how they are rendered. It decides nothing and reads nothing: who
// has a use case at hand fills in one of the page structs and calls Send.
//
// Rules that hold for every page (docs/guides/pages.md):
//   - one h1, in which the name of the person stands whose record is shown;
//   - works without scripts, but for the passkey ceremony, and says so;
//   - loads nothing from elsewhere, and no style or script that stands in a page;
//   - is not kept by any cache;
//   - in English that a child of ten can read.
package web

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"time"
)

//go:embed templates/*.html
var templates embed.FS

// Options are what the pages say of the service. The zero value is good for tests.
type Options struct {
	Service  string // its name; "Dorset Care Record"
	Phone    string // of the programme office; left out where empty
	Email    string // of the programme office; left out where empty
	NHSLogin bool   // whether people may enrol and recover by NHS login
}

// Renderer makes pages. It is safe for concurrent use.
type Renderer struct {
	o      Options
	pages  map[string]*template.Template // by the name of their file
	record *template.Template            // the record as one document of its own
	style  template.CSS                  // of that document
	policy string                        // what that document may load: that style alone
	assets assets
}

// New returns the Renderer of all pages, or what is wrong with a template.
func New(o Options) (*Renderer, error) {
	if o.Service == "" {
		o.Service = "Dorset Care Record"
	}
	files, err := loadAssets()
	if err != nil {
		return nil, err
	}
	r := &Renderer{o: o, pages: map[string]*template.Template{}, assets: files}
	if r.style, r.policy, err = documentStyle(); err != nil {
		return nil, err
	}
	base, err := template.New("base").Funcs(r.functions()).ParseFS(templates, "templates/layout.html", "templates/part_*.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		file := strings.TrimSuffix(path.Base(name), ".html")
		if file == "layout" || strings.HasPrefix(file, "part_") {
			continue
		}
		t, err := base.Clone()
		if err == nil {
			t, err = t.ParseFS(templates, name)
		}
		if err != nil {
			return nil, err
		}
		r.pages[file] = t
	}
	r.record = r.pages["document"]
	delete(r.pages, "document")
	return r, nil
}

// Layout is what stands around a page.
type Layout struct {
	// Person is the name of whose record is open. Every page of somebody who is
	// signed in needs it.
	Person   string
	SignedIn bool
	// IdleAt is when the session ends if nothing is done; Now, when the page is
	// made. Both are needed of a page for somebody who is signed in.
	IdleAt, Now time.Time
	Token       string // of the forms of this session, sent in the field FormToken
	Notices     int    // unread
	// Late says which sources are late, in words of own.Freshness: it stands on
	// every page of the record.
	Late []string
}

// FormToken is the name of the hidden field that carries Layout.Token.
const FormToken = "form_token"

// Page is one of the page structs of this package.
type Page interface {
	template() string // name of its file
	heading() string  // of the page and of its window
}

// view is what a template sees.
type view struct {
	Layout
	Options
	Page    Page
	Heading string
	Title   string
	Errors  []FieldError
	Back    Link
	Scripts []string
	Tab     string // of the menu that the page belongs to
	// IdleSeconds and WarnSeconds count from when the page is made; 0: not signed in.
	IdleSeconds, WarnSeconds int
	// Where a browser without scripts goes by itself, and after how many seconds.
	RefreshTo    string
	RefreshAfter int
}

// Link is where to go, and what it is called.
type Link struct{ Href, Text string }

// What pages may say of themselves beyond Page.
type (
	backward interface{ back() Link }           // where the link above the heading leads
	scripted interface{ scripts() []string }    // assets beyond those of every page
	failing  interface{ failed() []FieldError } // what must be put right
	titled   interface{ title() string }        // of the window, where the heading is not for a browser's history
	// writing pages are not taken from under somebody who writes: without scripts
	// they say how much time there is.
	writing interface{ writing() bool }
)

// warnBefore is how long before the end of an idle session a reader is warned
// (RULES 1).
const warnBefore = 2 * time.Minute

// Render returns the HTML of a page.
func (r *Renderer) Render(l Layout, p Page) ([]byte, error) {
	t := r.pages[p.template()]
	if t == nil {
		return nil, fmt.Errorf("there is no page %q", p.template())
	}
	if l.SignedIn && l.Person == "" {
		return nil, errors.New("a page for somebody who is signed in must say whose record it shows")
	}
	v := view{Layout: l, Options: r.o, Page: p, Heading: p.heading(), Scripts: []string{"page.js"}, Tab: tabOf(p)}
	v.Title = v.Heading
	if x, ok := p.(titled); ok {
		v.Title = x.title()
	}
	v.Title += " – " + r.o.Service
	if f, ok := p.(failing); ok {
		v.Errors = f.failed()
	}
	if len(v.Errors) > 0 {
		v.Title = "Error: " + v.Title
	}
	if b, ok := p.(backward); ok {
		v.Back = b.back()
	}
	if s, ok := p.(scripted); ok {
		v.Scripts = append(v.Scripts, s.scripts()...)
	}
	if _, asks := p.(Ending); l.SignedIn && !l.IdleAt.IsZero() && !asks {
		idle := l.IdleAt.Sub(l.Now)
		v.IdleSeconds = max(int(idle/time.Second), 1)
		v.WarnSeconds = max(int((idle-warnBefore)/time.Second), 1)
		v.Scripts = append(v.Scripts, "stay.js")
		if w, ok := p.(writing); !ok || !w.writing() {
			v.RefreshTo, v.RefreshAfter = PathEnding, v.WarnSeconds
		}
	}
	if _, ok := p.(Ending); ok {
		v.RefreshTo, v.RefreshAfter = PathLoggedOut+"?why=idle", int(warnBefore/time.Second)
	}
	var b bytes.Buffer
	b.Grow(16 << 10)
	if err := t.ExecuteTemplate(&b, "layout.html", v); err != nil {
		return nil, fmt.Errorf("page %s: %w", p.template(), err)
	}
	return b.Bytes(), nil
}

// tabOf returns the address in the menu that a page belongs to.
func tabOf(p Page) string {
	switch p.(type) {
	case Home, List, Entry, Timeline, Details, Download:
		return PathHome
	case Looks, LookEntry, Ask, Questions, QuestionPage:
		return PathLooks
	case Account, Passkeys, AddPasskey, PasskeyPage, Devices:
		return PathAccount
	case Topic:
		return PathHelp
	}
	return ""
}

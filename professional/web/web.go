// Package web is the staff's pages: they log in with their own organisation's issuer,
// make activation codes and print the letters, vouch for who recovers an account, and
// answer "why did you look?". The pages call the use cases of package professional and
// nothing else, so that they can do nothing that /professional/v1 cannot, and they show
// no record.
//
// They need no script. A session lasts as long as the token of its log-in would be
// taken (RULES 3), which each page says; passing by the issuer again renews it, in
// another tab too, so that nothing that is being written is lost.
package web

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/codeflow"
	"github.com/dorsetcarerecord/dcr/internal/identity/staff"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	handlers "github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/dorsetcarerecord/dcr/professional"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed assets/staff.css
var style []byte

// Sessions are those of staff; *staff.Sessions has them.
type Sessions interface {
	Issuers() []string
	Begin(ctx context.Context, issuer, back string) (codeflow.Begun, error)
	Finish(ctx context.Context, issuer, cookie, query string) (staff.Session, error)
	Authenticate(ctx context.Context, cookie string) (identity.Caller, error)
	End(ctx context.Context, cookie string) error
}

// Options of the pages.
type Options struct {
	Service  *professional.Service
	Sessions Sessions
	Seal     []byte // 32 bytes, the same on every instance: of form tokens
	Now      func() time.Time
	London   *time.Location       // in which times are told; nil: UTC
	Name     string               // of the service; "Dorset Care Record"
	OrgName  func(nhs.ODS) string // what an organisation is called, "" where that is not known; nil: by their codes
	Style    string               // address of the style sheet that all pages share
	Icon     string               // address of the icon; may be empty
	// PerSecond and Burst bound log-ins begun and ended from one address, behind which
	// a whole hospital may be. 0: no limit.
	PerSecond float64
	Burst     int
}

// Pages are the staff's pages. They may be used concurrently.
type Pages struct {
	o       Options
	pages   map[string]*template.Template
	formKey []byte
	limit   *handlers.Limiter
	css     string // address of our own style sheet
}

// New returns the pages, or what is wrong with the options or a template.
func New(o Options) (*Pages, error) {
	if o.Service == nil || o.Sessions == nil || o.Now == nil || len(o.Seal) != 32 || o.Style == "" {
		return nil, errors.New("the staff's pages need a service, sessions, a clock, a style sheet and a key of 32 bytes")
	}
	if o.London == nil {
		o.London = time.UTC
	}
	if o.Name == "" {
		o.Name = "Dorset Care Record"
	}
	p := &Pages{o: o, pages: map[string]*template.Template{}, limit: handlers.NewLimiter(o.PerSecond, o.Burst), css: styleAddress()}
	var err error
	if p.formKey, err = hkdf.Key(sha256.New, o.Seal, nil, "dcr staff forms", 32); err != nil {
		return nil, err
	}
	base, err := template.New("base").Funcs(p.functions()).ParseFS(templates, "templates/layout.html", "templates/part.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		file := strings.TrimSuffix(path.Base(name), ".html")
		if file == "layout" || file == "part" {
			continue
		}
		t, err := base.Clone()
		if err == nil {
			t, err = t.ParseFS(templates, name)
		}
		if err != nil {
			return nil, err
		}
		p.pages[file] = t
	}
	return p, nil
}

// bodyLimit is of a form: an answer of 4,000 characters in any script, each byte of
// which is three in a form.
const bodyLimit = 64 << 10

// Routes returns the routes of the pages.
func (p *Pages) Routes() []handlers.Route {
	const get, post = http.MethodGet, http.MethodPost
	return []handlers.Route{
		public(get, p.css, p.sendStyle),
		public(get, PathLogIn, p.logIn),
		public(get, PathLogIn+"/:issuer", p.begin),
		public(get, staff.ReturnPath(":issuer"), p.finish),
		public(post, PathLogOut, p.logOut),
		page(get, PathHome, p.home),
		page(get, PathRenewed, p.renewed),
		page(get, PathCodes, p.codes),
		page(get, PathNewCode, p.forCodes(p.newCode)),
		page(post, PathNewCode, p.makeCode),
		page(get, PathCodes+"/:code/withdraw", p.forCodes(p.withdraw)),
		page(post, PathCodes+"/:code/withdraw", p.doWithdraw),
		page(get, PathCodes+"/:code/vouch", p.forCodes(p.vouch)),
		page(post, PathCodes+"/:code/vouch", p.doVouch),
		page(get, PathQuestions, p.questions),
		page(get, PathQuestions+"/:ref", p.question),
		page(post, PathQuestions+"/:ref/seen", p.markSeen),
		page(post, PathQuestions+"/:ref/answer", p.answer),
	}
}

func public(method, path string, h fiber.Handler) handlers.Route {
	return handlers.Route{Method: method, Path: path, Access: handlers.Public, Page: true, Body: bodyLimit, Handler: h}
}

func page(method, path string, h fiber.Handler) handlers.Route {
	return handlers.Route{Method: method, Path: path, Access: handlers.Professionals, Page: true, Body: bodyLimit, Handler: h}
}

package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	handlers "github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/dorsetcarerecord/dcr/professional"
)

// ContentPolicy is what the pages may load: style and pictures of our own address.
// The square of a letter is drawn in the page itself. No script runs at all.
const ContentPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// shown is a page with what stands around it.
type shown struct {
	Name    string // of the service
	Title   string
	Heading string
	Style   []string
	Icon    string
	Back    link
	Errors  []wrong
	Page    any

	SignedIn bool
	Who      string // name and role
	Token    string // of forms
	Until    string // when the session ends
	Renew    string // where it is renewed, in another tab
	May      professional.May
}

type link struct{ Href, Text string }

// wrong is what must be put right. Field is empty where it is about the whole form.
type wrong struct{ Field, Text string }

// view is what a handler fills in.
type view struct {
	status  int
	heading string
	back    link
	wrong   []wrong
	page    any
}

// send answers with a page.
func (p *Pages) send(c *fiber.Ctx, name string, v view) error {
	may, err := p.may(c)
	if err != nil && v.status < fiber.StatusBadRequest { // what went wrong is told, without a menu
		return err
	}
	body, err := p.render(handlers.From(c).Caller, may, name, v)
	if err != nil {
		return err
	}
	headers(c)
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	if v.status == 0 {
		v.status = fiber.StatusOK
	}
	return c.Status(v.status).Send(body)
}

func (p *Pages) render(by identity.Caller, may professional.May, name string, v view) ([]byte, error) {
	t := p.pages[name]
	if t == nil {
		return nil, fmt.Errorf("there is no page %q", name)
	}
	s := shown{Name: p.o.Name, Heading: v.heading, Title: v.heading + " – " + p.o.Name + " for staff", Style: []string{p.o.Style, p.css}, Icon: p.o.Icon, Back: v.back,
		Errors: v.wrong, Page: v.page, May: may}
	if len(v.wrong) > 0 {
		s.Title = "Error: " + s.Title
	}
	if by.Kind == identity.Professional {
		issuer, _, _ := strings.Cut(by.ID, "/")
		s.SignedIn, s.Who, s.Token, s.Until = true, p.whoIs(by), p.formToken(by), p.clock(by.Expires)
		s.Renew = logInBy(issuer, PathRenewed)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "layout.html", s); err != nil {
		return nil, fmt.Errorf("page %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// whoIs says who is logged in.
func (p *Pages) whoIs(by identity.Caller) string {
	name := by.Name
	if name == "" {
		name = "Staff"
	}
	return name + ", " + strings.ReplaceAll(by.Role.String(), "-", " ") + ", " + p.org(by.Org)
}

// org returns what people call an organisation.
func (p *Pages) org(code nhs.ODS) string {
	if p.o.OrgName != nil {
		if name := p.o.OrgName(code); name != "" {
			return name
		}
	}
	return string(code)
}

func headers(c *fiber.Ctx) {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentSecurityPolicy, ContentPolicy)
	c.Set(fiber.HeaderReferrerPolicy, "same-origin") // with no-referrer a browser tells of no form of ours where it comes from
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
}

func (p *Pages) functions() template.FuncMap {
	return template.FuncMap{
		"home": func() string { return PathHome }, "codes": func() string { return PathCodes }, "newCode": func() string { return PathNewCode },
		"questions": func() string { return PathQuestions }, "logOut": func() string { return PathLogOut }, "logIn": func() string { return PathLogIn },
		"code": codePath, "question": questionPath, "day": p.day, "moment": p.moment, "org": p.org,
		"field": func(f form, name, label, hint string) input {
			return input{name, label, hint, f.Values[name], f.wrong(name)}
		},
	}
}

// day and moment tell a time as people here write it; nothing where there is none.
func (p *Pages) day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(p.o.London).Format("2 January 2006")
}

func (p *Pages) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(p.o.London).Format("2 January 2006 at 15:04")
}

func (p *Pages) clock(t time.Time) string { return t.In(p.o.London).Format("15:04") }

func styleAddress() string {
	sum := sha256.Sum256(style)
	return PathHome + "/assets/staff." + hex.EncodeToString(sum[:6]) + ".css"
}

func (p *Pages) sendStyle(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, "text/css; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'")
	return c.Send(style)
}

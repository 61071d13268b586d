package server

import (
	"cmp"
	"context"
	"net/url"
	"time"

	"github.com/dorsetcarerecord/dcr/api"
	"github.com/dorsetcarerecord/dcr/citizen"
	"github.com/dorsetcarerecord/dcr/citizen/site"
	citizenweb "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/codeflow"
	"github.com/dorsetcarerecord/dcr/internal/identity/nhslogin"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/identity/session"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/web"
	staffweb "github.com/dorsetcarerecord/dcr/professional/web"
)

// residents are the rooms of people who use the service for themselves.
type residents struct {
	accounts  *account.Accounts
	sessions  *session.Sessions
	inquiries *inquiry.Inquiries
	pages     *citizenweb.Renderer
	service   *citizen.Service
	site      *site.Site
}

// openResidents opens them; the record and the agreements are there already.
func (s *Server) openResidents(p *parts) (err error) {
	c, r := s.o.Config, &s.o.Config.Residents
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		return err
	}
	enrol, err := url.Parse(c.PublicURL + citizenweb.PathEnrol)
	if err != nil {
		return err
	}
	keys, err := deriveAll(p.secret, "accounts", "sessions", "passkeys", "residents", "resident pages", "nhs login")
	if err != nil {
		return err
	}
	people := peopleOf{p.records}
	p.residents.accounts, err = account.New(account.Options{DB: p.db, Key: keys["accounts"], PersonOf: people.of, Gone: people.gone, Now: s.o.Now, London: london,
		EnrolURL: enrol, CodeLife: r.CodeLife, MaxTries: r.CodeTries, Freeze: r.Freeze, MinAge: r.MinAge})
	if err != nil {
		return err
	}
	p.residents.sessions, err = session.New(session.Options{DB: p.db, Key: keys["sessions"], Now: s.o.Now, Idle: r.Idle, Absolute: r.Session})
	if err != nil {
		return err
	}
	p.residents.inquiries = inquiry.New(inquiry.Options{DB: p.db, Ledger: p.ledger, Partners: partner.Agreements{Of: p.partners}, People: people,
		Notices: told{p}, Now: s.o.Now, Office: r.Office, Answer: r.Questions.Answer, Remind: r.Questions.Remind,
		Open: r.Questions.Open, Again: r.Questions.Again})
	return s.openPages(p, keys)
}

// openPages makes what residents do, and their pages.
func (s *Server) openPages(p *parts, keys map[string][]byte) error {
	c, r := s.o.Config, &s.o.Config.Residents
	origins := append([]string{originOf(c.PublicURL)}, r.Origins...)
	apps := make([]passkey.AndroidApp, 0, len(r.AndroidApps))
	for _, a := range r.AndroidApps {
		app := passkey.AndroidApp(a)
		origin, err := app.Origin()
		if err != nil {
			return err
		}
		apps, origins = append(apps, app), append(origins, origin)
	}
	party, err := passkey.New(passkey.Options{RPID: c.PasskeyHost(), RPName: r.Service, Origins: origins, Key: keys["passkeys"], Spend: p.residents.accounts, Now: s.o.Now})
	if err != nil {
		return err
	}
	p.residents.pages, err = citizenweb.New(citizenweb.Options{Service: r.Service, Phone: r.Phone, Email: r.Email, NHSLogin: c.NHSLogin.Issuer != ""})
	if err != nil {
		return err
	}
	p.residents.service, err = citizen.New(citizen.Options{Records: p.records, Accounts: p.residents.accounts, Sessions: p.residents.sessions, Passkeys: party,
		Inquiries: p.residents.inquiries, Partners: partner.Agreements{Of: p.partners}, Documents: p.residents.pages, Key: keys["residents"], BaseURL: c.PublicURL, Now: s.o.Now,
		Attempts: attempts(r.Failures), Origins: origins, AppleApps: r.AppleApps, AndroidApps: apps})
	if err != nil {
		return err
	}
	o := site.Options{Service: p.residents.service, Pages: p.residents.pages, Key: keys["resident pages"], Now: s.o.Now}
	if c.NHSLogin.Issuer != "" {
		private, err := codeflow.LoadKey(c.NHSLogin.Key)
		if err != nil {
			return err
		}
		o.NHSLogin, err = nhslogin.New(nhslogin.Options{Issuer: c.NHSLogin.Issuer, ClientID: c.NHSLogin.ClientID, Key: private, PublicURL: c.PublicURL,
			Seal: keys["nhs login"], Now: s.o.Now})
		if err != nil {
			return err
		}
	}
	p.residents.site, err = site.New(o)
	return err
}

// attempts are the limits on what fails: perMinute from one address.
func attempts(perMinute int) web.AttemptLimits {
	l := web.DefaultAttempts()
	l.AddressPerMinute, l.AddressBurst = perMinute, 5*perMinute
	return l
}

// audiences are what residents and staff bring to people's listener.
func (s *Server) audiences(o *api.Options) {
	p := s.parts
	o.Sessions, o.Exports = p.residents.service, p.residents.service
	o.StaffSessions = p.staff.sessions
	for _, routes := range [][]web.Route{p.residents.service.Routes(), p.residents.site.Routes(), p.staff.service.Routes(), p.staff.pages.Routes()} {
		o.Routes = append(o.Routes, routes...)
	}
	o.ErrorPage = web.ErrorPages(staffweb.Owns, p.staff.pages.Failed, p.residents.site.ErrorPage)
}

// told tells residents of what came of their questions.
type told struct{ p *parts }

func (t told) Inquiry(ctx context.Context, person string, n inquiry.Notice) error {
	a, err := partner.Agreements{Of: t.p.partners}.Agreement(ctx, n.Org)
	if err != nil {
		return err
	}
	kind := account.InquiryAnswered
	if n.Kind == inquiry.IsLate {
		kind = account.InquiryLate
	}
	return t.p.residents.accounts.Tell(ctx, person, n.Key, account.Notice{Kind: kind, At: n.At, About: cmp.Or(a.Name, string(n.Org))})
}

// askLimit is how many due inquiries are worked on at a time.
const askLimit = 100

func (s *Server) workInquiries(ctx context.Context) error {
	_, err := s.parts.residents.inquiries.Work(ctx, askLimit)
	return err
}

// peopleOf is the record as rooms ask it that know people by plain ids.
type peopleOf struct{ r *record.Records }

func (p peopleOf) NameOf(ctx context.Context, person string) (string, error) {
	return p.r.NameOf(ctx, record.PersonID(person))
}

func (p peopleOf) gone(ctx context.Context, person string) (bool, error) {
	s, err := p.r.Standing(ctx, record.PersonID(person))
	return s.Ended || string(s.Person) != person, err
}

func (p peopleOf) of(n nhs.Number) string { return string(p.r.PersonOf(n)) }

// deriveAll makes a key for each purpose.
func deriveAll(secret []byte, purposes ...string) (map[string][]byte, error) {
	keys := make(map[string][]byte, len(purposes))
	for _, purpose := range purposes {
		var err error
		if keys[purpose], err = derive(secret, purpose); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

package server

import (
	"context"
	"net/url"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/codeflow"
	"github.com/dorsetcarerecord/dcr/internal/identity/staff"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/professional"
	staffweb "github.com/dorsetcarerecord/dcr/professional/web"
)

// staffRooms are what staff do beside reading.
type staffRooms struct {
	service  *professional.Service
	sessions *staff.Sessions
	pages    *staffweb.Pages
}

// openStaff opens them: residents' rooms and the issuers are there already.
func (s *Server) openStaff(p *parts) error {
	c := s.o.Config
	p.staff.service = professional.New(professional.Options{Inquiries: p.residents.inquiries, Enrolments: p.records, Codes: p.residents.accounts})
	clients, err := staffClients(c.Issuers)
	if err != nil {
		return err
	}
	sealSession, err := derive(p.secret, "staff sessions")
	if err != nil {
		return err
	}
	p.staff.sessions, err = staff.New(staff.Options{Verifier: p.oidc, Clients: clients, PublicURL: c.PublicURL, Seal: sealSession, DB: p.db, Now: s.o.Now})
	if err != nil {
		return err
	}
	sealForms, err := derive(p.secret, "staff pages")
	if err != nil {
		return err
	}
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		return err
	}
	p.staff.pages, err = staffweb.New(staffweb.Options{Service: p.staff.service, Sessions: p.staff.sessions, Seal: sealForms, Now: s.o.Now, London: london,
		Name: c.Residents.Service, OrgName: s.orgName, Style: p.residents.pages.Asset("app.css"), Icon: p.residents.pages.Asset("icon.svg"), PerSecond: float64(c.Residents.Failures) / 60, Burst: 5 * c.Residents.Failures})
	return err
}

// staffClients are how we are known to the issuers whose staff log in by a browser.
func staffClients(issuers []config.Issuer) ([]staff.Client, error) {
	var out []staff.Client
	for _, i := range issuers {
		if i.Client.ID == "" {
			continue
		}
		c := staff.Client{Issuer: i.Name, ID: i.Client.ID, Secret: i.Client.Secret.Reveal(), Scopes: i.Client.Scopes}
		if i.Client.ACR != "" {
			c.Params = map[string]string{"acr_values": i.Client.ACR}
		}
		if i.Client.Key != "" {
			var err error
			if c.Key, err = codeflow.LoadKey(i.Client.Key); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// originOf returns the web origin of a URL.
func originOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// orgName returns what an organisation's agreement calls it, "" if there is none: for
// words to people, which do without.
func (s *Server) orgName(org nhs.ODS) string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	a, _, err := s.parts.partners.Agreement(ctx, org)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		s.log.Warn("the name of an organisation could not be read", "err", err)
	}
	return a.Name
}

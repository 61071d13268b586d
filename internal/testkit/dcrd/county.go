package dcrd

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dorsetcarerecord/dcr/internal/identity/oidc/oidctest"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/seed"
)

// Partners registers the county's organisations and their sources.
func (s *Service) Partners(ctx context.Context) error {
	c, err := operator.Dial(ctx, s.Data())
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	all := operator.Sections(section.All)
	day := func(years int) operator.Day { return operator.Day{Time: s.County.Day().AddDate(years, 0, 0)} }
	var p operator.Partners
	for _, o := range s.County.Organisations() {
		p.Agreements = append(p.Agreements, operator.Agreement{Org: o.ODS, Name: o.Name, Kind: o.Kind.String(), Read: all, Contribute: all, DSPT: day(1), Signed: day(-1), Ends: day(1)})
		if o.Source == "" {
			continue
		}
		cert, fingerprint, err := s.authority.Client(o.Source)
		if err != nil {
			return err
		}
		s.certs[o.Source] = cert
		p.Clients = append(p.Clients, operator.Client{ID: o.Source, Org: o.ODS, Kind: "feed", Name: o.Name, Certs: []string{fingerprint}})
	}
	_, err = c.Import(ctx, p)
	return err
}

// Load sends everybody's history, several people at a time.
func (s *Service) Load(ctx context.Context) error {
	clients := map[string]*http.Client{}
	for source := range s.certs {
		clients[source] = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8, TLSClientConfig: s.TLS(source)}}
	}
	post := func(b seed.SourceBundle) error {
		res, err := clients[b.Source].Post("https://"+s.Sources+"/fhir/R4", "application/fhir+json", bytes.NewReader(b.Bytes))
		if err != nil {
			return err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: status %d, %w: %.400s", b.Source, res.StatusCode, err, body)
		}
		return nil
	}
	for b := range s.County.Directory() {
		if err := post(b); err != nil {
			return err
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i := range s.County.Len() {
		g.Go(func() error {
			for b := range s.County.Bundles(i) {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := post(b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// TLS is the configuration of a source's connections: with its certificate.
func (s *Service) TLS(source string) *tls.Config {
	return &tls.Config{RootCAs: s.authority.Pool, Certificates: []tls.Certificate{s.certs[source]}, ServerName: "localhost", MinVersion: tls.VersionTLS13}
}

// Clinicians returns a clinician's token for each organisation that has one, good
// for 15 minutes.
func (s *Service) Clinicians() map[nhs.ODS]string {
	out := map[nhs.ODS]string{}
	for _, p := range s.County.Professionals() {
		if p.Role.String() == "clinician" && out[p.Org.ODS] == "" {
			out[p.Org.ODS] = s.Issuer.Mint(oidctest.Person{Sub: p.Sub, UserUID: p.UserID, Name: p.Name(), Org: string(p.Org.ODS),
				RoleCode: p.RoleCode, RoleName: p.RoleName, RoleID: p.RoleID}, time.Now())
		}
	}
	return out
}

// Subject is what the source calls the i-th person's Patient; empty if it does not
// know them.
func (s *Service) Subject(i int, source string) string {
	for b := range s.County.Bundles(i) {
		if b.Source != source {
			continue
		}
		var sent struct {
			Entry []struct {
				Resource struct {
					ResourceType, ID string
				}
			}
		}
		if json.Unmarshal(b.Bytes, &sent) == nil {
			for _, e := range sent.Entry {
				if e.Resource.ResourceType == "Patient" {
					return e.Resource.ID
				}
			}
		}
	}
	return ""
}

// Bundle is a Bundle as far as what runs the service looks into it.
type Bundle struct {
	Link  []struct{ Relation, URL string }
	Entry []struct{ Resource json.RawMessage }
}

// IDs returns the ids of the entries.
func (b *Bundle) IDs() []string {
	var out []string
	for _, e := range b.Entry {
		var r struct{ ID string }
		if json.Unmarshal(e.Resource, &r) == nil {
			out = append(out, r.ID)
		}
	}
	return out
}

// Get reads what is at a path below /fhir/R4.
func (s *Service) Get(ctx context.Context, token, path string) (Bundle, error) {
	return s.ask(ctx, token, http.MethodGet, path, "")
}

func (s *Service) ask(ctx context.Context, token, method, path, form string) (b Bundle, err error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.API+"/fhir/R4/"+path, strings.NewReader(form))
	if err != nil {
		return b, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return b, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return b, fmt.Errorf("%s: status %d, %w: %.300s", path, res.StatusCode, err, body)
	}
	return b, json.Unmarshal(body, &b)
}

// Find returns the id of the person with a number.
func (s *Service) Find(ctx context.Context, token string, n nhs.Number) (string, error) {
	b, err := s.ask(ctx, token, http.MethodPost, "Patient/_search", "identifier="+url.QueryEscape(nhs.NumberSystem+"|"+n.Digits()))
	if err != nil {
		return "", err
	}
	ids := b.IDs()
	if len(ids) != 1 {
		return "", fmt.Errorf("%d people found by a number", len(ids))
	}
	return ids[0], nil
}

// Everything reads all pages of a person's $everything.
func (s *Service) Everything(ctx context.Context, token, id string) ([]json.RawMessage, error) {
	var all []json.RawMessage
	for path := "Patient/" + id + "/$everything"; path != ""; {
		b, err := s.Get(ctx, token, path)
		if err != nil {
			return nil, err
		}
		for _, e := range b.Entry {
			all = append(all, e.Resource)
		}
		path = ""
		for _, l := range b.Link {
			if l.Relation == "next" {
				_, path, _ = strings.Cut(l.URL, "/fhir/R4/")
			}
		}
	}
	return all, nil
}

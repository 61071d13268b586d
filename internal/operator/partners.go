package operator

import (
	"bytes"
	"context"
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
)

// Imported counts what an import did.
type Imported struct {
	AgreementsChanged int `json:"agreements_changed"`
	ClientsChanged    int `json:"clients_changed"`
	Unchanged         int `json:"unchanged"`
}

// Agreements returns all agreements, by ODS code.
func (s *Service) Agreements(ctx context.Context) ([]Agreement, error) {
	list, err := s.o.Registry.Agreements(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Agreement, 0, len(list))
	for _, a := range list {
		out = append(out, AgreementOf(a))
	}
	return out, nil
}

// PutAgreement makes a the agreement of its organisation. What waited in the
// quarantine for it is tried again.
func (s *Service) PutAgreement(ctx context.Context, a Agreement) error {
	_, err := s.putAgreement(ctx, a)
	return err
}

func (s *Service) putAgreement(ctx context.Context, a Agreement) (changed bool, err error) {
	parsed, err := a.parse()
	if err != nil {
		return false, err
	}
	stored, rev, err := s.o.Registry.Agreement(ctx, parsed.Org)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return false, err
	}
	if rev != 0 && sameAgreement(stored, parsed) {
		return false, nil
	}
	if _, err := s.o.Registry.PutAgreement(ctx, parsed, rev, caller(ctx).ID, s.o.Now()); err != nil {
		return false, err
	}
	return true, s.o.Inbox.AgreementChanged(ctx, parsed.Org)
}

func sameAgreement(a, b partner.Agreement) bool {
	times := a.DSPT.Equal(b.DSPT) && a.Signed.Equal(b.Signed) && a.Ends.Equal(b.Ends)
	a.DSPT, a.Signed, a.Ends = b.DSPT, b.Signed, b.Ends
	return times && a == b
}

// Suspend suspends an agreement, or ends that: from the next request on its
// professionals read nothing and its sources send nothing.
func (s *Service) Suspend(ctx context.Context, org nhs.ODS, suspended bool) error {
	a, rev, err := s.o.Registry.Agreement(ctx, org)
	if err != nil {
		return err
	}
	if a.Suspended == suspended {
		return nil
	}
	a.Suspended = suspended
	if _, err := s.o.Registry.PutAgreement(ctx, a, rev, caller(ctx).ID, s.o.Now()); err != nil {
		return err
	}
	return s.o.Inbox.AgreementChanged(ctx, org)
}

// Import puts agreements and registers clients; what is there already stays, and
// what differs is replaced. Everything is read before anything is changed.
func (s *Service) Import(ctx context.Context, p Partners) (Imported, error) {
	var done Imported
	for _, a := range p.Agreements {
		if _, err := a.parse(); err != nil {
			return done, about(err, "agreement "+string(a.Org))
		}
	}
	for _, c := range p.Clients {
		if _, err := c.parse(); err != nil {
			return done, about(err, "client "+c.ID)
		}
	}
	for _, a := range p.Agreements {
		changed, err := s.putAgreement(ctx, a)
		if err != nil {
			return done, about(err, "agreement "+string(a.Org))
		}
		count(changed, &done.AgreementsChanged, &done.Unchanged)
	}
	for _, c := range p.Clients {
		changed, err := s.putClient(ctx, c)
		if err != nil {
			return done, about(err, "client "+c.ID)
		}
		count(changed, &done.ClientsChanged, &done.Unchanged)
	}
	return done, nil
}

func count(changed bool, yes, no *int) {
	if changed {
		*yes++
		return
	}
	*no++
}

// about says which of many an error is about.
func about(err error, what string) error {
	e, ok := errs.As(err)
	if !ok {
		return err
	}
	told := *e
	told.Message = what + ": " + e.Message
	return &told
}

// Clients returns all clients, by id.
func (s *Service) Clients(ctx context.Context) ([]Client, error) {
	list, err := s.o.Registry.Clients(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Client, 0, len(list))
	for _, c := range list {
		out = append(out, ClientOf(c))
	}
	return out, nil
}

// RegisterClient adds a client.
func (s *Service) RegisterClient(ctx context.Context, c Client) error {
	parsed, err := c.parse()
	if err != nil {
		return err
	}
	return s.o.Registry.Register(ctx, parsed)
}

// putClient registers a client, or gives the one there is its new keys,
// certificates, name and rules.
func (s *Service) putClient(ctx context.Context, c Client) (changed bool, err error) {
	parsed, err := c.parse()
	if err != nil {
		return false, err
	}
	stored, rev, err := s.o.Registry.Client(ctx, parsed.ID)
	switch {
	case errs.KindOf(err) == errs.NotFound && err != nil:
		return true, s.o.Registry.Register(ctx, parsed)
	case err != nil:
		return false, err
	case stored.Name == parsed.Name && bytes.Equal(stored.JWKS, parsed.JWKS) && stored.Revoked == parsed.Revoked &&
		slices.Equal(stored.Certs, parsed.Certs) && slices.Equal(stored.Allow, parsed.Allow) && stored.Org == parsed.Org && stored.Kind == parsed.Kind:
		return false, nil
	}
	return true, s.o.Registry.UpdateClient(ctx, parsed, rev)
}

// RevokeClient ends a client for good.
func (s *Service) RevokeClient(ctx context.Context, id string) error {
	return s.o.Registry.Revoke(ctx, id)
}

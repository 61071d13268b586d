package partner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Register adds a client of an organisation that has an agreement. A certificate
// belongs to one client: registering it for a second one is a conflict for as
// long as the first is not revoked.
func (r *Registry) Register(ctx context.Context, c Client) error {
	if c.Revoked {
		return invalid("revoked", "a client that is registered cannot be revoked already")
	}
	return r.put(ctx, c, 0)
}

// UpdateClient replaces a client if the stored one is still at rev: new keys or
// certificates, another name. The organisation and kind of a client stay.
func (r *Registry) UpdateClient(ctx context.Context, c Client, rev uint64) error {
	old, _, err := r.Client(ctx, c.ID)
	if err != nil {
		return err
	}
	if old.Org != c.Org || old.Kind != c.Kind {
		return errs.New(errs.Unprocessable, "a client keeps its organisation and kind: register another one")
	}
	if old.Revoked && !c.Revoked {
		return errs.New(errs.Unprocessable, "a revoked client stays revoked: register another one")
	}
	if rev == 0 {
		return errs.New(errs.Precondition, "the revision that is replaced is missing")
	}
	return r.put(ctx, c, rev)
}

func (r *Registry) put(ctx context.Context, c Client, rev uint64) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if _, _, err := r.Agreement(ctx, c.Org); errs.KindOf(err) == errs.NotFound {
		return errs.New(errs.Unprocessable, "there is no agreement with %s: a client is registered under one", c.Org)
	} else if err != nil {
		return err
	}
	if err := r.list(ctx, clients, c.ID); err != nil {
		return err
	}
	for _, f := range c.Certs {
		if err := r.claim(ctx, f, c.ID); err != nil {
			return err
		}
	}
	body, _ := c.AppendBinary(nil)
	op := store.Op{Kind: store.Replace, Doc: store.Doc{Ref: store.Ref{Collection: clients, Partition: c.ID, ID: c.ID}, Rev: rev, Body: body}}
	if rev == 0 {
		op.Kind = store.Insert
	}
	err := r.db.Commit(ctx, c.ID, []store.Op{op})
	switch {
	case conflict(err) && rev == 0:
		return errs.New(errs.Conflict, "there is a client of that id already")
	case conflict(err):
		return errs.New(errs.Conflict, "the client was changed in the meantime: read it again, then change it")
	case err != nil:
		return fmt.Errorf("put client %s: %w", c.ID, err)
	}
	return nil
}

// Revoke ends a client for good. It may be repeated.
func (r *Registry) Revoke(ctx context.Context, id string) error {
	for {
		c, rev, err := r.Client(ctx, id)
		if err != nil || c.Revoked {
			return err
		}
		c.Revoked = true
		body, _ := c.AppendBinary(nil)
		ref := store.Ref{Collection: clients, Partition: id, ID: id}
		err = r.db.Commit(ctx, id, []store.Op{{Kind: store.Replace, Doc: store.Doc{Ref: ref, Rev: rev, Body: body}}})
		if !conflict(err) {
			return err
		}
	}
}

// Client returns a client, which may be revoked, and its revision; errs.NotFound
// if there is none.
func (r *Registry) Client(ctx context.Context, id string) (c Client, rev uint64, err error) {
	if !validID(id) {
		return c, 0, noClient()
	}
	rev, err = r.get(ctx, clients, id, &c)
	if errors.Is(err, driver.ErrNotFound) {
		return c, 0, noClient()
	}
	if err == nil && c.ID != id {
		return Client{}, 0, fmt.Errorf("client %s: %w", id, driver.ErrCorrupt)
	}
	return c, rev, err
}

// ClientsOf returns those of the clients that there are, by id; they may be revoked.
func (r *Registry) ClientsOf(ctx context.Context, ids []string) (map[string]Client, error) {
	return several(ctx, r, clients, ids, (*Client).UnmarshalBinary)
}

// Clients returns all clients, by id.
func (r *Registry) Clients(ctx context.Context) ([]Client, error) {
	var all []Client
	err := r.each(ctx, clients, func(id string) error {
		c, _, err := r.Client(ctx, id)
		if err == nil {
			all = append(all, c)
		}
		return err
	})
	return all, err
}

// ClientByCert returns the client that a certificate belongs to, by the SHA-256
// of the certificate in lower-case hex; errs.NotFound if there is none, or if the
// client that claimed it no longer lists it. It may be revoked.
func (r *Registry) ClientByCert(ctx context.Context, fingerprint string) (Client, error) {
	if len(fingerprint) != 64 {
		return Client{}, noClient()
	}
	owner, err := r.certs.Owner(ctx, fingerprint)
	if err != nil {
		return Client{}, err
	}
	c, _, err := r.Client(ctx, owner) // nobody is no client id
	if err != nil {
		return Client{}, err
	}
	if !slices.Contains(c.Certs, fingerprint) {
		return Client{}, noClient()
	}
	return c, nil
}

// claim makes the client the one owner of a fingerprint. A claim whose owner does
// not list it, or is revoked, is taken over.
func (r *Registry) claim(ctx context.Context, fingerprint, id string) error {
	err := r.certs.Take(ctx, fingerprint, id, func(ctx context.Context, owner string) (bool, error) {
		c, _, err := r.Client(ctx, owner)
		if errs.KindOf(err) == errs.NotFound {
			return false, nil
		}
		return err == nil && !c.Revoked && slices.Contains(c.Certs, fingerprint), err
	})
	if conflict(err) {
		return errs.New(errs.Conflict, "the certificate belongs to another client")
	}
	return err
}

func noClient() error { return errs.New(errs.NotFound, "there is no such client") }

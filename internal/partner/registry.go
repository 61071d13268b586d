package partner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Collections of the registry.
const (
	agreements = "agreement"         // partition and id: the ODS code
	past       = "agreement_history" // partition: the ODS code; id: the revision
	clients    = "client"            // partition and id: the client id
	listing    = "partner_list"      // what there is; partition: the collection's name
)

// Specs declares the collections of the registry.
func Specs() []store.Spec {
	var specs []store.Spec
	for _, name := range []string{agreements, past, clients, listing} {
		specs = append(specs, store.Spec{Name: name, Small: true})
	}
	return specs
}

// Registry keeps agreements and clients. It caches nothing: what is suspended,
// lapsed or revoked stops counting at the next read, on every instance.
type Registry struct {
	db    *store.DB
	certs *store.Claims // which client a certificate belongs to, by fingerprint
}

// NewRegistry returns the registry kept in db, whose collections are Specs.
func NewRegistry(db *store.DB) *Registry { return &Registry{db, db.Claims("client-cert")} }

// Version is an agreement as it stood from a moment on, and who made it so.
type Version struct {
	Agreement Agreement
	Rev       uint64
	At        time.Time
	By        string
}

// PutAgreement stores the agreement of its organisation if the stored one is
// still at rev (0: there is none), and returns its new revision. What it replaces
// stays in the history.
func (r *Registry) PutAgreement(ctx context.Context, a Agreement, rev uint64, by string, now time.Time) (uint64, error) {
	if err := a.Validate(); err != nil {
		return 0, err
	}
	org := string(a.Org)
	if err := r.list(ctx, agreements, org); err != nil {
		return 0, err
	}
	next := rev + 1
	body, _ := a.AppendBinary(nil)
	kept := appendVersion(nil, Version{Agreement: a, At: now, By: by})
	write := store.Op{Kind: store.Replace, Doc: store.Doc{Ref: store.Ref{Collection: agreements, Partition: org, ID: org}, Rev: rev, Body: body}}
	if rev == 0 {
		write.Kind = store.Insert
	}
	note := store.Op{Kind: store.Insert, Doc: store.Doc{Ref: store.Ref{Collection: past, Partition: org, ID: revID(next)}, Body: kept}}
	err := r.db.Commit(ctx, org, []store.Op{write, note})
	if conflict(err) {
		return 0, errs.New(errs.Conflict, "the agreement was changed in the meantime: read it again, then change it")
	}
	if err != nil {
		return 0, fmt.Errorf("put agreement of %s: %w", a.Org, err)
	}
	return next, nil
}

// Agreement returns the agreement of org and its revision; errs.NotFound if there
// is none. It may have lapsed: ask it whether it is Live.
func (r *Registry) Agreement(ctx context.Context, org nhs.ODS) (a Agreement, rev uint64, err error) {
	if org == "" {
		return a, 0, errs.New(errs.NotFound, "there is no agreement with that organisation")
	}
	rev, err = r.get(ctx, agreements, string(org), &a)
	if errors.Is(err, driver.ErrNotFound) {
		return a, 0, errs.New(errs.NotFound, "there is no agreement with that organisation")
	}
	if err == nil && a.Org != org {
		return Agreement{}, 0, fmt.Errorf("agreement of %s: %w", org, driver.ErrCorrupt)
	}
	return a, rev, err
}

// Agreements is a registry to whoever asks only what holds: an organisation without an
// agreement has the zero one, by which nothing is granted.
type Agreements struct{ Of *Registry }

// Agreement returns the agreement of org, or the zero one.
func (a Agreements) Agreement(ctx context.Context, org nhs.ODS) (Agreement, error) {
	got, _, err := a.Of.Agreement(ctx, org)
	if errs.KindOf(err) == errs.NotFound {
		return Agreement{}, nil
	}
	return got, err
}

// AgreementsOf returns those of the organisations' agreements that there are, by ODS
// code.
func (r *Registry) AgreementsOf(ctx context.Context, orgs []string) (map[string]Agreement, error) {
	return several(ctx, r, agreements, orgs, (*Agreement).UnmarshalBinary)
}

// Agreements returns all agreements, by ODS code.
func (r *Registry) Agreements(ctx context.Context) ([]Agreement, error) {
	var all []Agreement
	err := r.each(ctx, agreements, func(org string) error {
		a, _, err := r.Agreement(ctx, nhs.ODS(org))
		if err == nil {
			all = append(all, a)
		}
		return err
	})
	return all, err
}

// History returns what the agreement of org has been, oldest first, the one in
// force included.
func (r *Registry) History(ctx context.Context, org nhs.ODS) ([]Version, error) {
	var all []Version
	var bad error
	_, err := r.db.Find(ctx, store.Query{Collection: past, Partition: string(org)}, func(d *store.Doc) bool {
		v, err := decodeVersion(d.Body)
		if bad = err; err != nil {
			return false
		}
		v.Rev = uint64(len(all) + 1)
		all = append(all, v)
		return true
	})
	if err = errors.Join(err, bad); err != nil {
		return nil, fmt.Errorf("history of %s: %w", org, err)
	}
	return all, nil
}

// decoder is a document's typed form.
type decoder interface{ UnmarshalBinary([]byte) error }

// get reads the document id of a collection, whose partition is its id.
func (r *Registry) get(ctx context.Context, collection, id string, into decoder) (rev uint64, err error) {
	found := driver.ErrNotFound
	refs := [1]store.Ref{{Collection: collection, Partition: id, ID: id}}
	err = r.db.Get(ctx, refs[:], func(d *store.Doc) bool {
		rev, found = d.Rev, into.UnmarshalBinary(d.Body)
		return true
	})
	if err == nil {
		err = found
	}
	return rev, err
}

// several reads those of the documents of a collection that exist, in one read.
func several[T any](ctx context.Context, r *Registry, collection string, ids []string, decode func(*T, []byte) error) (map[string]T, error) {
	refs := make([]store.Ref, len(ids))
	for i, id := range ids {
		refs[i] = store.Ref{Collection: collection, Partition: id, ID: id}
	}
	all := make(map[string]T, len(ids))
	var bad error
	err := r.db.Get(ctx, refs, func(d *store.Doc) bool {
		var t T
		if bad = decode(&t, d.Body); bad != nil {
			bad = fmt.Errorf("%s %s: %w", collection, d.ID, bad)
			return false
		}
		all[d.ID] = t
		return true
	})
	return all, errors.Join(err, bad)
}

// list notes, before it is made, that a document exists, for those who ask what
// there is. A note without its document tells nothing.
func (r *Registry) list(ctx context.Context, collection, id string) error {
	ref := store.Ref{Collection: listing, Partition: collection, ID: id}
	err := r.db.Commit(ctx, collection, []store.Op{{Kind: store.Insert, Doc: store.Doc{Ref: ref}}})
	if err != nil && !conflict(err) {
		return fmt.Errorf("list %s: %w", collection, err)
	}
	return nil
}

// each calls do for every listed id of a collection that exists.
func (r *Registry) each(ctx context.Context, collection string, do func(id string) error) error {
	var ids []string
	_, err := r.db.Find(ctx, store.Query{Collection: listing, Partition: collection}, func(d *store.Doc) bool {
		ids = append(ids, d.ID)
		return true
	})
	if err != nil {
		return fmt.Errorf("list %s: %w", collection, err)
	}
	for _, id := range ids {
		if err := do(id); err != nil && errs.KindOf(err) != errs.NotFound {
			return err
		}
	}
	return nil
}

func conflict(err error) bool { return errs.KindOf(err) == errs.Conflict }

// revID is a revision as an id that sorts by number.
func revID(rev uint64) string { return fmt.Sprintf("%020d", rev) }

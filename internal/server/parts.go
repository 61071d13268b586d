package server

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/feeds/fhirbundle"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc"
	"github.com/dorsetcarerecord/dcr/internal/identity/session"
	"github.com/dorsetcarerecord/dcr/internal/identity/smart"
	"github.com/dorsetcarerecord/dcr/internal/identity/staff"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
	"github.com/dorsetcarerecord/dcr/internal/instance"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// parts are the rooms of an open service.
type parts struct {
	db       *store.DB
	member   *instance.Member
	secret   []byte
	ledger   *ledger.Ledger
	partners *partner.Registry
	records  *record.Records
	inbox    *feeds.Inbox
	received writes // of the inbox
	bundles  *fhirbundle.Service
	oidc     *oidc.Verifier
	smart    *smart.Server

	residents residents
	staff     staffRooms
}

const secrets = "secret" // partition and id: secretID. What all instances share and nobody may know

const secretID = "record"

// Specs declares every collection of the service.
func Specs() []store.Spec {
	specs := []store.Spec{{Name: secrets, Small: true}}
	for _, more := range [][]store.Spec{record.Specs(), partner.Specs(), ledger.Specs(), feeds.Specs(), smart.Specs(), instance.Specs(),
		account.Specs(), session.Specs(), inquiry.Specs(), staff.Specs()} {
		specs = append(specs, more...)
	}
	return specs
}

// openParts opens the rooms from the ground up: what stands on another comes after
// it.
func (s *Server) openParts(ctx context.Context) error {
	c := s.o.Config
	opened, err := OpenEngine(ctx, c, EngineOptions{Now: s.o.Now, NoSync: s.o.NoSync, Observe: s.metrics.StoreCommit})
	if err != nil {
		return err
	}
	engine := opened
	if s.o.Engine != nil {
		engine = s.o.Engine(engine)
	}
	p := &parts{}
	if p.db, err = store.Open(engine, Specs()...); err != nil {
		return errors.Join(err, engine.Close())
	}
	s.onStop("store", closing(p.db))
	commits := &writes{now: s.o.Now, failed: s.metrics.StoreCommitFailed}
	p.db.Observe(commits.note)
	s.health.Check("store", func(ctx context.Context) error {
		return cmp.Or(health(opened), commits.failing(), answers(ctx, p.db, min(c.Limits.Answer, time.Second)))
	})
	if err := s.join(ctx, p); err != nil {
		return err
	}
	if p.secret, err = secret(ctx, p.db); err != nil {
		return err
	}
	if err := s.openLedger(ctx, p); err != nil {
		return err
	}
	p.partners = partner.NewRegistry(p.db)
	key, err := derive(p.secret, "person ids")
	if err != nil {
		return err
	}
	p.records = record.New(record.Options{Store: p.db, Ledger: p.ledger, Partners: partner.Agreements{Of: p.partners}, Key: key, Now: s.o.Now,
		Months: c.Rules.RelationshipMonths, AppointmentWindow: c.Rules.AppointmentWindow, FindMax: c.Limits.FindMax,
		Release: releaseRules(c.Release), Looks: p.ledger, Sources: sources{p, c.Heard}})
	if err := s.openInbox(ctx, p); err != nil {
		return err
	}
	p.smart = smart.New(smart.Options{DB: p.db, Partners: p.partners, TokenURL: c.PublicURL + "/oauth/token", Now: s.o.Now,
		MaxAhead: c.Rules.AssertionAge, TokenLife: c.Rules.SystemTokenAge})
	options := oidc.Options{Issuers: issuers(c.Issuers), Roles: c.Roles, Now: s.o.Now, MaxAge: c.Rules.TokenAge, MaxSession: c.Rules.LoginAge}
	if err := options.Validate(); err != nil {
		return err
	}
	p.oidc = oidc.New(options)
	if err := s.openResidents(p); err != nil {
		return err
	}
	if err := s.openStaff(p); err != nil {
		return err
	}
	s.parts = p
	return nil
}

// closing closes the store, unless it does not answer: nothing depends on that.
func closing(db *store.DB) func(context.Context) error {
	return func(ctx context.Context) error {
		closed := make(chan error, 1)
		go func() { closed <- db.Close() }()
		select {
		case err := <-closed:
			return err
		case <-ctx.Done():
			return fmt.Errorf("the disk does not answer: %w", ctx.Err())
		}
	}
}

// answers says that nothing can be read, if so.
func answers(ctx context.Context, db *store.DB, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return db.Get(ctx, []store.Ref{secretRef()}, func(*store.Doc) bool { return true })
}

func (s *Server) openLedger(ctx context.Context, p *parts) error {
	c := s.o.Config
	log, err := s.own(ctx, p, c.Instance, ledger.LogName(c.Instance))
	if err != nil {
		return err
	}
	key, err := ledger.LoadKey(LedgerKeyFile(c), c.Instance)
	if err != nil {
		return err
	}
	if name := ledger.Origin(c.Instance); key.Signer.Name() != name {
		return fmt.Errorf("the key %s signs for %s, not for %s: each instance has a key of its own. Put the right one there, or take this one away and a new one is made",
			LedgerKeyFile(c), key.Signer.Name(), name)
	}
	appends := &writes{now: s.o.Now, fenced: s.fenced}
	p.ledger, err = ledger.Open(ctx, ledger.Options{Log: watchedLog{log, appends}, Instance: c.Instance, Key: key, Folders: c.Checkpoints, Derived: derivedFolder(c),
		Docs: p.db, Logs: p.db, Every: c.LedgerEvery, Now: s.o.Now, Observe: s.metrics.LedgerAppend, Missing: s.metrics.LedgerMissing, Logger: s.log, Adopt: c.AdoptLedger})
	if err != nil {
		return err
	}
	s.onStop("ledger", p.ledger.Close)
	s.health.Check("ledger", appends.and(p.ledger.Healthy))
	return nil
}

func derivedFolder(c *config.Config) string { return filepath.Join(c.Data, "derived") }

// LedgerKeyFile is where the key lies that signs checkpoints.
func LedgerKeyFile(c *config.Config) string {
	if c.LedgerKey != "" {
		return c.LedgerKey
	}
	return filepath.Join(c.Data, "ledger.key")
}

func (s *Server) openInbox(ctx context.Context, p *parts) error {
	var err error
	p.received.now, p.received.failed, p.received.fenced = s.o.Now, s.metrics.InboxAppendFailed, s.fenced
	own := func(ctx context.Context, instance, name string) (driver.Log, error) {
		log, err := s.own(ctx, p, instance, name)
		return watchedLog{log, &p.received}, err
	}
	p.inbox, err = feeds.Open(ctx, feeds.Options{Store: p.db, Own: own, Ready: s.receives, Partners: p.partners, Instance: s.o.Config.Instance, Now: s.o.Now,
		Formats: map[string]feeds.Format{fhirbundle.Name: fhirbundle.NewFormat(p.records)}, Metrics: newFeedMetrics(s.metrics)})
	if err != nil {
		return err
	}
	s.onStop("inbox", p.inbox.Close)
	p.bundles = fhirbundle.NewService(p.inbox, p.partners, s.o.Config.Limits.SourceBody)
	return nil
}

// secret reads what makes person ids and seals cursors; the first start makes it.
// It lies in the store, so that a backup holds it: without it nobody's record would
// be found again.
func secret(ctx context.Context, db *store.DB) ([]byte, error) {
	ref := secretRef()
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // never fails
	err := db.Commit(ctx, secretID, []store.Op{{Kind: store.Insert, Doc: store.Doc{Ref: ref, Body: fresh}}})
	if err != nil && errs.KindOf(err) != errs.Conflict {
		return nil, fmt.Errorf("the store's secret: %w", err)
	}
	d, err := db.Load(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("the store's secret: %w", err)
	}
	return d.Body, nil
}

func secretRef() store.Ref { return store.Ref{Collection: secrets, Partition: secretID, ID: secretID} }

// derive makes a key for one purpose.
func derive(secret []byte, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "dcr "+purpose, 32)
}

func issuers(cs []config.Issuer) []oidc.Issuer {
	out := make([]oidc.Issuer, len(cs))
	for i, c := range cs {
		out[i] = oidc.Issuer{Name: c.Name, URL: c.URL, Audience: c.Audience}
		if c.Org != "" {
			out[i].Orgs = []nhs.ODS{c.Org}
		}
	}
	return out
}

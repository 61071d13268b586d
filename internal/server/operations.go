package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/feeds/fhirbundle"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/operator"
)

// OpenOffline opens the parts without listeners or background work, for an
// operator's command when no dcrd runs on the data folder. Stop closes them.
func OpenOffline(ctx context.Context, o Options) (*Server, error) {
	s := newServer(o)
	for _, f := range []func(context.Context) error{s.openParts, s.recoverInbox} {
		if err := f(ctx); err != nil {
			return nil, errors.Join(err, s.undo(context.WithoutCancel(ctx)))
		}
	}
	return s, nil
}

// Operations are what an operator can do with the open service.
func (s *Server) Operations() *operator.Service {
	p, c := s.parts, s.o.Config
	return operator.New(operator.Options{Registry: p.partners, Records: p.records, Accounts: p.residents.accounts, Inbox: p.inbox, Ledger: p.ledger, Engine: p.db,
		Message: fhirbundle.NewMessage, Verification: s.verification, Version: s.o.Version, Instance: c.Instance, Started: s.started, Now: s.o.Now})
}

// Ledger is this instance's access ledger.
func (s *Server) Ledger() *ledger.Ledger { return s.parts.ledger }

func (s *Server) verification(ctx context.Context, instance string) (ledger.Verification, error) {
	keys, err := PublicKeys(LedgerKeyFile(s.o.Config) + ".pub")
	if err != nil {
		return ledger.Verification{}, err
	}
	return Verification(ctx, s.o.Config, s.parts.db, instance, keys)
}

// PublicKeys reads files with the public keys of ledgers.
func PublicKeys(files ...string) ([]note.Verifier, error) {
	var keys []note.Verifier
	for _, f := range files {
		public, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("the public key of the ledger: %w", err)
		}
		v, err := note.NewVerifier(strings.TrimSpace(string(public)))
		if err != nil {
			return nil, fmt.Errorf("the public key of the ledger: %s: %w", f, err)
		}
		keys = append(keys, v)
	}
	return keys, nil
}

// LedgerStore is where ledgers lie with what each published of itself.
type LedgerStore interface {
	ledger.Docs
	ledger.Logs
}

// Verification gathers what a verification of an instance's ledger needs: its log, the
// checkpoints of every folder, the newest in the store, the public key. Each instance has
// a key of its own: if none of keys is that, it is checked with the one that the instance
// published in the store.
func Verification(ctx context.Context, c *config.Config, s LedgerStore, instance string, keys []note.Verifier) (ledger.Verification, error) {
	v := ledger.Verification{Instance: instance, Derived: derivedFolder(c)}
	public, newest, err := ledger.Published(ctx, s, instance)
	if err != nil {
		return v, err
	}
	i := slices.IndexFunc(keys, func(k note.Verifier) bool { return k.Name() == ledger.Origin(instance) })
	switch {
	case i >= 0:
		v.Keys = note.VerifierList(keys[i])
	case public != "":
		key, err := note.NewVerifier(public)
		if err != nil {
			return v, fmt.Errorf("the public key of the ledger of instance %s, in the store: %w", instance, err)
		}
		v.Keys = note.VerifierList(key)
	default:
		return v, fmt.Errorf("there is no public key of the ledger of instance %s: name its file with --key", instance)
	}
	for _, folder := range c.Checkpoints {
		files, err := ledger.Checkpoints(folder, instance)
		if err != nil {
			return v, err
		}
		v.Checkpoints = append(v.Checkpoints, files...)
	}
	if len(newest) > 0 {
		v.Checkpoints = append(v.Checkpoints, ledger.File{Name: "the newest checkpoint in the store", Text: newest})
	}
	v.Log, err = s.Log(ctx, ledger.LogName(instance)) // as long as it is now: longer than what was signed
	return v, err
}

package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/feeds/fhirbundle"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
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
	return operator.New(operator.Options{Registry: p.partners, Records: p.records, Inbox: p.inbox, Ledger: p.ledger, Engine: p.db,
		Message: fhirbundle.NewMessage, Verification: s.verification, Version: s.o.Version, Instance: c.Instance, Started: s.started, Now: s.o.Now})
}

// Ledger is this instance's access ledger.
func (s *Server) Ledger() *ledger.Ledger { return s.parts.ledger }

func (s *Server) verification() (ledger.Verification, error) {
	log, err := s.parts.db.Log(context.Background(), ledger.LogName(s.o.Config.Instance))
	if err != nil {
		return ledger.Verification{}, err
	}
	return Verification(s.o.Config, log)
}

// Verification gathers what a verification of an instance's ledger needs: its log,
// the checkpoints of every folder, the public key.
func Verification(c *config.Config, log driver.Log) (ledger.Verification, error) {
	public, err := os.ReadFile(LedgerKeyFile(c) + ".pub")
	if err != nil {
		return ledger.Verification{}, fmt.Errorf("the public key of the ledger: %w", err)
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(public)))
	if err != nil {
		return ledger.Verification{}, err
	}
	v := ledger.Verification{Log: log, Instance: c.Instance, Keys: note.VerifierList(verifier), Derived: derivedFolder(c)}
	for _, folder := range c.Checkpoints {
		files, err := ledger.Checkpoints(folder, c.Instance)
		if err != nil {
			return ledger.Verification{}, err
		}
		v.Checkpoints = append(v.Checkpoints, files...)
	}
	return v, nil
}

// Package operator is what the programme's operator can do: partners and clients,
// people's sharing choice and joins, the quarantine of the feeds, loading, the
// ledger, backup and check. A Service does it where the store is open; a Client
// asks a Service for it over the local socket of a running server. Both are the
// same Operations, so that a command need not know which it has.
package operator

import (
	"context"
	"io"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
)

// Progress is told how far something is; total is 0 where nobody knows.
type Progress func(done, total int64)

// Operations are what an operator can do. An error of package errs says what is
// wrong in words for the operator.
type Operations interface {
	Status(ctx context.Context) (Status, error)

	Agreements(ctx context.Context) ([]Agreement, error)
	PutAgreement(ctx context.Context, a Agreement) error
	Suspend(ctx context.Context, org nhs.ODS, suspended bool) error
	Import(ctx context.Context, p Partners) (Imported, error)
	Clients(ctx context.Context) ([]Client, error)
	RegisterClient(ctx context.Context, c Client) error
	RevokeClient(ctx context.Context, id string) error

	Sharing(ctx context.Context, n nhs.Number) (Choice, error)
	SharingHistory(ctx context.Context, n nhs.Number) ([]Decided, error)
	SetSharing(ctx context.Context, n nhs.Number, c Choice) error
	SetRestricted(ctx context.Context, n nhs.Number, restricted bool) error
	SetSensitive(ctx context.Context, n nhs.Number, s Sensitivity) error
	SetInvalidated(ctx context.Context, n nhs.Number, invalidated bool) error
	Join(ctx context.Context, from, into nhs.Number) error
	Split(ctx context.Context, from, out nhs.Number) error
	ActivationCode(ctx context.Context, n nhs.Number, birthDate string) (ActivationCode, error)

	Quarantine(ctx context.Context, q QuarantineQuery) (QuarantinePage, error)
	Quarantined(ctx context.Context, source, id string) (Quarantined, error)
	Replay(ctx context.Context, source, id string) (released int, err error)
	Discard(ctx context.Context, source, id string) error
	Load(ctx context.Context, source string, bundle []byte) (Loaded, error)

	// The instance is whose log it is; "" is that of the service which is asked.
	Ledger(ctx context.Context, instance string, from uint64, limit int) ([]LedgerEvent, error)
	Accesses(ctx context.Context, n nhs.Number, cursor string, limit int) (LedgerPage, error)
	Proof(ctx context.Context, instance string, seq uint64) (LedgerProof, error)
	VerifyLedger(ctx context.Context, progress Progress) (map[string]LedgerReport, error) // by instance

	Backup(ctx context.Context, w io.Writer, progress Progress) error
	Check(ctx context.Context, progress Progress) error
}

// Registry keeps agreements and clients; *partner.Registry does.
type Registry interface {
	Agreement(ctx context.Context, org nhs.ODS) (a partner.Agreement, rev uint64, err error)
	Agreements(ctx context.Context) ([]partner.Agreement, error)
	PutAgreement(ctx context.Context, a partner.Agreement, rev uint64, by string, now time.Time) (uint64, error)
	Client(ctx context.Context, id string) (c partner.Client, rev uint64, err error)
	Clients(ctx context.Context) ([]partner.Client, error)
	Register(ctx context.Context, c partner.Client) error
	UpdateClient(ctx context.Context, c partner.Client, rev uint64) error
	Revoke(ctx context.Context, id string) error
}

// Records changes what decides about people; *record.Records does. Each call is
// an event in the ledger.
type Records interface {
	PersonOf(n nhs.Number) record.PersonID
	Sharing(ctx context.Context, by identity.Caller, p record.PersonID, requestID string) (sharing.Choice, error)
	SharingHistory(ctx context.Context, by identity.Caller, p record.PersonID, requestID string) ([]record.Decided, error)
	SetSharing(ctx context.Context, by identity.Caller, p record.PersonID, c sharing.Choice, requestID string) error
	SetRestricted(ctx context.Context, by identity.Caller, p record.PersonID, restricted bool, requestID string) error
	SetSensitive(ctx context.Context, by identity.Caller, p record.PersonID, sensitive bool, cleared []string, requestID string) error
	SetInvalidated(ctx context.Context, by identity.Caller, p record.PersonID, invalidated bool, requestID string) error
	Join(ctx context.Context, by identity.Caller, from, into record.PersonID, requestID string) error
	Split(ctx context.Context, by identity.Caller, from, out record.PersonID, requestID string) error
	OpenEnrolment(ctx context.Context, by identity.Caller, q record.Enrolling) (record.Enrollee, error)
}

// Inbox is the feeds' quarantine; *feeds.Inbox is one.
type Inbox interface {
	List(ctx context.Context, source string, state feeds.State, cursor string, limit int) (items []feeds.Item, next string, err error)
	Show(ctx context.Context, source, id string) (feeds.Item, *feeds.Message, error)
	Replay(ctx context.Context, source, id string) (released int, err error)
	Discard(ctx context.Context, source, id string) error
	Receive(ctx context.Context, from feeds.Sender, m feeds.Message) (feeds.Receipt, error)
	AgreementChanged(ctx context.Context, org nhs.ODS) error
}

// Ledger is read here, and told of what operators look at; *ledger.Ledger is one.
type Ledger interface {
	Append(ctx context.Context, e *ledger.Event) (seq uint64, err error)
	Len() uint64
	Extents(ctx context.Context) ([]ledger.Extent, error)
	ReadOf(ctx context.Context, instance string, from uint64, visit func(seq uint64, e ledger.Event) bool) error
	Accesses(ctx context.Context, person, cursor string, limit int) (page []ledger.Access, next string, err error)
	ProofOf(ctx context.Context, instance string, seq uint64) (ledger.Proof, error)
	Checkpoint(ctx context.Context) (*ledger.Checkpoint, error)
}

// Engine is the store as a whole.
type Engine interface {
	Backup(ctx context.Context, w io.Writer, progress func(done, total int64)) error
	Check(ctx context.Context, progress func(done, total int64)) error
}

// Options are the parts that a Service is made of; all are required.
type Options struct {
	Registry Registry
	Records  Records
	Accounts Accounts
	Inbox    Inbox
	// Message makes of a bundle the message that the source would have sent.
	Message func(bundle []byte) feeds.Message
	// Demo gives people without an NHS number one of the 999 range; nil where the
	// configuration does not allow demonstrations.
	Demo   func(bundle []byte) []byte
	Ledger Ledger
	// Verification gives afresh what a verification of an instance's ledger needs.
	Verification func(ctx context.Context, instance string) (ledger.Verification, error)
	Engine       Engine
	Version      string
	Instance     string
	Started      time.Time
	Now          func() time.Time
}

// Service does the operations on an open store. It may be used concurrently.
type Service struct{ o Options }

var _ Operations = (*Service)(nil)

// New returns the Service of the parts.
func New(o Options) *Service { return &Service{o} }

// Status is how the server is.
type Status struct {
	Version  string    `json:"version"`
	Instance string    `json:"instance"`
	Started  time.Time `json:"started"`
	Now      time.Time `json:"now"`
	Events   uint64    `json:"ledger_events"` // of this instance
	Ledgers  []Extent  `json:"ledgers"`       // of all instances, this one's first
	Partners int       `json:"partners"`
	Live     int       `json:"partners_live"` // whose agreement holds now
	Clients  int       `json:"clients"`
}

// Extent is how many events the ledger of an instance has.
type Extent struct {
	Instance string `json:"instance"`
	Events   uint64 `json:"events"`
}

// Status tells what is running.
func (s *Service) Status(ctx context.Context) (Status, error) {
	agreements, err := s.o.Registry.Agreements(ctx)
	if err != nil {
		return Status{}, err
	}
	clients, err := s.o.Registry.Clients(ctx)
	if err != nil {
		return Status{}, err
	}
	st := Status{Version: s.o.Version, Instance: s.o.Instance, Started: s.o.Started, Now: s.o.Now(), Events: s.o.Ledger.Len(), Partners: len(agreements), Clients: len(clients)}
	for _, a := range agreements {
		if a.Live(st.Now) {
			st.Live++
		}
	}
	extents, err := s.o.Ledger.Extents(ctx)
	for _, x := range extents {
		st.Ledgers = append(st.Ledgers, Extent(x))
	}
	return st, err
}

// Backup writes the whole store as a tar stream while it runs.
func (s *Service) Backup(ctx context.Context, w io.Writer, progress Progress) error {
	return s.o.Engine.Backup(ctx, w, progress)
}

// Check reads the whole store and verifies it.
func (s *Service) Check(ctx context.Context, progress Progress) error {
	return s.o.Engine.Check(ctx, progress)
}

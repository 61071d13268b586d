// Package ledger is the access ledger: every decision about a record, allowed or
// refused, durable before its answer leaves, in a Merkle log with signed
// checkpoints. RULES 7. It never holds clinical content, names of third parties
// or tokens.
package ledger

import (
	"time"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Event is one decision about one person's record.
type Event struct {
	Time     time.Time
	Request  string // X-Request-ID
	Kind     identity.Kind
	Caller   string // identity.Caller.ID
	Name     string // of the professional, as their issuer says
	Role     identity.Role
	Org      nhs.ODS
	Client   string
	OnBehalf string // who is acted for, when not the caller
	Action   access.Action
	Outcome  access.Outcome
	Basis    access.Basis
	Person   string      // opaque person id; empty when a search found nobody
	Sections section.Set // what the request asked for; for $everything, all granted
	What     string      // FHIR type or operation: "Observation", "$everything"; no ids, no values
}

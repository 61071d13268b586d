// Package identity says who is calling: the Caller that authentication makes of
// a token or a certificate, and that every decision and ledger event names.
package identity

import (
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// Kind is the kind of a caller. The zero Kind is nobody and may do nothing.
type Kind uint8

// Kinds of caller.
const (
	Nobody       Kind = iota
	Professional      // a person working for a partner, by OIDC
	System            // a clinical system by SMART Backend Services, acting for a named user
	Source            // a source system that feeds the record
	Operator          // the programme's operator, over the local socket
	Resident          // a person with an account of their own, by a session
)

var kinds = [...]string{"nobody", "professional", "system", "source", "operator", "resident"}

func (k Kind) String() string {
	if int(k) >= len(kinds) {
		return kinds[Nobody]
	}
	return kinds[k]
}

// Role is what a professional does, from their role code by a configured table.
// The zero Role has no sections.
type Role uint8

// Roles. Their order is stored: add at the end.
const (
	NoRole Role = iota
	Clinician
	Nurse
	AlliedHealth
	Pharmacist
	Paramedic
	SocialWorker
	CareCoordinator
	Receptionist
	PrivacyOfficer
	ProgrammeOffice
)

var roles = [...]string{"none", "clinician", "nurse", "allied-health", "pharmacist", "paramedic", "social-worker",
	"care-coordinator", "receptionist", "privacy-officer", "programme-office"}

func (r Role) String() string {
	if int(r) >= len(roles) {
		return roles[NoRole]
	}
	return roles[r]
}

// ParseRole returns the role of that name, or NoRole.
func ParseRole(name string) Role {
	for i, n := range roles {
		if n == name {
			return Role(i)
		}
	}
	return NoRole
}

// Proofing is how well it was checked that a resident is who they say (NHS login's
// levels). The zero Proofing sees nothing.
type Proofing uint8

// Levels of proofing. Stored: add at the end.
const (
	P0 Proofing = iota // e-mail and phone only
	P5                 // details matched: may write a sharing choice, reads nothing
	P9                 // identity document checked in person or by NHS login: reads
)

var proofings = [...]string{"P0", "P5", "P9"}

func (p Proofing) String() string {
	if int(p) >= len(proofings) {
		return proofings[P0]
	}
	return proofings[p]
}

// Caller is somebody, or some system, whose identity was verified. The zero
// Caller is nobody.
type Caller struct {
	Kind     Kind
	ID       string // stable and unique over issuers; for a professional "<issuer's short name>/<sub>", for a resident their account
	Name     string // for people to read; may be empty
	Org      nhs.ODS
	Role     Role
	Client   string    // the registered client (clinical system or source), if one is known
	AuthTime time.Time // when the person authenticated
	Expires  time.Time // when this identity stops counting
	// Of a resident only.
	Person   string   // whose record is theirs, by its opaque id
	Proofing Proofing // of the session: that at which the account was enrolled
	Session  string   // the session's id, which is no secret
}

type callerKey struct{}

// WithCaller returns a context that carries c.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom returns the caller that ctx carries, or nobody.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

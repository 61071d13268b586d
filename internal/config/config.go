// Package config is what an operator sets: from a file of KEY=value lines and from
// the environment, which wins. One table (settings.go) makes the parsing, the
// defaults and docs/config.md. Every mistake is reported at once.
package config

import (
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// Config is the configuration of dcrd. It is valid: Load returns no other.
type Config struct {
	Data        string // folder of the embedded store
	Instance    string // names this dcrd among several on one store
	PublicURL   string // without a slash at its end
	API         Listener
	Sources     Listener // Addr "" when there is none
	Ops         string   // address of metrics, health and readiness
	Issuers     []Issuer
	Roles       map[string]identity.Role // by role code, from the role map file
	LedgerKey   string                   // file
	Checkpoints []string
	LedgerEvery uint64
	AdoptLedger bool

	Limits Limits
	Rules  Rules
}

// Listener is where one audience is served. Without Cert it speaks plain HTTP.
type Listener struct{ Addr, Cert, Key, ClientCA string }

// Issuer is an OIDC issuer that professionals come from.
type Issuer struct {
	Name     string // short, first part of a caller's id
	URL      string
	Audience string
	Org      nhs.ODS // whose staff it speaks for; empty: its tokens say
}

// Limits bound what one request or one caller can take.
type Limits struct {
	Body, SourceBody     int // bytes
	PageDefault, PageMax int
	FindMax              int
	Rate, Burst          int // requests a second of one caller; 0: no limit
	Everything           int // at a time
	Memory               int64
	Read, Write, Idle    time.Duration
	Answer               time.Duration
	Stop                 time.Duration
}

// Rules are the numbers of the field that may change.
type Rules struct {
	TokenAge           time.Duration // since iat
	LoginAge           time.Duration // since auth_time
	AssertionAge       time.Duration
	SystemTokenAge     time.Duration
	RelationshipMonths int
	AppointmentWindow  time.Duration // after the appointment that a sharing window was opened for
}

// Package config is what an operator sets: from a file of KEY=value lines and from
// the environment, which wins. One table (settings.go) makes the parsing, the
// defaults and docs/config.md. Every mistake is reported at once.
package config

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// Config is the configuration of dcrd. It is valid: Load returns no other.
type Config struct {
	Data        string  // folder of the embedded store, and of what this dcrd keeps for itself
	MongoDB     MongoDB // where the record is kept instead, if it has a URI
	Instance    string  // names this dcrd among several on one store
	PublicURL   string  // without a slash at its end
	API         Listener
	Sources     Listener       // Addr "" when there is none
	Proxies     []netip.Prefix // whose X-Forwarded-For is believed
	Ops         string         // address of metrics, health and readiness
	Issuers     []Issuer
	NHSLogin    NHSLogin
	Roles       map[string]identity.Role // by role code, from the role map file
	LedgerKey   string                   // file
	Checkpoints []string
	LedgerEvery uint64
	AdoptLedger bool

	Residents Residents

	Limits  Limits
	Rules   Rules
	Release Release
	Heard   Heard
}

// Listener is where one audience is served. Without Cert it speaks plain HTTP.
type Listener struct{ Addr, Cert, Key, ClientCA string }

// MongoDB is the database of the record, where one machine is not enough.
type MongoDB struct {
	URI      Secret // "" means that the record is in the embedded store
	Database string
	Timeout  time.Duration // of one operation
	Pool     uint64        // connections to each server
}

// Secret is a setting that does not print itself.
type Secret string

const masked = "*****"

// Format implements fmt.Formatter: whatever the verb, it does not show.
func (s Secret) Format(f fmt.State, _ rune) {
	if s != "" {
		_, _ = io.WriteString(f, masked) // as all of package fmt does
	}
}

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

// MarshalText implements encoding.TextMarshaler, which JSON uses.
func (s Secret) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(s)), nil }

// Reveal returns the secret, for whoever it is meant for.
func (s Secret) Reveal() string { return string(s) }

// Issuer is an OIDC issuer that professionals come from.
type Issuer struct {
	Name     string // short, first part of a caller's id
	URL      string
	Audience string
	Org      nhs.ODS // whose staff it speaks for; empty: its tokens say
	Client   StaffClient
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

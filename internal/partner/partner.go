// Package partner holds the organisations that share: their agreements, the
// clinical systems and sources registered under them.
package partner

import (
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Kind is the kind of an organisation. The zero Kind is none that may take part.
type Kind uint8

// Kinds of organisation. Their order is stored: add at the end.
const (
	_ Kind = iota
	GP
	Acute
	Community
	Council
	Hospice
	Neighbour
	Programme // the programme office
	endKind
)

var kinds = [...]string{"none", "gp", "acute", "community", "council", "hospice", "neighbour", "programme"}

func (k Kind) String() string {
	if k >= endKind {
		return kinds[0]
	}
	return kinds[k]
}

// ParseKind returns the kind of that name.
func ParseKind(name string) (Kind, error) {
	for k := GP; k < endKind; k++ {
		if kinds[k] == name {
			return k, nil
		}
	}
	return 0, invalid("kind", "the kind must be one of %s", strings.Join(kinds[1:], " "))
}

// Agreement is a sharing agreement, held as data: an organisation is a partner
// only under one. Zero values allow nothing.
type Agreement struct {
	Org        nhs.ODS
	Name       string
	Kind       Kind
	Read       section.Set // what its professionals may read; a role narrows it further
	Contribute section.Set // what its sources may send
	DSPT       time.Time   // its Data Security and Protection Toolkit status holds until then
	Signed     time.Time
	Ends       time.Time
	Suspended  bool
}

// Live reports whether the agreement holds at now.
func (a Agreement) Live(now time.Time) bool {
	return a.Org != "" && a.Kind != 0 && !a.Suspended && !a.Signed.IsZero() &&
		!now.Before(a.Signed) && now.Before(a.Ends) && now.Before(a.DSPT)
}

// ClientKind says what a client is registered for.
type ClientKind uint8

// Kinds of client.
const (
	_              ClientKind = iota
	ClinicalSystem            // reads for named users, by SMART Backend Services
	Feed                      // a source system that sends
)

func (k ClientKind) String() string {
	switch k {
	case ClinicalSystem:
		return "clinical-system"
	case Feed:
		return "feed"
	}
	return "none"
}

// ParseClientKind returns the kind of that name.
func ParseClientKind(name string) (ClientKind, error) {
	for _, k := range []ClientKind{ClinicalSystem, Feed} {
		if k.String() == name {
			return k, nil
		}
	}
	return 0, invalid("kind", "the kind must be clinical-system or feed")
}

// Client is a system registered under an agreement.
type Client struct {
	ID      string // client_id; also the source's name in the record and the inbox
	Org     nhs.ODS
	Kind    ClientKind
	Name    string
	JWKS    []byte   // its public keys (JSON Web Key Set) for private_key_jwt
	Certs   []string // SHA-256 fingerprints (hex) of client certificates it may use
	Revoked bool
	// Allow lists validation rules that this source may break ("ref-1", "code:required"):
	// what we refuse and the HL7 validator accepts.
	Allow []string
}

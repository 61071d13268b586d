package operator

import (
	"encoding/hex"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Partners is a file of agreements and of the clients registered under them.
type Partners struct {
	Agreements []Agreement `json:"agreements"`
	Clients    []Client    `json:"clients"`
}

// Agreement is a sharing agreement as files and the socket have it.
type Agreement struct {
	Org        nhs.ODS  `json:"org"`
	Name       string   `json:"name"`
	Kind       string   `json:"kind"`       // gp, acute, community, council, hospice, neighbour, programme
	Read       Sections `json:"read"`       // what its professionals may read
	Contribute Sections `json:"contribute"` // what its sources may send
	DSPT       Day      `json:"dspt"`       // until when its DSPT status holds
	Signed     Day      `json:"signed"`
	Ends       Day      `json:"ends"`
	Suspended  bool     `json:"suspended,omitzero"`
}

// Client is a registered system as files and the socket have it.
type Client struct {
	ID      string         `json:"id"`
	Org     nhs.ODS        `json:"org"`
	Kind    string         `json:"kind"` // feed or clinical-system
	Name    string         `json:"name"`
	JWKS    jsontext.Value `json:"jwks,omitzero"`
	Certs   []string       `json:"certs,omitempty"` // SHA-256 fingerprints in hex; colons are allowed
	Allow   []string       `json:"allow,omitempty"`
	Revoked bool           `json:"revoked,omitzero"`
}

// ParsePartners reads a file of partners; members that it does not know are
// refused, so that a misspelt one is not a missing one.
func ParsePartners(b []byte) (Partners, error) {
	var p Partners
	if err := json.Unmarshal(b, &p, json.RejectUnknownMembers(true)); err != nil {
		return Partners{}, errs.Wrap(errs.Invalid, err, "this is not a file of partners")
	}
	return p, nil
}

// Sections is a set of sections: in JSON a list of names, or "all".
type Sections section.Set

// MarshalJSONTo writes the list.
func (s Sections) MarshalJSONTo(e *jsontext.Encoder) error {
	if section.Set(s) == section.All {
		return e.WriteToken(jsontext.String("all"))
	}
	return json.MarshalEncode(e, strings.Fields(section.Set(s).String()))
}

// UnmarshalJSONFrom reads the list, or "all".
func (s *Sections) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var names []string
	if d.PeekKind() == '"' {
		names = make([]string, 1)
		if err := json.UnmarshalDecode(d, &names[0]); err != nil {
			return err
		}
	} else if err := json.UnmarshalDecode(d, &names); err != nil {
		return err
	}
	set, err := ParseSections(strings.Join(names, " "))
	*s = set
	return err
}

// ParseSections reads names of sections separated by spaces, or "all".
func ParseSections(text string) (Sections, error) {
	if strings.TrimSpace(text) == "all" {
		return Sections(section.All), nil
	}
	set, err := section.ParseSet(text)
	return Sections(set), err
}

func (s Sections) String() string {
	if section.Set(s) == section.All {
		return "all"
	}
	return section.Set(s).String()
}

// Day is a moment that people write as a day: in JSON "2027-03-31", or with a
// time of day when it is not midnight UTC.
type Day struct{ time.Time }

// ParseDay reads a day, or a time as of RFC 3339.
func ParseDay(text string) (Day, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
		if t, err := time.Parse(layout, text); err == nil {
			return Day{t.UTC()}, nil
		}
	}
	return Day{}, errs.New(errs.Invalid, "a day is written as 2027-03-31")
}

func (d Day) String() string {
	switch {
	case d.IsZero():
		return ""
	case d.Equal(d.Truncate(24 * time.Hour)):
		return d.UTC().Format(time.DateOnly)
	}
	return d.UTC().Format(time.RFC3339Nano)
}

// MarshalJSONTo writes the day.
func (d Day) MarshalJSONTo(e *jsontext.Encoder) error {
	return e.WriteToken(jsontext.String(d.String()))
}

// UnmarshalJSONFrom reads the day.
func (d *Day) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	var text string
	if err := json.UnmarshalDecode(from, &text); err != nil {
		return err
	}
	day, err := ParseDay(text)
	*d = day
	return err
}

func (a Agreement) parse() (partner.Agreement, error) {
	kind, err := partner.ParseKind(a.Kind)
	if err != nil {
		return partner.Agreement{}, err
	}
	parsed := partner.Agreement{Org: a.Org, Name: a.Name, Kind: kind, Read: section.Set(a.Read), Contribute: section.Set(a.Contribute),
		DSPT: a.DSPT.Time, Signed: a.Signed.Time, Ends: a.Ends.Time, Suspended: a.Suspended}
	return parsed, parsed.Validate()
}

// State says in a word whether the agreement allows anything at a time.
func (a Agreement) State(now time.Time) string {
	parsed, err := a.parse()
	switch {
	case a.Suspended:
		return "suspended"
	case err == nil && parsed.Live(now):
		return "live"
	case now.Before(a.Signed.Time):
		return "not begun"
	}
	return "lapsed"
}

// AgreementOf writes an agreement down.
func AgreementOf(a partner.Agreement) Agreement {
	return Agreement{Org: a.Org, Name: a.Name, Kind: a.Kind.String(), Read: Sections(a.Read), Contribute: Sections(a.Contribute),
		DSPT: Day{a.DSPT}, Signed: Day{a.Signed}, Ends: Day{a.Ends}, Suspended: a.Suspended}
}

func (c Client) parse() (partner.Client, error) {
	kind, err := partner.ParseClientKind(c.Kind)
	if err != nil {
		return partner.Client{}, err
	}
	parsed := partner.Client{ID: c.ID, Org: c.Org, Kind: kind, Name: c.Name, JWKS: c.JWKS, Revoked: c.Revoked, Allow: c.Allow}
	for _, f := range c.Certs {
		parsed.Certs = append(parsed.Certs, plainFingerprint(f))
	}
	for _, rule := range c.Allow {
		if !fhir.KnowsRule(rule) {
			return parsed, errs.New(errs.Invalid, "allow: %q is no rule of validation: docs/validation.md lists them", rule)
		}
	}
	return parsed, parsed.Validate()
}

// plainFingerprint takes a fingerprint as openssl prints it, too.
func plainFingerprint(f string) string {
	plain := strings.ToLower(strings.ReplaceAll(f, ":", ""))
	if _, err := hex.DecodeString(plain); err != nil {
		return f
	}
	return plain
}

// ClientOf writes a client down.
func ClientOf(c partner.Client) Client {
	return Client{ID: c.ID, Org: c.Org, Kind: c.Kind.String(), Name: c.Name, JWKS: c.JWKS, Certs: c.Certs, Allow: c.Allow, Revoked: c.Revoked}
}

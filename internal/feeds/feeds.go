// Package feeds is the inbox: whatever a source sends is kept here, byte for
// byte, before anything is made of it. It knows messages from their repeats,
// applies each through the format that understands it, keeps what could not be
// applied in quarantine with its reason, and releases that by itself when what was
// missing arrives. Nothing is acknowledged that is not durable, and nothing
// depends on one process surviving: a start replays what was not finished.
package feeds

import (
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Message is what a source sent, as the inbox keeps it.
type Message struct {
	Instance string // whose log it is in
	Seq      uint64 // its number there
	Format   string // name of the format that understands it
	Media    string // media type as sent
	Source   string // client id
	Org      nhs.ODS
	Key      string   // what names it among the source's messages
	Hash     [32]byte // SHA-256 of Body
	Reused   bool     // another message of the source had this key
	Time     time.Time
	Received time.Time
	Body     []byte
	Parsed   any // what its format has made of Body already; may be nil
}

// skew is how far a source's clock may be ahead of ours. What it says beyond that
// is not believed: one state from 2099 would stand before all that correct it.
const skew = 24 * time.Hour

// When is the source time of the message: when it was received, if the source
// does not say, or cannot be right.
func (m *Message) When() time.Time {
	if t := m.Believe(m.Time); !t.IsZero() {
		return t
	}
	return m.Received
}

// Believe returns a source time of m's content, or zero if it lies in the future.
func (m *Message) Believe(t time.Time) time.Time {
	if t.After(m.Received.Add(skew)) {
		return time.Time{}
	}
	return t
}

// Sender is the source of a message and what it has agreed to.
type Sender struct {
	Client    partner.Client
	Agreement partner.Agreement
}

// Source is the sender as the record knows it.
func (s Sender) Source() record.Source {
	return record.Source{ID: s.Client.ID, Org: s.Client.Org, Kind: s.Agreement.Kind}
}

// Permit says why the sender may not send at all, if so: it is no source, was
// revoked, or has no agreement that holds at now.
func (s Sender) Permit(now time.Time) error {
	switch {
	case s.Client.ID == "" || s.Client.Kind != partner.Feed:
		return errs.Coded(errs.Forbidden, NotASource, "this client is not registered as a source")
	case s.Client.Revoked:
		return errs.Coded(errs.Forbidden, NotASource, "this client's registration was revoked")
	case s.Agreement.Org != s.Client.Org || !s.Agreement.Live(now):
		return errs.Coded(errs.Forbidden, AgreementLapsed, "this organisation has no sharing agreement that holds today: ask the programme office")
	}
	return nil
}

// Format makes changes of messages and applies them.
type Format interface {
	// Apply applies m, or only the entries with the given indexes (nil: all). It is
	// idempotent. What cannot be applied is in the outcome; an error means that the
	// store could not be used, and that m must be applied again.
	Apply(ctx context.Context, from Sender, m *Message, only []int) (Outcome, error)
}

// Whole stands for the whole message where an entry's index is expected.
const Whole = -1

// Outcome is what became of a message.
type Outcome struct {
	Entries []Entry
	Held    []Held
	Arrived []string // what others may have waited for: see AwaitPerson and its like

	used []driver.Ref // tickets that are needed no longer once Arrived was released
}

// Entry is what became of one entry of a message.
type Entry struct {
	Type    string
	Applied record.Applied
	Held    int // 1 + the index in Outcome.Held of why it was not applied; 0 if it was
	Ignored bool
}

// Held is a message, or an entry of one, that could not be applied.
type Held struct {
	Entry  int    // its index, or Whole
	Type   string // its resource type, if known
	Code   string // machine-readable: see the codes of this package
	Words  string // for people; never what the source sent
	Issues []Issue
	Await  string // what would release it; "" if only a person can help
	Fault  bool   // refused as wrong in itself: the sender is told so
}

// Issue is one thing that is wrong with a message.
type Issue struct {
	Code string `json:"code"` // of FHIR's issue types: structure, required, value, ...
	Path string `json:"path,omitzero"`
	Text string `json:"text"`
	Rule string `json:"rule,omitzero"` // what the source could be allowed to break
}

// Codes of what is held and refused. The record has more of them.
const (
	NotASource       = "NOT_A_SOURCE"
	AgreementLapsed  = "AGREEMENT_LAPSED"
	MessageIDReused  = "MESSAGE_ID_REUSED"
	SectionNotAgreed = "SECTION_NOT_AGREED"
	ApplyFailed      = "APPLY_FAILED"
)

// AwaitPerson names the arrival of a person's demographics with that birth date: of
// others with another one nothing is released by it, and so nothing is tried. The
// date itself is not told.
func AwaitPerson(p record.PersonID, born string) string {
	return "person/" + string(p) + "/" + shortHash(string(p) + born)[:8]
}

// AwaitPatient names the arrival of a source's own Patient of a person.
func AwaitPatient(source string, p record.PersonID) string {
	return "patient/" + source + "/" + string(p)
}

// AwaitObject names the arrival of an object of a source.
func AwaitObject(source, typ, sourceID string) string {
	return "object/" + source + "/" + typ + "/" + sourceID
}

// AwaitAgreement names a change of an organisation's agreement.
func AwaitAgreement(org nhs.ODS) string { return "agreement/" + string(org) }

// Metrics counts what happens to messages. Labels are client ids and codes.
type Metrics interface {
	Appended(source string, bytes int)
	Repeated(source string)
	Applied(source string, result record.Result)
	Quarantined(source, code string)
	Released(source string)
}

type noMetrics struct{}

func (noMetrics) Appended(string, int)          {}
func (noMetrics) Repeated(string)               {}
func (noMetrics) Applied(string, record.Result) {}
func (noMetrics) Quarantined(string, string)    {}
func (noMetrics) Released(string)               {}

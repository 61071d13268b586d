package record

import (
	"time"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// PersonID is the opaque name of a person's partition: "p" and 16 letters and digits of
// base32, made of the NHS number by a keyed hash. It is safe in a URL and a log.
type PersonID string

// Entry is an entry as a visitor sees it. Body belongs to the store and is valid
// only until the visitor returns.
type Entry struct {
	ID       string // "<person>-<entry>", for a person's own Patient "<person>"
	Type     string // FHIR resource type
	Section  section.Section
	Version  string // meta.versionId
	Updated  time.Time
	Source   string // client id of the source
	Received time.Time
	// Date and End are the bounds of the clinical date; both zero where there is none,
	// or only one that stands in for it (fhir.Extracted).
	Date, End time.Time
	Deleted   bool // a version of a history that says that the source deleted it; no Body
	Body      []byte

	envelope envelope // valid as long as Body; nil: of a copy
}

// Has reports whether the entry is found by one of the codes, of whatever system, as
// that search parameter. They are given by their hashes, 64-bit FNV-1a. It is valid as
// long as Body, which it does not read; ok is false where only Body tells.
func (e *Entry) Has(p fhir.Param, codes map[uint64]bool) (has, ok bool) {
	if e.envelope == nil || !e.envelope.has(flagTold) || e.envelope.len(nStrings) >= fhir.MaxTokens {
		return false, false
	}
	for tokens := e.envelope.tokens(); len(tokens) >= tokenLen; tokens = tokens[tokenLen:] {
		if _, code := tokenHashes(tokens); tokens[0] == byte(p) && codes[code] {
			return true, true
		}
	}
	return false, true
}

// Search asks for the entries of one type, or of all.
type Search struct {
	Type      string // "" means all types
	IDs       []string
	Tokens    []TokenFilter // all must hold
	Dates     []DateFilter  // all must hold
	Ascending bool          // oldest first; else newest first
	Limit     int           // entries at most
	After     string        // as an earlier Search returned it; "" begins
}

// TokenFilter holds if any of its alternatives is among the entry's tokens.
type TokenFilter struct {
	Param fhir.Param
	AnyOf []TokenValue
	Not   bool // the :not modifier
}

// TokenValue is "code" (AnySystem), "system|code", "|code" (System "" and not
// AnySystem) or "system|" (AnyCode).
type TokenValue struct {
	System, Code       string
	AnySystem, AnyCode bool
}

// DateFilter compares the entry's clinical date, a range by its precision, or
// another of its dates, with the range of the given value, as FHIR's prefixes say.
type DateFilter struct {
	Param     fhir.Param // 0: the clinical date
	Prefix    string     // eq ne lt gt ge le sa eb
	Low, High time.Time
}

// Source is a source system as the record knows it.
type Source struct {
	ID   string // client id; the first part of every source object's name
	Org  nhs.ODS
	Kind partner.Kind
}

// Message is the inbox message that brings a change.
type Message struct {
	Seq      uint64    // its number in the inbox
	Key      string    // what names it: sender's message id, or the hash of its bytes
	Time     time.Time // when the source sent it
	Received time.Time
}

// Change is what one message says about objects of one person: committed as one,
// or not at all.
type Change struct {
	Person  PersonID
	Source  Source
	Message Message
	Objects []Object
}

// Object is the state of one source object.
type Object struct {
	Type, SourceID string
	Resource       fhir.Node      // absent when Deleted
	Refs           map[int]string // resolved references, by the offset of the reference's string
	Orgs           Orgs           // organisations that references name
	Time           time.Time      // source time of this state; zero: the message's
	Deleted        bool
	Via            string // the source's id of the Patient that says whose it is; "" if that is not how it is known
}

// Result says what became of an object.
type Result uint8

// Results.
const (
	Created   Result = iota + 1
	Updated          // a newer state
	Unchanged        // known already
	Late             // an older state, folded in at its place
	Moved            // taken from another person, and shown here
	Removed          // the source deleted it
)

var results = [...]string{"", "created", "updated", "unchanged", "late", "moved", "removed"}

func (r Result) String() string { return results[r] }

// Applied is what became of each of a change's objects, in their order.
type Applied struct {
	ID      string // "<person>-<entry>"
	Version string
	Result  Result
}

// Known is a person as found, with no more than what tells people apart.
type Known struct {
	Person    PersonID
	Number    nhs.Number
	Family    string
	Given     []string
	BirthDate string // YYYY-MM-DD
	Gender    string // FHIR administrative gender
	Practice  nhs.ODS
}

// Who asks for people: by number, or by family name and birth date, narrowed by
// given name and postcode.
type Who struct {
	Number                  nhs.Number
	Family, Given, Postcode string
	BirthDate               string // YYYY-MM-DD
}

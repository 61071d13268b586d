// Package fhirbundle receives FHIR R4 Bundles: transaction, batch, collection and
// message. It finds whom each entry is about, resolves what they refer to, and
// hands the record one change per person. A transaction is applied whole or not
// at all; the entries of any other Bundle are judged one by one.
package fhirbundle

import (
	"context"
	"errors"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// Name is the format's name in the inbox.
const Name = "fhir-bundle"

// Records is what the format needs of the record.
type Records interface {
	Apply(ctx context.Context, c record.Change) ([]record.Applied, error)
	ApplyDirectory(ctx context.Context, c record.Change) ([]record.Applied, error)
	Withdraw(ctx context.Context, c record.Change) (withdrawn bool, err error)
	Identify(ctx context.Context, s record.Source, patient fhir.Node, named record.Orgs) (record.PersonID, error)
	Locate(ctx context.Context, source, typ string, sourceIDs []string) (map[string]record.PersonID, error)
	FindIdentifier(ctx context.Context, source, typ, system, value string) (entryID string, ok bool, err error)
	DirectoryODS(ctx context.Context, source string, entryIDs []string) (map[string]nhs.ODS, error)
	ViaOf(ctx context.Context, p record.PersonID, source, typ, sourceID string) (via string, err error)
	SourcePatient(ctx context.Context, source string, p record.PersonID) (sourceID string, err error)
	PersonOf(n nhs.Number) record.PersonID
}

// Codes of what is held, beside those of package record.
const (
	Malformed         = "MALFORMED"
	NotABundle        = "NOT_A_BUNDLE"
	BundleType        = "BUNDLE_TYPE"
	InvalidResource   = "INVALID_RESOURCE"
	InvalidRequest    = "INVALID_REQUEST"
	MethodNotTaken    = "METHOD_NOT_TAKEN"
	TwoPeople         = "TWO_PEOPLE"
	UnknownPatient    = "UNKNOWN_PATIENT"
	UnknownObject     = "UNKNOWN_OBJECT"
	NoSubject         = "NO_SUBJECT"
	UnverifiedSubject = "UNVERIFIED_SUBJECT"
)

// mostObjects is how many objects of one person go into one commit: the record
// takes no more.
const mostObjects = 900

// Format understands Bundles. It is safe for concurrent use.
type Format struct{ records Records }

var _ feeds.Format = (*Format)(nil)

// NewFormat returns the format over the record.
func NewFormat(r Records) *Format { return &Format{r} }

// job is one application of one message.
type job struct {
	records Records
	from    feeds.Sender
	source  record.Source
	m       *feeds.Message
	root    fhir.Node
	kind    string // Bundle.type
	entries []entry
	only    []int
	byURL   map[string]int             // entries by fullUrl
	byRef   map[string]int             // entries by Type/id
	base    string                     // of the sender's absolute URLs, with a slash at its end
	patient map[string]record.PersonID // whose the source's Patients outside the Bundle are
	byQuery map[query]int              // entries by identifier; -1: several have it
	found   map[query]string           // entry ids of the directory; "" if it has none
	orgs    record.Orgs                // by the literals that lead to them
	number  map[query]byNumber         // whom queries by NHS number mean
	sole    record.PersonID            // whom the Bundle is about, if it is one person
	several bool                       // it is more than one
	out     feeds.Outcome
}

// Apply implements feeds.Format.
func (f *Format) Apply(ctx context.Context, from feeds.Sender, m *feeds.Message, only []int) (feeds.Outcome, error) {
	doc, ok := m.Parsed.(*fhir.Document)
	if !ok {
		var err error
		if doc, err = fhir.ParseFeed(m.Body); err != nil {
			return whole(malformed(err)), nil
		}
	}
	j := &job{records: f.records, found: map[query]string{}, from: from, source: from.Source(), m: m, root: doc.Root(), only: only}
	if h := j.begin(); h != nil {
		return whole(*h), nil
	}
	if err := j.judge(ctx); err != nil {
		return feeds.Outcome{}, err
	}
	apply := j.applyEach
	if j.kind == "transaction" {
		apply = j.applyWhole
	}
	err := apply(ctx)
	return j.out, err
}

func whole(h feeds.Held) feeds.Outcome {
	h.Entry = feeds.Whole
	return feeds.Outcome{Held: []feeds.Held{h}}
}

// begin reads the Bundle's frame. It returns why the message is no use at all.
func (j *job) begin() *feeds.Held {
	if j.root.Type() != "Bundle" {
		return &feeds.Held{Code: NotABundle, Fault: true, Words: "this is no Bundle: send a Bundle of type transaction, batch, collection or message"}
	}
	j.kind = j.root.Get("type").Text()
	switch j.kind {
	case "transaction", "batch", "collection", "message":
	default:
		return &feeds.Held{Code: BundleType, Fault: true, Words: "a Bundle of this type brings nothing into the record: send a transaction, batch, collection or message",
			Issues: []feeds.Issue{{Code: "not-supported", Path: "Bundle.type", Text: "Send a Bundle of type transaction, batch, collection or message."}}}
	}
	j.readEntries()
	if h := j.validate(); h != nil {
		return h
	}
	j.embed()
	return nil
}

// judge decides of each entry whom it is about and whether it may be applied.
func (j *job) judge(ctx context.Context) error {
	for i := range j.entries {
		if e := &j.entries[i]; e.live() {
			j.agreed(e)
		}
	}
	if err := j.organisations(ctx); err != nil {
		return err
	}
	if err := j.people(ctx); err != nil {
		return err
	}
	return j.lookUp(ctx)
}

// agreed holds an entry of a type that the record does not keep, or that the
// sender has not agreed to send.
func (j *job) agreed(e *entry) {
	if e.directory {
		return
	}
	s := record.SectionFor(e.typ, j.source.Kind)
	switch {
	case s == 0:
		e.hold(feeds.Held{Code: record.CodeTypeNotKept, Words: "the record does not keep resources of this type"})
	case !j.from.Agreement.Contribute.Has(s):
		e.hold(feeds.Held{Code: feeds.SectionNotAgreed, Await: feeds.AwaitAgreement(j.source.Org),
			Words: "the sharing agreement does not let this organisation send the section " + s.String()})
	}
}

// malformed is what is held of a message that cannot be read.
func malformed(err error) feeds.Held {
	h := feeds.Held{Code: Malformed, Fault: true, Words: "this is not FHIR JSON"}
	issue := feeds.Issue{Code: "structure", Text: "Send one FHIR resource as strict JSON in UTF-8."}
	if s, ok := errors.AsType[*fhir.SyntaxError](err); ok {
		issue.Path, issue.Text = s.Path, s.Error()
	}
	h.Issues = []feeds.Issue{issue}
	return h
}

// heldOf makes what is held of an error of the record. ok is false if the error
// says nothing about the message: then it must be applied again.
func heldOf(err error) (h feeds.Held, ok bool) {
	switch errs.KindOf(err) {
	case errs.Unprocessable, errs.Invalid, errs.TooLarge:
		e, _ := errs.As(err)
		if e.Code == "" {
			return feeds.Held{Code: InvalidResource, Words: e.Message}, true
		}
		return feeds.Held{Code: e.Code, Words: e.Message}, true
	}
	return feeds.Held{}, false
}

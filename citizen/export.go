package citizen

import (
	"cmp"
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/citizen/own"
	citizenweb "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/session"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// MayExport says whether the caller may take their whole record away at this moment:
// confirmed with a passkey not longer ago than five minutes (ActionExport), and not in
// the day after a recovery (RULES 1). A download that broke off may be begun again
// within those minutes.
func (s *Service) MayExport(ctx context.Context, c identity.Caller) error {
	acc, err := s.o.Accounts.Get(ctx, c.ID)
	if err != nil {
		return err
	}
	if err := acc.Thawed(s.o.Now()); err != nil {
		return err
	}
	return s.o.Sessions.Confirmed(ctx, c, session.Action{Name: ActionExport})
}

// openExport opens the caller's whole record to be taken away.
func (s *Service) openExport(ctx context.Context, c identity.Caller, requestID, what string) (*reading, error) {
	if err := s.MayExport(ctx, c); err != nil {
		return nil, err
	}
	return s.open(ctx, c, record.Request{What: what, RequestID: requestID, Export: true, SteppedUp: true})
}

// ExportFHIR returns the caller's whole record as a FHIR Bundle: every entry as it was
// sent, and what they name of staff, organisations, places and medications.
func (s *Service) ExportFHIR(ctx context.Context, c identity.Caller, requestID string) ([]byte, error) {
	r, err := s.openExport(ctx, c, requestID, "download as FHIR")
	if err != nil {
		return nil, err
	}
	b := append(make([]byte, 0, 1<<20), `{"resourceType":"Bundle","type":"collection","timestamp":"`...)
	b = append(web.AppendInstant(b, s.o.Now()), `","entry":[`...)
	x := exporter{s: s, r: r, b: b, seen: map[string]bool{}}
	if _, err := r.view.Search(ctx, record.Search{}, x.entry); err != nil {
		return nil, err
	}
	for len(x.named) > 0 && x.fault == nil && r.fault == nil {
		x.directory()
	}
	if err := cmp.Or(x.fault, r.failed()); err != nil {
		return nil, err
	}
	return append(x.b, `]}`...), nil
}

// exporter appends entries to a Bundle.
type exporter struct {
	s     *Service
	r     *reading
	b     []byte
	n     int
	seen  map[string]bool
	named []string // references to the directory that are still to be followed
	fault error
}

func (x *exporter) entry(e record.Entry) bool {
	x.append(e.Type+"/"+e.ID, e.Body)
	d, err := fhir.Parse(e.Body)
	if err != nil {
		x.fault = err
		return false
	}
	x.names(d.Root())
	return true
}

func (x *exporter) append(at string, body []byte) {
	if x.n++; x.n > 1 {
		x.b = append(x.b, ',')
	}
	x.b = append(x.b, `{"fullUrl":`...)
	x.b = web.AppendString(x.b, x.s.o.BaseURL+"/fhir/R4/"+at)
	x.b = append(append(x.b, `,"resource":`...), body...)
	x.b = append(x.b, '}')
}

// names notes what a resource names in the directory.
func (x *exporter) names(n fhir.Node) {
	for _, ref := range fhir.References(n) {
		_, id := fhir.SplitReference(ref.Literal)
		if p, _, ok := record.SplitID(id); ok && p.IsDirectory() && !x.seen[ref.Literal] {
			x.seen[ref.Literal] = true
			x.named = append(x.named, ref.Literal)
		}
	}
}

// directory appends what was named, and notes what that names in turn.
func (x *exporter) directory() {
	named := x.named
	x.named = nil
	for _, literal := range named {
		if n := x.r.resolve(literal); n.Exists() {
			x.append(literal, n.Raw())
			x.names(n)
		}
	}
}

// ExportHTML returns the caller's whole record as a document to read, print and keep.
func (s *Service) ExportHTML(ctx context.Context, c identity.Caller, requestID string) ([]byte, error) {
	r, err := s.openExport(ctx, c, requestID, "download to read")
	if err != nil {
		return nil, err
	}
	if err := r.gather(s.o.Now()); err != nil {
		return nil, err
	}
	arrived, err := r.arrivals()
	if err != nil {
		return nil, err
	}
	name, err := s.Name(ctx, c)
	if err != nil {
		return nil, err
	}
	made, err := london(s.o.Now())
	if err != nil {
		return nil, err
	}
	all := r.entries.Entries()
	doc := citizenweb.Document{Person: name, Made: made, Arrived: r.reader.Arrivals(arrived), Sources: r.reader.Freshness(r.heard())}
	for sec := range r.view.Grant().Sections.Each() {
		r.addSection(&doc, sec, within(all, sec))
	}
	if err := r.failed(); err != nil {
		return nil, err
	}
	return s.o.Documents.RenderDocument(doc)
}

// addSection adds a section to the document, with all of its entries.
func (r *reading) addSection(doc *citizenweb.Document, sec section.Section, entries []own.Entry) {
	if readers[sec] == nil {
		return
	}
	switch p := readers[sec](r.reader, entries, own.Filter{}).(type) {
	case []own.Details:
		doc.Details = p
	case own.Contacts:
		doc.Sections = append(doc.Sections, citizenweb.ContactsSection(p))
	case own.Alerts:
		doc.Sections = append(doc.Sections, citizenweb.AlertsSection(p))
	case own.Allergies:
		doc.Sections = append(doc.Sections, citizenweb.AllergiesSection(p))
	case own.Problems:
		doc.Sections = append(doc.Sections, citizenweb.ProblemsSection(p))
	case own.Medicines:
		doc.Sections = append(doc.Sections, citizenweb.MedicinesSection(p))
	case own.Immunisations:
		doc.Sections = append(doc.Sections, citizenweb.ImmunisationsSection(p))
	case own.Results:
		doc.Sections = append(doc.Sections, citizenweb.ResultsSection(p))
	case own.Appointments:
		doc.Sections = append(doc.Sections, citizenweb.AppointmentsSection(p))
	case own.Stays:
		doc.Sections = append(doc.Sections, citizenweb.StaysSection(p))
	case own.Letters:
		doc.Sections = append(doc.Sections, citizenweb.LettersSection(p))
	case own.CarePlans:
		doc.Sections = append(doc.Sections, citizenweb.CarePlansSection(p))
	case own.SocialCare:
		doc.Sections = append(doc.Sections, citizenweb.SocialCareSection(p))
	}
}

// london writes a moment as people here read it.
func london(at time.Time) (string, error) {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		return "", err
	}
	return at.In(zone).Format("2 January 2006 at 3:04pm"), nil
}

package citizen

import (
	"context"

	"github.com/dorsetcarerecord/dcr/citizen/own"
	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Summary returns the first page of the caller's own record.
func (s *Service) Summary(ctx context.Context, c identity.Caller, requestID string) (own.Summary, error) {
	r, err := s.open(ctx, c, record.Request{What: "summary", RequestID: requestID})
	if err != nil {
		return own.Summary{}, err
	}
	if err := r.makeReader(s.o.Now()); err != nil {
		return own.Summary{}, err
	}
	outline := r.reader.Outline(r.visiting.Has)
	if err := r.visit(outline.Add); err != nil {
		return own.Summary{}, err
	}
	arrived, err := r.arrivals()
	if err != nil {
		return own.Summary{}, err
	}
	out := outline.Summary(own.News{Sections: withModel(r.view.Grant().Sections), Arrived: arrived, Heard: r.heard()})
	return out, r.failed()
}

// withModel returns those of the sections that there is a page of: what residents add
// themselves has none here.
func withModel(all section.Set) section.Set {
	var out section.Set
	for sec := range all.Each() {
		if readers[sec] != nil {
			out |= section.Of(sec)
		}
	}
	return out
}

// News is what has arrived and is not shown yet, and how fresh each source is.
type News struct {
	Arrived []own.Arrival   `json:"arrived"`
	Sources []own.Freshness `json:"sources"`
}

// News returns what is new about the caller's own record.
func (s *Service) News(ctx context.Context, c identity.Caller, requestID string) (News, error) {
	r, err := s.open(ctx, c, record.Request{What: "news", RequestID: requestID})
	if err != nil {
		return News{}, err
	}
	if err := r.gather(s.o.Now()); err != nil {
		return News{}, err
	}
	arrived, err := r.arrivals()
	if err != nil {
		return News{}, err
	}
	return News{r.reader.Arrivals(arrived), r.reader.Freshness(r.heard())}, r.failed()
}

// Section is one section of the caller's own record. Model is the model of package own
// that the section has: own.Medicines, own.Allergies, ...; of demographics a
// []own.Details.
type Section struct {
	Section string          `json:"section"`
	Model   any             `json:"page"`
	Arrived []own.Arrival   `json:"arrived,omitempty"` // of results and letters: what is not shown yet
	Late    []own.Freshness `json:"late,omitempty"`    // sources of which there may be more
}

// Section returns a section by its name in RULES 0, narrowed by f.
func (s *Service) Section(ctx context.Context, c identity.Caller, requestID, name string, f own.Filter) (Section, error) {
	sec, ok := sectionOf(name)
	if !ok || readers[sec] == nil {
		return Section{}, access.Absent()
	}
	r, err := s.open(ctx, c, record.Request{Sections: section.Of(sec), What: name, RequestID: requestID})
	if err != nil {
		return Section{}, err
	}
	if err := r.gather(s.o.Now()); err != nil {
		return Section{}, err
	}
	arrived, err := r.arrivals()
	if err != nil {
		return Section{}, err
	}
	out := Section{Section: name, Model: readers[sec](r.reader, r.entries.Entries(), f), Arrived: r.reader.Arrivals(arrived), Late: r.late()}
	return out, r.failed()
}

// Details returns what each source holds of the caller themself.
func (s *Service) Details(ctx context.Context, c identity.Caller, requestID string) ([]own.Details, error) {
	got, err := s.Section(ctx, c, requestID, section.Demographics.String(), own.Filter{})
	if err != nil {
		return nil, err
	}
	return got.Model.([]own.Details), nil
}

// Trend returns the values over time of the test that one result is of. It is asked for
// by the result, so that no address tells what was tested.
func (s *Service) Trend(ctx context.Context, c identity.Caller, requestID, id string) (own.Trend, error) {
	e, err := s.Entry(ctx, c, requestID, section.Results.String(), id)
	if err != nil {
		return own.Trend{}, err
	}
	if e.Trend == nil {
		return own.Trend{}, access.Absent()
	}
	return *e.Trend, nil
}

// readers has, for each section that there is a model of, what makes it.
var readers = map[section.Section]func(*own.Reader, []own.Entry, own.Filter) any{
	section.Demographics:  func(r *own.Reader, es []own.Entry, _ own.Filter) any { return r.Details(es) },
	section.Contacts:      func(r *own.Reader, es []own.Entry, f own.Filter) any { return r.Contacts(es, f) },
	section.Alerts:        func(r *own.Reader, es []own.Entry, f own.Filter) any { return r.Alerts(es, f) },
	section.Allergies:     func(r *own.Reader, es []own.Entry, f own.Filter) any { return r.Allergies(es, f) },
	section.Problems:      func(r *own.Reader, es []own.Entry, f own.Filter) any { return r.Problems(es, f) },
	section.Medicines:     func(r *own.Reader, es []own.Entry, f own.Filter) any { return r.Medicines(es, f) },
	section.Immunisations: func(r *own.Reader, es []own.Entry, f own.Filter) any { return r.Immunisations(es, f) },
	section.Results:       func(r *own.Reader, es []own.Entry, f own.Filter) any { return r.Results(es, f) },
	section.Appointments:  func(r *own.Reader, es []own.Entry, f own.Filter) any { return r.Appointments(es, f) },
	section.Encounters:    func(r *own.Reader, es []own.Entry, f own.Filter) any { return r.Stays(es, f) },
	section.Letters:       func(r *own.Reader, es []own.Entry, f own.Filter) any { return r.Letters(es, f) },
	section.CarePlans:     func(r *own.Reader, es []own.Entry, f own.Filter) any { return r.CarePlans(es, f) },
	section.SocialCare:    func(r *own.Reader, es []own.Entry, f own.Filter) any { return r.SocialCare(es, f) },
}

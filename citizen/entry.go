package citizen

import (
	"context"

	"github.com/dorsetcarerecord/dcr/citizen/own"
	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Entry is one entry of the caller's own record. Item is its model of package own, of
// the sort that Kind names: own.Medicine, own.Result, ...
type Entry struct {
	Section string          `json:"section"`
	Kind    string          `json:"kind" example:"medicine"`
	Item    any             `json:"item"`
	Trend   *own.Trend      `json:"trend,omitempty"`   // of a result that there is more than one value of
	Results []own.Result    `json:"results,omitempty"` // of a report: those that it lists
	Late    []own.Freshness `json:"late,omitempty"`
}

// Entry returns an entry by its id. Whoever knows its section names it, and then no
// more than that is asked for; it may be "".
func (s *Service) Entry(ctx context.Context, c identity.Caller, requestID, sectionName, id string) (Entry, error) {
	r, sec, err := s.openEntry(ctx, c, requestID, sectionName, id, 0, "entry")
	if err != nil {
		return Entry{}, err
	}
	entries := within(r.entries.Entries(), sec)
	e := Entry{Section: sec.String(), Late: r.late()}
	if readers[sec] == nil {
		return Entry{}, access.Absent()
	}
	model := readers[sec](r.reader, entries, own.Filter{})
	found := false
	for one := range items(model) {
		if found = one.id == id; found {
			e.Kind, e.Item = one.kind, one.item
			break
		}
	}
	if !found {
		return Entry{}, access.Absent()
	}
	e.complete(r.reader, model, entries)
	return e, r.failed()
}

// complete adds what belongs to results and reports.
func (e *Entry) complete(r *own.Reader, model any, entries []own.Entry) {
	switch item := e.Item.(type) {
	case own.Result:
		if t, ok := r.Trend(entries, item.Key); ok && len(t.Lines) > 0 && len(t.Lines[0].Points) > 1 {
			e.Trend = &t
		}
	case own.Report:
		for _, g := range model.(own.Results).Groups {
			if g.Report != nil && g.Report.ID == item.ID {
				e.Results = g.Results
			}
		}
	default:
	}
}

// openEntry opens the record for one entry, and gathers the section that it lies in.
// more are sections that are needed beside it.
func (s *Service) openEntry(ctx context.Context, c identity.Caller, requestID, name, id string, more section.Set, what string) (*reading, section.Section, error) {
	q := record.Request{What: what, RequestID: requestID}
	if name != "" {
		sec, ok := sectionOf(name)
		if !ok {
			return nil, 0, access.Absent()
		}
		q.Sections, q.What = section.Of(sec)|more, name
	}
	r, err := s.open(ctx, c, q)
	if err != nil {
		return nil, 0, err
	}
	if err := r.gather(s.o.Now()); err != nil {
		return nil, 0, err
	}
	for _, e := range r.entries.Entries() {
		if e.ID == id && (name == "" || e.Section.String() == name) {
			return r, e.Section, nil
		}
	}
	return nil, 0, access.Absent()
}

// within returns the entries of one section.
func within(all []own.Entry, sec section.Section) []own.Entry {
	out := make([]own.Entry, 0, len(all))
	for _, e := range all {
		if e.Section == sec {
			out = append(out, e)
		}
	}
	return out
}

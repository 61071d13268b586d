package citizen

import (
	"bytes"
	"cmp"
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/citizen/own"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// reading is one request's reading of the caller's own record: what its view showed,
// and what is needed to tell it in words.
type reading struct {
	ctx      context.Context
	view     *record.View
	entries  own.Gathering
	received map[string]time.Time // by source: the latest of what is shown
	named    map[string]fhir.Node // what references lead to, once asked for
	reader   *own.Reader
	sources  map[string]own.Source
	fresh    []record.Freshness
	visiting record.Entry // the one that is being visited
	fault    error        // of the record, met where only a model was asked for
}

// open decides on, writes down and begins a reading of the caller's own record.
func (s *Service) open(ctx context.Context, c identity.Caller, q record.Request) (*reading, error) {
	q.Person = record.PersonID(c.Person)
	view, err := s.o.Records.Open(ctx, c, q)
	if err != nil {
		return nil, err
	}
	return &reading{ctx: ctx, view: view, received: map[string]time.Time{}, named: map[string]fhir.Node{}}, nil
}

// gather reads all entries that were granted, and makes the reader that tells them.
func (r *reading) gather(now time.Time) error {
	if err := r.makeReader(now); err != nil {
		return err
	}
	return r.visit(r.entries.Add)
}

// visit hands all entries that were granted to add, and learns how fresh they are.
func (r *reading) visit(add func(own.Entry, []byte) error) error {
	var bad error
	_, err := r.view.Search(r.ctx, record.Search{}, func(e record.Entry) bool {
		r.visiting = e
		if e.Received.After(r.received[e.Source]) {
			r.received[e.Source] = e.Received
		}
		bad = add(own.Entry{ID: e.ID, Type: e.Type, Section: e.Section, Source: e.Source, Received: e.Received, Date: e.Date, End: e.End}, e.Body)
		return bad == nil
	})
	if err = cmp.Or(err, bad); err != nil {
		return err
	}
	if r.fresh, err = r.view.FreshnessOf(r.ctx, r.received); err != nil {
		return err
	}
	r.sources = make(map[string]own.Source, len(r.fresh))
	for _, f := range r.fresh {
		r.sources[f.Source] = own.Source{Organisation: cmp.Or(f.OrgName, string(f.Org), f.Source), System: f.Name, Code: string(f.Org)}
	}
	return nil
}

// makeReader makes what tells the entries, once they have been visited.
func (r *reading) makeReader(now time.Time) (err error) {
	r.reader, err = own.New(own.Options{Now: now, Resolve: r.resolve, Earlier: r.earlier,
		Source: func(client string) own.Source { return r.sources[client] }})
	return err
}

// failed returns what went wrong with the record while a model was made.
func (r *reading) failed() error { return r.fault }

// resolve finds what a reference of an entry leads to: another of the record that is
// granted, or something of the directory.
func (r *reading) resolve(literal string) fhir.Node {
	if n, ok := r.named[literal]; ok {
		return n
	}
	typ, id := fhir.SplitReference(literal)
	var n fhir.Node
	keep := func(e record.Entry) { n = r.parsed(e.Body) }
	p, _, ok := record.SplitID(id)
	var err error
	switch {
	case !ok || typ == "":
	case p.IsDirectory():
		err = r.view.Directory().Read(r.ctx, typ, id, keep)
	default:
		err = r.view.Read(r.ctx, typ, id, keep)
	}
	if err != nil && errs.KindOf(err) != errs.NotFound {
		r.fault = cmp.Or(r.fault, err)
	}
	r.named[literal] = n
	return n
}

// mostEarlier is how many states of a corrected entry are told.
const mostEarlier = 20

// earlier returns the states of an entry before the current one, the latest first.
func (r *reading) earlier(id string) []fhir.Node {
	var out []fhir.Node
	first, typ := true, ""
	for _, e := range r.entries.Entries() {
		if e.ID == id {
			typ = e.Type
		}
	}
	_, err := r.view.History(r.ctx, typ, id, mostEarlier, "", func(e record.Entry) bool {
		if !first && !e.Deleted {
			out = append(out, r.parsed(e.Body))
		}
		first = false
		return true
	})
	if err != nil && errs.KindOf(err) != errs.NotFound {
		r.fault = cmp.Or(r.fault, err)
	}
	return out
}

// parsed copies and parses what a view shows for the length of a visit.
func (r *reading) parsed(body []byte) fhir.Node {
	d, err := fhir.Parse(bytes.Clone(body))
	if err != nil {
		r.fault = cmp.Or(r.fault, err)
		return fhir.Node{}
	}
	return d.Root()
}

// arrivals tells what has come and is not shown yet.
func (r *reading) arrivals() ([]own.Arrived, error) {
	var out []own.Arrived
	err := r.view.Arrived(r.ctx, func(a record.Arrival) bool {
		out = append(out, own.Arrived{Section: a.Section, Type: a.Type, Source: a.Source, Received: a.Received, By: a.Latest})
		return true
	})
	return out, err
}

// heard tells when each source was last heard.
func (r *reading) heard() []own.Heard {
	out := make([]own.Heard, 0, len(r.fresh))
	for _, f := range r.fresh {
		out = append(out, own.Heard{Source: f.Source, At: f.Heard, Late: f.Late})
	}
	return out
}

// late tells the sources that are late: what they sent last may not be all.
func (r *reading) late() []own.Freshness {
	var out []own.Freshness
	for _, f := range r.reader.Freshness(r.heard()) {
		if f.Late {
			out = append(out, f)
		}
	}
	return out
}

// sectionOf returns the section of that name.
func sectionOf(name string) (section.Section, bool) {
	sec, err := section.Parse(name)
	return sec, err == nil
}

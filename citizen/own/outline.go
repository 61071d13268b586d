package own

import (
	"time"

	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Outline is the Gathering that Summary needs, and no more: most entries of a record
// are results, visits and appointments of the past, of which a summary counts all and
// shows the newest few. What it must know of the others - the type, the date, that they
// are over - the View tells without the body; so their bodies are neither copied nor
// parsed, which was most of what a summary cost.
//
// It is for the resident's own View, which visits nothing that was entered in error:
// a body that is not read cannot say so. Entries may come in any order, but only where
// the newest come first, as a View visits a section, are few bodies read.
type Outline struct {
	Gathering
	reader *Reader
	// What could be shown of the entries that need not be read, if there were no others:
	// of a section, and among the newest of all.
	top    [section.Contributions + 1][]glance
	latest []glance
}

// Outline returns an empty one.
func (r *Reader) Outline() *Outline { return &Outline{reader: r} }

// Add takes in an entry, as Gathering's does.
func (o *Outline) Add(e Entry, body []byte) error {
	if rank, ok := o.reader.rankUnread(&e); ok && int(e.Section) < len(o.top) && !o.mayShow(e.Section, rank, e.Date) {
		o.add(e)
		return nil
	}
	return o.Gathering.Add(e, body)
}

// mayShow reports whether an entry is among the first of those that came so far. If
// not, it is not among the first of all either.
func (o *Outline) mayShow(sec section.Section, rank int, at time.Time) bool {
	x := glance{rank: rank, at: at}
	behind := func(list []glance, n int) bool { return len(list) == n && !x.before(list[n-1]) }
	show := false
	if top := &o.top[sec]; !behind(*top, topRows) {
		*top, show = insert(*top, x, topRows), true
	}
	x.rank = 0
	if !at.After(o.reader.o.Now) && !behind(o.latest, latestRows) {
		o.latest, show = insert(o.latest, x, latestRows), true
	}
	return show
}

// rankUnread is rank for an entry whose body need not be read for it: what is told of
// it is certain by its type and dates.
func (r *Reader) rankUnread(e *Entry) (rank int, ok bool) {
	if e.Date.IsZero() {
		return 0, false
	}
	switch e.Type {
	case "Observation", "DiagnosticReport":
		return 1, true // all of them count
	case "Encounter":
		return 0, !e.End.IsZero() // has ended
	case "Appointment":
		const zones = 24 * time.Hour // whatever zone the sender meant
		return 0, !e.End.IsZero() && e.End.Add(zones).Before(r.o.Now) && e.Date.Add(zones).Before(r.o.Now)
	}
	return 0, false
}

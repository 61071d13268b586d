package own

import (
	"time"

	"github.com/dorsetcarerecord/dcr/internal/section"
)

// News is what a summary tells beside the entries.
type News struct {
	Sections section.Set // that the caller may see; others are not in the summary
	Arrived  []Arrived
	Heard    []Heard
}

// Arrived is an entry that has come in and is not the resident's to read yet.
type Arrived struct {
	Section  section.Section
	Type     string // FHIR resource type
	Source   string // client id
	Received time.Time
	By       time.Time // shown by then at the latest; zero when there is no such day
}

// Heard is when a source was last heard.
type Heard struct {
	Source string    // client id
	At     time.Time // zero: never
	Late   bool
}

// Arrivals tells what has arrived and is not shown yet, the latest first (RULES 3).
func (r *Reader) Arrivals(list []Arrived) []Arrival {
	out := make([]Arrival, 0, len(list))
	for _, a := range list {
		v := Arrival{
			Section: a.Section.String(), What: "A " + thingOf(a.Type), Source: r.source(a.Source),
			Received: r.instant(a.Received), By: r.dayOf(a.By),
		}
		if t := thingOf(a.Type); t != "" && (t[0] == 'a' || t[0] == 'e' || t[0] == 'i' || t[0] == 'o') {
			v.What = "An " + t
		}
		v.Says = v.What
		if v.Source.Organisation != "" {
			v.Says += " from " + v.Source.Organisation
		}
		v.Says += " arrived on " + v.Received.date() + "."
		if v.By.IsZero() {
			v.Says += " You will be able to see it once a professional has released it."
		} else {
			v.Says += " You will be able to see it by " + v.By.Text + " at the latest. A professional may talk to you about it before."
		}
		out = append(out, v)
	}
	latest(out, func(a *Arrival) Moment { return a.Received })
	return out
}

// dayOf is the day of t in London.
func (r *Reader) dayOf(t time.Time) Moment {
	if t.IsZero() {
		return Moment{}
	}
	return r.momentOf(t.In(r.london).Format(time.DateOnly))
}

// Freshness tells when each source was last heard, those that are late first.
func (r *Reader) Freshness(list []Heard) []Freshness {
	out := make([]Freshness, 0, len(list))
	for _, late := range []bool{true, false} {
		for _, h := range list {
			if h.Late == late {
				out = append(out, r.freshness(h))
			}
		}
	}
	return out
}

func (r *Reader) freshness(h Heard) Freshness {
	f := Freshness{Source: r.source(h.Source), Heard: r.instant(h.At), Late: h.Late}
	name := first(f.Source.Organisation, "A source")
	switch {
	case f.Heard.IsZero():
		f.Says = name + " has not sent anything yet"
	case f.Heard.date() == dayText(r.today.year, r.today.month, r.today.day):
		f.Says = name + " last heard today at " + f.Heard.clock()
	default:
		f.Says = name + " last heard on " + f.Heard.Text
	}
	if h.Late {
		f.Says += "; late, so something may be missing"
	}
	return f
}

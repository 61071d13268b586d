package own

import (
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Summary is the first page: what there is, what matters most, what has arrived
// and is not shown yet, and what is late.
type Summary struct {
	Name     string           `json:"name,omitempty"`
	Next     *Appointment     `json:"next,omitempty"`  // appointment
	InNow    *Stay            `json:"inNow,omitempty"` // a stay in hospital that has not ended
	Sections []SectionSummary `json:"sections"`
	Latest   []Row            `json:"latest"` // the newest things of all sections
	Arrived  []Arrival        `json:"arrived"`
	Sources  []Freshness      `json:"sources"`
	Late     []Freshness      `json:"late"`    // those of Sources that are late
	Partial  bool             `json:"partial"` // a source is late: there may be more
}

// SectionSummary is one section in short.
type SectionSummary struct {
	Section string `json:"section"`
	Title   string `json:"title"`
	Known   Known  `json:"known"`
	Count   int    `json:"count"` // of what counts now: active problems, current medicines
	Total   int    `json:"total"`
	Says    string `json:"says"` // "3 current medicines"
	Top     []Row  `json:"top,omitempty"`
}

// Arrival is something that has arrived and is not shown yet (RULES 3).
type Arrival struct {
	Section  string `json:"section"`
	What     string `json:"what"` // "A test result"
	Source   Source `json:"source"`
	Received Moment `json:"received"`
	By       Moment `json:"by,omitzero"` // the latest day that it will be shown
	Says     string `json:"says"`
}

// Freshness is when a source was last heard.
type Freshness struct {
	Source Source `json:"source"`
	Heard  Moment `json:"heard,omitzero"`
	Late   bool   `json:"late"`
	Says   string `json:"says"` // "Dorset County Hospital last heard 9:12am; late"
}

// topRows is how many entries a section shows in a summary.
const topRows = 3

// latestRows is how many of the newest things of all sections it shows.
const latestRows = 5

// Summary makes the first page. It reads of each entry no more than what it is
// ordered and counted by, and makes rows of the few that it shows.
func (r *Reader) Summary(entries []Entry, news News) Summary {
	return r.summary(r.glanceAll(entries), news)
}

func (r *Reader) summary(g *glances, news News) Summary {
	s := Summary{
		Sections: make([]SectionSummary, 0, news.Sections.Len()), Latest: make([]Row, 0, len(g.latest)),
		Arrived: r.Arrivals(news.Arrived), Sources: r.Freshness(news.Heard), Late: []Freshness{},
	}
	for _, f := range s.Sources {
		if f.Late {
			s.Late, s.Partial = append(s.Late, f), true
		}
	}
	s.Name = g.name
	if g.next.e.Entry != nil {
		a := r.appointment(g.next.e)
		s.Next = &a
	}
	if g.inNow.e.Entry != nil {
		y := r.stay(g.inNow.e)
		s.InNow = &y
	}
	for sec := range news.Sections.Each() {
		s.Sections = append(s.Sections, r.sectionSummary(sec, &g.sections[sec]))
	}
	for _, x := range g.latest {
		s.Latest = append(s.Latest, r.row(x.e, r.when(x.e)))
	}
	return s
}

func (r *Reader) sectionSummary(sec section.Section, t *tally) SectionSummary {
	out := SectionSummary{Section: sec.String(), Title: titles[sec], Count: t.now, Total: t.total}
	out.Known, out.Says = known(t.total, t.others, r.statements(t), nouns[sec])
	if out.Known == Recorded {
		out.Says = inShort(sec, t)
	}
	if sec == section.Demographics {
		return out
	}
	if len(t.top) > 0 {
		out.Top = make([]Row, 0, len(t.top))
	}
	for _, x := range t.top {
		out.Top = append(out.Top, r.row(x.e, r.when(x.e)))
	}
	return out
}

// statements makes what says that there is nothing, where nothing says the contrary.
func (r *Reader) statements(t *tally) []Statement {
	if t.total > 0 || t.none == nil {
		return nil
	}
	e := fact{t.none, t.none.Resource.Type()}
	if e.typ == "List" {
		return []Statement{r.listStatement(t.none, true)}
	}
	return []Statement{r.statement(e, true)}
}

// nowNouns are what counts now in the sections where that differs from all there is.
var nowNouns = [section.Contributions + 1][2]string{
	section.Appointments: {"appointment or referral to come", "appointments or referrals to come"},
	section.Medicines:    {"current medicine", "current medicines"}, section.Problems: {"current health problem", "current health problems"},
	section.Allergies: {"allergy", "allergies"}, section.Alerts: {"alert", "alerts"},
	section.CarePlans: {"current care plan, goal or team", "current care plans, goals or teams"}, section.SocialCare: {"current service", "current services"},
}

// split reports whether what is past is not shown in short, and counted by itself.
func split(sec section.Section) bool { return nowNouns[sec] != [2]string{} }

// inShort counts what is of now, in words.
func inShort(sec section.Section, t *tally) string {
	noun := nowNouns[sec]
	switch {
	case sec == section.Demographics:
		return "Your name, address and how to reach you"
	case !split(sec):
		return some(t.total, nouns[sec])
	case t.now == 0:
		return "No " + noun[1] + "; " + number(t.total) + " past"
	case t.now < t.total:
		return some(t.now, noun) + "; " + number(t.total-t.now) + " past"
	}
	return some(t.now, noun)
}

package own

import (
	"cmp"
	"hash/fnv"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/section"
)

// titles are the sections as headings.
var titles = map[section.Section]string{
	section.Demographics: "Your details", section.Contacts: "Contacts", section.Alerts: "Alerts",
	section.Allergies: "Allergies", section.Problems: "Health problems", section.Medicines: "Medicines",
	section.Immunisations: "Vaccinations", section.Results: "Test results", section.Appointments: "Appointments",
	section.Encounters: "Hospital stays and visits", section.Letters: "Letters and documents",
	section.CarePlans: "Care plans", section.SocialCare: "Social care", section.AboutMe: "About me",
	section.Contributions: "What you have added",
}

// nouns are what an entry of a section is called, and several of them.
var nouns = map[section.Section][2]string{
	section.Demographics: {"set of details", "sets of details"}, section.Contacts: {"contact", "contacts"},
	section.Alerts: {"alert", "alerts"}, section.Allergies: {"allergy", "allergies"},
	section.Problems: {"health problem or procedure", "health problems or procedures"}, section.Medicines: {"medicine", "medicines"},
	section.Immunisations: {"vaccination", "vaccinations"}, section.Results: {"test result or report", "test results or reports"},
	section.Appointments: {"appointment or referral", "appointments or referrals"},
	section.Encounters:   {"hospital stay or visit", "hospital stays or visits"}, section.Letters: {"letter or document", "letters or documents"},
	section.CarePlans: {"care plan, goal or team", "care plans, goals or teams"}, section.SocialCare: {"entry about social care", "entries about social care"},
	section.AboutMe: {"entry", "entries"}, section.Contributions: {"entry", "entries"},
}

// SectionTitle returns a section as a heading.
func SectionTitle(s section.Section) string { return titles[s] }

// shelf fills a Page: it counts what may be chosen by and leaves out what the
// filter does not ask for.
type shelf struct {
	page  *Page
	years map[int]int
	kinds map[string]Choice

	others int // entries that have no model of their own
}

func newShelf(p *Page, s section.Section, f Filter) *shelf {
	p.Section, p.Title, p.Filter = s.String(), titles[s], f
	return &shelf{page: p, years: map[int]int{}, kinds: map[string]Choice{}}
}

// keep counts an entry and reports whether the filter asks for it.
func (s *shelf) keep(when Moment, kind, words string) bool {
	s.page.Total++
	year := when.year()
	if year != 0 {
		s.years[year]++
	}
	if kind != "" {
		s.kinds[kind] = Choice{Value: kind, Words: words, Count: s.kinds[kind].Count + 1}
	}
	f := s.page.Filter
	if f.Year != 0 && f.Year != year || f.Kind != "" && f.Kind != kind {
		return false
	}
	s.page.Shown++
	return true
}

// other keeps an entry that has no model of its own.
func (s *shelf) other(r *Reader, e fact) {
	s.others++
	o := r.other(e)
	if s.keep(o.When, e.typ, o.Kind) {
		s.page.Others = append(s.page.Others, o)
	}
}

// opaque stands for words in a filter's value: what a letter or a vaccine is called is
// clinical, and a filter's value goes into an address.
func opaque(words string) string {
	h := fnv.New64a()
	_, _ = io.WriteString(h, strings.ToLower(words))
	return "k" + strconv.FormatUint(h.Sum64(), 36)
}

// done says what the list means, and puts its choices in order. sec is for the nouns.
func (s *shelf) done(sec section.Section) {
	p := s.page
	p.Years, p.Kinds = choices(s.years, s.kinds)
	latest(p.Others, func(o *Other) Moment { return o.When })
	latest(p.Statements, func(t *Statement) Moment { return t.When })
	p.Known, p.Says = known(p.Total-s.others, s.others, p.Statements, nouns[sec])
	if p.Known == Recorded && p.Shown < p.Total {
		p.Says = "Showing " + number(p.Shown) + " of " + number(p.Total)
	}
}

// known tells "none known" from "nothing recorded" (RULES 3). others are entries that
// lie in the section and are not what it is about.
func known(total, others int, statements []Statement, noun [2]string) (Known, string) {
	if total > 0 {
		return Recorded, some(total, noun)
	}
	for _, t := range statements {
		if t.None {
			s := t.Title
			if t.Source.Organisation != "" {
				s += ", as recorded by " + t.Source.Organisation
			}
			return NoneKnown, s
		}
	}
	s := "Nothing recorded. This does not mean that there is nothing: nobody has sent us any " + noun[1] + "."
	if others > 0 {
		s += " There are other entries below."
	}
	return Nothing, s
}

// some writes "1 allergy" and "2 allergies".
func some(n int, noun [2]string) string {
	if n == 1 {
		return "1 " + noun[0]
	}
	return number(n) + " " + noun[1]
}

func choices(byYear map[int]int, byKind map[string]Choice) (years, kinds []Choice) {
	for y, n := range byYear {
		s := strconv.Itoa(y)
		years = append(years, Choice{Value: s, Words: s, Count: n})
	}
	slices.SortFunc(years, func(a, b Choice) int { return cmp.Compare(b.Value, a.Value) })
	for _, c := range byKind {
		kinds = append(kinds, c)
	}
	slices.SortFunc(kinds, func(a, b Choice) int {
		return cmp.Or(cmp.Compare(a.Words, b.Words), cmp.Compare(a.Value, b.Value))
	})
	return years, kinds
}

// latest sorts a list newest first, with those of no date at the end; equals keep
// their order.
func latest[T any](list []T, when func(*T) Moment) {
	arrange(list, when, func(a, b place) int { return b.at.Compare(a.at) })
}

// soonest sorts a list oldest first, with those of no date at the end.
func soonest[T any](list []T, when func(*T) Moment) {
	arrange(list, when, func(a, b place) int {
		if a.at.IsZero() || b.at.IsZero() {
			return b.at.Compare(a.at)
		}
		return a.at.Compare(b.at)
	})
}

// place is an element of a list that is being sorted: models are large, and so are
// moved once only.
type place struct {
	at time.Time
	i  int
}

func arrange[T any](list []T, when func(*T) Moment, order func(a, b place) int) {
	places := make([]place, len(list))
	for i := range list {
		places[i] = place{when(&list[i]).at, i}
	}
	if slices.IsSortedFunc(places, order) {
		return
	}
	slices.SortStableFunc(places, order)
	old := slices.Clone(list)
	for i, p := range places {
		list[i] = old[p.i]
	}
}

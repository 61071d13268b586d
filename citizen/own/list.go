package own

import (
	"cmp"
	"slices"
	"strconv"

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

// nouns are what the entries of a section are, several of them.
var nouns = map[section.Section]string{
	section.Demographics: "details", section.Contacts: "contacts", section.Alerts: "alerts",
	section.Allergies: "allergies", section.Problems: "health problems", section.Medicines: "medicines",
	section.Immunisations: "vaccinations", section.Results: "test results", section.Appointments: "appointments",
	section.Encounters: "hospital stays or visits", section.Letters: "letters or documents",
	section.CarePlans: "care plans", section.SocialCare: "social care", section.AboutMe: "entries",
	section.Contributions: "entries",
}

// SectionTitle returns a section as a heading.
func SectionTitle(s section.Section) string { return titles[s] }

// shelf fills a Page: it counts what may be chosen by and leaves out what the
// filter does not ask for.
type shelf struct {
	page  *Page
	years map[int]int
	kinds map[string]Choice
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
	o := r.other(e)
	if s.keep(o.When, e.typ, o.Kind) {
		s.page.Others = append(s.page.Others, o)
	}
}

// done says what the list means, and puts its choices in order. sec is for the nouns.
func (s *shelf) done(sec section.Section) {
	p := s.page
	p.Years, p.Kinds = choices(s.years, s.kinds)
	latest(p.Others, func(o *Other) Moment { return o.When })
	latest(p.Statements, func(t *Statement) Moment { return t.When })
	p.Known, p.Says = known(p.Total, p.Statements, nouns[sec])
	if p.Known == Recorded && p.Shown < p.Total {
		p.Says = "Showing " + number(p.Shown) + " of " + number(p.Total)
	}
}

// known tells "none known" from "nothing recorded" (RULES 3).
func known(total int, statements []Statement, noun string) (Known, string) {
	if total > 0 {
		if total == 1 {
			return Recorded, "1 entry"
		}
		return Recorded, number(total) + " entries"
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
	return Nothing, "Nothing recorded. This does not mean that there is nothing: nobody has sent us any " + noun + "."
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
	slices.SortStableFunc(list, func(a, b T) int { return newer(when(&a), when(&b)) })
}

// soonest sorts a list oldest first, with those of no date at the end.
func soonest[T any](list []T, when func(*T) Moment) {
	slices.SortStableFunc(list, func(a, b T) int {
		x, y := when(&a), when(&b)
		if x.at.IsZero() || y.at.IsZero() {
			return newer(x, y)
		}
		return x.at.Compare(y.at)
	})
}

func newer(a, b Moment) int { return b.at.Compare(a.at) }

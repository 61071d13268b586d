package web

import (
	"net/url"
	"strconv"

	"github.com/dorsetcarerecord/dcr/citizen/own"
)

// Row is one thing in a list, short: what it is, a line about it, where from.
type Row struct {
	Href, Title, Detail, When, From string
	Flag                            own.Flag // how a value was marked
	Mark                            string   // "Stopped", "Corrected"; always in words
}

// Group is rows that belong together. An empty group says so in Empty; without
// that it is left out.
type Group struct {
	Title, Note, Empty string
	Rows               []Row
}

// Pages are the links to what came before and after, as a cursor or a number.
type Pages struct{ Newer, Older string }

// List is the page of one section.
type List struct {
	Of     own.Page
	Groups []Group
	Pages  Pages
	// Arrived is what has come and is not shown yet.
	Arrived []own.Arrival
	// Number and Last count the pages of a long list; 0: it is one page.
	Number, Last int
}

func (List) template() string  { return "list" }
func (p List) heading() string { return p.Of.Title }
func (List) back() Link        { return Link{PathHome, "Your record"} }

// Filtered reports whether the reader narrowed the list.
func (p List) Filtered() bool { return p.Of.Filter != own.Filter{} }

// Year is the year of the filter as its form has it.
func (p List) Year() string {
	if p.Of.Filter.Year == 0 {
		return ""
	}
	return strconv.Itoa(p.Of.Filter.Year)
}

// PageSize is how many rows of a list stand on one page.
const PageSize = 50

// Paged returns the list with the rows of one page, counted from 1, and links to
// those beside it, which keep the filter. A number that is none is the first.
func (p List) Paged(number int) List {
	total := 0
	for _, g := range p.Groups {
		total += len(g.Rows)
	}
	last := max((total+PageSize-1)/PageSize, 1)
	if last == 1 {
		return p
	}
	if number < 1 || number > last {
		number = 1
	}
	from, to := (number-1)*PageSize, number*PageSize
	groups, at := p.Groups, 0
	p.Groups = nil
	for _, g := range groups {
		rows := g.Rows
		lo, hi := min(max(from-at, 0), len(rows)), min(max(to-at, 0), len(rows))
		at += len(rows)
		empty := len(rows) == 0
		g.Rows = rows[lo:hi]
		if len(g.Rows) > 0 || empty && number == 1 {
			p.Groups = append(p.Groups, g)
		}
	}
	p.Number, p.Last = number, last
	if number > 1 {
		p.Pages.Newer = p.numbered(number - 1)
	}
	if number < last {
		p.Pages.Older = p.numbered(number + 1)
	}
	return p
}

func (p List) numbered(n int) string {
	q := url.Values{"page": {strconv.Itoa(n)}}
	if y := p.Year(); y != "" {
		q.Set("year", y)
	}
	if p.Of.Filter.Kind != "" {
		q.Set("kind", p.Of.Filter.Kind)
	}
	return SectionPath(p.Of.Section) + "?" + q.Encode()
}

// row makes the row of an item.
func row(i own.Item, when, detail string) Row {
	return Row{Href: EntryPath(i.Section, i.ID), Title: i.Title, Detail: detail, When: when, From: i.Source.Organisation}
}

// newList makes a page of groups, and adds what every section may have: entries of
// kinds that have no model.
func newList(of own.Page, groups ...Group) List {
	l := List{Of: of}
	for _, g := range groups {
		if len(g.Rows) > 0 || g.Empty != "" && of.Known == own.Recorded && of.Filter == (own.Filter{}) {
			l.Groups = append(l.Groups, g)
		}
	}
	if len(of.Others) > 0 {
		l.Groups = append(l.Groups, Group{Title: "Also in your record", Rows: rowsOf(of.Others, func(o own.Other) Row {
			return row(o.Item, o.When.Text, o.Kind)
		})})
	}
	return l
}

func rowsOf[T any](all []T, one func(T) Row) []Row {
	out := make([]Row, len(all))
	for i, x := range all {
		out[i] = one(x)
	}
	return out
}

// dotted joins the parts that there are: "500 mg tablet, twice a day".
func dotted(parts ...string) string {
	out := ""
	for _, p := range parts {
		if p == "" {
			continue
		}
		if out != "" {
			out += ", "
		}
		out += p
	}
	return out
}

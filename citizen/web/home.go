package web

import "github.com/dorsetcarerecord/dcr/citizen/own"

// Home is the first page of a record.
type Home struct{ Summary own.Summary }

func (Home) template() string { return "home" }
func (Home) heading() string  { return "Your record" }

// Rows are rows of the record as rows of a page.
func (Home) Rows(all []own.Row) []Row { return rowsOf(all, happening) }

func happening(r own.Row) Row {
	return Row{Href: EntryPath(r.Section, r.ID), Title: r.Title, Detail: dotted(r.Kind, r.Detail), When: r.When.Text, From: r.Source.Organisation, Flag: r.Flag}
}

// NextAppointment is the next appointment as a row.
func (p Home) NextAppointment() []Row {
	if p.Summary.Next == nil {
		return nil
	}
	return AppointmentsList(own.Appointments{Upcoming: []own.Appointment{*p.Summary.Next}}).Groups[0].Rows
}

// Stay is the stay in hospital that has not ended, as a row.
func (p Home) Stay() []Row {
	if p.Summary.InNow == nil {
		return nil
	}
	return StaysList(own.Stays{Now: []own.Stay{*p.Summary.InNow}}).Groups[0].Rows
}

// Timeline is the record as one list, a page of it.
type Timeline struct {
	Of     own.Timeline // the rows of this page only
	Filter own.Filter
	Pages  Pages
}

func (Timeline) template() string { return "timeline" }
func (Timeline) heading() string  { return "Everything by date" }
func (Timeline) back() Link       { return Link{PathHome, "Your record"} }

// Rows are the rows of the page.
func (p Timeline) Rows() []Row { return rowsOf(p.Of.Rows, happening) }

// Year is the year of the filter as its form has it.
func (p Timeline) Year() string { return List{Of: own.Page{Filter: p.Filter}}.Year() }

// Filtered reports whether the reader narrowed the list.
func (p Timeline) Filtered() bool { return p.Filter != own.Filter{} }

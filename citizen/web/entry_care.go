package web

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/citizen/own"
)

// AppointmentEntry is the page of one appointment.
func AppointmentEntry(a own.Appointment) Entry {
	f := fields{}
	f.add("When", a.When)
	f.add("How long", a.Length)
	f.place("Where", a.Where...)
	f.add("How", a.How)
	f.people("With", a.With...)
	f.add("Service", a.Service)
	f.lines("Why", a.Reasons)
	f.lines("Times asked for", a.Requested)
	e := newEntry(a.Item, "Appointments", f)
	e.Blocks = append(blocksOf(Block{Title: "What to do before you go", Text: a.Instructions}), e.Blocks...)
	if a.Cancelled {
		e.Warnings = append(e.Warnings, strings.TrimSuffix("This appointment was cancelled. "+a.Why, " "))
	}
	return e
}

// ReferralEntry is the page of one referral.
func ReferralEntry(r own.Referral) Entry {
	f := fields{}
	f.add("Asked on", r.When.Text)
	f.add("Asked for", r.For.Text)
	f.people("Asked by", r.By)
	f.people("To", r.To...)
	f.add("How soon", r.Priority)
	f.lines("Why", r.Reasons)
	e := newEntry(r.Item, "Appointments", f)
	e.Blocks = append(blocksOf(Block{Title: "What to do", Text: r.Instructions}), e.Blocks...)
	return e
}

// StayEntry is the page of one stay or visit.
func StayEntry(s own.Stay) Entry {
	f := fields{}
	f.add("Kind", s.KindWords)
	f.add("When", s.When)
	f.add("How long", s.Length)
	f.place("Where", s.Where...)
	f.add("Service", s.Service)
	f.people("With", s.With...)
	f.lines("Why", s.Reasons)
	f.add("Came from", s.Admitted)
	f.add("Went to", s.Discharged)
	return newEntry(s.Item, "Hospital stays and visits", f)
}

// LetterEntry is the page of one letter, with its documents.
func LetterEntry(l own.Letter) Entry {
	f := fields{}
	if l.Kind != l.Title {
		f.add("Kind", l.Kind)
	}
	f.add("Date", l.When.Text)
	f.add("From", l.From)
	f.people("Written by", l.Authors...)
	f.add("About", l.About)
	e := newEntry(l.Item, "Letters", f)
	e.Blocks = append(blocksOf(Block{Title: "What it says", Text: l.Text}), e.Blocks...)
	e.Documents = l.Documents
	if l.Replaced {
		e.Warnings = append(e.Warnings, "A later letter took the place of this one.")
	}
	return e
}

// CarePlanEntry is the page of one care plan.
func CarePlanEntry(c own.CarePlan) Entry {
	f := fields{}
	f.add("About", c.About)
	f.lines("For", c.For)
	f.add("Started", c.Started.Text)
	f.add("Ended", c.Ended.Text)
	f.people("Written by", c.By...)
	e := newEntry(c.Item, "Care plans", f)
	e.Blocks = append(blocksOf(
		Block{Title: "Goals", Rows: rowsOf(c.Goals, goalRow)},
		Block{Title: "What will be done", Rows: rowsOf(c.Activities, func(a own.Activity) Row { return activityRow(c.Section, a) })}), e.Blocks...)
	for _, t := range c.Teams {
		e.block(Block{Title: first(t.Title, "Team"), Fields: teamFields(t)})
	}
	return e
}

func goalRow(g own.Goal) Row {
	return row(g.Item, g.Started.Text, dotted(strings.Join(g.Targets, ", "), lowerFirst(g.Progress)))
}

func activityRow(section string, a own.Activity) Row {
	r := Row{Title: a.Title, When: a.When, Mark: a.Status.Words}
	var who []string
	for _, p := range a.Who {
		who = append(who, first(p.Name, p.Organisation))
	}
	r.Detail = dotted(strings.Join(who, ", "), a.Where, a.Note)
	if a.ID != "" {
		r.Href = EntryPath(section, a.ID)
	}
	return r
}

// GoalEntry is the page of a goal that belongs to no plan.
func GoalEntry(g own.Goal) Entry {
	f := fields{}
	f.add("How it is going", g.Progress)
	f.lines("Aim", g.Targets)
	f.add("Started", g.Started.Text)
	f.people("Set by", g.By)
	return newEntry(g.Item, "Care plans", f)
}

// TeamEntry is the page of a team.
func TeamEntry(t own.Team, section string) Entry { return newEntry(t.Item, section, teamFields(t)) }

func teamFields(t own.Team) fields {
	f := fields{}
	f.people("Member", t.Members...)
	for _, n := range t.Phones {
		f.phone("Phone", n, "")
	}
	f.add("Started", t.Started.Text)
	f.add("Ended", t.Ended.Text)
	return f
}

// PackageEntry is the page of what the council arranges.
func PackageEntry(p own.Package) Entry {
	f := fields{}
	f.add("Kind", p.KindWords)
	f.add("About", p.About)
	f.add("Started", p.Started.Text)
	f.add("Ended", p.Ended.Text)
	f.add("Looked at again", p.Review.Text)
	f.add("Done by", p.Provider)
	f.people("Your worker", p.Worker)
	f.lines("Why", p.Reasons)
	e := newEntry(p.Item, "Social care", f)
	answers := fields{}
	for _, a := range p.Answers {
		answers.lines(a.Question, a.Answers)
	}
	e.Blocks = append(blocksOf(
		Block{Title: "Goals", Rows: rowsOf(p.Goals, goalRow)},
		Block{Title: "What is done", Rows: rowsOf(p.Activities, func(a own.Activity) Row { return activityRow(p.Section, a) })},
		Block{Title: "Questions and answers", Fields: answers}), e.Blocks...)
	return e
}

// ContactEntry is the page of one person to turn to.
func ContactEntry(c own.Contact) Entry {
	f := fields{}
	f.lines("Who they are", c.Relations)
	for _, p := range c.Phones {
		f.phone("Phone", p.Number, p.Use)
	}
	f.lines("Email", c.Emails)
	f.lines("Address", c.Address)
	f.add("Organisation", c.Organisation)
	f.add("Since", c.Started.Text)
	f.add("Until", c.Ended.Text)
	c.Title = first(c.Name, c.Organisation, c.Title)
	e := newEntry(c.Item, "Contacts", f)
	if c.Emergency {
		e.Lead = "Call in an emergency"
	}
	return e
}

// OtherEntry is the page of an entry of a kind that has no model.
func OtherEntry(o own.Other, section string) Entry {
	f := fields{}
	f.add("Kind", o.Kind)
	f.add("When", o.When.Text)
	return newEntry(o.Item, section, f)
}

// StatementEntry is the page of an entry that says that there is nothing of a kind.
func StatementEntry(s own.Statement, section string) Entry { return newEntry(s.Item, section, nil) }

// Details is the page of what sources hold of the resident themself.
type Details struct{ Sources []own.Details }

func (Details) template() string { return "details" }
func (Details) heading() string  { return "Your details" }
func (Details) back() Link       { return Link{PathHome, "Your record"} }

// Fields are the lines of one source.
func (Details) Fields(d own.Details) []Field {
	f := fields{}
	f.add("Name", d.Name)
	f.lines("Other names", d.OtherNames)
	f.add("NHS number", d.NHSNumber)
	f.add("Date of birth", d.BirthDate.Text)
	f.add("Sex", d.Sex)
	f.lines("Address", d.Address)
	for _, a := range d.Others {
		f.lines(a.Use+" address", a.Lines)
	}
	for _, p := range d.Phones {
		f.phone("Phone", p.Number, p.Use)
	}
	f.lines("Email", d.Emails)
	f.place("GP practice", d.Practice)
	f.people("GP", d.Doctor)
	f.place("Pharmacy", d.Pharmacy)
	f.lines("Languages", d.Languages)
	f.add("Interpreter", d.Interpreter)
	f.lines("How to communicate with you", d.Needs)
	f.add("Ethnic group", d.Ethnicity)
	f.add("Marital status", d.Marital)
	f.add("Died", d.Died.Text)
	for _, c := range d.Contacts {
		f.add("Contact", dotted(c.Name, strings.Join(c.Relations, ", ")))
		for _, p := range c.Phones {
			f.phone("Their phone", p.Number, p.Use)
		}
	}
	return f
}

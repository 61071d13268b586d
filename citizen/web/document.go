package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"

	"github.com/dorsetcarerecord/dcr/citizen/own"
)

// Document is the whole record as one page that stands by itself: to keep, to print
// and to be read by a screen reader. It loads nothing, runs nothing and links to
// nothing.
type Document struct {
	Person   string
	Made     string // day and time
	Details  []own.Details
	Sections []Section
	Arrived  []own.Arrival   // what has come and is not shown yet
	Sources  []own.Freshness // who sends, and when they were last heard
}

// Section is one section of the document.
type Section struct {
	Of     own.Page
	Groups []EntryGroup
}

// EntryGroup is entries that belong together.
type EntryGroup struct {
	Title   string
	Entries []Entry
}

// documentStyle is the style of the document, which stands in it, and the policy
// that lets a browser use that and nothing else.
func documentStyle() (template.CSS, string, error) {
	b, err := files.ReadFile("assets/document.css")
	if err != nil {
		return "", "", err
	}
	sum := sha256.Sum256(b)
	return template.CSS(b), "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'", nil // ours, embedded
}

// RenderDocument returns the HTML of the whole record.
func (r *Renderer) RenderDocument(d Document) ([]byte, error) {
	var b bytes.Buffer
	err := r.record.ExecuteTemplate(&b, "document.html", struct {
		Document
		Service, Policy string
		Style           template.CSS
		Fields          func(own.Details) []Field
	}{d, r.o.Service, r.policy, r.style, Details{}.Fields})
	return b.Bytes(), err
}

func group[T any](title string, all []T, one func(T) Entry) EntryGroup {
	g := EntryGroup{Title: title}
	for _, x := range all {
		g.Entries = append(g.Entries, one(x))
	}
	return g
}

// newSection puts groups together, without those that are empty, and adds what
// every section may have.
func newSection(of own.Page, groups ...EntryGroup) Section {
	s := Section{Of: of}
	groups = append(groups,
		group("Also recorded", of.Others, func(o own.Other) Entry { return OtherEntry(o, of.Title) }),
		group("Said of this", of.Statements, func(x own.Statement) Entry { return StatementEntry(x, of.Title) }),
		group("Recorded by mistake", of.Mistakes, func(m own.Mistake) Entry { return Mistake(m, of.Title) }))
	for _, g := range groups {
		if len(g.Entries) > 0 {
			s.Groups = append(s.Groups, g)
		}
	}
	return s
}

// MedicinesSection is the medicines of the document; the functions after it are
// the other sections.
func MedicinesSection(p own.Medicines) Section {
	return newSection(p.Page, group("Taken now", p.Current, MedicineEntry), group("Taken before", p.Past, MedicineEntry), group("Handed out or given", p.Given, MedicineEntry))
}

// AllergiesSection is the allergies.
func AllergiesSection(p own.Allergies) Section {
	return newSection(p.Page, group("Now", p.Active, AllergyEntry), group("No longer, or ruled out", p.Past, AllergyEntry))
}

// ProblemsSection is conditions, operations and family history.
func ProblemsSection(p own.Problems) Section {
	return newSection(p.Page, group("Now", p.Active, ProblemEntry), group("Before", p.Past, ProblemEntry),
		group("Operations and treatments", p.Procedures, ProcedureEntry), group("In the family", p.Family, FamilyEntry))
}

// ResultsSection is the results, by report.
func ResultsSection(p own.Results) Section {
	var groups []EntryGroup
	for _, g := range p.Groups {
		out := group(dotted(g.Title, g.When.Text), g.Results, func(r own.Result) Entry { return ResultEntry(r, nil) })
		if g.Report != nil {
			out.Entries = append([]Entry{ReportEntry(*g.Report, nil)}, out.Entries...)
		}
		groups = append(groups, out)
	}
	return newSection(p.Page, groups...)
}

// AppointmentsSection is appointments and referrals.
func AppointmentsSection(p own.Appointments) Section {
	return newSection(p.Page, group("To come", p.Upcoming, AppointmentEntry), group("Before, or cancelled", p.Past, AppointmentEntry), group("Referrals", p.Referrals, ReferralEntry))
}

// StaysSection is stays and visits.
func StaysSection(p own.Stays) Section {
	return newSection(p.Page, group("Now", p.Now, StayEntry), group("Before", p.Past, StayEntry))
}

// LettersSection is the letters; their documents are named, not contained.
func LettersSection(p own.Letters) Section {
	return newSection(p.Page, group("", p.Letters, LetterEntry))
}

// CarePlansSection is plans, goals and teams.
func CarePlansSection(p own.CarePlans) Section {
	return newSection(p.Page, group("Now", p.Active, CarePlanEntry), group("Before", p.Past, CarePlanEntry), group("Goals", p.Goals, GoalEntry),
		group("Teams", p.Teams, func(t own.Team) Entry { return TeamEntry(t, p.Title) }))
}

// SocialCareSection is what the council arranges.
func SocialCareSection(p own.SocialCare) Section {
	return newSection(p.Page, group("Now", p.Active, PackageEntry), group("Before", p.Past, PackageEntry),
		group("Teams", p.Teams, func(t own.Team) Entry { return TeamEntry(t, p.Title) }))
}

// AlertsSection is the alerts.
func AlertsSection(p own.Alerts) Section {
	return newSection(p.Page, group("Now", p.Active, AlertEntry), group("Before", p.Past, AlertEntry))
}

// ContactsSection is the people to turn to.
func ContactsSection(p own.Contacts) Section {
	return newSection(p.Page, group("", p.Contacts, ContactEntry))
}

// ImmunisationsSection is the vaccinations.
func ImmunisationsSection(p own.Immunisations) Section {
	return newSection(p.Page, group("Given", p.Given, ImmunisationEntry), group("Not given", p.NotGiven, ImmunisationEntry))
}

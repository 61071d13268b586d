package web

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/citizen/own"
)

// MedicinesList is the page of medicines: what is taken now and what was.
func MedicinesList(p own.Medicines) List {
	return newList(p.Page,
		Group{Title: "What you take now", Empty: "No medicine is marked as current.", Rows: rowsOf(p.Current, medicineRow)},
		Group{Title: "What you took before", Rows: rowsOf(p.Past, medicineRow)},
		Group{Title: "Handed out or given", Note: "By a pharmacy, or by staff who looked after you.", Rows: rowsOf(p.Given, medicineRow)})
}

func medicineRow(m own.Medicine) Row {
	when := prefixed("Since ", m.Started.Text)
	if !m.Current {
		when = first(prefixed("Until ", m.Ended.Text), m.Started.Text)
	}
	r := row(m.Item, when, dotted(m.Dose, asNeeded(m)))
	if !m.Current && m.Kind != own.MedicineDispensed && m.Kind != own.MedicineGiven {
		r.Mark = m.Status.Words
	}
	return r
}

func asNeeded(m own.Medicine) string {
	if m.AsNeeded && !strings.Contains(strings.ToLower(m.Dose), "need") {
		return "only when you need it"
	}
	return ""
}

// AllergiesList is the page of allergies.
func AllergiesList(p own.Allergies) List {
	one := func(a own.Allergy) Row {
		var what []string
		for _, r := range a.Reactions {
			what = append(what, r.What...)
		}
		r := row(a.Item, a.Started.Text, dotted(a.Kind, lowerFirst(strings.Join(what, ", ")), lowerFirst(a.Certain)))
		if a.HighRisk {
			r.Flag = own.Flag{Words: first(a.Risk, "High risk"), Level: own.LevelUrgent}
		}
		return r
	}
	return newList(p.Page,
		Group{Title: "Allergies now", Rows: rowsOf(p.Active, one)},
		Group{Title: "No longer, or ruled out", Rows: rowsOf(p.Past, one)})
}

// ProblemsList is the page of conditions, operations and family history.
func ProblemsList(p own.Problems) List {
	one := func(c own.Problem) Row {
		return row(c.Item, first(prefixed("Since ", c.Started.Text), c.Onset), dotted(c.Severity, lowerFirst(c.Certain)))
	}
	past := func(c own.Problem) Row {
		return row(c.Item, first(prefixed("Until ", c.Ended.Text), prefixed("Since ", c.Started.Text), c.Onset), c.Status.Words)
	}
	return newList(p.Page,
		Group{Title: "Conditions you have now", Empty: "No condition is marked as current.", Rows: rowsOf(p.Active, one)},
		Group{Title: "Conditions you had", Rows: rowsOf(p.Past, past)},
		Group{Title: "Operations and treatments", Rows: rowsOf(p.Procedures, func(x own.Procedure) Row {
			r := row(x.Item, x.When.Text, x.Where)
			if !x.Done {
				r.Mark = "Not done"
			}
			return r
		})},
		Group{Title: "Illness in your family", Rows: rowsOf(p.Family, func(f own.FamilyHistory) Row {
			return row(f.Item, "", dotted(f.Relation, strings.Join(f.Conditions, ", ")))
		})})
}

// ResultsList is the page of test results, by report.
func ResultsList(p own.Results) List {
	var groups []Group
	for _, g := range p.Groups {
		out := Group{Title: dotted(g.Title, g.When.Text)}
		if g.Report != nil {
			r := row(g.Report.Item, "", strings.Join(g.Report.Findings, ", "))
			r.Title = "Report: " + r.Title
			r.Mark = resultMark(g.Report.Provisional, g.Report.Corrected)
			out.Rows = append(out.Rows, r)
		}
		out.Rows = append(out.Rows, rowsOf(g.Results, resultRow)...)
		groups = append(groups, out)
	}
	return newList(p.Page, groups...)
}

func resultRow(r own.Result) Row {
	detail := first(r.Value, r.NoValue)
	if detail == "" {
		var parts []string
		for _, x := range r.Parts {
			parts = append(parts, x.Title+" "+first(x.Value, x.NoValue))
		}
		detail = strings.Join(parts, ", ")
	}
	out := row(r.Item, "", detail)
	out.Flag, out.From = r.Flag, ""
	out.Mark = resultMark(r.Provisional, r.Corrected)
	return out
}

func resultMark(provisional, corrected bool) string {
	switch {
	case corrected:
		return "Corrected"
	case provisional:
		return "May still change"
	}
	return ""
}

// AppointmentsList is the page of appointments and referrals.
func AppointmentsList(p own.Appointments) List {
	one := func(a own.Appointment) Row {
		where := ""
		if len(a.Where) > 0 {
			where = a.Where[0].Name
		}
		r := row(a.Item, a.When, dotted(where, lowerFirst(a.How)))
		if a.Cancelled {
			r.Mark = "Cancelled"
		}
		return r
	}
	return newList(p.Page,
		Group{Title: "To come", Empty: "There is no appointment to come.", Rows: rowsOf(p.Upcoming, one)},
		Group{Title: "Before, or cancelled", Rows: rowsOf(p.Past, one)},
		Group{Title: "Referrals", Note: "When somebody asks another service to see you.", Rows: rowsOf(p.Referrals, func(x own.Referral) Row {
			to := ""
			if len(x.To) > 0 {
				to = "To " + first(x.To[0].Organisation, x.To[0].Name)
			}
			return row(x.Item, x.When.Text, dotted(to, lowerFirst(x.Status.Words)))
		})})
}

// StaysList is the page of admissions, discharges and visits.
func StaysList(p own.Stays) List {
	one := func(s own.Stay) Row {
		where := ""
		if len(s.Where) > 0 {
			where = s.Where[0].Name
		}
		return row(s.Item, s.When, dotted(s.KindWords, where, s.Length))
	}
	return newList(p.Page,
		Group{Title: "Now", Rows: rowsOf(p.Now, one)},
		Group{Title: "Before", Rows: rowsOf(p.Past, one)})
}

// LettersList is the page of letters.
func LettersList(p own.Letters) List {
	return newList(p.Page, Group{Rows: rowsOf(p.Letters, func(l own.Letter) Row {
		r := row(l.Item, l.When.Text, l.About)
		if l.Kind != l.Title {
			r.Detail = dotted(l.Kind, l.About)
		}
		r.From = first(l.From, r.From)
		if l.Replaced {
			r.Mark = "Replaced by a later one"
		}
		return r
	})})
}

// CarePlansList is the page of care plans, goals and teams.
func CarePlansList(p own.CarePlans) List {
	one := func(c own.CarePlan) Row {
		return row(c.Item, prefixed("Since ", c.Started.Text), strings.Join(c.For, ", "))
	}
	past := func(c own.CarePlan) Row {
		return row(c.Item, prefixed("Until ", c.Ended.Text), strings.Join(c.For, ", "))
	}
	return newList(p.Page,
		Group{Title: "Plans now", Empty: "No plan is marked as current.", Rows: rowsOf(p.Active, one)},
		Group{Title: "Plans before", Rows: rowsOf(p.Past, past)},
		Group{Title: "Goals", Rows: rowsOf(p.Goals, func(g own.Goal) Row { return row(g.Item, g.Started.Text, g.Progress) })},
		Group{Title: "Teams", Rows: rowsOf(p.Teams, func(t own.Team) Row { return row(t.Item, "", strings.Join(t.Phones, ", ")) })})
}

// SocialCareList is the page of what the council arranges.
func SocialCareList(p own.SocialCare) List {
	one := func(x own.Package) Row {
		return row(x.Item, prefixed("Since ", x.Started.Text), dotted(x.KindWords, x.Provider))
	}
	past := func(x own.Package) Row {
		return row(x.Item, prefixed("Until ", x.Ended.Text), dotted(x.KindWords, x.Provider))
	}
	return newList(p.Page,
		Group{Title: "Reviews", Note: "When we look again at what you need.", Rows: rowsOf(p.Reviews, func(r own.Review) Row {
			out := Row{Href: EntryPath(p.Section, r.ID), Title: r.Title, When: r.When.Text}
			if r.Overdue {
				out.Mark = "Overdue"
			}
			return out
		})},
		Group{Title: "Care and support now", Empty: "Nothing is marked as current.", Rows: rowsOf(p.Active, one)},
		Group{Title: "People to ask", Rows: rowsOf(p.Workers, func(w own.Person) Row {
			return Row{Title: w.Name, Detail: dotted(w.Role, w.Organisation, strings.Join(w.Phones, ", "))}
		})},
		Group{Title: "Teams", Rows: rowsOf(p.Teams, func(t own.Team) Row { return row(t.Item, "", strings.Join(t.Phones, ", ")) })},
		Group{Title: "Care and support before", Rows: rowsOf(p.Past, past)})
}

// AlertsList is the page of alerts.
func AlertsList(p own.Alerts) List {
	one := func(a own.Alert) Row {
		return row(a.Item, a.Started.Text, dotted(strings.Join(a.Category, ", "), a.Severity))
	}
	return newList(p.Page,
		Group{Title: "Alerts now", Empty: "No alert is marked as current.", Rows: rowsOf(p.Active, one)},
		Group{Title: "Alerts before", Rows: rowsOf(p.Past, one)})
}

// ContactsList is the page of the people to turn to.
func ContactsList(p own.Contacts) List {
	return newList(p.Page, Group{Rows: rowsOf(p.Contacts, func(c own.Contact) Row {
		r := row(c.Item, "", strings.Join(c.Relations, ", "))
		r.Title = first(c.Name, c.Organisation, c.Title)
		if c.Emergency {
			r.Mark = "Call in an emergency"
		}
		return r
	})})
}

// ImmunisationsList is the page of vaccinations.
func ImmunisationsList(p own.Immunisations) List {
	one := func(i own.Immunisation) Row {
		return row(i.Item, first(i.When.Text, i.WhenText), dotted(i.Dose, i.Where))
	}
	return newList(p.Page,
		Group{Title: "Given", Rows: rowsOf(p.Given, one)},
		Group{Title: "Not given", Rows: rowsOf(p.NotGiven, func(i own.Immunisation) Row {
			r := one(i)
			r.Mark, r.Detail = "Not given", i.Why
			return r
		})})
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

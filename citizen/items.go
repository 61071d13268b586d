package citizen

import (
	"iter"

	"github.com/dorsetcarerecord/dcr/citizen/own"
)

// item is one thing of a section's model.
type item struct {
	id, kind string
	item     any
}

// items returns all that a section's model tells, with what each is.
func items(model any) iter.Seq[item] {
	return func(yield func(item) bool) {
		for _, list := range lists(model) {
			for one := range list {
				if !yield(one) {
					return
				}
			}
		}
	}
}

func of[T any](kind string, all []T, itemOf func(*T) *own.Item) iter.Seq[item] {
	return func(yield func(item) bool) {
		for i := range all {
			if !yield(item{itemOf(&all[i]).ID, kind, all[i]}) {
				return
			}
		}
	}
}

// lists returns the lists of a section's model.
func lists(model any) []iter.Seq[item] {
	switch p := model.(type) {
	case own.Medicines:
		id := func(x *own.Medicine) *own.Item { return &x.Item }
		return page(&p.Page, of("medicine", p.Current, id), of("medicine", p.Past, id), of("medicine", p.Given, id))
	case own.Allergies:
		id := func(x *own.Allergy) *own.Item { return &x.Item }
		return page(&p.Page, of("allergy", p.Active, id), of("allergy", p.Past, id))
	case own.Problems:
		id := func(x *own.Problem) *own.Item { return &x.Item }
		return page(&p.Page, of("problem", p.Active, id), of("problem", p.Past, id),
			of("procedure", p.Procedures, func(x *own.Procedure) *own.Item { return &x.Item }),
			of("family-history", p.Family, func(x *own.FamilyHistory) *own.Item { return &x.Item }))
	case own.Immunisations:
		id := func(x *own.Immunisation) *own.Item { return &x.Item }
		return page(&p.Page, of("immunisation", p.Given, id), of("immunisation", p.NotGiven, id))
	case own.Results:
		return resultLists(p)
	case own.Appointments:
		id := func(x *own.Appointment) *own.Item { return &x.Item }
		return page(&p.Page, of("appointment", p.Upcoming, id), of("appointment", p.Past, id),
			of("referral", p.Referrals, func(x *own.Referral) *own.Item { return &x.Item }))
	case own.Stays:
		id := func(x *own.Stay) *own.Item { return &x.Item }
		return page(&p.Page, of("stay", p.Now, id), of("stay", p.Past, id))
	case own.Letters:
		return page(&p.Page, of("letter", p.Letters, func(x *own.Letter) *own.Item { return &x.Item }))
	case own.Alerts:
		id := func(x *own.Alert) *own.Item { return &x.Item }
		return page(&p.Page, of("alert", p.Active, id), of("alert", p.Past, id))
	case own.Contacts:
		return page(&p.Page, of("contact", p.Contacts, func(x *own.Contact) *own.Item { return &x.Item }))
	case []own.Details:
		return []iter.Seq[item]{of("details", p, func(x *own.Details) *own.Item { return &x.Item })}
	}
	return careLists(model)
}

// careLists are the lists of what is planned and arranged.
func careLists(model any) []iter.Seq[item] {
	team := func(x *own.Team) *own.Item { return &x.Item }
	switch p := model.(type) {
	case own.CarePlans:
		id := func(x *own.CarePlan) *own.Item { return &x.Item }
		goal := func(x *own.Goal) *own.Item { return &x.Item }
		lists := page(&p.Page, of("care-plan", p.Active, id), of("care-plan", p.Past, id), of("goal", p.Goals, goal), of("team", p.Teams, team))
		for _, plans := range [][]own.CarePlan{p.Active, p.Past} {
			for i := range plans {
				lists = append(lists, of("goal", plans[i].Goals, goal), of("team", plans[i].Teams, team))
			}
		}
		return lists
	case own.SocialCare:
		id := func(x *own.Package) *own.Item { return &x.Item }
		return page(&p.Page, of("package", p.Active, id), of("package", p.Past, id), of("team", p.Teams, team))
	}
	return nil
}

// resultLists are the reports and the results that they list.
func resultLists(p own.Results) []iter.Seq[item] {
	lists := page(&p.Page)
	for i := range p.Groups {
		if report := p.Groups[i].Report; report != nil {
			lists = append(lists, of("report", []own.Report{*report}, func(x *own.Report) *own.Item { return &x.Item }))
		}
		lists = append(lists, of("result", p.Groups[i].Results, func(x *own.Result) *own.Item { return &x.Item }))
	}
	return lists
}

// page adds what the pages of all sections may have.
func page(p *own.Page, more ...iter.Seq[item]) []iter.Seq[item] {
	return append(more, of("statement", p.Statements, func(x *own.Statement) *own.Item { return &x.Item }),
		of("other", p.Others, func(x *own.Other) *own.Item { return &x.Item }))
}

package site

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/dorsetcarerecord/dcr/citizen"
	"github.com/dorsetcarerecord/dcr/citizen/own"
	pages "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// recordRoutes are the pages of the record. Those with a name of their own come before
// those of any section.
func (s *Site) recordRoutes() []web.Route {
	return []web.Route{
		s.get(pages.PathHome, s.home),
		s.get(pages.PathTimeline, s.timeline),
		s.get(pages.PathDetails, s.details),
		s.get(pages.PathHome+"/:section", s.section),
		s.get(pages.PathHome+"/:section/:id", s.entry),
		s.get(pages.PathHome+"/:section/:id/documents/:index", s.document),
		s.get(pages.PathHome+"/:section/:id/documents/:index/download", s.saveDocument),
	}
}

// home is the first page of the record. Who has not proved enough of who they are has
// none yet, and is told what to do.
func (s *Site) home(v *visit) error {
	if v.caller.Proofing < identity.P9 {
		return s.show(v, pages.Message{Title: "You cannot see your record yet",
			Text: []string{"We do not know yet well enough that you are who you say you are.",
				"Prove who you are with NHS login, with a photo of your passport or driving licence. Or ask your GP practice for an activation code."},
			Go: pages.Link{Href: pages.PathHelpLost, Text: "What you can do"}, Support: true})
	}
	sum, err := s.o.Service.Summary(v.ctx, v.caller, v.request)
	if err != nil {
		return err
	}
	return s.show(v, pages.Home{Summary: sum})
}

func (s *Site) timeline(v *visit) error {
	q, f, err := filter(v)
	if err != nil {
		return err
	}
	t, err := s.o.Service.Timeline(v.ctx, v.caller, v.request, f, q["after"], pages.PageSize)
	if err != nil {
		return err
	}
	p := pages.Timeline{Of: t.Timeline, Filter: f}
	if q["after"] != "" {
		p.Pages.Newer = filtered(pages.PathTimeline, f, "")
	}
	if t.Next != "" {
		p.Pages.Older = filtered(pages.PathTimeline, f, t.Next)
	}
	return s.showWith(v, http.StatusOK, says(t.Late), p)
}

// filter reads how a list is narrowed, as its form sends it. What is no year and no
// kind narrows nothing.
func filter(v *visit) (q map[string]string, f own.Filter, err error) {
	q, err = query(v.Ctx, "year", "kind", "page", "after")
	f.Kind = q["kind"]
	if y, bad := strconv.Atoi(q["year"]); bad == nil && y > 0 {
		f.Year = y
	}
	return q, f, err
}

func filtered(path string, f own.Filter, after string) string {
	q := url.Values{}
	if f.Year > 0 {
		q.Set("year", strconv.Itoa(f.Year))
	}
	if f.Kind != "" {
		q.Set("kind", f.Kind)
	}
	if after != "" {
		q.Set("after", after)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// says are the words about sources that are late.
func says(late []own.Freshness) []string {
	var out []string
	for _, f := range late {
		out = append(out, f.Says)
	}
	return out
}

func (s *Site) details(v *visit) error {
	got, err := s.o.Service.Section(v.ctx, v.caller, v.request, "demographics", own.Filter{})
	if err != nil {
		return err
	}
	all, ok := got.Model.([]own.Details)
	if !ok {
		return access.Absent()
	}
	return s.showWith(v, http.StatusOK, says(got.Late), pages.Details{Sources: all})
}

func (s *Site) section(v *visit) error {
	q, f, err := filter(v)
	if err != nil {
		return err
	}
	got, err := s.o.Service.Section(v.ctx, v.caller, v.request, v.Params("section"), f)
	if err != nil {
		return err
	}
	list, ok := listOf(got.Model)
	if !ok {
		return access.Absent()
	}
	list.Arrived = got.Arrived
	number, err := strconv.Atoi(q["page"])
	if err != nil {
		number = 1
	}
	return s.showWith(v, http.StatusOK, says(got.Late), list.Paged(number))
}

// listOf makes the page of a section's model.
func listOf(model any) (pages.List, bool) {
	switch p := model.(type) {
	case own.Alerts:
		return pages.AlertsList(p), true
	case own.Allergies:
		return pages.AllergiesList(p), true
	case own.Appointments:
		return pages.AppointmentsList(p), true
	case own.CarePlans:
		return pages.CarePlansList(p), true
	case own.Contacts:
		return pages.ContactsList(p), true
	case own.Immunisations:
		return pages.ImmunisationsList(p), true
	case own.Letters:
		return pages.LettersList(p), true
	case own.Medicines:
		return pages.MedicinesList(p), true
	case own.Problems:
		return pages.ProblemsList(p), true
	case own.Results:
		return pages.ResultsList(p), true
	case own.SocialCare:
		return pages.SocialCareList(p), true
	case own.Stays:
		return pages.StaysList(p), true
	}
	return pages.List{}, false
}

func (s *Site) entry(v *visit) error {
	e, err := s.o.Service.Entry(v.ctx, v.caller, v.request, v.Params("section"), v.Params("id"))
	if err != nil {
		return err
	}
	if _, ok := e.Item.(own.Details); ok {
		return goTo(v.Ctx, pages.PathDetails)
	}
	p, ok := entryOf(e)
	if !ok {
		return access.Absent()
	}
	return s.showWith(v, http.StatusOK, says(e.Late), p)
}

// entryOf makes the page of an entry's model.
func entryOf(e citizen.Entry) (pages.Entry, bool) {
	title := titleOf(e.Section)
	switch x := e.Item.(type) {
	case own.Alert:
		return pages.AlertEntry(x), true
	case own.Allergy:
		return pages.AllergyEntry(x), true
	case own.Appointment:
		return pages.AppointmentEntry(x), true
	case own.CarePlan:
		return pages.CarePlanEntry(x), true
	case own.Contact:
		return pages.ContactEntry(x), true
	case own.FamilyHistory:
		return pages.FamilyEntry(x), true
	case own.Goal:
		return pages.GoalEntry(x), true
	case own.Immunisation:
		return pages.ImmunisationEntry(x), true
	case own.Letter:
		return pages.LetterEntry(x), true
	case own.Medicine:
		return pages.MedicineEntry(x), true
	case own.Other:
		return pages.OtherEntry(x, title), true
	case own.Package:
		return pages.PackageEntry(x), true
	case own.Problem:
		return pages.ProblemEntry(x), true
	case own.Procedure:
		return pages.ProcedureEntry(x), true
	case own.Referral:
		return pages.ReferralEntry(x), true
	case own.Report:
		return pages.ReportEntry(x, e.Results), true
	case own.Result:
		return pages.ResultEntry(x, e.Trend), true
	case own.Statement:
		return pages.StatementEntry(x, title), true
	case own.Stay:
		return pages.StayEntry(x), true
	case own.Team:
		return pages.TeamEntry(x, title), true
	}
	return pages.Entry{}, false
}

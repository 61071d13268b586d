package site

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/dorsetcarerecord/dcr/citizen"
	pages "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// looksRoutes are the pages of who looked, and of what was asked about it.
func (s *Site) looksRoutes() []web.Route {
	return []web.Route{
		s.get(pages.PathLooks, s.looks),
		s.get(pages.PathLooks+"/:id", s.look),
		s.get(pages.PathLooks+"/:id/ask", s.askForm),
		s.post(pages.PathLooks+"/:id/ask", s.ask),
		s.get(pages.PathAsked, s.questions),
		s.get(pages.PathAsked+"/:id", s.question),
		s.post(pages.PathAsked+"/:id/close", s.closeQuestion),
	}
}

// looks shows what others did, unless the reader's own visits are asked for too.
func (s *Site) looks(v *visit) error {
	q, err := query(v.Ctx, "after", "whose")
	if err != nil {
		return err
	}
	path, all := pages.PathLooks, q["whose"] == "all"
	ask := citizen.LooksQuery{Whose: citizen.LooksOfOthers, Cursor: q["after"], Limit: pages.PageSize}
	if all {
		path, ask.Whose = pages.PathAllLooks, citizen.LooksOfAll
	}
	got, err := s.o.Service.Looks(v.ctx, v.caller, v.request, ask)
	if err != nil {
		return err
	}
	asked, err := s.o.Service.Questions(v.ctx, v.caller)
	if err != nil {
		return err
	}
	p := pages.Looks{All: all, LookedThrough: got.LookedThrough, Asked: len(asked), Pages: after(path, q["after"], got.Next)}
	for _, l := range got.Looks {
		p.Looks = append(p.Looks, s.lookOf(l))
	}
	return s.show(v, p)
}

// after are the links of a list that is read on from a cursor: its beginning, which may
// have a query, and what comes next.
func after(path, at, next string) pages.Pages {
	var p pages.Pages
	if at != "" {
		p.Newer = path
	}
	if next != "" {
		join := "?"
		if strings.Contains(path, "?") {
			join = "&"
		}
		p.Older = path + join + url.Values{"after": {next}}.Encode()
	}
	return p
}

func (s *Site) lookOf(l citizen.Look) pages.Look {
	return pages.Look{ID: l.ID, When: s.on(l.Time), Sentence: l.Sentence, Who: l.Who, Role: l.Role, Org: l.Org, System: l.System, OnBehalf: l.OnBehalf, Did: l.Did,
		Sections: l.Sections, Why: l.Why, Allowed: l.Allowed, Refusal: l.Refusal, Own: l.Own, Asked: l.Asked}
}

func (s *Site) look(v *visit) error {
	got, err := s.o.Service.Look(v.ctx, v.caller, v.request, v.Params("id"))
	if err != nil {
		return err
	}
	return s.show(v, pages.LookEntry{Look: s.lookOf(got.Look), Proof: got.Proof, Key: got.Key})
}

// asking returns the page to ask about the event of the address: about one of another
// organisation's there is somebody to ask.
func (s *Site) asking(v *visit) (pages.Ask, error) {
	got, err := s.o.Service.Look(v.ctx, v.caller, v.request, v.Params("id"))
	if err != nil {
		return pages.Ask{}, err
	}
	if got.Own || got.Org == "" {
		return pages.Ask{}, access.Absent()
	}
	return pages.Ask{Look: s.lookOf(got.Look), Office: got.Org}, nil
}

func (s *Site) askForm(v *visit) error {
	p, err := s.asking(v)
	if err != nil {
		return err
	}
	if p.Look.Asked != "" {
		return goTo(v.Ctx, pages.AskedPath(p.Look.Asked))
	}
	return s.show(v, p)
}

// ask takes what somebody writes: first they look at it again, then it is sent.
func (s *Site) ask(v *visit) error {
	p, err := s.asking(v)
	if err != nil {
		return err
	}
	p.Words = v.form.text("words")
	switch {
	case utf8.RuneCountInString(p.Words) > pages.AskLimit:
		p.Form = wrong("words", "Write at most 1,000 characters.")
		return s.again(v, p)
	case v.form.get("step") == "check":
		p.Check = true
		return s.show(v, p)
	case v.form.get("step") != "send":
		return s.show(v, p)
	}
	q, err := s.o.Service.Ask(v.ctx, v.caller, v.request, v.Params("id"), p.Words)
	if words, ok := refusal(err); ok {
		p.Form = wrong("", words)
		return s.again(v, p)
	}
	if err != nil {
		return err
	}
	return goTo(v.Ctx, pages.AskedPath(q.ID)+"?sent=yes")
}

func (s *Site) questions(v *visit) error {
	all, err := s.o.Service.Questions(v.ctx, v.caller)
	if err != nil {
		return err
	}
	var p pages.Questions
	for _, q := range all {
		p.Questions = append(p.Questions, s.questionOf(q))
	}
	return s.show(v, p)
}

func (s *Site) question(v *visit) error {
	got, err := s.o.Service.Question(v.ctx, v.caller, v.Params("id"))
	if err != nil {
		return err
	}
	sent, err := query(v.Ctx, "sent")
	if err != nil {
		return err
	}
	return s.show(v, pages.QuestionPage{Question: s.questionOf(got), Sent: sent["sent"] != "" && got.State == inquiry.Asked})
}

func (s *Site) closeQuestion(v *visit) error {
	q, err := s.o.Service.CloseQuestion(v.ctx, v.caller, v.Params("id"))
	if err != nil {
		return err
	}
	return goTo(v.Ctx, pages.AskedPath(q.ID))
}

func (s *Site) questionOf(q citizen.Question) pages.Question {
	out := pages.Question{ID: q.ID, Look: s.lookOf(q.Look), Words: q.Words, Office: q.Office, AskedOn: s.day(q.At), Open: q.State != inquiry.Closed,
		Status: map[inquiry.State]string{inquiry.Asked: "Sent", inquiry.Seen: "Being looked into", inquiry.Answered: "Answered", inquiry.Closed: "Closed"}[q.State]}
	if q.State == inquiry.Asked || q.State == inquiry.Seen {
		out.Due = s.day(q.Due)
		if q.Late {
			out.Status = "Late"
		}
	}
	if q.Answer != "" {
		by := q.By.Name
		if by == "" {
			by = "The privacy officer"
		}
		out.Answers = []pages.Answer{{When: s.on(q.Answered), By: by + ", " + q.Office, Text: paragraphs(q.Answer)}}
	}
	return out
}

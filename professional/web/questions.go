package web

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
	handlers "github.com/dorsetcarerecord/dcr/internal/web"
)

var groups = []struct {
	Name  string
	group inquiry.Group
	Words string
}{{"open", inquiry.Open, "To answer"}, {"answered", inquiry.IsAnswered, "Answered"}, {"closed", inquiry.IsClosed, "Closed"}}

// tab is a link to one part of the list.
type tab struct {
	Href, Words string
	Here        bool
}

func (p *Pages) questions(c *fiber.Ctx) error {
	call, state := handlers.From(c), c.Query("state", "open")
	var tabs []tab
	at := -1
	for i, g := range groups {
		tabs = append(tabs, tab{PathQuestions + "?state=" + g.Name, g.Words, g.Name == state})
		if g.Name == state {
			at = i
		}
	}
	if at < 0 {
		return errs.New(errs.NotFound, "There is no such list.")
	}
	items, next, err := p.o.Service.Inquiries().List(call.Ctx, call.Caller, groups[at].group, c.Query("cursor"), pageSize, call.RequestID)
	if err != nil {
		return err
	}
	return p.send(c, "questions", view{heading: "Why did you look?", back: link{PathHome, "Start"},
		page: map[string]any{"Tabs": tabs, "Items": items, "State": state, "Next": next, "Open": at == 0}})
}

// asked is one question, as its page shows it.
type asked struct {
	inquiry.Question
	Rows []row // of the look
	Open bool
	Form form
	Done string
}

type row struct{ Name, Text string }

func (p *Pages) question(c *fiber.Ctx) error { return p.showQuestion(c, 0, form{}) }

func (p *Pages) showQuestion(c *fiber.Ctx, status int, f form) error {
	call := handlers.From(c)
	q, err := p.o.Service.Inquiries().See(call.Ctx, call.Caller, c.Params("ref"), call.RequestID)
	if err != nil {
		return err
	}
	return p.send(c, "question", view{status: status, heading: "A question about a look", back: link{PathQuestions, "Why did you look?"}, wrong: f.Wrong,
		page: asked{Question: q, Rows: p.look(&q), Open: q.State == inquiry.Asked || q.State == inquiry.Seen, Form: f, Done: doneWords[c.Query("done")]}})
}

// look says what the ledger has of the look that is asked about: who, when and why,
// and nothing of what was seen.
func (p *Pages) look(q *inquiry.Question) []row {
	e := &q.Event
	rows := []row{{"When", p.moment(e.Time)}}
	add := func(name, text string) {
		if text != "" {
			rows = append(rows, row{name, text})
		}
	}
	add("Who", e.Name)
	add("Their id", e.Caller)
	if e.Role != identity.NoRole {
		add("Role", strings.ReplaceAll(e.Role.String(), "-", " "))
	}
	add("System", e.Client)
	add("For", e.OnBehalf)
	add("What they did", strings.TrimSpace(e.Action.String()+" "+e.What))
	add("Parts of the record", strings.ReplaceAll(e.Sections.String(), " ", ", "))
	add("Outcome", e.Outcome.String())
	if e.Basis != access.NoBasis {
		add("Basis", e.Basis.String())
	}
	add("Request", e.Request)
	return rows
}

func (p *Pages) markSeen(c *fiber.Ctx) error {
	f, err := p.read(c, "version")
	if err != nil {
		return err
	}
	call := handlers.From(c)
	version, err := f.version()
	if err == nil {
		_, err = p.o.Service.Inquiries().MarkSeen(call.Ctx, call.Caller, c.Params("ref"), version, call.RequestID)
	}
	return p.changed(c, f, err, "seen")
}

func (p *Pages) answer(c *fiber.Ctx) error {
	f, err := p.read(c, "version", "answer")
	if err != nil {
		return err
	}
	call := handlers.From(c)
	version, err := f.version()
	if err == nil {
		_, err = p.o.Service.Inquiries().Answer(call.Ctx, call.Caller, c.Params("ref"), version, f.Values["answer"], call.RequestID)
	}
	return p.changed(c, f, err, "answered")
}

// changed shows the question again: as it is now, or with what was written and why it
// was not taken.
func (p *Pages) changed(c *fiber.Ctx, f form, err error, done string) error {
	if errs.KindOf(err) != errs.NotFound && errs.KindOf(err) != errs.Forbidden {
		if status, ok := f.refused(err); ok {
			return p.showQuestion(c, status, f)
		}
	}
	if err != nil {
		return err
	}
	headers(c)
	return c.Redirect(questionPath(c.Params("ref"))+"?done="+done, fiber.StatusSeeOther)
}

// version is that of the question as the page showed it.
func (f form) version() (uint64, error) {
	v, err := strconv.ParseUint(f.Values["version"], 10, 63)
	if err != nil {
		return 0, errs.New(errs.Precondition, "The question was changed since you read it: read it again.")
	}
	return v, nil
}

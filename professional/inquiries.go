package professional

import (
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// InquiryItem is an inquiry in a list.
type InquiryItem struct {
	Ref      string `json:"ref"`
	State    string `json:"state" example:"asked"` // asked, seen, answered, closed
	Asked    string `json:"asked" format:"date-time"`
	Due      string `json:"due" format:"date-time"`
	Answered string `json:"answered,omitzero" format:"date-time"`
	DueSoon  bool   `json:"dueSoon"`
	Late     bool   `json:"late"`
	Version  uint64 `json:"version"`
} //	@name	InquiryItem

// InquiryPage is a page of inquiries.
type InquiryPage struct {
	Inquiries []InquiryItem `json:"inquiries"`
	Next      string        `json:"next,omitzero"` // cursor of the next page
} //	@name	InquiryPage

// Inquiry is a question of a person, and the look that it is about.
type Inquiry struct {
	InquiryItem
	Person     string `json:"person"` // what they are called
	Words      string `json:"words,omitzero"`
	Look       Look   `json:"look"`
	Seen       string `json:"seen,omitzero" format:"date-time"`
	Answer     string `json:"answer,omitzero"`
	AnsweredBy string `json:"answeredBy,omitzero"`
	Closed     string `json:"closed,omitzero" format:"date-time"`
} //	@name	Inquiry

// Look is what the ledger says was done, as far as the organisation that did it
// needs to find out: nothing of what was seen.
type Look struct {
	Time     string   `json:"time" format:"date-time"`
	Staff    string   `json:"staff,omitzero"`   // name
	StaffID  string   `json:"staffId,omitzero"` // as their issuer has it
	Role     string   `json:"role,omitzero"`
	System   string   `json:"system,omitzero"`
	OnBehalf string   `json:"onBehalf,omitzero"`
	Action   string   `json:"action" example:"read"`
	Type     string   `json:"type,omitzero"` // FHIR type or operation
	Sections []string `json:"sections,omitempty"`
	Outcome  string   `json:"outcome" example:"allowed"`
	Basis    string   `json:"basis,omitzero" example:"appointment"`
	Request  string   `json:"requestId,omitzero"`
} //	@name	Look

// AnswerBody is the answer to an inquiry.
type AnswerBody struct {
	Answer string `json:"answer"` // 1 to 4,000 characters
} //	@name	AnswerBody

// listInquiries lists what residents asked of the caller's organisation.
//
//	@Summary		List what residents asked your organisation
//	@Description	For privacy officers: who looked at a record and why is asked by its person. Open ones come oldest first, the others newest first. No names and no words: read one for these.
//	@Tags			staff
//	@Security		bearer
//	@Produce		json
//	@Param			state	query	string	false	"open (the default), answered or closed"
//	@Param			count	query	int		false	"1 to 100"	default(50)
//	@Param			cursor	query	string	false	"next of the page before"
//	@Success		200	{object}	professional.InquiryPage
//	@Failure		400,401,403,429,500,503	{object}	main.Problem
//	@Router			/professional/v1/inquiries [get]
func (s *Service) listInquiries(c *fiber.Ctx) error {
	var state string
	count, cursor, err := paging(c, map[string]*string{"state": &state})
	if err != nil {
		return err
	}
	group, ok := map[string]inquiry.Group{"": inquiry.Open, "open": inquiry.Open, "answered": inquiry.IsAnswered, "closed": inquiry.IsClosed}[state]
	if !ok {
		return errs.New(errs.Invalid, "state is open, answered or closed.")
	}
	call := web.From(c)
	items, next, err := s.o.Inquiries.List(call.Ctx, call.Caller, group, cursor, count, call.RequestID)
	if err != nil {
		return err
	}
	page := InquiryPage{Inquiries: make([]InquiryItem, 0, len(items)), Next: next}
	for _, i := range items {
		page.Inquiries = append(page.Inquiries, InquiryItem{Ref: i.Ref, State: i.State.String(), Asked: moment(i.At), Due: moment(i.Due),
			Answered: moment(i.Answered), DueSoon: i.Soon, Late: i.Late, Version: i.Version})
	}
	return web.WriteJSON(c, http.StatusOK, page)
}

// readInquiry shows one inquiry.
//
//	@Summary		Read what a resident asked
//	@Description	For the privacy officer of the organisation that was asked. The ETag is for If-Match. That it was read is in the ledger, which its person sees.
//	@Tags			staff
//	@Security		bearer
//	@Produce		json
//	@Param			ref	path		string	true	"ref of the list"
//	@Success		200	{object}	professional.Inquiry
//	@Failure		401,403,404,429,500,503	{object}	main.Problem
//	@Router			/professional/v1/inquiries/{ref} [get]
func (s *Service) readInquiry(c *fiber.Ctx) error {
	call := web.From(c)
	q, err := s.o.Inquiries.See(call.Ctx, call.Caller, c.Params("ref"), call.RequestID)
	return showInquiry(c, q, err)
}

// markInquirySeen tells its person that an inquiry is being looked into.
//
//	@Summary	Mark a question as being looked into
//	@Tags		staff
//	@Security	bearer
//	@Produce	json
//	@Param		ref			path		string	true	"ref of the list"
//	@Param		If-Match	header		string	true	"ETag of the version that was read"
//	@Success	200	{object}	professional.Inquiry
//	@Failure	401,403,404,412,422,428,429,500,503	{object}	main.Problem
//	@Router		/professional/v1/inquiries/{ref}/seen [post]
func (s *Service) markInquirySeen(c *fiber.Ctx) error {
	version, err := web.IfMatch(c)
	if err != nil {
		return err
	}
	call := web.From(c)
	q, err := s.o.Inquiries.MarkSeen(call.Ctx, call.Caller, c.Params("ref"), version, call.RequestID)
	return showInquiry(c, q, err)
}

// answerInquiry answers an inquiry.
//
//	@Summary		Answer a question
//	@Description	Once: the person reads the answer with the officer's name and role, and may ask again.
//	@Tags			staff
//	@Security		bearer
//	@Accept			json
//	@Produce		json
//	@Param			ref			path		string					true	"ref of the list"
//	@Param			If-Match	header		string					true	"ETag of the version that was read"
//	@Param			body		body		professional.AnswerBody	true	"the answer, 1 to 4,000 characters"
//	@Success		200	{object}	professional.Inquiry
//	@Failure		400,401,403,404,412,413,415,422,428,429,500,503	{object}	main.Problem
//	@Router			/professional/v1/inquiries/{ref}/answer [post]
func (s *Service) answerInquiry(c *fiber.Ctx) error {
	version, err := web.IfMatch(c)
	if err != nil {
		return err
	}
	var body AnswerBody
	if err := web.ReadJSON(c, &body); err != nil {
		return err
	}
	call := web.From(c)
	q, err := s.o.Inquiries.Answer(call.Ctx, call.Caller, c.Params("ref"), version, body.Answer, call.RequestID)
	return showInquiry(c, q, err)
}

func showInquiry(c *fiber.Ctx, q inquiry.Question, err error) error {
	if err != nil {
		return err
	}
	tag(c, q.Version)
	return web.WriteJSON(c, http.StatusOK, inquiryOf(q))
}

func inquiryOf(q inquiry.Question) Inquiry {
	e := &q.Event
	look := Look{Time: moment(e.Time), Staff: e.Name, StaffID: e.Caller, System: e.Client, OnBehalf: e.OnBehalf, Action: e.Action.String(), Type: e.What,
		Sections: strings.Fields(e.Sections.String()), Outcome: e.Outcome.String(), Request: e.Request}
	if e.Role != identity.NoRole {
		look.Role = e.Role.String()
	}
	if e.Basis != access.NoBasis {
		look.Basis = e.Basis.String()
	}
	return Inquiry{
		InquiryItem: InquiryItem{Ref: q.Ref, State: q.State.String(), Asked: moment(q.At), Due: moment(q.Due), Answered: moment(q.Answered), DueSoon: q.Soon,
			Late: q.Late, Version: q.Version},
		Person: q.Name, Words: q.Words, Look: look, Seen: moment(q.SeenAt), Answer: q.Answer, AnsweredBy: q.By.Name, Closed: moment(q.Closed),
	}
}

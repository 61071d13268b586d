package citizen

import (
	"net/http"

	"github.com/dorsetcarerecord/dcr/internal/web"
)

// LookAnswer is an event of the access ledger, in plain words.
type LookAnswer struct {
	ID       string   `json:"id"`
	Time     string   `json:"time" format:"date-time"`
	Sentence string   `json:"sentence" example:"Dr A, Nurse at University Hospitals Dorset, looked at your medicines, because you are registered with them."`
	Who      string   `json:"who"`
	Role     string   `json:"role,omitzero"`
	Org      string   `json:"org,omitzero"`
	OrgCode  string   `json:"orgCode,omitzero"`
	System   string   `json:"system,omitzero"`
	OnBehalf string   `json:"onBehalf,omitzero"`
	Own      bool     `json:"own"` // you yourself
	Did      string   `json:"did"`
	Sections []string `json:"sections,omitempty"`
	Why      string   `json:"why,omitzero"`
	Allowed  bool     `json:"allowed"`
	Refusal  string   `json:"refusal,omitzero"`
	Question string   `json:"question,omitzero"` // the newest that you asked about it
} //	@name	Look

// LookPage is a page of who looked, the newest first.
type LookPage struct {
	Looks []LookAnswer `json:"looks"`
	Next  string       `json:"next,omitzero"`
	// LookedThrough is there if the page is short, even empty, though there may be more:
	// so many looks in a row were of those that whose leaves out.
	LookedThrough int `json:"lookedThrough,omitzero"`
} //	@name	LookPage

// AskBody is a question why somebody looked.
type AskBody struct {
	Words string `json:"words"` // up to 1,000 characters; may be empty
} //	@name	AskBody

// QuestionAnswer is a question of the resident's, and what came of it.
type QuestionAnswer struct {
	ID         string     `json:"id"`
	State      string     `json:"state" example:"asked"` // asked, seen, answered, closed
	Look       LookAnswer `json:"look"`
	Office     string     `json:"askedOf"`
	Words      string     `json:"words,omitzero"`
	Asked      string     `json:"asked" format:"date-time"`
	Due        string     `json:"due" format:"date-time"`
	Seen       string     `json:"seen,omitzero" format:"date-time"`
	Answer     string     `json:"answer,omitzero"`
	AnsweredBy string     `json:"answeredBy,omitzero"`
	Answered   string     `json:"answered,omitzero" format:"date-time"`
	Closed     string     `json:"closed,omitzero" format:"date-time"`
	Late       bool       `json:"late"`
} //	@name	Question

// QuestionList is all questions of the resident's, the newest first.
type QuestionList struct {
	Questions []QuestionAnswer `json:"questions"`
} //	@name	QuestionList

func (l *Look) answer() LookAnswer {
	return LookAnswer{ID: l.ID, Time: moment(l.Time), Sentence: l.Sentence, Who: l.Who, Role: l.Role, Org: l.Org, OrgCode: string(l.OrgCode), System: l.System,
		OnBehalf: l.OnBehalf, Own: l.Own, Did: l.Did, Sections: l.Sections, Why: l.Why, Allowed: l.Allowed, Refusal: l.Refusal, Question: l.Asked}
}

func (q *Question) answer() QuestionAnswer {
	return QuestionAnswer{ID: q.ID, State: q.State.String(), Look: q.Look.answer(), Office: q.Office, Words: q.Words, Asked: moment(q.At), Due: moment(q.Due),
		Seen: moment(q.SeenAt), Answer: q.Answer, AnsweredBy: q.By.Name, Answered: moment(q.Answered), Closed: moment(q.Closed), Late: q.Late}
}

// listLooks lists who looked.
//
//	@Summary		List who looked at your record
//	@Description	Each look of your own is one too, this one included: whose=others leaves them out.
//	@Tags			who looked
//	@Security		resident
//	@Produce		json
//	@Param			whose	query		string	false	"by whom: of others is all that you did not do yourself, refusals included"	Enums(all, others, own)	default(all)
//	@Param			count	query		int		false	"1 to 100"	default(50)
//	@Param			cursor	query		string	false	"next of the page before"
//	@Success		200	{object}	citizen.LookPage
//	@Failure		400,401,403,404,429,500,503	{object}	main.Problem
//	@Router			/citizen/v1/looks [get]
func (s *Service) listLooks(a *asked) error {
	var (
		q    LooksQuery
		text string
		err  error
	)
	if q.Limit, q.Cursor, err = paging(a.Ctx, map[string]*string{"whose": &text}); err != nil {
		return err
	}
	if q.Whose, err = ParseWhose(text); err != nil {
		return err
	}
	got, err := s.Looks(a.call.Ctx, a.caller(), a.call.RequestID, q)
	if err != nil {
		return err
	}
	out := LookPage{Looks: make([]LookAnswer, 0, len(got.Looks)), Next: got.Next, LookedThrough: got.LookedThrough}
	for i := range got.Looks {
		out.Looks = append(out.Looks, got.Looks[i].answer())
	}
	return web.WriteJSON(a.Ctx, http.StatusOK, out)
}

// readLook is one event.
//
//	@Summary	Read one look at your record
//	@Tags		who looked
//	@Security	resident
//	@Produce	json
//	@Param		id	path		string	true	"look"
//	@Success	200	{object}	citizen.LookAnswer
//	@Failure	401,403,404,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/looks/{id} [get]
func (s *Service) readLook(a *asked) error {
	got, err := s.Look(a.call.Ctx, a.caller(), a.call.RequestID, a.Params("id"))
	return answer(a, got.answer(), err)
}

// readProof is the proof of one event.
//
//	@Summary		Read the proof that a look is in the ledger
//	@Description	A document that anybody can check, with `dcr ledger check` or in a browser, years from now (docs/ledger-format.md).
//	@Tags			who looked
//	@Security		resident
//	@Produce		json
//	@Param			id	path		string	true	"look"
//	@Success		200	{object}	object
//	@Failure		401,403,404,429,500,503	{object}	main.Problem
//	@Router			/citizen/v1/looks/{id}/proof [get]
func (s *Service) readProof(a *asked) error {
	got, err := s.Look(a.call.Ctx, a.caller(), a.call.RequestID, a.Params("id"))
	if err != nil {
		return err
	}
	SendExport(a.Ctx, "application/json", "proof.json", []byte(got.Proof))
	return nil
}

// ask asks why somebody looked.
//
//	@Summary		Ask the organisation why it looked
//	@Description	Its privacy officer answers. One look has one open question at a time.
//	@Tags			who looked
//	@Security		resident
//	@Accept			json
//	@Produce		json
//	@Param			id		path		string			true	"look"
//	@Param			body	body		citizen.AskBody	true	"in your own words"
//	@Success		201	{object}	citizen.QuestionAnswer
//	@Failure		400,401,403,404,409,413,415,422,429,500,503	{object}	main.Problem
//	@Router			/citizen/v1/looks/{id}/questions [post]
func (s *Service) ask(a *asked) error {
	var b AskBody
	if err := web.ReadJSON(a.Ctx, &b); err != nil {
		return err
	}
	got, err := s.Ask(a.call.Ctx, a.caller(), a.call.RequestID, a.Params("id"), b.Words)
	if err != nil {
		return err
	}
	return web.WriteJSON(a.Ctx, http.StatusCreated, got.answer())
}

// listQuestions lists what was asked.
//
//	@Summary	List your questions, and how far they are
//	@Tags		who looked
//	@Security	resident
//	@Produce	json
//	@Success	200	{object}	citizen.QuestionList
//	@Failure	401,403,404,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/questions [get]
func (s *Service) listQuestions(a *asked) error {
	got, err := s.Questions(a.call.Ctx, a.caller())
	if err != nil {
		return err
	}
	out := QuestionList{Questions: make([]QuestionAnswer, 0, len(got))}
	for i := range got {
		out.Questions = append(out.Questions, got[i].answer())
	}
	return web.WriteJSON(a.Ctx, http.StatusOK, out)
}

// readQuestion is one question.
//
//	@Summary	Read one of your questions
//	@Tags		who looked
//	@Security	resident
//	@Produce	json
//	@Param		id	path		string	true	"question"
//	@Success	200	{object}	citizen.QuestionAnswer
//	@Failure	401,403,404,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/questions/{id} [get]
func (s *Service) readQuestion(a *asked) error {
	got, err := s.Question(a.call.Ctx, a.caller(), a.Params("id"))
	return answer(a, got.answer(), err)
}

// closeQuestion ends a question.
//
//	@Summary	Close a question: the answer is enough, or you take it back
//	@Tags		who looked
//	@Security	resident
//	@Produce	json
//	@Param		id	path		string	true	"question"
//	@Success	200	{object}	citizen.QuestionAnswer
//	@Failure	401,403,404,409,422,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/questions/{id}/close [post]
func (s *Service) closeQuestion(a *asked) error {
	got, err := s.CloseQuestion(a.call.Ctx, a.caller(), a.Params("id"))
	return answer(a, got.answer(), err)
}

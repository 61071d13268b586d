package professional

import (
	"net/http"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/web"
)

// WhoBody is a person as staff saw them on a document. What identifies a person is
// never in a URL.
type WhoBody struct {
	NHSNumber string `json:"nhsNumber" example:"9000000009"`
	BirthDate string `json:"birthDate" example:"1950-02-03"`
} //	@name	WhoBody

// Letter is a code that was made: what is handed over, and shown to nobody again.
type Letter struct {
	ID       string   `json:"id"`       // for the list, to vouch and to revoke
	Code     string   `json:"code"`     // as it is typed
	URL      string   `json:"url"`      // for the QR
	Page     string   `json:"page"`     // to type
	Recovery bool     `json:"recovery"` // there is an account: a second member of staff must vouch
	Made     string   `json:"made" format:"date-time"`
	Expires  string   `json:"expires" format:"date-time"`
	Words    []string `json:"words"` // the paragraphs of the letter
} //	@name	Letter

// Code is a code in the list, without its secret.
type Code struct {
	ID       string `json:"id"`
	Person   string `json:"person"` // opaque id
	Recovery bool   `json:"recovery"`
	State    string `json:"state" example:"open"` // waits, open, used, revoked, expired, locked
	By       string `json:"by"`
	Operator bool   `json:"byOperator,omitzero"` // made by an operator, with dcr: in the programme office's list
	Second   string `json:"second,omitzero"`     // who vouched
	Made     string `json:"made" format:"date-time"`
	Expires  string `json:"expires" format:"date-time"`
	Ended    string `json:"ended,omitzero" format:"date-time"`
	Tries    int    `json:"wrongTries"`
} //	@name	Code

// CodePage is a page of codes.
type CodePage struct {
	Codes []Code `json:"codes"`
	Next  string `json:"next,omitzero"` // cursor of the next page
} //	@name	CodePage

// makeCode makes an activation code.
//
//	@Summary		Make an activation code for a person
//	@Description	For staff of the practice that the person is registered with, and the programme office, who saw a document with number and birth date. For somebody who has an account it is a recovery code, which a second member of staff vouches for. It replaces codes made before; the answer is the only time that it is shown.
//	@Tags			staff
//	@Security		bearer
//	@Accept			json
//	@Produce		json
//	@Param			body	body		professional.WhoBody	true	"the person, as seen on a document"
//	@Success		201	{object}	professional.Letter
//	@Failure		400,401,403,404,413,415,422,429,500,503	{object}	main.Problem
//	@Router			/professional/v1/activation-codes [post]
func (s *Service) makeCode(c *fiber.Ctx) error {
	var who WhoBody
	if err := web.ReadJSON(c, &who); err != nil {
		return err
	}
	call := web.From(c)
	l, err := s.MakeCode(call.Ctx, call.Caller, who, call.RequestID)
	if err != nil {
		return err
	}
	return web.WriteJSON(c, http.StatusCreated, Letter{ID: l.ID, Code: l.Code, URL: l.URL, Page: l.Page, Recovery: l.Recovery, Made: moment(l.Made),
		Expires: moment(l.Expires), Words: l.Words})
}

// listCodes lists the codes that the caller's organisation made.
//
//	@Summary		List the activation codes that your organisation made
//	@Description	Newest first. The programme office sees those that operators made, too.
//	@Tags			staff
//	@Security		bearer
//	@Produce		json
//	@Param			count	query		int		false	"1 to 100"	default(50)
//	@Param			cursor	query		string	false	"next of the page before"
//	@Success	200	{object}	professional.CodePage
//	@Failure	400,401,403,429,500,503	{object}	main.Problem
//	@Router		/professional/v1/activation-codes [get]
func (s *Service) listCodes(c *fiber.Ctx) error {
	count, cursor, err := paging(c, nil)
	if err != nil {
		return err
	}
	call := web.From(c)
	codes, next, err := s.Codes(call.Ctx, call.Caller, cursor, count, call.RequestID)
	if err != nil {
		return err
	}
	page := CodePage{Codes: make([]Code, 0, len(codes)), Next: next}
	for _, k := range codes {
		page.Codes = append(page.Codes, Code{ID: k.ID, Person: k.Person, Recovery: k.Recovery, State: string(k.State), By: k.By.Name, Operator: k.By.Operator(), Second: k.Second.Name,
			Made: moment(k.Made), Expires: moment(k.Expires), Ended: moment(k.Ended), Tries: k.Tries})
	}
	return web.WriteJSON(c, http.StatusOK, page)
}

// revokeCode withdraws a code.
//
//	@Summary	Withdraw an activation code
//	@Tags		staff
//	@Security	bearer
//	@Param		code	path	string	true	"id of the list"
//	@Success	204
//	@Failure	401,403,404,422,429,500,503	{object}	main.Problem
//	@Router		/professional/v1/activation-codes/{code} [delete]
func (s *Service) revokeCode(c *fiber.Ctx) error {
	call := web.From(c)
	if err := s.RevokeCode(call.Ctx, call.Caller, c.Params("code"), call.RequestID); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}

// vouch is the second word for a recovery code.
//
//	@Summary		Vouch for somebody who recovers their account
//	@Description	A second member of staff, who is another than who made the code, has seen the person's document too: number and birth date must be those of the code.
//	@Tags			staff
//	@Security		bearer
//	@Accept			json
//	@Param			code	path	string					true	"id of the code in the list"
//	@Param			body	body	professional.WhoBody	true	"the person, as seen on a document"
//	@Success		204
//	@Failure		400,401,403,404,409,413,415,422,429,500,503	{object}	main.Problem
//	@Router			/professional/v1/recoveries/{code}/vouch [post]
func (s *Service) vouch(c *fiber.Ctx) error {
	var who WhoBody
	if err := web.ReadJSON(c, &who); err != nil {
		return err
	}
	call := web.From(c)
	if err := s.Vouch(call.Ctx, call.Caller, c.Params("code"), who, call.RequestID); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}

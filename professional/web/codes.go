package web

import (
	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	handlers "github.com/dorsetcarerecord/dcr/internal/web"
)

const pageSize = 50

// codeRow is a code in the list.
type codeRow struct {
	account.Code
	Words, Colour       string
	Withdrawable, Waits bool
	Own                 bool // the reader made it: they cannot vouch for it too
}

var stateWords = map[account.CodeState][2]string{
	account.StateWaits:   {"waits for a second member of staff", "nhsuk-tag--yellow"},
	account.StateOpen:    {"can be used", "nhsuk-tag--green"},
	account.StateUsed:    {"used", "nhsuk-tag--grey"},
	account.StateRevoked: {"withdrawn", "nhsuk-tag--grey"},
	account.StateExpired: {"expired", "nhsuk-tag--grey"},
	account.StateLocked:  {"locked after wrong tries", "nhsuk-tag--red"},
}

func (p *Pages) codes(c *fiber.Ctx) error {
	call := handlers.From(c)
	codes, next, err := p.o.Service.Codes(call.Ctx, call.Caller, c.Query("cursor"), pageSize, call.RequestID)
	if err != nil {
		return err
	}
	rows := make([]codeRow, 0, len(codes))
	for _, k := range codes {
		w := stateWords[k.State]
		rows = append(rows, codeRow{Code: k, Words: w[0], Colour: w[1], Waits: k.State == account.StateWaits, Own: k.By.ID == call.Caller.ID,
			Withdrawable: k.State == account.StateWaits || k.State == account.StateOpen})
	}
	return p.send(c, "codes", view{heading: "Activation codes", back: link{PathHome, "Start"}, page: map[string]any{"Rows": rows, "Next": next, "Done": doneWords[c.Query("done")]}})
}

// doneWords are what a page says after something was done, by the word in its address.
var doneWords = map[string]string{
	"withdrawn": "The code was withdrawn.",
	"vouched":   "You vouched for the code. It can be used now.",
	"seen":      "The person was told that you are looking into it.",
	"answered":  "Your answer was sent.",
}

func (p *Pages) newCode(c *fiber.Ctx) error { return p.codeForm(c, 0, form{}) }

func (p *Pages) codeForm(c *fiber.Ctx, status int, f form) error {
	return p.send(c, "code_new", view{status: status, heading: "Make an activation code", back: link{PathCodes, "Activation codes"}, wrong: f.Wrong, page: f})
}

// makeCode answers with the letter itself: it is kept nowhere, so there is no other
// page to go on to.
func (p *Pages) makeCode(c *fiber.Ctx) error {
	f, err := p.read(c, whoFields[:]...)
	if err != nil {
		return err
	}
	call := handlers.From(c)
	l, err := p.o.Service.MakeCode(call.Ctx, call.Caller, f.who(), call.RequestID)
	if status, ok := f.refused(err); ok {
		return p.codeForm(c, status, f)
	}
	if err != nil {
		return err
	}
	square, err := draw(l.URL)
	if err != nil {
		return err
	}
	return p.send(c, "letter", view{status: fiber.StatusCreated, heading: "Letter with an activation code", back: link{PathCodes, "Activation codes"},
		page: map[string]any{"Letter": l, "Square": square}})
}

func (p *Pages) withdraw(c *fiber.Ctx) error {
	return p.send(c, "withdraw", view{heading: "Withdraw this code?", back: link{PathCodes, "Activation codes"}, page: c.Params("code")})
}

func (p *Pages) doWithdraw(c *fiber.Ctx) error {
	if _, err := p.read(c); err != nil {
		return err
	}
	call := handlers.From(c)
	if err := p.o.Service.RevokeCode(call.Ctx, call.Caller, c.Params("code"), call.RequestID); err != nil {
		return err
	}
	headers(c)
	return c.Redirect(PathCodes+"?done=withdrawn", fiber.StatusSeeOther)
}

func (p *Pages) vouch(c *fiber.Ctx) error { return p.vouchForm(c, 0, form{}) }

func (p *Pages) vouchForm(c *fiber.Ctx, status int, f form) error {
	return p.send(c, "vouch", view{status: status, heading: "Vouch for somebody who lost their passkeys", back: link{PathCodes, "Activation codes"}, wrong: f.Wrong,
		page: map[string]any{"ID": c.Params("code"), "Form": f}})
}

func (p *Pages) doVouch(c *fiber.Ctx) error {
	f, err := p.read(c, whoFields[:]...)
	if err != nil {
		return err
	}
	call := handlers.From(c)
	err = p.o.Service.Vouch(call.Ctx, call.Caller, c.Params("code"), f.who(), call.RequestID)
	if status, ok := f.refused(err); ok {
		return p.vouchForm(c, status, f)
	}
	if err != nil {
		return err
	}
	headers(c)
	return c.Redirect(PathCodes+"?done=vouched", fiber.StatusSeeOther)
}

package citizen

import (
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/session"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// BeginBody begins a ceremony. Fields are those of the form that it stands in.
type BeginBody struct {
	Action string            `json:"action,omitzero" example:"record.export"` // of a step-up: passkey.add, passkey.remove/ID, record.export
	Fields map[string]string `json:"fields,omitzero"`                         // of an enrolment: state, the ticket
} //	@name	BeginBody

// Begun is what a passkey is asked, and a state that comes back with the answer.
type Begun struct {
	Options jsontext.Value `json:"options" swaggertype:"object"` // for PublicKeyCredential.parseCreationOptionsFromJSON or parseRequestOptionsFromJSON
	State   string         `json:"state"`
	Expires string         `json:"expires" format:"date-time"`
} //	@name	Begun

// FinishBody ends a ceremony.
type FinishBody struct {
	State      string            `json:"state"`
	Credential jsontext.Value    `json:"credential" swaggertype:"object"` // of PublicKeyCredential.toJSON
	Fields     map[string]string `json:"fields,omitzero"`                 // of an enrolment: state, the ticket
	Device     string            `json:"device,omitzero"`                 // of an app: what its owner calls the device; it then gets tokens. A browser leaves it out, and gets a cookie
} //	@name	FinishBody

// LogInAnswer is a session that has begun: tokens for an app, nothing of it for a
// browser, which has the cookie.
type LogInAnswer struct {
	Tokens  *TokenAnswer `json:"tokens,omitempty"`
	Signals SignalAnswer `json:"signals"`
} //	@name	LogInAnswer

// TokenAnswer is what an app gets.
type TokenAnswer struct {
	Access  string `json:"accessToken"`
	Expires string `json:"expires" format:"date-time"`
	Refresh string `json:"refreshToken"`
	Until   string `json:"until" format:"date-time"` // the session's end, whatever is done
} //	@name	TokenAnswer

// SignalAnswer is for PublicKeyCredential.signalAllAcceptedCredentials and
// signalCurrentUserDetails.
type SignalAnswer struct {
	Accepted jsontext.Value `json:"acceptedCredentials" swaggertype:"object"`
	Current  jsontext.Value `json:"currentUser" swaggertype:"object"`
} //	@name	SignalAnswer

// EnrolBody is what somebody typed who enrols.
type EnrolBody struct {
	Code      string `json:"code" example:"BCDF-2345-GHJK-6789"`
	NHSNumber string `json:"nhsNumber" example:"9000000009"`
	BirthDate string `json:"birthDate" example:"1950-02-03"`
} //	@name	EnrolBody

// EnrolAnswer is what was proved, until the passkey is made.
type EnrolAnswer struct {
	State    string `json:"state"`    // the ticket
	Recovery bool   `json:"recovery"` // the account is there already
	Expires  string `json:"expires" format:"date-time"`
} //	@name	EnrolAnswer

// RefreshBody asks for new tokens.
type RefreshBody struct {
	Refresh string `json:"refreshToken"`
} //	@name	RefreshBody

// begin reads the body that begins a ceremony, which may be none.
func begin(c *fiber.Ctx) (b BeginBody, err error) {
	if len(c.Body()) > 0 {
		err = web.ReadJSON(c, &b)
	}
	return b, err
}

func finish(c *fiber.Ctx) (b FinishBody, from Client, a Answered, err error) {
	if err = web.ReadJSON(c, &b); err == nil {
		from, err = clientOf(c, b.Device)
	}
	return b, from, Answered{b.State, b.Credential}, err
}

func writeBegun(c *fiber.Ctx, got Ceremony, err error) error {
	if err != nil {
		return err
	}
	return web.WriteJSON(c, http.StatusOK, Begun{got.Options, got.State, moment(got.Expires)})
}

func writeLoggedIn(c *fiber.Ctx, from Client, in LoggedIn) error {
	out := LogInAnswer{Signals: SignalAnswer(in.Signals)}
	if from.Native {
		t := tokens(in.Tokens)
		out.Tokens = &t
	} else {
		setCookie(c, in.Tokens.Access)
	}
	return web.WriteJSON(c, http.StatusOK, out)
}

func tokens(t session.Tokens) TokenAnswer {
	return TokenAnswer{t.Access, moment(t.Expires), t.Refresh, moment(t.Until)}
}

// logInOptions begins a log-in.
//
//	@Summary		Begin to log in with a passkey
//	@Description	The same for everybody: nothing is asked but a passkey of this service, by a dialogue or by conditional mediation.
//	@Tags			residents
//	@Accept			json
//	@Produce		json
//	@Param			body	body		citizen.BeginBody	false	"may be left out"
//	@Success		200	{object}	citizen.Begun
//	@Failure		400,403,413,415,429,500	{object}	main.Problem
//	@Router			/citizen/v1/log-in/options [post]
func (s *Service) logInOptions(c *fiber.Ctx) error {
	if _, err := begin(c); err != nil {
		return err
	}
	got, err := s.BeginLogIn(addressOf(c))
	return writeBegun(c, got, err)
}

// logInFinish ends a log-in.
//
//	@Summary		Log in with what the passkey answered
//	@Description	A browser gets the session as a cookie; an app, which names its device, as tokens.
//	@Tags			residents
//	@Accept			json
//	@Produce		json
//	@Param			body	body		citizen.FinishBody	true	"the answer"
//	@Success		200	{object}	citizen.LogInAnswer
//	@Failure		400,401,403,409,413,415,422,429,500,503	{object}	main.Problem
//	@Router			/citizen/v1/log-in/finish [post]
func (s *Service) logInFinish(c *fiber.Ctx) error {
	_, from, a, err := finish(c)
	if err != nil {
		return err
	}
	in, err := s.FinishLogIn(web.From(c).Ctx, from, a)
	if err != nil {
		return err
	}
	return writeLoggedIn(c, from, in)
}

// enrol checks an activation code.
//
//	@Summary		Enter an activation code
//	@Description	With the NHS number and the date of birth that it is bound to. Whatever is wrong, the answer is the same. RECOVERY_WAITS says that a recovery code is right, and that a second member of staff must still vouch for it.
//	@Tags			residents
//	@Accept			json
//	@Produce		json
//	@Param			body	body		citizen.EnrolBody	true	"as typed"
//	@Success		200	{object}	citizen.EnrolAnswer
//	@Failure		400,403,413,415,422,429,500,503	{object}	main.Problem
//	@Router			/citizen/v1/enrol [post]
func (s *Service) enrol(c *fiber.Ctx) error {
	var b EnrolBody
	if err := web.ReadJSON(c, &b); err != nil {
		return err
	}
	from, err := clientOf(c, "")
	if err != nil {
		return err
	}
	got, err := s.Enrol(web.From(c).Ctx, from, Entered(b))
	if err != nil {
		return err
	}
	return web.WriteJSON(c, http.StatusOK, EnrolAnswer{got.Ticket, got.Recovery, moment(got.Expires)})
}

// enrolOptions begins to make the passkey of an enrolment.
//
//	@Summary	Begin to make the passkey that an enrolment leads to
//	@Tags		residents
//	@Accept		json
//	@Produce	json
//	@Param		body	body		citizen.BeginBody	true	"fields.state is the ticket"
//	@Success	200	{object}	citizen.Begun
//	@Failure	400,401,403,413,415,422,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/enrol/options [post]
func (s *Service) enrolOptions(c *fiber.Ctx) error {
	b, err := begin(c)
	if err != nil {
		return err
	}
	got, err := s.EnrolOptions(web.From(c).Ctx, addressOf(c), b.Fields[fieldState])
	return writeBegun(c, got, err)
}

// fieldState is the field of a form that carries what was proved.
const fieldState = "state"

// enrolFinish opens the account.
//
//	@Summary	Open or recover an account with the passkey that was made, and log in
//	@Tags		residents
//	@Accept		json
//	@Produce	json
//	@Param		body	body		citizen.FinishBody	true	"the answer; fields.state is the ticket"
//	@Success	200	{object}	citizen.LogInAnswer
//	@Failure	400,401,403,409,413,415,422,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/enrol/finish [post]
func (s *Service) enrolFinish(c *fiber.Ctx) error {
	b, from, a, err := finish(c)
	if err != nil {
		return err
	}
	in, err := s.FinishEnrol(web.From(c).Ctx, from, b.Fields[fieldState], a)
	if err != nil {
		return err
	}
	return writeLoggedIn(c, from, in)
}

// refresh gives an app new tokens.
//
//	@Summary		Get new tokens for a refresh token
//	@Description	It is used up. One that comes again after a few seconds ends the session, and its owner is told.
//	@Tags			residents
//	@Accept			json
//	@Produce		json
//	@Param			body	body		citizen.RefreshBody	true	"the token"
//	@Success		200	{object}	citizen.TokenAnswer
//	@Failure		400,401,403,413,415,429,500,503	{object}	main.Problem
//	@Router			/citizen/v1/refresh [post]
func (s *Service) refresh(c *fiber.Ctx) error {
	var b RefreshBody
	if err := web.ReadJSON(c, &b); err != nil {
		return err
	}
	if c.Get("Sec-Fetch-Site") != "" || c.Get(fiber.HeaderOrigin) != "" {
		return errs.New(errs.Invalid, "A browser has a cookie, and nothing to refresh.")
	}
	from, err := clientOf(c, "")
	if err != nil {
		return err
	}
	t, err := s.Refresh(web.From(c).Ctx, from, b.Refresh)
	if err != nil {
		return err
	}
	return web.WriteJSON(c, http.StatusOK, tokens(t))
}

// stepUpOptions begins to confirm an action.
//
//	@Summary		Begin to confirm an action with a passkey
//	@Description	For what answered 401 with error="insufficient_user_authentication": its action, as the challenge and the problem document name it. The confirmation counts for this session and this action alone, for five minutes.
//	@Tags			residents
//	@Security		resident
//	@Accept			json
//	@Produce		json
//	@Param			body	body		citizen.BeginBody	true	"the action"
//	@Success		200	{object}	citizen.Begun
//	@Failure		400,401,403,413,415,429,500,503	{object}	main.Problem
//	@Router			/citizen/v1/step-up/options [post]
func (s *Service) stepUpOptions(a *asked) error {
	b, err := begin(a.Ctx)
	if err != nil {
		return err
	}
	got, err := s.StepUpOptions(a.call.Ctx, a.caller(), addressOf(a.Ctx), b.Action)
	return writeBegun(a.Ctx, got, err)
}

// stepUpFinish confirms an action.
//
//	@Summary	Confirm an action with what the passkey answered
//	@Tags		residents
//	@Security	resident
//	@Accept		json
//	@Param		body	body	citizen.FinishBody	true	"the answer"
//	@Success	204
//	@Failure	400,401,403,409,413,415,422,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/step-up/finish [post]
func (s *Service) stepUpFinish(a *asked) error {
	_, from, answered, err := finish(a.Ctx)
	if err != nil {
		return err
	}
	if err := s.FinishStepUp(a.call.Ctx, a.caller(), from, answered); err != nil {
		return err
	}
	return noContent(a.Ctx)
}

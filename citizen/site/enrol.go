package site

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/citizen"
	pages "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/nhslogin"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// An enrolment goes from page to page in hidden fields: the code sealed, so that it
// stands in no page's source, and then the ticket. Nothing of it is in an address.

// sealedFor is what the sealed code is bound to.
var sealedFor = []byte("enrol code")

func (s *Site) enrol(c *fiber.Ctx) error {
	return s.o.Pages.Send(c, http.StatusOK, pages.Layout{}, pages.EnrolCode{})
}

// codeLength is how many letters and digits a code has.
const codeLength = 16

// enrolCode takes the code. Whether there is one like it is not looked up before the
// rest is there: this step tells nothing of any code.
func (s *Site) enrolCode(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	code := f.word("code")
	bare := strings.NewReplacer(" ", "", "-", "", "–", "", "\u00a0", "").Replace(code)
	switch {
	case bare == "":
		return s.askAgain(c, pages.EnrolCode{Form: wrong("code", "Enter the code from your letter.")})
	case len([]rune(bare)) != codeLength:
		return s.askAgain(c, pages.EnrolCode{Code: code, Form: wrong("code", "Check the code. It has 16 letters and numbers.")})
	}
	return s.o.Pages.Send(c, http.StatusOK, pages.Layout{}, pages.EnrolDetails{State: s.seal.Seal(code, sealedFor, s.o.Now())})
}

func (s *Site) askAgain(c *fiber.Ctx, p pages.Page) error {
	return s.o.Pages.Send(c, http.StatusUnprocessableEntity, pages.Layout{}, p)
}

// enrolDetails takes who somebody is, and checks all of it.
func (s *Site) enrolDetails(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p := pages.EnrolDetails{State: f.get("state"), NHSNumber: f.word("nhs-number"), Day: f.word("day"), Month: f.word("month"), Year: f.word("year")}
	code, err := s.seal.Open(p.State, sealedFor, s.o.Now())
	if err != nil {
		return s.askAgain(c, pages.EnrolCode{Form: wrong("code", "That took too long. Enter your code again.")})
	}
	if _, err := nhs.ParseNumber(p.NHSNumber); err != nil {
		text := "Check your NHS number. One of the digits is not right."
		if p.NHSNumber == "" {
			text = "Enter your NHS number. It has 10 digits."
		}
		p.Wrong = append(p.Wrong, pages.FieldError{Field: "nhs-number", Text: text})
	}
	born, text := birthDate(p.Day, p.Month, p.Year, s.o.Now())
	if text != "" {
		p.Wrong = append(p.Wrong, pages.FieldError{Field: "day", Text: text})
	}
	if len(p.Wrong) > 0 {
		return s.askAgain(c, p)
	}
	begun, err := s.o.Service.Enrol(web.From(c).Ctx, clientOf(c), citizen.Entered{Code: code, NHSNumber: p.NHSNumber, BirthDate: born})
	if err != nil {
		return s.notEnrolled(c, p, code, err)
	}
	return s.o.Pages.Send(c, http.StatusOK, pages.Layout{}, pages.EnrolPasskey{State: begun.Ticket, Recovery: begun.Recovery})
}

// notEnrolled shows why somebody may not enrol, where they can do something about it.
func (s *Site) notEnrolled(c *fiber.Ctx, p pages.EnrolDetails, code string, err error) error {
	e, ok := errs.As(err)
	if !ok || e.Kind == errs.RateLimited || e.Kind == errs.Unavailable || e.Kind == errs.Internal {
		return err
	}
	if e.Path == "code" { // it cannot be one: no code that is one is told apart
		return s.askAgain(c, pages.EnrolCode{Code: code, Form: wrong("code", errs.Message(e))})
	}
	p.Form = wrong("", errs.Message(e))
	return s.askAgain(c, p)
}

// birthDate makes a date of its three fields, or says what is wrong with them.
func birthDate(day, month, year string, now time.Time) (date, wrong string) {
	if day == "" && month == "" && year == "" {
		return "", "Enter your date of birth."
	}
	d, err1 := strconv.Atoi(day)
	m, err2 := strconv.Atoi(month)
	y, err3 := strconv.Atoi(year)
	at := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if err1 != nil || err2 != nil || err3 != nil || y < 1870 || y > 9999 || at.Day() != d || at.Month() != time.Month(m) {
		return "", "Enter your date of birth as numbers, like 15 3 1984."
	}
	if at.After(now) {
		return "", "Your date of birth must be in the past."
	}
	return at.Format(time.DateOnly), ""
}

// nhsLogin sends somebody to NHS login, to enrol or to come back into their account. It
// is a link, since our policy lets no form lead to another site; whoever makes somebody
// follow it gains nothing: it begins a log-in, which ends in the same browser or not.
func (s *Site) nhsLogin(c *fiber.Ctx) error {
	if err := s.o.Service.Admit(clientOf(c)); err != nil {
		return err
	}
	begun, err := s.o.NHSLogin.Begin(web.From(c).Ctx, nhslogin.P9, pages.PathEnrolPasskey)
	if err != nil {
		return err
	}
	c.Cookie(&fiber.Cookie{Name: nhslogin.Cookie, Value: begun.Cookie, Path: "/", Secure: true, HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
		MaxAge: int(begun.Expires.Sub(s.o.Now()) / time.Second)}) // by the device's own stopwatch, whatever its clock says
	return goTo(c, begun.URL)
}

// nhsLoginReturn is where NHS login sends the browser back to. The log-in counts once,
// in the browser that began it.
func (s *Site) nhsLoginReturn(c *fiber.Ctx) error {
	ctx := web.From(c).Ctx
	cookie := c.Cookies(nhslogin.Cookie)
	c.Cookie(&fiber.Cookie{Name: nhslogin.Cookie, Path: "/", Secure: true, HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode, MaxAge: -1, Expires: time.Unix(0, 0).UTC()})
	if err := s.o.Service.Admit(clientOf(c)); err != nil { // NHS login is asked for each
		return err
	}
	said, err := s.o.NHSLogin.Finish(ctx, cookie, string(c.Context().URI().QueryString()))
	if err != nil {
		return s.notByNHSLogin(c, err)
	}
	begun, err := s.o.Service.EnrolByNHSLogin(ctx, account.NHSLogin{Number: said.NHSNumber, BirthDate: said.BirthDate, Proofing: said.Proofing, Vector: said.VoT})
	if err != nil {
		return s.notByNHSLogin(c, err)
	}
	return s.o.Pages.Send(c, http.StatusOK, pages.Layout{}, pages.EnrolPasskey{State: begun.Ticket, Recovery: begun.Recovery})
}

// notByNHSLogin says why somebody who comes from there goes no further. It is not our
// log-in that failed, so its page is not shown.
func (s *Site) notByNHSLogin(c *fiber.Ctx, err error) error {
	e, ok := errs.As(err)
	if !ok || e.Kind == errs.RateLimited || e.Kind == errs.Unavailable || e.Kind == errs.Internal {
		return err
	}
	return s.o.Pages.Send(c, http.StatusForbidden, pages.Layout{}, pages.Message{Title: "NHS login did not let you in", Text: []string{errs.Message(e)},
		Go: pages.Link{Href: pages.PathStart, Text: "Go to the start"}, Support: true})
}

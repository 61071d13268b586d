package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	handlers "github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/dorsetcarerecord/dcr/professional"
)

// formToken is what the forms of somebody carry, beside what the browser says of
// where they come from. It is of who they are, and not of their session, so that what
// is being written survives its renewal.
func (p *Pages) formToken(by identity.Caller) string {
	m := hmac.New(sha256.New, p.formKey)
	for _, part := range []string{by.ID, string(by.Org), by.Role.String()} {
		_, _ = m.Write([]byte(part + "\x00"))
	}
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

const fieldToken = "form_token"

// form is what was entered, and what is wrong with it.
type form struct {
	Values map[string]string
	Wrong  []wrong
}

func (f form) wrong(field string) string {
	for _, w := range f.Wrong {
		if w.Field == field {
			return w.Text
		}
	}
	return ""
}

// input is one field of a form, for its template.
type input struct{ Name, Label, Hint, Value, Error string }

// read reads a form of ours: the fields that it has, each once, and the token of
// whoever sends it.
func (p *Pages) read(c *fiber.Ctx, fields ...string) (form, error) {
	f := form{Values: map[string]string{}}
	unreadable := errs.New(errs.Invalid, "The form cannot be read. Go back, open the page again and try once more.")
	if media, utf8 := handlers.MediaType(string(c.Request().Header.ContentType())); media != fiber.MIMEApplicationForm || !utf8 {
		return f, errs.New(errs.Unsupported, "Send the form as a browser does.")
	}
	values, err := url.ParseQuery(string(c.Body()))
	if err != nil {
		return f, unreadable
	}
	for name, all := range values {
		if len(all) != 1 || name != fieldToken && !slices.Contains(fields, name) {
			return f, unreadable
		}
		f.Values[name] = all[0]
	}
	token := f.Values[fieldToken]
	delete(f.Values, fieldToken)
	if subtle.ConstantTimeCompare([]byte(token), []byte(p.formToken(handlers.From(c).Caller))) != 1 {
		return f, errs.Coded(errs.Forbidden, "FOREIGN_FORM", "This form was made for somebody else, or before you changed your role. Open the page again and try once more.")
	}
	return f, nil
}

// whoFields are those of a person as staff see them on a document.
var whoFields = [...]string{"nhsNumber", "day", "month", "year"}

// who returns the person of a form. Blanks in an NHS number are as people write it.
func (f form) who() professional.WhoBody {
	two := func(s string) string {
		if s = strings.TrimSpace(s); len(s) == 1 {
			return "0" + s
		}
		return s
	}
	number := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, f.Values["nhsNumber"])
	return professional.WhoBody{NHSNumber: number, BirthDate: two(f.Values["year"]) + "-" + two(f.Values["month"]) + "-" + two(f.Values["day"])}
}

// refused puts an error that the person can do something about on the form, and says
// whether it was one. The others are a page of their own.
func (f *form) refused(err error) (status int, ok bool) {
	e, classified := errs.As(err)
	if !classified {
		return 0, false
	}
	statuses := map[errs.Kind]int{errs.Invalid: 400, errs.Forbidden: 403, errs.NotFound: 404, errs.Conflict: 409, errs.Precondition: 412, errs.Unprocessable: 422}
	if status, ok = statuses[e.Kind]; !ok {
		return 0, false
	}
	field, text := e.Path, errs.Message(err)
	if _, asked := f.Values["nhsNumber"]; asked && e.Kind == errs.NotFound { // whichever it is: what was typed may be wrong
		text += " Check the NHS number and the date of birth."
	}
	if field == "birthDate" {
		field, text = "day", "Enter the date of birth as on the document, such as 3 2 1950."
	}
	f.Wrong = append(f.Wrong, wrong{field, text})
	return status, true
}

package site

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	pages "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// form is what a browser sent of a form's fields.
type form url.Values

func (f form) get(name string) string { return url.Values(f).Get(name) }

// word is a field of one line, without the blanks around it.
func (f form) word(name string) string { return strings.Join(strings.Fields(f.get(name)), " ") }

// text is a field of several lines, whose line breaks are made ours.
func (f form) text(name string) string {
	return strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(f.get(name)))
}

// readForm reads the body of a form, strictly: a field that comes twice, or is no
// text, is not what our page sent. The error says nothing of what was sent.
func readForm(c *fiber.Ctx) (form, error) {
	media, utf8OK := web.MediaType(c.Get(fiber.HeaderContentType))
	if len(c.Body()) > 0 && (media != fiber.MIMEApplicationForm || !utf8OK) {
		return nil, errs.New(errs.Unsupported, "Send this from the page that it stands on.")
	}
	unread := errs.New(errs.Invalid, "We could not read what was sent. Go back and try again.")
	all, err := url.ParseQuery(string(c.Body()))
	if err != nil || len(all) > web.MaxPairs {
		return nil, unread
	}
	for _, values := range all {
		if len(values) != 1 || !isText(values[0]) {
			return nil, unread
		}
	}
	return form(all), nil
}

// isText reports whether a value is text that somebody may have written: of the
// control characters only those between words and lines.
func isText(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f }) < 0
}

// query reads the parameters of a page's address; those that are not among names are
// what some program put there, and are left out.
func query(c *fiber.Ctx, names ...string) (map[string]string, error) {
	var room [8]web.Pair
	pairs, err := web.AppendPairs(room[:0], c.Context().URI().QueryString())
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, p := range pairs {
		for _, n := range names {
			if n == p.Name {
				out[n] = p.Value
			}
		}
	}
	return out, nil
}

// wrong is a form with what must be put right in its fields: names and texts in turn.
func wrong(pairs ...string) pages.Form {
	var f pages.Form
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Wrong = append(f.Wrong, pages.FieldError{Field: pairs[i], Text: pairs[i+1]})
	}
	return f
}

// refusal returns the words of an error that the writer of a form can put right, and
// whether it is one.
func refusal(err error) (words string, ok bool) {
	switch errs.KindOf(err) {
	case errs.Invalid, errs.Unprocessable, errs.Conflict, errs.TooLarge:
		e, found := errs.As(err)
		return errs.Message(e), found
	default:
		return "", false
	}
}

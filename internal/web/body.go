package web

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// ReadJSON reads the body of a request into into, strictly: duplicate or unknown
// members, other cases of a name, and text that is no UTF-8 are refused. The error
// says nothing of what was sent.
func ReadJSON(c *fiber.Ctx, into any) error {
	body := c.Body()
	if len(body) == 0 {
		return errs.New(errs.Invalid, "Send a JSON object.")
	}
	if err := json.Unmarshal(body, into, json.RejectUnknownMembers(true)); err != nil {
		// Not even the place: a member's name may be anything, an NHS number too.
		return errs.New(errs.Invalid, "The body is not the JSON that this takes: a member is unknown, twice there, or of another type.")
	}
	return nil
}

// jsonAppender is what is written often, and so writes itself: as json.Marshal would.
type jsonAppender interface {
	AppendJSON(dst []byte) ([]byte, error)
}

// usualBody is for how long a body room is made at first.
const usualBody = 16 << 10

// WriteJSON answers with v. Its members must have been decided on.
func WriteJSON(c *fiber.Ctx, status int, v any) error {
	var b []byte
	var err error
	if a, ok := v.(jsonAppender); ok {
		b, err = a.AppendJSON(make([]byte, 0, usualBody))
	} else {
		b, err = json.Marshal(v, json.Deterministic(true))
	}
	if err != nil {
		return err
	}
	c.Status(status).Context().Response.Header.SetContentType(fiber.MIMEApplicationJSON)
	c.Context().Response.SetBodyRaw(b)
	return nil
}

// CodeMissingMatch is the code of a change that must say what it changes: 428.
const CodeMissingMatch = "PRECONDITION_REQUIRED"

// IfMatch returns the version that the caller's If-Match names: one, as AppendETag
// writes it. Without one the change is refused: 428.
func IfMatch(c *fiber.Ctx) (version uint64, err error) {
	header := strings.TrimSpace(string(c.Request().Header.Peek(fiber.HeaderIfMatch)))
	if header == "" {
		return 0, errs.Coded(errs.Precondition, CodeMissingMatch, "Say which version you change: send If-Match with the ETag that you were given.")
	}
	tag := strings.TrimPrefix(header, "W/")
	if len(tag) > 2 && tag[0] == '"' && tag[len(tag)-1] == '"' {
		if version, err = strconv.ParseUint(tag[1:len(tag)-1], 10, 63); err == nil {
			return version, nil
		}
	}
	return 0, errs.New(errs.Precondition, "It was changed since you read it, or If-Match is not an ETag of ours: read it again.")
}

package api

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
)

// Limits and names of paging.
const (
	wholeCount  = 1000 // of $everything, when no _count is given
	cursorParam = "_cursor"
	maxValues   = 50 // alternatives of one parameter
)

// query is a search as it was asked for, and what of it is in force.
type query struct {
	k       *kind
	person  record.PersonID
	filters record.Search
	count   int
	cursor  string
	types   []string // of _type, for $everything
	// self is the query as the self link tells it: what was understood, in the order
	// asked, ending with the _count in force. It names the query that a cursor
	// belongs to.
	self []byte
}

// gather reads the parameters of a GET's URL, or of a POST's form and its URL. What
// came in the URL is first; urls is how many that were.
func gather(c *fiber.Ctx) (pairs []web.Pair, urls int, err error) {
	ctx := c.Context()
	if pairs, err = web.AppendPairs(make([]web.Pair, 0, 8), ctx.URI().QueryString()); err != nil {
		return nil, 0, err
	}
	urls = len(pairs)
	if !ctx.IsPost() {
		return pairs, urls, nil
	}
	if media, utf8 := web.MediaType(string(ctx.Request.Header.ContentType())); media != mediaForm || !utf8 {
		return nil, 0, errs.New(errs.Unsupported, "Send the search as "+mediaForm+" in UTF-8.")
	}
	pairs, err = web.AppendPairs(pairs, ctx.Request.Body())
	return pairs, urls, err
}

// identifying are the parameters that say who somebody is. They are taken from a
// body only: URLs end up in logs and histories.
var identifying = []string{"identifier", "family", "given", "name", "birthdate", "phonetic", "telecom", "phone", "email",
	"address", "address-city", "address-country", "address-postalcode", "address-state", "address-use", "death-date"}

// private reports whether a parameter in the URL of a search for the type would
// say who somebody is.
func private(k *kind, p web.Pair) bool {
	name, modifier, _ := strings.Cut(p.Name, ":")
	if k.name == patientType && slices.Contains(identifying, name) {
		return true
	}
	if strings.Contains(p.Name, ".") || modifier == "identifier" { // patient.identifier, subject:Patient.name
		return true
	}
	return numbered(k, p) || strings.Contains(strings.ToLower(p.Value), "nhs-number")
}

// parse makes a query of what was sent. Unknown parameters are refused if the
// caller prefers strict handling, and otherwise left out of the self link.
func (s *server) parse(k *kind, pairs []web.Pair, urls int, strict bool) (*query, error) {
	q := &query{k: k, self: make([]byte, 0, 128)}
	q.filters.Type = k.name
	for i, p := range pairs {
		if i < urls && private(k, p) {
			return nil, postOnly()
		}
		known, err := q.take(s, p)
		if err != nil {
			return nil, err
		}
		if !known && strict {
			return nil, errs.New(errs.Invalid, "A parameter is not one that this type is searched by; metadata lists them.")
		}
	}
	q.size(s)
	return q, nil
}

// size settles how much a page holds, and says so in the self link.
func (q *query) size(s *server) {
	switch {
	case q.count == 0 && q.k == s.whole:
		q.count = wholeCount
		return // saying it would ask for more than a _count may
	case q.count == 0:
		q.count = s.o.Limits.Page
	}
	q.keep(web.Pair{Name: "_count", Value: strconv.Itoa(q.count)})
	q.filters.Limit = q.count
}

// codePostOnly says that the search belongs in a body.
const codePostOnly = "POST_ONLY"

// take takes one parameter, and reports whether it is one that we know.
func (q *query) take(s *server, p web.Pair) (known bool, err error) {
	name, modifier, modified := strings.Cut(p.Name, ":")
	if control, err := q.control(s, p); control || err != nil {
		return true, err
	}
	param, ok := q.k.params[name]
	if !ok {
		return false, nil
	}
	if param.subject {
		if modified && modifier != patientType {
			return true, unsupportedModifier(name)
		}
		return true, q.subject(s, p)
	}
	if modified && (modifier != "not" || param.Kind != fhir.TokenParam) {
		return true, unsupportedModifier(name)
	}
	if p.Value == "" {
		return true, invalidAt(name, "The parameter has no value.")
	}
	values, err := split(name, p.Value)
	if err != nil {
		return true, err
	}
	if param.Kind == fhir.DateParam {
		err = q.date(name, param.Param, values)
	} else {
		err = q.token(name, param.Param, values, modified)
	}
	q.keep(p)
	return true, err
}

// keep notes a parameter as one that is in force.
func (q *query) keep(p web.Pair) {
	if len(q.self) > 0 {
		q.self = append(q.self, '&')
	}
	q.self = append(q.self, p.Name...)
	q.self = append(q.self, '=')
	q.self = web.AppendEscaped(q.self, p.Value)
}

// control takes the parameters that every type has.
func (q *query) control(s *server, p web.Pair) (known bool, err error) {
	switch p.Name {
	case "_pretty":
		return true, nil
	case "_format":
		return true, format(p.Value)
	case cursorParam:
		if q.cursor != "" {
			return true, invalidAt(cursorParam, "The parameter is there twice.")
		}
		q.cursor = p.Value
		return true, nil
	case "_count":
		n, err := strconv.Atoi(p.Value)
		if err != nil || n < 1 {
			return true, invalidAt("_count", "_count is a whole number, at least 1.")
		}
		q.count = min(n, s.o.Limits.PageMax)
		return true, nil
	case "_type":
		if q.k != s.whole {
			return false, nil
		}
		q.keep(p)
		return true, q.only(s, p.Value)
	}
	if q.k.bare {
		return false, nil
	}
	switch p.Name {
	case "_sort":
		q.keep(p)
		return true, q.sort(p.Value)
	case "_id":
		q.keep(p)
		return true, q.ids(p.Value)
	}
	return false, nil
}

func unsupportedModifier(name string) error {
	return invalidAt(name, "This modifier is not one that the parameter takes.")
}

// invalidAt names the parameter, which is one of ours; never its value.
func invalidAt(name, text string) error {
	return &errs.Error{Kind: errs.Invalid, Message: text, Path: name}
}

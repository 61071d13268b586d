package api

import (
	"strconv"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
)

// everything answers with all of a person's record that the caller may see.
//
//	@Summary		Read a whole record
//	@Description	All entries of the sections that the caller may see, section by section, newest first. A resident confirms it with a passkey first, like any other copy of the whole record (record.export). Without _count it is one Bundle, unless there are more than 1,000. Only so many are read at once: 503 says when to try again.
//	@Tags			record
//	@Security		bearer
//	@Produce		application/fhir+json
//	@Param			id		path	string	true	"person id"
//	@Param			_count	query	int		false	"entries a page, 1 to 100; 1,000 if absent"
//	@Param			_type	query	string	false	"types, separated by commas"
//	@Param			_cursor	query	string	false	"of a link to the next page"
//	@Success		200	{object}	main.Bundle
//	@Failure		400,401,403,404,406,429,500,503	{object}	main.OperationOutcome
//	@Router			/fhir/R4/Patient/{id}/$everything [get]
func (s *server) everything(c *fiber.Ctx) error {
	if err := acceptable(c.Context()); err != nil {
		return err
	}
	id, call := c.Params("id"), web.From(c)
	call.Type = patientType
	q, after, err := s.paged(c, s.whole, id)
	if err != nil {
		return err
	}
	if err := s.everyone.take(call.Ctx); err != nil {
		return err
	}
	defer s.everyone.done()
	asked := record.Request{Person: personOf(id), What: "$everything", RequestID: call.RequestID}
	if asked.Export = call.Caller.Kind == identity.Resident; asked.Export {
		if asked.SteppedUp, err = s.mayExport(call); err != nil {
			return err
		}
	}
	view, err := s.o.Records.Open(call.Ctx, call.Caller, asked)
	if err != nil {
		return err
	}
	w := s.newBundle(c.Context(), "searchset")
	defer w.drop()
	next, err := s.all(view, q, after, w)
	if err != nil {
		return err
	}
	w.end(patientType+"/"+id+"/$everything", q.self, s.sealed(c, q, next))
	return nil
}

// mayExport reports whether a resident has just confirmed that they want a copy of the
// whole record, which is what this is to them: it has the same conditions as any other
// way to take it away (RULES 1).
func (s *server) mayExport(call *web.Call) (confirmed bool, err error) {
	if s.o.Exports == nil {
		return false, nil
	}
	err = s.o.Exports.MayExport(call.Ctx, call.Caller)
	if errs.CodeOf(err) == access.CodeStepUp {
		return false, nil // the record's decision says so, and the ledger
	}
	return err == nil, err
}

// all visits a page of the record: of all types, or of those asked for, one after
// the other. A cursor names the type that it lies in.
func (s *server) all(view *record.View, q *query, after string, w *bundle) (next string, err error) {
	types := q.types
	if len(types) == 0 {
		types = []string{""}
	}
	first := 0
	if after != "" {
		at, rest, _ := strings.Cut(after, " ")
		if first, err = strconv.Atoi(at); err != nil || first < 0 || first >= len(types) {
			return "", errs.New(errs.Invalid, "This page link is not valid: begin again.")
		}
		after = rest
	}
	for i := first; i < len(types); i++ {
		f := record.Search{Type: types[i], After: after, Limit: q.count - w.n}
		if f.Limit <= 0 {
			return strconv.Itoa(i) + " ", nil
		}
		if next, err = view.Search(web.Of(w.ctx).Ctx, f, w.match); err != nil {
			return "", err
		}
		if next != "" {
			return strconv.Itoa(i) + " " + next, nil
		}
		after = ""
	}
	return "", nil
}

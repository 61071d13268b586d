package api

import (
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
)

// search answers with a page of one person's entries of one type.
//
//	@Summary		Search one person's entries of a type
//	@Description	By patient, or by _id; narrowed by the type's parameters as metadata lists them. At most 100 a page; the next page is behind the link "next". There is no total. AuditEvent is who looked, from the access ledger: by patient and date, for the person themself only.
//	@Tags			record
//	@Security		bearer
//	@Produce		application/fhir+json
//	@Param			type	path	string	true	"FHIR resource type"
//	@Param			patient	query	string	false	"person id, with or without Patient/ before it"
//	@Param			_id		query	string	false	"resource ids, separated by commas"
//	@Param			_count	query	int		false	"entries a page, 1 to 100"	default(50)
//	@Param			_sort	query	string	false	"date or -date (newest first, the default)"
//	@Param			_cursor	query	string	false	"of a link to the next page"
//	@Param			Prefer	header	string	false	"handling=strict refuses unknown parameters"
//	@Success		200	{object}	main.Bundle
//	@Failure		400,401,403,404,406,429,500,503	{object}	main.OperationOutcome
//	@Router			/fhir/R4/{type} [get]
func (s *server) search(c *fiber.Ctx) error { return s.searchAny(c) }

// searchPost is search with its parameters in a form. For Patient it also finds
// people.
//
//	@Summary		Search by POST, and find people
//	@Description	Like the search by GET. POST Patient/_search also finds people: by identifier (https://fhir.nhs.uk/Id/nhs-number|...), or by family and birthdate with given and address-postalcode to narrow. What identifies a person is taken here only, never in a URL.
//	@Tags			record
//	@Security		bearer
//	@Accept			application/x-www-form-urlencoded
//	@Produce		application/fhir+json
//	@Param			type				path		string	true	"FHIR resource type"
//	@Param			patient				formData	string	false	"person id"
//	@Param			identifier			formData	string	false	"Patient only: NHS number with its system"
//	@Param			family				formData	string	false	"Patient only"
//	@Param			birthdate			formData	string	false	"Patient only: YYYY-MM-DD"
//	@Param			given				formData	string	false	"Patient only"
//	@Param			address-postalcode	formData	string	false	"Patient only"
//	@Success		200	{object}	main.Bundle
//	@Failure		400,401,403,404,406,415,429,500,503	{object}	main.OperationOutcome
//	@Router			/fhir/R4/{type}/_search [post]
func (s *server) searchPost(c *fiber.Ctx) error { return s.searchAny(c) }

func (s *server) searchAny(c *fiber.Ctx) error {
	k, err := s.kindOf(c)
	if err != nil {
		return err
	}
	pairs, urls, err := gather(c)
	if err != nil {
		return err
	}
	if k.directory {
		return errs.New(errs.Invalid, "This type is read by id only.")
	}
	if k.name == patientType && c.Context().IsPost() && finding(pairs) {
		return s.find(c, pairs, urls)
	}
	q, err := s.parse(k, pairs, urls, strictly(c.Context()))
	if err != nil {
		return err
	}
	if k.ledger {
		return s.searchAudit(c, q)
	}
	after, err := s.resume(c, q)
	if err != nil {
		return err
	}
	view, err := s.openFor(c, q)
	if err != nil {
		return err
	}
	q.filters.After = after
	w := s.newBundle(c.Context(), "searchset")
	defer w.drop()
	next, err := view.Search(web.From(c).Ctx, q.filters, w.match)
	if err != nil {
		return err
	}
	w.end(k.name, q.self, s.sealed(c, q, next))
	return nil
}

// openFor opens the record that a search is about.
func (s *server) openFor(c *fiber.Ctx, q *query) (*record.View, error) {
	call := web.From(c)
	if q.person != "" {
		return s.o.Records.Open(call.Ctx, call.Caller, record.Request{Person: personOf(string(q.person)), Type: q.k.name,
			What: q.k.name, RequestID: call.RequestID})
	}
	if len(q.filters.IDs) == 0 {
		return nil, errs.New(errs.Invalid, "A search is about one person: say whose entries, by patient or by _id.")
	}
	return s.o.Records.OpenID(call.Ctx, call.Caller, q.k.name, q.filters.IDs[0], q.k.name, call.RequestID)
}

// personOf returns the person of that id, or nobody: what is no id of ours must
// not get into the ledger, for it may be anything, an NHS number too.
func personOf(id string) record.PersonID {
	p, entry, ok := record.SplitID(id)
	if !ok || entry != "" || p.IsDirectory() {
		return ""
	}
	return p
}

// bound is what a cursor is sealed to: the caller, in the role and place that
// they act in, and the query.
func bound(c *fiber.Ctx, q *query) []byte {
	caller := &web.From(c).Caller
	b := make([]byte, 0, 256)
	for _, part := range [...]string{caller.Kind.String(), caller.ID, string(caller.Org), caller.Role.String(), caller.Client,
		q.k.name, string(q.person)} {
		b = append(append(b, part...), 0)
	}
	return append(b, q.self...)
}

// resume returns where the page begins.
func (s *server) resume(c *fiber.Ctx, q *query) (after string, err error) {
	if q.cursor == "" {
		return "", nil
	}
	return s.cursors.Open(q.cursor, bound(c, q), s.o.Now())
}

func (s *server) sealed(c *fiber.Ctx, q *query, next string) string {
	if next == "" {
		return ""
	}
	return s.cursors.Seal(next, bound(c, q), s.o.Now())
}

// history answers with the versions of a resource, newest first.
//
//	@Summary	Read the versions of a resource
//	@Tags		record
//	@Security	bearer
//	@Produce	application/fhir+json
//	@Param		type	path	string	true	"FHIR resource type"
//	@Param		id		path	string	true	"resource id"
//	@Param		_count	query	int		false	"versions a page, 1 to 100"	default(50)
//	@Param		_cursor	query	string	false	"of a link to the next page"
//	@Success	200	{object}	main.Bundle
//	@Failure	400,401,403,404,406,429,500,503	{object}	main.OperationOutcome
//	@Router		/fhir/R4/{type}/{id}/_history [get]
func (s *server) history(c *fiber.Ctx) error {
	k, err := s.kindOf(c)
	if err != nil {
		return err
	}
	if k.directory || k.ledger {
		return errs.New(errs.NotFound, "it has no versions")
	}
	id, call := c.Params("id"), web.From(c)
	q, after, err := s.paged(c, s.versions, id)
	if err != nil {
		return err
	}
	view, err := s.o.Records.OpenID(call.Ctx, call.Caller, k.name, id, k.name, call.RequestID)
	if err != nil {
		return err
	}
	w := s.newBundle(c.Context(), "history")
	defer w.drop()
	next, err := view.History(call.Ctx, k.name, id, q.count, after, w.change)
	if err != nil {
		return err
	}
	w.end(k.name+"/"+id+"/_history", q.self, s.sealed(c, q, next))
	return nil
}

// paged reads the query of what takes none but paging (and, for $everything,
// _type), about what has that id.
func (s *server) paged(c *fiber.Ctx, k *kind, id string) (*query, string, error) {
	pairs, urls, err := gather(c)
	if err != nil {
		return nil, "", err
	}
	q, err := s.parse(k, pairs, urls, strictly(c.Context()))
	if err != nil {
		return nil, "", err
	}
	q.person = record.PersonID(id)
	after, err := s.resume(c, q)
	return q, after, err
}

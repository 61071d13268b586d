package api

import (
	"slices"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
)

// auditType is the type that the access ledger is served as: to the person whom its
// events are about, and nobody else.
const auditType = "AuditEvent"

// auditKind is searched by patient and date, newest first.
func auditKind() *kind {
	return &kind{name: auditType, ledger: true, date: "date", params: map[string]param{
		"patient": {fhir.SearchParam{Name: "patient", Kind: fhir.ReferenceParam}, true},
		"date":    {SearchParam: fhir.SearchParam{Name: "date", Kind: fhir.DateParam}},
	}}
}

// Bounds of one search of the ledger.
const (
	mostEvents = 2000        // looked at for one page: a filter may match few of them
	clockSlack = time.Minute // by which events of several instances may be out of order
)

// searchAudit answers with who looked at the caller's own record.
func (s *server) searchAudit(c *fiber.Ctx, q *query) error {
	if q.filters.Ascending {
		return invalidAt("_sort", "AuditEvents come with the newest first.")
	}
	if q.person == "" {
		return errs.New(errs.Invalid, "A search is about one person: say whose record was looked at, by patient.")
	}
	after, err := s.resume(c, q)
	if err != nil {
		return err
	}
	call := web.From(c)
	door, err := s.o.Records.OpenAccesses(call.Ctx, call.Caller, personOf(string(q.person)), call.RequestID)
	if err != nil {
		return err
	}
	w := s.newBundle(c.Context(), "searchset")
	defer w.drop()
	looked := 0
	for w.n < q.count && looked < mostEvents {
		page, next, err := door.Page(call.Ctx, after, q.count-w.n)
		if err != nil {
			return err
		}
		if after = next; s.appendAudits(w, q, page) {
			after = "" // all that follow are too old
		}
		if looked += len(page); after == "" {
			break
		}
	}
	w.end(auditType, q.self, s.sealed(c, q, after))
	return nil
}

// appendAudits adds those of a page that the query asks for, and reports whether
// what comes after it lies before all that is asked for.
func (s *server) appendAudits(w *bundle, q *query, page []ledger.Access) (ended bool) {
	for _, a := range page {
		asked := true
		for i := range q.filters.Dates {
			f := &q.filters.Dates[i]
			asked = asked && f.Holds(a.Time)
			ended = ended || f.Before(a.Time.Add(clockSlack))
		}
		id := ledger.AuditID(a.Instance, a.Seq)
		if !asked || len(q.filters.IDs) > 0 && !slices.Contains(q.filters.IDs, id) {
			continue
		}
		w.next()
		w.b = append(w.b, `"fullUrl":"`...)
		w.appendURL(auditType, id)
		w.b = append(w.b, `","resource":`...)
		w.b = s.appendAudit(w.b, a.Event, a.Instance, a.Seq)
		w.b = append(w.b, `,"search":{"mode":"match"}}`...)
	}
	return ended
}

func (s *server) appendAudit(dst []byte, e ledger.Event, instance string, seq uint64) []byte {
	return ledger.AppendAuditEvent(dst, e, ledger.Audit{Instance: instance, Seq: seq, Base: s.base, Names: s.o.OrgNames})
}

// readAudit answers with one event about the caller. An id does not say whom it is
// about, so it is the caller's own that are looked through.
func (s *server) readAudit(c *fiber.Ctx, id string) error {
	call := web.From(c)
	door, err := s.o.Records.OpenAccesses(call.Ctx, call.Caller, record.PersonID(call.Caller.Person), call.RequestID)
	if err != nil {
		return err
	}
	instance, seq, ok := ledger.ParseAuditID(id)
	if !ok {
		return access.Absent()
	}
	e, err := door.Access(call.Ctx, instance, seq)
	if err != nil {
		return err
	}
	resp := &c.Context().Response
	resp.Header.SetContentTypeBytes(vFHIR)
	resp.SetBodyRaw(s.appendAudit(nil, e, instance, seq))
	return nil
}

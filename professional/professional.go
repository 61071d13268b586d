// Package professional is what staff do that reads no record: privacy officers
// answer "why did you look?", and the staff of a practice or the programme office
// make activation codes and vouch for who recovers an account. The records of
// people are read through /fhir/R4.
package professional

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// Inquiries are what residents ask of organisations; *inquiry.Inquiries is them.
type Inquiries interface {
	List(ctx context.Context, by identity.Caller, g inquiry.Group, cursor string, limit int, requestID string) ([]inquiry.Item, string, error)
	See(ctx context.Context, by identity.Caller, ref, requestID string) (inquiry.Question, error)
	MarkSeen(ctx context.Context, by identity.Caller, ref string, version uint64, requestID string) (inquiry.Question, error)
	Answer(ctx context.Context, by identity.Caller, ref string, version uint64, answer, requestID string) (inquiry.Question, error)
	MayAnswer(ctx context.Context, by identity.Caller) (bool, error)
}

// Enrolments decides, in the ledger, who does what for whose account;
// *record.Records does.
type Enrolments interface {
	OpenEnrolment(ctx context.Context, caller identity.Caller, q record.Enrolling) (record.Enrollee, error)
	OpenEnrolments(ctx context.Context, caller identity.Caller, what, requestID string) error
	MayEnrol(ctx context.Context, caller identity.Caller) (bool, error)
}

// Codes are activation codes; *account.Accounts has them.
type Codes interface {
	Issue(ctx context.Context, by identity.Caller, of account.Subject) (account.Letter, error)
	Codes(ctx context.Context, by identity.Caller, org nhs.ODS, after string, limit int) ([]account.Code, string, error)
	Code(ctx context.Context, by identity.Caller, id string) (account.Code, error)
	Revoke(ctx context.Context, by identity.Caller, id string) error
	Vouch(ctx context.Context, by identity.Caller, id string) error
}

// Options are the rooms that a Service stands on; all are required.
type Options struct {
	Inquiries  Inquiries
	Enrolments Enrolments
	Codes      Codes
}

// Service is what staff do, for /professional/v1 and for the staff's pages alike.
type Service struct{ o Options }

// New returns the service.
func New(o Options) *Service { return &Service{o} }

// bodyLimit is of all bodies taken here: an answer of 4,000 characters, written in
// any script and escaped.
const bodyLimit = 56 << 10

// Routes returns the routes of /professional/v1. None takes an Idempotency-Key:
// an answer is given once under If-Match; a code that is made again replaces the one
// before it, whose secret nobody could show a second time; the others may be
// repeated as they are.
func (s *Service) Routes() []web.Route {
	const base = "/professional/v1"
	return []web.Route{
		route(http.MethodGet, base+"/inquiries", s.listInquiries),
		route(http.MethodGet, base+"/inquiries/:ref", s.readInquiry),
		route(http.MethodPost, base+"/inquiries/:ref/seen", s.markInquirySeen),
		route(http.MethodPost, base+"/inquiries/:ref/answer", s.answerInquiry),
		route(http.MethodGet, base+"/activation-codes", s.listCodes),
		route(http.MethodPost, base+"/activation-codes", s.makeCode),
		route(http.MethodDelete, base+"/activation-codes/:code", s.revokeCode),
		route(http.MethodPost, base+"/recoveries/:code/vouch", s.vouch),
	}
}

func route(method, path string, h fiber.Handler) web.Route {
	return web.Route{Method: method, Path: path, Access: web.Professionals, Body: bodyLimit, Handler: h}
}

// Limits of a page.
const (
	pageDefault = 50
	pageMost    = 100
)

// paging reads count and cursor off a query, and whatever else is named.
func paging(c *fiber.Ctx, more map[string]*string) (count int, cursor string, err error) {
	var room [8]web.Pair
	pairs, err := web.AppendPairs(room[:0], c.Context().URI().QueryString())
	if err != nil {
		return 0, "", err
	}
	count = pageDefault
	for _, p := range pairs {
		switch into, ok := more[p.Name]; {
		case p.Name == "count":
			if count, err = strconv.Atoi(p.Value); err != nil || count < 1 || count > pageMost {
				return 0, "", errs.New(errs.Invalid, "count is a number from 1 to %d.", pageMost)
			}
		case p.Name == "cursor":
			cursor = p.Value
		case ok:
			*into = p.Value
		default:
			return 0, "", errs.New(errs.Invalid, "There is a parameter that is not taken here.")
		}
	}
	return count, cursor, nil
}

// tag answers with the version as an entity tag, for If-Match.
func tag(c *fiber.Ctx, version uint64) {
	var room [32]byte
	c.Response().Header.SetBytesV(fiber.HeaderETag, web.AppendETag(room[:0], strconv.FormatUint(version, 10)))
}

// moment is a time in JSON, left out when there is none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return string(web.AppendInstant(nil, t))
}

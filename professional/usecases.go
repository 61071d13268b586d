package professional

import (
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// Inquiries returns what residents ask of organisations. Each of its methods decides,
// in the ledger, before it shows or changes anything.
func (s *Service) Inquiries() Inquiries { return s.o.Inquiries }

// May is what somebody may do here at all, by their role and their organisation's
// agreement.
type May struct{ Enrol, Answer bool }

// May tells it: by the decisions that the use cases themselves ask for.
func (s *Service) May(ctx context.Context, by identity.Caller) (m May, err error) {
	if m.Enrol, err = s.o.Enrolments.MayEnrol(ctx, by); err == nil {
		m.Answer, err = s.o.Inquiries.MayAnswer(ctx, by)
	}
	return m, err
}

// MakeCode makes an activation code for a person whose document the caller has seen.
// The letter is shown to nobody again.
func (s *Service) MakeCode(ctx context.Context, by identity.Caller, who WhoBody, requestID string) (account.Letter, error) {
	e, err := s.enrollee(ctx, by, who, "activation code made", requestID)
	if err != nil {
		return account.Letter{}, err
	}
	return s.o.Codes.Issue(ctx, by, account.Subject{Person: string(e.Person), BirthDate: e.BirthDate, Practice: e.Practice})
}

// enrollee has it decided whether the caller may do something for somebody. All that
// could be wrong with a number that was typed is told before anybody is looked up.
func (s *Service) enrollee(ctx context.Context, by identity.Caller, who WhoBody, what, requestID string) (record.Enrollee, error) {
	n, err := nhs.ParseNumber(who.NHSNumber)
	if err != nil {
		return record.Enrollee{}, &errs.Error{Kind: errs.Invalid, Message: "This is not an NHS number: check its ten digits.", Path: "nhsNumber"}
	}
	if _, err := time.Parse(time.DateOnly, who.BirthDate); err != nil {
		return record.Enrollee{}, &errs.Error{Kind: errs.Invalid, Message: "Write the date of birth as 1950-02-03.", Path: "birthDate"}
	}
	return s.o.Enrolments.OpenEnrolment(ctx, by, record.Enrolling{Number: n, BirthDate: who.BirthDate, What: what, RequestID: requestID})
}

// Codes returns the codes that the caller's organisation made, without their secrets,
// newest first, and the cursor of the next page.
func (s *Service) Codes(ctx context.Context, by identity.Caller, cursor string, count int, requestID string) ([]account.Code, string, error) {
	if err := s.o.Enrolments.OpenEnrolments(ctx, by, "list of activation codes", requestID); err != nil {
		return nil, "", err
	}
	return s.o.Codes.Codes(ctx, by, by.Org, cursor, count)
}

// RevokeCode withdraws a code of the caller's organisation.
func (s *Service) RevokeCode(ctx context.Context, by identity.Caller, id, requestID string) error {
	if err := s.o.Enrolments.OpenEnrolments(ctx, by, "activation code withdrawn", requestID); err != nil {
		return err
	}
	return s.o.Codes.Revoke(ctx, by, id)
}

// Vouch is the second word for a recovery code: of another member of staff than who
// made it, who has seen the person's document too. A code of somebody else is as one
// that does not exist.
func (s *Service) Vouch(ctx context.Context, by identity.Caller, id string, who WhoBody, requestID string) error {
	e, err := s.enrollee(ctx, by, who, "recovery vouched for", requestID)
	if err != nil {
		return err
	}
	code, err := s.o.Codes.Code(ctx, by, id)
	if err != nil {
		return err
	}
	if code.Person != string(e.Person) {
		return errs.New(errs.NotFound, "There is no such code.")
	}
	return s.o.Codes.Vouch(ctx, by, code.ID)
}

package operator

import (
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// Accounts are those of residents; *account.Accounts has them.
type Accounts interface {
	Issue(ctx context.Context, by identity.Caller, of account.Subject) (account.Letter, error)
	EndSessions(ctx context.Context, id string) error
}

// ActivationCode is a code by which somebody opens an account of their own, or comes
// back into it. It is handed over in person, and shown to nobody again.
type ActivationCode struct {
	ID       string    `json:"id"`       // by which it is vouched for, and withdrawn
	Code     string    `json:"code"`     // as it is typed
	URL      string    `json:"url"`      // the page, with the code in its fragment
	Page     string    `json:"page"`     // the page, to type
	Recovery bool      `json:"recovery"` // a second member of staff must vouch for it first
	Expires  time.Time `json:"expires"`
	Words    []string  `json:"words"` // the paragraphs of the letter
}

// ActivationCode makes a code for a person, in the name of the programme office. The
// birth date must be theirs: the answer to another is that of an unknown person.
func (s *Service) ActivationCode(ctx context.Context, n nhs.Number, birthDate string) (ActivationCode, error) {
	if _, err := time.Parse(time.DateOnly, birthDate); err != nil {
		return ActivationCode{}, errs.New(errs.Invalid, "write the date of birth as 1950-02-03")
	}
	by := caller(ctx)
	who, err := s.o.Records.OpenEnrolment(ctx, by, record.Enrolling{Number: n, BirthDate: birthDate, What: "activation code made", RequestID: requestID()})
	if err != nil {
		return ActivationCode{}, err
	}
	l, err := s.o.Accounts.Issue(ctx, by, account.Subject{Person: string(who.Person), BirthDate: who.BirthDate, Practice: who.Practice})
	if err != nil {
		return ActivationCode{}, err
	}
	return ActivationCode{ID: l.ID, Code: l.Code, URL: l.URL, Page: l.Page, Recovery: l.Recovery, Expires: l.Expires, Words: l.Words}, nil
}

// endSessions ends the sessions of a person's account, if they have one: it was merged
// with another (RULES 1). They may log in again, and then read the record that theirs
// goes on in.
func (s *Service) endSessions(ctx context.Context, p record.PersonID) error {
	err := s.o.Accounts.EndSessions(ctx, account.IDOf(string(p)))
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	return err
}

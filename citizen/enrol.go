package citizen

import (
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// Entered is what somebody typed who enrols with a code.
type Entered struct {
	Code      string
	NHSNumber string
	BirthDate string // 2006-01-02
}

// Enrolling is what was proved, until the passkey is made.
type Enrolling struct {
	Ticket   string // for EnrolOptions and FinishEnrol; of no use without the passkey it leads to
	Recovery bool   // the account is there already, and gets a new passkey
	Expires  time.Time
}

// Enrol checks a code with what it is bound to. Whatever is wrong with a code that
// could be one, the answer is the same, and so is the work (RULES 1).
func (s *Service) Enrol(ctx context.Context, from Client, e Entered) (begun Enrolling, err error) {
	number, err := nhs.ParseNumber(e.NHSNumber)
	if err != nil {
		return begun, &errs.Error{Kind: errs.Invalid, Message: "This is not an NHS number: check its ten digits.", Path: "nhsNumber"}
	}
	err = s.attempt(from.Address, codeSubject(e.Code), func() error {
		got, err := s.o.Accounts.Begin(ctx, account.Entered{Code: e.Code, Number: number, BirthDate: e.BirthDate})
		begun = enrolling(got)
		return err
	})
	return begun, err
}

// EnrolByNHSLogin begins an enrolment, or a recovery, by what NHS login says.
func (s *Service) EnrolByNHSLogin(ctx context.Context, l account.NHSLogin) (Enrolling, error) {
	got, err := s.o.Accounts.EnrolByNHSLogin(ctx, l)
	return enrolling(got), err
}

func enrolling(e account.Enrolment) Enrolling {
	return Enrolling{Ticket: e.Ticket, Recovery: e.Recovery, Expires: e.Expires}
}

// EnrolOptions asks for the passkey that an enrolment leads to.
func (s *Service) EnrolOptions(ctx context.Context, from Client, ticket string) (Ceremony, error) {
	if err := s.Admit(from); err != nil {
		return Ceremony{}, err
	}
	e, err := s.o.Accounts.Resume(ctx, ticket)
	if err != nil {
		return Ceremony{}, err
	}
	name, err := s.name(ctx, e.Person, e.Proofing)
	if err != nil {
		return Ceremony{}, err
	}
	return ceremony(s.o.Passkeys.BeginRegistration(passkey.Registration{Subject: e.Account, UserHandle: e.Handle, Name: name, DisplayName: name, Exclude: e.Exclude}))
}

// FinishEnrol opens or recovers the account with the passkey that was made, and begins
// a session.
func (s *Service) FinishEnrol(ctx context.Context, from Client, ticket string, a Answered) (in LoggedIn, err error) {
	err = s.attempt(from.Address, subject("ticket", ticket), func() error {
		e, err := s.o.Accounts.Resume(ctx, ticket)
		if err != nil {
			return err
		}
		made, err := s.o.Passkeys.FinishRegistration(ctx, passkey.Answer{State: a.State, Credential: a.Credential, Subject: e.Account})
		if err != nil {
			return err
		}
		acc, err := s.o.Accounts.Finish(ctx, ticket, made, s.begin(ctx, &in, from))
		if err != nil {
			return err
		}
		in.Signals, err = s.signals(ctx, &acc)
		return err
	})
	if err != nil {
		return LoggedIn{}, err
	}
	return in, nil
}

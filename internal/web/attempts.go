package web

import (
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// AttemptLimits are the budgets of attempts to prove something: a passkey, a code, a
// refresh token.
type AttemptLimits struct {
	// Of failures from one address. A whole hospital, or a town behind its provider's
	// translation of addresses, may come from one: so it is wide, and what succeeds costs
	// next to nothing of it.
	AddressPerMinute, AddressBurst int
	// Of failures about one subject (an account, a code's selector), from wherever. What
	// succeeds costs nothing of it.
	SubjectPerMinute, SubjectBurst int
}

// DefaultAttempts are the limits where nothing else is configured. Of codes, five wrong
// tries end the code in any case (RULES 1); these keep people from trying many codes.
func DefaultAttempts() AttemptLimits {
	return AttemptLimits{AddressPerMinute: 60, AddressBurst: 300, SubjectPerMinute: 2, SubjectBurst: 20}
}

// successShare is what a success costs of an address's budget, in failures: a thousand
// log-ins from one address are as one that fails.
const successShare = 1.0 / 1000

// askShare is what a question costs of an address's budget, in failures: a challenge for
// a passkey, which writes nothing and takes a few microseconds, but which anybody gets.
const askShare = 1.0 / 100

// Attempts limits attempts by address and by subject, each with a budget of its own: who
// tries many accounts from one address is stopped by the one, who tries one account from
// many addresses by the other, and neither stops those who succeed from elsewhere.
type Attempts struct {
	addresses, subjects *Limiter
	now                 func() time.Time
}

// NewAttempts returns limits that count from now on. A rate of 0 limits nobody.
func NewAttempts(l AttemptLimits, now func() time.Time) *Attempts {
	return &Attempts{NewLimiter(float64(l.AddressPerMinute)/60, l.AddressBurst), NewLimiter(float64(l.SubjectPerMinute)/60, l.SubjectBurst), now}
}

// Begin counts an attempt as a failure until done says otherwise, so that many at once
// are no way around the limit; an error of kind RateLimited says when to try again. done
// must be called once. subject may be empty, where it is not known yet whose attempt it
// is; it is not an NHS number.
func (a *Attempts) Begin(address, subject string) (done func(succeeded bool), err error) {
	now := a.now()
	if after := a.addresses.take(address, now, 1); after > 0 {
		return nil, tooMany(after)
	}
	if subject != "" {
		if after := a.subjects.take(subject, now, 1); after > 0 {
			a.addresses.give(address, 1)
			return nil, tooMany(after)
		}
	}
	return func(succeeded bool) {
		if !succeeded {
			return
		}
		a.addresses.give(address, 1-successShare)
		if subject != "" {
			a.subjects.give(subject, 1)
		}
	}, nil
}

// Admit counts a question that an attempt begins with against the address; an error of kind
// RateLimited says when to try again.
func (a *Attempts) Admit(address string) error {
	if after := a.addresses.take(address, a.now(), askShare); after > 0 {
		return tooMany(after)
	}
	return nil
}

func tooMany(after time.Duration) error {
	return &errs.Error{Kind: errs.RateLimited, After: after, Message: "There were too many attempts that failed. Wait a little, then try again."}
}

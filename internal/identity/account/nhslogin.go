package account

import (
	"cmp"
	"context"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// NHSLogin is what NHS login says of somebody who has just logged in there, in an id
// token and user information that were verified.
type NHSLogin struct {
	Number    nhs.Number
	BirthDate string // birthdate: 2006-01-02
	Proofing  string // identity_proofing_level: P9
	Vector    string // vot: P9.Cp.Cd
}

// Refusals of somebody who comes from NHS login.
const (
	CodeProofing    = "PROOFING_TOO_LOW" // NHS login knows too little of who they are
	CodeNeedsP9     = "RECOVERY_NEEDS_P9"
	codeNHSLoginErr = "NHS_LOGIN_REFUSED"
)

// proofingOf returns the level of a login. Only these vectors count (RULES 1): each is
// a level with a second factor, and says the same as the level.
func proofingOf(l NHSLogin) identity.Proofing {
	level, vectors := identity.P0, [3]string{}
	switch l.Proofing {
	case "P9":
		level, vectors = identity.P9, [...]string{"P9.Cp.Cd", "P9.Cp.Ck", "P9.Cm"}
	case "P5":
		level, vectors = identity.P5, [...]string{"P5.Cp.Cd", "P5.Cp.Ck", "P5.Cm"}
	}
	for _, v := range vectors {
		if v != "" && v == l.Vector {
			return level
		}
	}
	return identity.P0
}

// EnrolByNHSLogin begins an enrolment by NHS login, in the place of Begin. At P9 it
// opens an account, or recovers the one there is; at P5 it opens one that reads nothing.
// An account opened at P5 becomes one of P9 in this way too: its passkeys, which somebody
// made who had not proved who they are, are then taken from it.
func (a *Accounts) EnrolByNHSLogin(ctx context.Context, l NHSLogin) (Enrolment, error) {
	proofing := proofingOf(l)
	if proofing == identity.P0 {
		return Enrolment{}, errs.Coded(errs.Forbidden, CodeProofing,
			"NHS login has not checked who you are well enough. Prove who you are there, with a photo of your passport or driving licence, or ask your GP practice for a code.")
	}
	born, err := birthDate(l.BirthDate)
	if err != nil || l.Number.IsZero() {
		return Enrolment{}, errs.Coded(errs.Forbidden, codeNHSLoginErr, "NHS login did not tell your NHS number and date of birth. Log in there again and agree to share them.")
	}
	if err := a.oldEnough(born); err != nil {
		return Enrolment{}, err
	}
	person := a.o.PersonOf(l.Number)
	account := IDOf(person)
	var acc Account
	var bad error
	err = a.o.DB.Get(ctx, []store.Ref{Ref(account)}, func(d *store.Doc) bool {
		acc, bad = Decode(d)
		return true
	})
	if err = cmp.Or(err, bad); err != nil {
		return Enrolment{}, err
	}
	if acc.State == Active && proofing < identity.P9 {
		return Enrolment{}, errs.Coded(errs.Forbidden, CodeNeedsP9,
			"To add a passkey in this way, prove who you are in NHS login first, with a photo of your passport or driving licence. If you have a passkey, log in with it.")
	}
	return a.begun(ctx, &acc, ticket{account: account, person: person, proofing: proofing})
}

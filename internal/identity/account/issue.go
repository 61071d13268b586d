package account

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Subject is whom a code is for, as the record knows them now.
type Subject struct {
	Person    string // the opaque id
	BirthDate string // 2006-01-02
	Practice  nhs.ODS
}

// programmeOffice stands for the organisation of operators, who have no ODS code.
const programmeOffice = nhs.ODS("programme-office")

// Issue makes a code for a person, and returns the letter to hand over: nobody sees the
// code again. Only the registered practice and the programme office may (RULES 1). For
// somebody who has an account it is a recovery code: it counts once a second member of
// staff has vouched for it, and the account is told at once. Codes made before for the
// same person stop counting.
func (a *Accounts) Issue(ctx context.Context, by identity.Caller, of Subject) (Letter, error) {
	staff, err := mayIssue(by, of.Practice)
	if err != nil {
		return Letter{}, err
	}
	born, err := birthDate(of.BirthDate)
	if err != nil {
		return Letter{}, err
	}
	if err := a.oldEnough(born); err != nil {
		return Letter{}, err
	}
	now := a.o.Now()
	account := IDOf(of.Person)
	c := activation{state: codeOpen, person: of.Person, by: staff, made: now, expires: now.Add(a.o.CodeLife)}
	code, err := a.guard(ctx, account, of.BirthDate, c.expires)
	if err != nil {
		return Letter{}, err
	}
	c.selector = code[:selectorLen]
	// The code counts from the last of these commits on: then it is listed, and told.
	if err := a.list(ctx, &c, account); err != nil {
		return Letter{}, err
	}
	for {
		err := a.activate(ctx, account, &c)
		if movedOn(err, accounts, activations) {
			continue
		}
		if err != nil {
			return Letter{}, err
		}
		return a.letter(code, &c), nil
	}
}

// mayIssue returns the caller as a member of staff, if they may make codes for people
// registered with that practice.
func mayIssue(by identity.Caller, practice nhs.ODS) (Staff, error) {
	staff := Staff{ID: by.ID, Name: cmp.Or(by.Name, by.ID), Org: by.Org}
	switch {
	case by.ID == "":
	case by.Kind == identity.Operator:
		staff.Org = cmp.Or(by.Org, programmeOffice)
		return staff, nil
	case by.Kind != identity.Professional && by.Kind != identity.System || by.Role == identity.NoRole || by.Org == "":
	case by.Role == identity.ProgrammeOffice || by.Org == practice:
		return staff, nil
	}
	return Staff{}, errs.New(errs.Forbidden, "Only the practice that a person is registered with, or the programme office, makes codes for them.")
}

// guard makes a code with its verifier, under a selector that no other code has.
func (a *Accounts) guard(ctx context.Context, account, born string, expires time.Time) (string, error) {
	for {
		code := newCode()
		selector, secret := code[:selectorLen], code[selectorLen:]
		g := guarded{ref: guardedRef(selector), account: account, expires: expires, verifier: a.verifier(selector, secret, account, born)}
		err := a.o.DB.Commit(ctx, selector, []store.Op{g.op()})
		if !movedOn(err, secrets) {
			return code, err
		}
	}
}

func (a *Accounts) verifier(selector, secret, account, born string) []byte {
	return a.verifyCode(a.codeKey, "verifier", selector, secret, account, born)
}

// activate commits a code in its account's partition, ends the open ones before it, and
// tells the account if there is one.
func (a *Accounts) activate(ctx context.Context, account string, c *activation) error {
	acc, older, err := a.partition(ctx, account)
	if err != nil {
		return err
	}
	c.recovery = acc.State == Active
	ops := []store.Op{c.op(account), {Kind: store.Require, Doc: store.Doc{Ref: Ref(account), Rev: acc.Rev}}}
	if c.recovery {
		ops = append(ops, NoticeOp(account, Notice{Kind: RecoveryAsked, At: c.made, About: string(c.by.Org)}))
	}
	for _, o := range older {
		if o.state == codeOpen {
			o.state, o.ended = codeRevoked, c.made
			ops = append(ops, o.op(account))
		}
	}
	return a.o.DB.Commit(ctx, account, ops)
}

// partition reads an account, if there is one, and the codes made for it.
func (a *Accounts) partition(ctx context.Context, account string) (acc Account, codes []activation, err error) {
	var bad error
	err = a.o.DB.Get(ctx, []store.Ref{Ref(account)}, func(d *store.Doc) bool {
		acc, bad = Decode(d)
		return true
	})
	if err = cmp.Or(err, bad); err != nil {
		return acc, nil, err
	}
	_, err = a.o.DB.Find(ctx, store.Query{Collection: activations, Partition: account}, func(d *store.Doc) bool {
		c, err := decodeActivation(d)
		if bad = err; err != nil {
			return false
		}
		codes = append(codes, c)
		return true
	})
	return acc, codes, cmp.Or(err, bad)
}

// Vouch is the second member of staff's word for a recovery code, by its id in the list.
// It must be another person than who made the code (see samePerson). From then on the
// code counts; the account is told. RULES 1.
func (a *Accounts) Vouch(ctx context.Context, by identity.Caller, id string) error {
	return a.decide(ctx, by, id, func(c *activation, staff Staff, now time.Time) (NoticeKind, error) {
		switch {
		case !c.recovery:
			return 0, errs.New(errs.Unprocessable, "This code opens a new account: nobody needs to vouch for it.")
		case c.state != codeOpen || !now.Before(c.expires):
			return 0, errs.New(errs.Unprocessable, "This code has expired, or was used or withdrawn. Make a new one.")
		case c.second.ID == staff.ID:
			return 0, store.ErrKeep
		case c.second.ID != "":
			return 0, errs.New(errs.Conflict, "Somebody else has vouched for this code already.")
		case samePerson(c.by, staff):
			return 0, errs.New(errs.Forbidden, "You made this code: another member of staff must vouch for it.")
		}
		c.second, c.vouched = staff, now
		return RecoveryVouched, nil
	})
}

// samePerson reports whether two members of staff may be one human being: the same
// caller, one whom two issuers know by the same id (a smartcard's is everywhere the
// same), or namesakes. Two people who really have one name ask a third.
func samePerson(a, b Staff) bool {
	return a.ID == b.ID || bareID(a.ID) == bareID(b.ID) || strings.EqualFold(strings.Join(strings.Fields(a.Name), " "), strings.Join(strings.Fields(b.Name), " "))
}

// bareID takes the issuer off a caller's id.
func bareID(id string) string {
	if _, bare, ok := strings.Cut(id, "/"); ok {
		return bare
	}
	return id
}

// Revoke withdraws a code that was not used, by its id in the list.
func (a *Accounts) Revoke(ctx context.Context, by identity.Caller, id string) error {
	return a.decide(ctx, by, id, func(c *activation, _ Staff, now time.Time) (NoticeKind, error) {
		switch c.state {
		case codeRevoked:
			return 0, store.ErrKeep
		case codeUsed:
			return 0, errs.New(errs.Unprocessable, "This code was used already.")
		}
		c.state, c.ended = codeRevoked, now
		if c.recovery {
			return RecoveryRevoked, nil
		}
		return 0, nil
	})
}

// decide changes a code of the caller's organisation, and tells its account what change
// returns, if anything. A code of another organisation is as one that does not exist.
func (a *Accounts) decide(ctx context.Context, by identity.Caller, id string, change func(*activation, Staff, time.Time) (NoticeKind, error)) error {
	notFound := errs.New(errs.NotFound, "There is no such code.")
	if len(id) != selectorLen || !isSelector(id) {
		return notFound
	}
	for {
		account, c, err := a.codeOf(ctx, id)
		if err != nil {
			return err
		}
		staff, err := mayIssue(by, c.by.Org)
		if account == "" || err != nil {
			return notFound
		}
		tell, err := change(&c, staff, a.o.Now())
		if err == store.ErrKeep { //nolint:errorlint // a word between two functions of this file, never wrapped
			return nil
		}
		if err != nil {
			return err
		}
		ops := []store.Op{c.op(account)}
		if tell != 0 {
			ops = append(ops, NoticeOp(account, Notice{Kind: tell, At: a.o.Now(), About: string(staff.Org)}))
		}
		if err = a.o.DB.Commit(ctx, account, ops); !movedOn(err, activations) {
			return err
		}
	}
}

// codeOf reads a code by its selector; no account if there is none.
func (a *Accounts) codeOf(ctx context.Context, selector string) (account string, c activation, err error) {
	var bad error
	err = a.o.DB.Get(ctx, []store.Ref{guardedRef(selector)}, func(d *store.Doc) bool {
		var g guarded
		g, bad = decodeGuarded(d)
		account = g.account
		return true
	})
	if err = cmp.Or(err, bad); err != nil || account == "" {
		return "", activation{}, err
	}
	err = a.o.DB.Get(ctx, []store.Ref{activationRef(account, selector)}, func(d *store.Doc) bool {
		c, bad = decodeActivation(d)
		return true
	})
	if c.rev == 0 {
		account = ""
	}
	return account, c, cmp.Or(err, bad)
}

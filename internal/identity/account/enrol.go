package account

import (
	"cmp"
	"context"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Entered is what somebody enters to enrol.
type Entered struct {
	Code      string
	Number    nhs.Number
	BirthDate string // 2006-01-02
}

// Enrolment is what was proved, until the passkey is made.
type Enrolment struct {
	Ticket   string // for Finish; sealed, and no use to anybody without the passkey it leads to
	Account  string // the subject of the passkey's registration
	Person   string // whose record is theirs, by its opaque id
	Handle   []byte // its user handle
	Recovery bool   // there is an account: the passkey is added to it
	Proofing identity.Proofing
	Exclude  []passkey.Credential // the account's passkeys
	Expires  time.Time
}

// CodeRefused is the code of every refusal of what was entered.
const CodeRefused = "ENROLMENT_REFUSED"

// refused is the one answer to everything that may be wrong with what was entered. It
// does not tell what, nor whether there is such a person, code or account.
func refused() error {
	return errs.Coded(errs.Unprocessable, CodeRefused,
		"The code, NHS number and date of birth do not belong together, or the code cannot be used any more. Check them with your letter, or ask your GP practice for a new code.")
}

// CodeWaits is the code of a recovery code that nobody has vouched for yet.
const CodeWaits = "RECOVERY_WAITS"

// waits is told only to whoever enters the right code with what it is bound to: they hold
// the letter, which tells them as much, and learn nothing of anybody else.
func waits() error {
	return errs.Coded(errs.Unprocessable, CodeWaits,
		"This code is right, but it must still be confirmed by one more member of staff. Ask whoever gave it to you, then enter it again.")
}

// rounds is how often a try is repeated because another with the same selector came
// between; who loses all of them is one of many who try at the same moment.
const rounds = 32

// Begin checks a code with what it is bound to. Whatever is wrong, the answer is the
// same, and so is the work: one read, one write, two keyed hashes. Only of a recovery code
// that is right, and waits for a second member of staff, that is said, by the same work. A
// wrong try is counted in the commit whose success releases the answer, so that many tries
// at once learn no more than five in a row.
func (a *Accounts) Begin(ctx context.Context, e Entered) (Enrolment, error) {
	selector, secret, err := parseCode(e.Code)
	if err != nil {
		return Enrolment{}, err
	}
	born, err := birthDate(e.BirthDate)
	if err != nil {
		return Enrolment{}, err
	}
	if e.Number.IsZero() {
		return Enrolment{}, &errs.Error{Kind: errs.Invalid, Path: "nhsNumber", Message: "Enter the NHS number: ten digits."}
	}
	person := a.o.PersonOf(e.Number)
	account := IDOf(person)
	verifier := a.verifier(selector, secret, account, e.BirthDate)
	decoy := a.decoy(selector)
	for range rounds {
		now := a.o.Now()
		f, err := a.look(ctx, selector, decoy, account)
		if err != nil {
			return Enrolment{}, err
		}
		same := subtle.ConstantTimeCompare(f.verifier, verifier) == 1
		open := same && f.tries < uint64(a.o.MaxTries)
		right := open && f.code.counts(now) && (f.code.recovery || f.acc.State != Active)
		switch {
		case right:
			f.tries = 0
		case !same && f.tries < 255:
			f.tries++
		}
		f.touched = now
		err = a.o.DB.Commit(ctx, f.ref.Partition, []store.Op{f.op()})
		switch {
		case movedOn(err, secrets):
			continue
		case err != nil:
			return Enrolment{}, err
		case open && f.code.waits(now):
			return Enrolment{}, waits()
		case !right:
			return Enrolment{}, refused()
		}
		if err := a.oldEnough(born); err != nil {
			return Enrolment{}, err
		}
		return a.begun(ctx, &f.acc, ticket{account: account, person: person, selector: selector, proofing: identity.P9})
	}
	return Enrolment{}, &errs.Error{Kind: errs.RateLimited, After: time.Minute, Message: "This code is being tried too often. Wait a minute, then try again."}
}

// decoy names what stands for a code if there is none with that selector. Which one is
// known to nobody outside, so that nobody can see two selectors share one.
func (a *Accounts) decoy(selector string) store.Ref {
	sum := a.verifyCode(a.codeKey, "decoy", selector)
	return guardedRef(fmt.Sprintf("decoy-%03x", (uint(sum[0])<<8|uint(sum[1]))&0xfff))
}

// found is what there is about a try: the code or its decoy, and the account.
type found struct {
	guarded
	code activation
	acc  Account
}

func (a *Accounts) look(ctx context.Context, selector string, decoy store.Ref, account string) (f found, err error) {
	var bad error
	refs := [...]store.Ref{decoy, guardedRef(selector), Ref(account), activationRef(account, selector)}
	f.ref, f.verifier = decoy, make([]byte, 32)
	err = a.o.DB.Get(ctx, refs[:], func(d *store.Doc) bool {
		switch d.Collection {
		case secrets:
			f.guarded, bad = decodeGuarded(d) // the code comes after the decoy
		case accounts:
			f.acc, bad = Decode(d)
		case activations:
			f.code, bad = decodeActivation(d)
		}
		return bad == nil
	})
	return f, cmp.Or(err, bad)
}

// begun makes the enrolment of what was proved.
func (a *Accounts) begun(ctx context.Context, acc *Account, t ticket) (Enrolment, error) {
	t.id, t.expires = randomID(), a.o.Now().Add(a.o.TicketLife)
	t.recovery, t.handle = acc.State == Active, acc.Handle
	if !t.recovery {
		t.handle = passkey.NewUserHandle()
	}
	return a.enrolment(ctx, acc, &t)
}

func (a *Accounts) enrolment(ctx context.Context, acc *Account, t *ticket) (Enrolment, error) {
	e := Enrolment{Ticket: a.seal(t), Account: t.account, Person: t.person, Handle: t.handle, Recovery: t.recovery, Proofing: t.proofing, Expires: t.expires}
	if !t.recovery {
		return e, nil
	}
	keys, err := a.keysOf(ctx, acc)
	for _, k := range keys {
		e.Exclude = append(e.Exclude, k.Credential)
	}
	return e, err
}

// Resume returns the enrolment of a ticket again: for the page that makes the passkey.
func (a *Accounts) Resume(ctx context.Context, text string) (Enrolment, error) {
	t, err := a.open(text)
	if err != nil {
		return Enrolment{}, err
	}
	var acc Account
	if t.recovery {
		if acc, err = a.active(ctx, t.account); errs.KindOf(err) == errs.NotFound && err != nil {
			return Enrolment{}, refused()
		} else if err != nil {
			return Enrolment{}, err
		}
	}
	return a.enrolment(ctx, &acc, &t)
}

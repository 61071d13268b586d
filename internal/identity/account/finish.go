package account

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Finish ends an enrolment with the passkey that was made for it. In one commit of the
// account's partition the account is opened (or recovered), the passkey added, the code
// used, the notice put in, and what also returns, such as the first session. Of several
// with one code or one ticket, one succeeds.
//
// A recovery ends all sessions there were, and freezes invitations and exports for a
// day. RULES 1.
func (a *Accounts) Finish(ctx context.Context, text string, made passkey.Registered, also Also) (Account, error) {
	t, err := a.open(text)
	if err != nil {
		return Account{}, err
	}
	c, err := tidied(made.Credential)
	if err != nil {
		return Account{}, err
	}
	if !bytes.Equal(made.UserHandle, t.handle) {
		return Account{}, errs.New(errs.Invalid, "The passkey was made for another account. Start again.")
	}
	if err := a.claim(ctx, c.ID, t.account); err != nil {
		return Account{}, err
	}
	for {
		acc, dropped, err := a.finish(ctx, &t, c, also)
		switch {
		case movedOn(err, spent):
			return Account{}, refused()
		case movedOn(err, accounts, activations):
			continue
		case err != nil:
			return Account{}, worded(err)
		}
		_ = a.release(ctx, acc.ID, dropped) // nobody confirms such a claim: it is free all the same
		if err := a.kept(ctx, acc.ID, c.ID); err != nil {
			return Account{}, err
		}
		return acc, nil
	}
}

// finish is one attempt at the commit of Finish.
func (a *Accounts) finish(ctx context.Context, t *ticket, c passkey.Credential, also Also) (Account, []Passkey, error) {
	acc, code, err := a.enrolled(ctx, t)
	if err != nil {
		return Account{}, nil, err
	}
	now := a.o.Now()
	if acc.State == Active != t.recovery || t.recovery && !bytes.Equal(acc.Handle, t.handle) {
		return Account{}, nil, refused()
	}
	ops := []store.Op{spend(t.account, t.id, t.expires)}
	if t.selector != "" {
		if !code.counts(now) || t.recovery && !code.recovery {
			return Account{}, nil, refused()
		}
		code.state, code.ended = codeUsed, now
		ops = append(ops, code.op(t.account))
	}
	var dropped []Passkey
	told := Notice{Kind: Enrolled, At: now}
	if t.recovery {
		if dropped, err = a.recover(ctx, &acc, t, now); err != nil {
			return Account{}, nil, err
		}
		if c, err = a.named(ctx, &acc, c); err != nil {
			return Account{}, nil, err
		}
		told = Notice{Kind: Recovered, At: now, About: c.Name}
	} else {
		acc = Account{ID: t.account, Rev: acc.Rev, Person: t.person, Proofing: t.proofing, Handle: t.handle, Epoch: acc.Epoch + 1,
			Enrolled: t.means(), Since: now, State: Active, nextKey: acc.nextKey}
	}
	k := acc.add(c)
	added, err := k.op(acc.ID)
	if err != nil {
		return Account{}, nil, err
	}
	ops = append(ops, acc.op(), added, NoticeOp(acc.ID, told))
	for _, d := range dropped {
		ops = append(ops, d.deletion(acc.ID), NoticeOp(acc.ID, Notice{Kind: PasskeyRemoved, At: now, About: d.Credential.Name}))
	}
	if also != nil {
		more, err := also(acc, k.Number)
		if err != nil {
			return Account{}, nil, err
		}
		ops = append(ops, more...)
	}
	return acc, dropped, a.o.DB.Commit(ctx, acc.ID, ops)
}

// recover changes an account by a recovery, and returns the passkeys that it loses: all,
// if they were made at a lower level of proofing than the account now has, because nobody
// knows that the same person made them; else the one not used for longest, if there is
// no room.
func (a *Accounts) recover(ctx context.Context, acc *Account, t *ticket, now time.Time) ([]Passkey, error) {
	keys, err := a.keysOf(ctx, acc)
	if err != nil {
		return nil, err
	}
	acc.Epoch++
	acc.Frozen = now.Add(a.o.Freeze)
	var dropped []Passkey
	switch {
	case t.proofing > acc.Proofing:
		acc.Proofing, acc.Enrolled, dropped = t.proofing, t.means(), keys
	case len(keys) >= a.o.MaxKeys:
		dropped = []Passkey{slices.MinFunc(keys, func(x, y Passkey) int { return lastUse(x).Compare(lastUse(y)) })}
	}
	for _, k := range dropped {
		acc.drop(k.Number)
	}
	return dropped, nil
}

func lastUse(k Passkey) time.Time {
	if k.Credential.LastUsed.IsZero() {
		return k.Credential.Created
	}
	return k.Credential.LastUsed
}

// enrolled reads what a ticket stands on.
func (a *Accounts) enrolled(ctx context.Context, t *ticket) (acc Account, code activation, err error) {
	refs := []store.Ref{Ref(t.account)}
	if t.selector != "" {
		refs = append(refs, activationRef(t.account, t.selector))
	}
	var bad error
	err = a.o.DB.Get(ctx, refs, func(d *store.Doc) bool {
		if d.Collection == accounts {
			acc, bad = Decode(d)
		} else {
			code, bad = decodeActivation(d)
		}
		return bad == nil
	})
	return acc, code, cmp.Or(err, bad)
}

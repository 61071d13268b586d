package account

import (
	"bytes"
	"cmp"
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Owner is a passkey.Lookup: whose passkey a credential id is. If it is nobody's, was
// removed, or its account has ended, the error and the calls to the store are the same.
func (a *Accounts) Owner(ctx context.Context, credential []byte) (passkey.Owner, error) {
	owner, err := a.claims.Owner(ctx, claimOf(credential))
	if err != nil {
		return passkey.Owner{}, err
	}
	if owner == "" {
		owner = IDOf("")
	}
	acc, k, err := a.holds(ctx, owner, credential)
	if err != nil {
		return passkey.Owner{}, err
	}
	return passkey.Owner{Account: acc.ID, UserHandle: acc.Handle, Credential: k.Credential}, nil
}

// holds reads an account and its passkey of that credential id.
func (a *Accounts) holds(ctx context.Context, account string, credential []byte) (acc Account, k Passkey, err error) {
	var bad error
	refs := [...]store.Ref{Ref(account), passkeyRef(account, passkeyID(credential))}
	err = a.o.DB.Get(ctx, refs[:], func(d *store.Doc) bool {
		if d.Collection == accounts {
			acc, bad = Decode(d)
		} else {
			k, bad = decodePasskey(d)
		}
		return bad == nil
	})
	if err = cmp.Or(err, bad); err != nil {
		return Account{}, Passkey{}, err
	}
	if acc.State != Active || !acc.HasKey(k.Number) || !bytes.Equal(k.Credential.ID, credential) {
		return Account{}, Passkey{}, errs.New(errs.NotFound, "This passkey is not in use here. Use another one.")
	}
	return acc, k, nil
}

// Also returns what is committed with a change to an account: acc is as it will be,
// passkey the number of the one that was used. It may be called more than once.
type Also func(acc Account, passkey uint64) ([]store.Op, error)

// SignedIn commits what follows from a login or step-up that package passkey believed:
// the passkey as it is after its use (its count and flags when they changed, its last
// use at most once a minute), and what also returns, such as the session.
func (a *Accounts) SignedIn(ctx context.Context, by passkey.Asserted, also Also) (Account, error) {
	for {
		acc, k, err := a.holds(ctx, by.Account, by.Credential.ID)
		if errs.KindOf(err) == errs.NotFound && err != nil { // removed since it was looked up
			return Account{}, errs.New(errs.Unauthenticated, "%s", errs.Message(err))
		}
		if err != nil {
			return Account{}, err
		}
		was, is := k.Credential, by.Credential
		if was.SignCount != 0 && is.SignCount <= was.SignCount { // another login came between
			return Account{}, errs.New(errs.Conflict, "This passkey was used twice at the same moment. Try again.")
		}
		var ops []store.Op
		if also != nil {
			if ops, err = also(acc, k.Number); err != nil {
				return Account{}, err
			}
		}
		if was.SignCount != is.SignCount || was.Flags != is.Flags || is.LastUsed.Sub(was.LastUsed) >= time.Minute {
			k.Credential.SignCount, k.Credential.Flags, k.Credential.LastUsed = is.SignCount, is.Flags, is.LastUsed
			op, err := k.op(acc.ID)
			if err != nil {
				return Account{}, err
			}
			ops = append(ops, op)
		}
		if len(ops) == 0 {
			return acc, nil
		}
		if err = a.o.DB.Commit(ctx, acc.ID, ops); !movedOn(err, passkeys) {
			return acc, worded(err)
		}
	}
}

// SignCountFell tells the owner that a login was refused because the passkey's sign
// count fell: once an hour, however often it is tried. RULES 1.
func (a *Accounts) SignCountFell(ctx context.Context, account string, credential []byte) error {
	acc, k, err := a.holds(ctx, account, credential)
	if err != nil {
		return err
	}
	now := a.o.Now()
	op := NoticeOp(acc.ID, Notice{ID: timeID(now.Truncate(time.Hour)) + k.ID, Kind: SignCountFell, At: now, About: k.Credential.Name})
	op.Kind = store.Insert
	err = a.o.DB.Commit(ctx, acc.ID, []store.Op{op})
	if errs.KindOf(err) == errs.Conflict {
		return nil
	}
	return err
}

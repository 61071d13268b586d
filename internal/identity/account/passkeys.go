package account

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Refusals that a page acts on.
const (
	CodeLastPasskey  = "LAST_PASSKEY"
	CodeTooManyKeys  = "TOO_MANY_PASSKEYS"
	CodeKeyElsewhere = "PASSKEY_IN_USE"
)

// Passkeys returns the passkeys of an account, oldest first.
func (a *Accounts) Passkeys(ctx context.Context, account string) ([]Passkey, error) {
	acc, err := a.active(ctx, account)
	if err != nil {
		return nil, err
	}
	return a.keysOf(ctx, &acc)
}

func (a *Accounts) keysOf(ctx context.Context, acc *Account) (list []Passkey, err error) {
	var bad error
	_, err = a.o.DB.Find(ctx, store.Query{Collection: passkeys, Partition: acc.ID}, func(d *store.Doc) bool {
		k, err := decodePasskey(d)
		if bad = err; err != nil {
			return false
		}
		if acc.HasKey(k.Number) {
			list = append(list, k)
		}
		return true
	})
	slices.SortFunc(list, func(x, y Passkey) int { return cmp.Compare(x.Number, y.Number) })
	return list, cmp.Or(err, bad)
}

// AddPasskey adds a passkey to an account, with what is committed with it, such as the
// step-up that allowed it. The owner is told.
func (a *Accounts) AddPasskey(ctx context.Context, account string, c passkey.Credential, also ...store.Op) error {
	c, err := tidied(c)
	if err != nil {
		return err
	}
	if err := a.claim(ctx, c.ID, account); err != nil {
		return err
	}
	err = a.change(ctx, account, func(acc *Account, now time.Time) ([]store.Op, error) {
		if len(acc.Keys) >= a.o.MaxKeys {
			return nil, errs.Coded(errs.Unprocessable, CodeTooManyKeys, "An account has at most %d passkeys. Remove one first.", a.o.MaxKeys)
		}
		c, err := a.named(ctx, acc, c)
		if err != nil {
			return nil, err
		}
		k := acc.add(c)
		added, err := k.op(account)
		told := NoticeOp(account, Notice{Kind: PasskeyAdded, At: now, About: c.Name})
		return append([]store.Op{added, told}, also...), err
	})
	if err != nil {
		return worded(err)
	}
	return a.kept(ctx, account, c.ID)
}

// add gives the account a new passkey.
func (a *Account) add(c passkey.Credential) Passkey {
	a.nextKey++
	a.Keys = append(a.Keys, a.nextKey)
	return Passkey{ID: passkeyID(c.ID), Number: a.nextKey, Credential: c}
}

// claim makes a credential id the account's own, unless another account has it. It comes
// before the commit that adds the passkey: a claim whose account does not hold the
// passkey counts for nothing, so stopping between the two leaves the id free.
func (a *Accounts) claim(ctx context.Context, credential []byte, account string) error {
	err := a.claims.Take(ctx, claimOf(credential), account, func(ctx context.Context, owner string) (bool, error) {
		held := false
		err := a.o.DB.Get(ctx, []store.Ref{passkeyRef(owner, passkeyID(credential))}, func(*store.Doc) bool {
			held = true
			return true
		})
		return held, err
	})
	if errs.KindOf(err) == errs.Conflict {
		return keyInUse()
	}
	return err
}

// kept makes sure, once a passkey was added, that its claim still stands: another
// account may have taken it over before there was anything here to confirm it. If that
// one holds the passkey too, this one gives it up, so that it is never both's. Of an
// account that is left without any, there is none: it was opened at this moment.
func (a *Accounts) kept(ctx context.Context, account string, credential []byte) error {
	lost := a.claim(ctx, credential, account)
	if errs.CodeOf(lost) != CodeKeyElsewhere {
		return lost
	}
	err := a.change(ctx, account, func(acc *Account, now time.Time) ([]store.Op, error) {
		k, err := a.key(ctx, acc, passkeyID(credential))
		if err != nil {
			return nil, err
		}
		if acc.drop(k.Number); len(acc.Keys) == 0 {
			acc.State = Ended
		}
		acc.Epoch++
		return []store.Op{k.deletion(account), NoticeOp(account, Notice{Kind: PasskeyRemoved, At: now, About: k.Credential.Name})}, nil
	})
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	return lost
}

func keyInUse() error {
	return errs.Coded(errs.Conflict, CodeKeyElsewhere, "This passkey is registered already. Make a new one.")
}

// worded puts words to what a person can be told of a commit that did not happen.
func worded(err error) error {
	if movedOn(err, passkeys) {
		return keyInUse()
	}
	if errs.KindOf(err) == errs.Conflict && errs.CodeOf(err) == "" {
		return errs.New(errs.Conflict, "Something about your account changed in the meantime. Try again.")
	}
	return err
}

// RenamePasskey gives a passkey another name, and tells.
func (a *Accounts) RenamePasskey(ctx context.Context, account, id, name string) error {
	name, err := tidyName(name)
	if err != nil {
		return err
	}
	for {
		acc, err := a.active(ctx, account)
		if err != nil {
			return err
		}
		k, err := a.key(ctx, &acc, id)
		if err != nil {
			return err
		}
		k.Credential.Name = name
		renamed, err := k.op(account)
		if err != nil {
			return err
		}
		told := NoticeOp(account, Notice{Kind: PasskeyRenamed, At: a.o.Now(), About: name})
		if err = a.o.DB.Commit(ctx, account, []store.Op{renamed, told}); !movedOn(err, passkeys) {
			return err
		}
	}
}

// NeedsKey reports whether the account's only passkey has to stay, as the person could
// not come back without anybody's help: by NHS login at P9.
func (a *Account) NeedsKey() bool {
	return len(a.Keys) == 1 && (a.Enrolled != ByNHSLogin || a.Proofing < identity.P9)
}

// RemovePasskey removes a passkey, and with it the sessions that it began, unless the
// account needs it.
func (a *Accounts) RemovePasskey(ctx context.Context, account, id string, also ...store.Op) error {
	var gone Passkey
	for {
		err := a.change(ctx, account, func(acc *Account, now time.Time) ([]store.Op, error) {
			k, err := a.key(ctx, acc, id)
			if err != nil {
				return nil, err
			}
			if acc.NeedsKey() {
				return nil, errs.Coded(errs.Unprocessable, CodeLastPasskey, "This is your only passkey: without it you could not log in. Add another one first.")
			}
			acc.drop(k.Number)
			gone = k
			told := NoticeOp(account, Notice{Kind: PasskeyRemoved, At: now, About: k.Credential.Name})
			return append([]store.Op{k.deletion(account), told}, also...), nil
		})
		if movedOn(err, passkeys) { // it was used at this moment
			continue
		}
		if err != nil {
			return worded(err)
		}
		return a.claims.Release(ctx, claimOf(gone.Credential.ID), account)
	}
}

func (a *Account) drop(number uint64) {
	a.Keys = slices.DeleteFunc(slices.Clone(a.Keys), func(k uint64) bool { return k == number })
}

// key reads a passkey of an account that counts.
func (a *Accounts) key(ctx context.Context, acc *Account, id string) (Passkey, error) {
	notFound := errs.New(errs.NotFound, "You have no such passkey.")
	if len(id) != 17 || id[0] != 'k' || !IsID("a"+id[1:]) {
		return Passkey{}, notFound
	}
	d, err := a.o.DB.Load(ctx, passkeyRef(acc.ID, id))
	if errs.KindOf(err) == errs.NotFound {
		return Passkey{}, notFound
	}
	if err != nil {
		return Passkey{}, err
	}
	k, err := decodePasskey(d)
	if err == nil && !acc.HasKey(k.Number) {
		return Passkey{}, notFound
	}
	return k, err
}

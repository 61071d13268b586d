package account

import (
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/store"
)

// EndSessions ends all sessions of an account, and tells. It bites at the next request,
// on every instance.
func (a *Accounts) EndSessions(ctx context.Context, id string) error {
	return a.change(ctx, id, func(acc *Account, now time.Time) ([]store.Op, error) {
		acc.Epoch++
		return []store.Op{NoticeOp(id, Notice{Kind: SignedOutEverywhere, At: now})}, nil
	})
}

// End ends an account, and with it its sessions and passkeys: because the person asked,
// died, was merged with another, or was deactivated. They may enrol anew. What has ended
// already is errs.NotFound.
func (a *Accounts) End(ctx context.Context, id string) error {
	var keys []Passkey
	for {
		err := a.change(ctx, id, func(acc *Account, now time.Time) (ops []store.Op, err error) {
			if keys, err = a.keysOf(ctx, acc); err != nil {
				return nil, err
			}
			for i := range keys {
				ops = append(ops, keys[i].deletion(id))
			}
			acc.State, acc.Keys = Ended, nil
			acc.Epoch++
			return append(ops, NoticeOp(id, Notice{Kind: AccountEnded, At: now})), nil
		})
		if movedOn(err, passkeys) { // one was used at this moment
			continue
		}
		if err != nil {
			return err
		}
		return a.release(ctx, id, keys)
	}
}

// release gives up the claims of passkeys that an account has lost.
func (a *Accounts) release(ctx context.Context, id string, keys []Passkey) error {
	for i := range keys {
		if err := a.claims.Release(ctx, claimOf(keys[i].Credential.ID), id); err != nil {
			return err
		}
	}
	return nil
}

// change changes an active account by compare-and-swap, and commits with it what
// prepare returns. prepare may run more than once.
func (a *Accounts) change(ctx context.Context, id string, prepare func(acc *Account, now time.Time) ([]store.Op, error)) error {
	for {
		acc, err := a.active(ctx, id)
		if err != nil {
			return err
		}
		ops, err := prepare(&acc, a.o.Now())
		if err != nil {
			return err
		}
		err = a.o.DB.Commit(ctx, id, append([]store.Op{acc.op()}, ops...))
		if !movedOn(err, accounts) {
			return err
		}
	}
}

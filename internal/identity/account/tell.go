package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Tell puts a notice into the inbox of a person's account, if they have one and are not
// Gone, for another room that cannot commit it with what it tells. The same key at the
// same time is the same notice: telling it again changes nothing, whether it was read.
func (a *Accounts) Tell(ctx context.Context, person, key string, n Notice) error {
	account := IDOf(person)
	acc, err := a.Get(ctx, account)
	if errs.KindOf(err) == errs.NotFound || err == nil && acc.State != Active {
		return nil
	}
	if err != nil {
		return err
	}
	if gone, err := a.o.Gone(ctx, person); err != nil || gone {
		return err
	}
	sum := sha256.Sum256([]byte(key))
	n.ID = timeID(n.At) + hex.EncodeToString(sum[:5])
	op := NoticeOp(account, n)
	op.Kind = store.Insert
	if err = a.o.DB.Commit(ctx, account, []store.Op{op}); errs.KindOf(err) == errs.Conflict {
		return nil
	}
	return err
}

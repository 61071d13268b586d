package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

var _ passkey.Spender = (*Accounts)(nil)

// Spend implements passkey.Spender: of several calls with one id, on whatever instances,
// one succeeds, and the others get errs.Conflict.
func (a *Accounts) Spend(ctx context.Context, id string, until time.Time) error {
	op := spend("", id, until)
	return a.o.DB.Commit(ctx, op.Doc.Partition, []store.Op{op})
}

// spend is what uses id up, in the partition of an account, or else in its own. It is
// kept a minute longer than id would be taken, for clocks that differ.
func spend(account, id string, until time.Time) store.Op {
	sum := sha256.Sum256([]byte(id))
	ref := store.Ref{Collection: spent, Partition: account, ID: hex.EncodeToString(sum[:])}
	if account == "" {
		ref.Partition, ref.ID = ref.ID, one
	}
	return store.Op{Kind: store.Insert, Doc: store.Doc{Ref: ref, Body: []byte{form}, Expires: until.Add(time.Minute)}}
}

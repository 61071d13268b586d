package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

const (
	claimsCollection = "claims"
	claimID          = "owner"
)

// Confirm asks the owner's own partition whether it holds what it has claimed. A claim
// alone proves nothing: its owner may have stopped half-way.
type Confirm func(ctx context.Context, owner string) (bool, error)

// Claims gives each value of a kind (a credential id, a keyed hash of an NHS number, a
// device token) one owner at most. A value is hashed, so it may be of any length and
// does not show in keys; one that can be guessed must be keyed before.
type Claims struct {
	db   *DB
	kind string
}

// Claims returns the claims of that kind.
func (db *DB) Claims(kind string) *Claims { return &Claims{db, kind} }

func (c *Claims) ref(value string) Ref {
	sum := sha256.Sum256([]byte(value))
	return Ref{Collection: claimsCollection, Partition: c.kind + "-" + hex.EncodeToString(sum[:]), ID: claimID}
}

// Owner returns who has claimed value, "" if nobody. It counts only once confirmed.
func (c *Claims) Owner(ctx context.Context, value string) (string, error) {
	owner, _, err := c.read(ctx, value)
	return owner, err
}

func (c *Claims) read(ctx context.Context, value string) (owner string, rev uint64, err error) {
	err = c.db.Get(ctx, []Ref{c.ref(value)}, func(d *Doc) bool {
		owner, rev = string(d.Body), d.Rev
		return true
	})
	return owner, rev, err
}

// Take claims value for owner, before owner's partition says that it holds it. If
// another has it and confirm says that they hold it, the error is of kind Conflict; if
// they do not, the claim passes to owner. Taking what one has is no error.
func (c *Claims) Take(ctx context.Context, value, owner string, confirm Confirm) error {
	for {
		holder, rev, err := c.read(ctx, value)
		if err != nil || holder == owner && rev != 0 {
			return err
		}
		if rev != 0 {
			held, err := confirm(ctx, holder)
			if err != nil {
				return err
			}
			if held {
				return errs.New(errs.Conflict, "this is already registered to somebody else")
			}
		}
		if err = c.set(ctx, value, owner, rev); !lost(err) {
			return err
		}
	}
}

// TakeOver passes value from one owner to another. The caller has ended the old
// owner's side first: from then on nobody confirms the claim, so stopping half-way
// leaves it free. The error is of kind Conflict if from does not have it.
func (c *Claims) TakeOver(ctx context.Context, value, from, to string) error {
	holder, rev, err := c.read(ctx, value)
	if err != nil || holder == to && rev != 0 {
		return err
	}
	if holder != from {
		return errs.New(errs.Conflict, "this is registered to somebody else")
	}
	return c.set(ctx, value, to, rev)
}

// Release gives value up if owner has it. Like TakeOver, after owner's side has ended.
func (c *Claims) Release(ctx context.Context, value, owner string) error {
	holder, rev, err := c.read(ctx, value)
	if err != nil || rev == 0 || holder != owner {
		return err
	}
	ref := c.ref(value)
	err = c.db.Commit(ctx, ref.Partition, []Op{{Kind: Delete, Doc: Doc{Ref: ref, Rev: rev}}})
	if lost(err) {
		return nil // it is another's now
	}
	return err
}

func (c *Claims) set(ctx context.Context, value, owner string, rev uint64) error {
	kind := Replace
	if rev == 0 {
		kind = Insert
	}
	ref := c.ref(value)
	return c.db.Commit(ctx, ref.Partition, []Op{{Kind: kind, Doc: Doc{Ref: ref, Rev: rev, Body: []byte(owner)}}})
}

func lost(err error) bool {
	var conflict *ConflictError
	return errors.As(err, &conflict)
}

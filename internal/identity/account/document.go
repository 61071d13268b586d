package account

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// form is the newest version of each stored form of the package.
const form = 1

func (a *Account) encode() []byte {
	b := append(make([]byte, 0, 192), form, byte(a.State), byte(a.Proofing), byte(a.Enrolled))
	b = packed.AppendString(b, a.Person)
	b = packed.AppendUint(b, a.Epoch)
	b = packed.AppendTime(b, a.Frozen)
	b = packed.AppendTime(b, a.Since)
	b = packed.AppendUint(b, a.nextKey)
	b = packed.AppendUint(b, uint64(len(a.Keys)))
	for _, k := range a.Keys {
		b = packed.AppendUint(b, k)
	}
	return packed.AppendBytes(b, a.Handle)
}

// Decode reads the document that Ref names.
func Decode(d *store.Doc) (Account, error) {
	r, _ := packed.NewReader(d.Body, form)
	a := Account{ID: d.Partition, Rev: d.Rev, State: State(r.Byte()), Proofing: identity.Proofing(r.Byte()), Enrolled: Means(r.Byte())}
	a.Person, a.Epoch, a.Frozen, a.Since, a.nextKey = r.String(), r.Uint(), r.Time(), r.Time(), r.Uint()
	n := r.Len()
	a.Keys = make([]uint64, 0, n)
	for range n {
		a.Keys = append(a.Keys, r.Uint())
	}
	a.Handle = bytes.Clone(r.Raw())
	if err := r.Close(); err != nil {
		return Account{}, fmt.Errorf("account document: %w", err)
	}
	return a, nil
}

// op writes the account as it is now, if its document is as it was when it was read.
func (a *Account) op() store.Op {
	return write(store.Doc{Ref: Ref(a.ID), Rev: a.Rev, Body: a.encode()})
}

// write inserts a document that is new (Rev 0), or replaces what is at its revision.
func write(d store.Doc) store.Op {
	if d.Rev == 0 {
		return store.Op{Kind: store.Insert, Doc: d}
	}
	return store.Op{Kind: store.Replace, Doc: d}
}

// movedOn reports whether a commit failed because a document of one of those
// collections was not as it was read.
func movedOn(err error, collections ...string) bool {
	var conflict *store.ConflictError
	if !errors.As(err, &conflict) {
		return false
	}
	for _, c := range collections {
		if conflict.Ref.Collection == c {
			return true
		}
	}
	return false
}

func unreadable(what string, err error) error {
	return errs.Wrap(errs.Internal, errors.Join(driver.ErrCorrupt, err), what+" cannot be read")
}

package account

import (
	"cmp"
	"context"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Code returns one code by its id in the list, to the staff who see that list. One
// of another organisation is as one that does not exist.
func (a *Accounts) Code(ctx context.Context, by identity.Caller, id string) (Code, error) {
	notFound := errs.New(errs.NotFound, "There is no such code.")
	if len(id) != selectorLen || !isSelector(id) {
		return Code{}, notFound
	}
	account, c, err := a.codeOf(ctx, id)
	if err != nil {
		return Code{}, err
	}
	if _, err := mayIssue(by, c.by.Org); err != nil || account == "" {
		return Code{}, notFound
	}
	codes, err := a.described(ctx, []store.Ref{activationRef(account, id), guardedRef(id)})
	if err != nil || len(codes) == 0 {
		return Code{}, cmp.Or(err, notFound)
	}
	return codes[0], nil
}

package account

import (
	"cmp"
	"context"
	"encoding/base64"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// CodeState is how a code stands.
type CodeState string

// States of a code.
const (
	StateWaits   CodeState = "waits"   // a recovery code that a second member of staff must vouch for
	StateOpen    CodeState = "open"    //
	StateUsed    CodeState = "used"    //
	StateRevoked CodeState = "revoked" // withdrawn, or replaced by a later one
	StateExpired CodeState = "expired" //
	StateLocked  CodeState = "locked"  // by wrong tries
)

// Code is what an organisation sees of a code it made: never its secret.
type Code struct {
	ID       string // for Vouch and Revoke
	Person   string
	Recovery bool
	State    CodeState
	By       Staff
	Second   Staff // of a recovery code, once vouched for
	Made     time.Time
	Vouched  time.Time
	Expires  time.Time
	Ended    time.Time // used or revoked
	Tries    int       // wrong ones
}

// list enters a code in its organisation's list.
func (a *Accounts) list(ctx context.Context, c *activation, account string) error {
	ref := store.Ref{Collection: listing, Partition: string(c.by.Org), ID: timeID(c.made) + "-" + c.selector}
	doc := store.Doc{Ref: ref, Body: packed.AppendString([]byte{form}, account), Expires: c.expires.Add(codeKept)}
	return a.o.DB.Commit(ctx, ref.Partition, []store.Op{{Kind: store.Put, Doc: doc}})
}

// Codes returns at most limit codes that an organisation made in the last months, newest
// first, from after on, and where to go on. Only its own staff and the programme office
// see them.
func (a *Accounts) Codes(ctx context.Context, by identity.Caller, org nhs.ODS, after string, limit int) (codes []Code, next string, err error) {
	staff, err := mayIssue(by, org)
	if err != nil {
		return nil, "", err
	}
	cursor, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil {
		return nil, "", errs.New(errs.Invalid, "The page of codes asked for does not exist. Start at the first.")
	}
	q := store.Query{Collection: listing, Partition: string(cmp.Or(org, staff.Org)), Reverse: true, Limit: limit}
	if len(cursor) > 0 {
		q.After = cursor
	}
	var refs []store.Ref
	var bad error
	cursor, err = a.o.DB.Find(ctx, q, func(d *store.Doc) bool {
		_, selector, _ := strings.Cut(d.ID, "-")
		r, _ := packed.NewReader(d.Body, form)
		account := r.String()
		if bad = r.Close(); bad != nil {
			return false
		}
		refs = append(refs, activationRef(account, selector), guardedRef(selector))
		return true
	})
	if err = cmp.Or(err, bad); err != nil {
		return nil, "", err
	}
	codes, err = a.described(ctx, refs)
	return codes, base64.RawURLEncoding.EncodeToString(cursor), err
}

// described reads codes by pairs of references: the activation, then what guards it.
func (a *Accounts) described(ctx context.Context, refs []store.Ref) (codes []Code, err error) {
	if len(refs) == 0 {
		return nil, nil
	}
	var bad error
	now := a.o.Now()
	err = a.o.DB.Get(ctx, refs, func(d *store.Doc) bool {
		if d.Collection == activations {
			var c activation
			c, bad = decodeActivation(d)
			codes = append(codes, c.describe(now))
			return bad == nil
		}
		var g guarded
		g, bad = decodeGuarded(d)
		if n := len(codes); n > 0 && codes[n-1].ID == d.Partition {
			codes[n-1].Tries = int(g.tries)
			if s := &codes[n-1].State; g.tries >= uint64(a.o.MaxTries) && (*s == StateOpen || *s == StateWaits) {
				*s = StateLocked
			}
		}
		return bad == nil
	})
	return codes, cmp.Or(err, bad)
}

func (c *activation) describe(now time.Time) Code {
	out := Code{ID: c.selector, Person: c.person, Recovery: c.recovery, By: c.by, Second: c.second, Made: c.made, Vouched: c.vouched,
		Expires: c.expires, Ended: c.ended, State: StateOpen}
	switch {
	case c.state == codeUsed:
		out.State = StateUsed
	case c.state == codeRevoked:
		out.State = StateRevoked
	case !now.Before(c.expires):
		out.State = StateExpired
	case !c.counts(now):
		out.State = StateWaits
	}
	return out
}

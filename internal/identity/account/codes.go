package account

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
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
// see them. Those that operators made are in the programme office's own list.
func (a *Accounts) Codes(ctx context.Context, by identity.Caller, org nhs.ODS, after string, limit int) (codes []Code, next string, err error) {
	staff, err := mayIssue(by, org)
	if err != nil {
		return nil, "", err
	}
	cursor, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil {
		return nil, "", errs.New(errs.Invalid, "The page of codes asked for does not exist. Start at the first.")
	}
	of := []nhs.ODS{cmp.Or(org, staff.Org)}
	if by.Role == identity.ProgrammeOffice && of[0] == by.Org {
		of = append(of, programmeOffice)
	}
	found, cursor, err := a.listed(ctx, of, cursor, limit)
	if err != nil {
		return nil, "", err
	}
	var refs []store.Ref
	for _, l := range found {
		_, selector, _ := strings.Cut(l.id, "-")
		refs = append(refs, activationRef(l.account, selector), guardedRef(selector))
	}
	codes, err = a.described(ctx, refs)
	return codes, base64.RawURLEncoding.EncodeToString(cursor), err
}

// listed is a code in a list.
type listed struct{ id, account string }

// listed reads the lists of organisations as one, newest first. Ids begin with the time,
// so that where one ends is a place in each of them.
func (a *Accounts) listed(ctx context.Context, of []nhs.ODS, cursor []byte, limit int) (all []listed, after []byte, err error) {
	q := store.Query{Collection: listing, Reverse: true, Limit: limit}
	if len(cursor) > 0 {
		q.After = cursor
	}
	more := false
	for _, org := range of {
		var bad error
		q.Partition = string(org)
		rest, err := a.o.DB.Find(ctx, q, func(d *store.Doc) bool {
			r, _ := packed.NewReader(d.Body, form)
			all = append(all, listed{d.ID, r.String()})
			bad = r.Close()
			return bad == nil
		})
		if err = cmp.Or(err, bad); err != nil {
			return nil, nil, err
		}
		more = more || rest != nil
	}
	slices.SortFunc(all, func(x, y listed) int { return strings.Compare(y.id, x.id) })
	if limit > 0 && len(all) > limit {
		all, more = all[:limit], true
	}
	if !more {
		return all, nil, nil
	}
	after, err = driver.Cursor(nil, nil, all[len(all)-1].id)
	return all, after, err
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

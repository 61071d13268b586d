package record

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// SetSharing sets a person's sharing choice: for every request begun after it
// returns, on every instance. Of joined records it is the surviving one's. A window
// for an appointment opens now; it must be one of the person's that is booked.
func (r *Records) SetSharing(ctx context.Context, by identity.Caller, p PersonID, choice sharing.Choice, requestID string) error {
	if choice.Tier == sharing.Unknown {
		return errs.New(errs.Invalid, "Choose share, emergency-only or none.")
	}
	choice.Since, choice.By = r.o.Now(), by.ID
	choice.Windows = slices.Clone(choice.Windows)
	for i, w := range choice.Windows {
		if w.Appointment != "" {
			choice.Windows[i].From, choice.Windows[i].To = choice.Since, time.Time{}
		}
	}
	return r.administer(ctx, by, p, access.Choose, "sharing choice: "+choice.Tier.String(), requestID, func(p PersonID, c *control) error {
		if err := r.booked(ctx, append([]PersonID{p}, c.members...), choice.Appointments()); err != nil {
			return err
		}
		c.sharing = choice
		return nil
	})
}

// Sharing returns a person's sharing choice as it stands. It is an event too.
func (r *Records) Sharing(ctx context.Context, by identity.Caller, p PersonID, requestID string) (sharing.Choice, error) {
	var choice sharing.Choice
	err := r.administer(ctx, by, p, access.Administer, "sharing choice shown", requestID, func(_ PersonID, c *control) error {
		choice = c.sharing
		return errNoChange
	})
	return choice, err
}

// SetRestricted marks a person as restricted (PDS code R) or not.
func (r *Records) SetRestricted(ctx context.Context, by identity.Caller, p PersonID, on bool, requestID string) error {
	return r.administer(ctx, by, p, access.Administer, mark("restricted", on), requestID, func(_ PersonID, c *control) error {
		c.restricted = on
		return nil
	})
}

// SetSensitive marks a person as sensitive or not: to all but the cleared callers
// they are then unknown.
func (r *Records) SetSensitive(ctx context.Context, by identity.Caller, p PersonID, on bool, cleared []string, requestID string) error {
	return r.administer(ctx, by, p, access.Administer, mark("sensitive", on), requestID, func(_ PersonID, c *control) error {
		c.sensitive, c.cleared = on, cleared
		return nil
	})
}

// SetInvalidated marks a person's NHS number as no longer valid, or takes the mark
// away. To those who would be told of the person the record is then a 404 of its own
// (INVALIDATED_RESOURCE), and nobody finds it; sources are still listened to. Of
// joined records it is about the surviving one's number, and so about all.
func (r *Records) SetInvalidated(ctx context.Context, by identity.Caller, p PersonID, on bool, requestID string) error {
	return r.administer(ctx, by, p, access.Administer, mark("invalidated", on), requestID, func(_ PersonID, c *control) error {
		c.invalidated = on
		return nil
	})
}

// mark says in the ledger which mark was set, or taken away.
func mark(what string, on bool) string {
	if on {
		return "marked as " + what
	}
	return "no longer marked as " + what
}

// errNoChange ends administer without a commit.
var errNoChange = errors.New("record: no change")

// errJoined ends a change of a record that was joined to another meanwhile.
var errJoined = errors.New("record: joined to another")

// administer decides, writes the decision down, and changes what decides about a
// person by compare-and-swap: of joined records the surviving one's, also if they
// are joined at this moment. change, which is told whose it is, may run more than once.
func (r *Records) administer(ctx context.Context, by identity.Caller, p PersonID, a access.Action, what, requestID string, change func(PersonID, *control) error) error {
	for range tries {
		c, err := r.control(ctx, p)
		if err != nil {
			return err
		}
		if c.joinedTo != "" {
			p = c.joinedTo
		}
		err = r.administerExact(ctx, by, p, a, what, requestID, func(c *control) error {
			if c.joinedTo != "" {
				return errJoined
			}
			return change(p, c)
		})
		if !errors.Is(err, errJoined) {
			return err
		}
	}
	return errs.New(errs.Unavailable, "Somebody else is changing this. Try again.")
}

// change is a compare-and-swap of a control document, which also writes down for
// good what decides from now on.
func (r *Records) change(ctx context.Context, by identity.Caller, p PersonID, change func(*control) error) error {
	for range tries {
		c, err := r.control(ctx, p)
		if err != nil {
			return err
		}
		if err := change(&c); errors.Is(err, errNoChange) {
			return nil
		} else if err != nil {
			return err
		}
		err = r.o.Store.Commit(ctx, string(p), []driver.Op{c.op(p), c.decided(p, r.o.Now(), by.ID)})
		var conflict *driver.ConflictError
		if !errors.As(err, &conflict) {
			return err
		}
	}
	return errs.New(errs.Unavailable, "Somebody else is changing this. Try again.")
}

// Join makes two people's records read as one: from's goes on in into's, under the
// stricter of their sharing choices. Nothing moves; Split undoes it.
func (r *Records) Join(ctx context.Context, by identity.Caller, from, into PersonID, requestID string) error {
	if from == into {
		return errs.New(errs.Invalid, "A record cannot be joined to itself.")
	}
	target, err := r.control(ctx, into)
	if err != nil {
		return err
	}
	if !target.known() || target.joinedTo != "" || target.invalidated {
		return errs.New(errs.Invalid, "The record to join to is not known, has an invalidated number, or is joined to another itself.")
	}
	var old control
	if err := r.administerExact(ctx, by, from, access.Administer, "joined with another record", requestID, func(c *control) error {
		if len(c.members) > 0 || c.joinedTo != "" && c.joinedTo != into {
			return errs.New(errs.Invalid, "The record to be joined is joined with another already: split it first.")
		}
		c.joinedTo = into
		old = *c
		return nil
	}); err != nil {
		return err
	}
	return r.administerExact(ctx, by, into, access.Administer, "joined with another record", requestID, func(c *control) error {
		if !slices.Contains(c.members, from) {
			c.members = append(c.members, from)
		}
		c.asStrictAs(old)
		return nil
	})
}

// asStrictAs hides c from whomever o is hidden from too.
func (c *control) asStrictAs(o control) {
	c.sharing = sharing.Stricter(c.sharing, o.sharing)
	c.restricted = c.restricted || o.restricted
	switch {
	case o.sensitive && c.sensitive: // only who may see both
		c.cleared = slices.DeleteFunc(slices.Clone(c.cleared), func(id string) bool { return !o.clears(id) })
	case o.sensitive:
		c.sensitive, c.cleared = true, slices.Clone(o.cleared)
	}
}

// Split takes out again what was joined to from: first from's record no longer shows
// it, then it is read by itself. What was chosen and marked while they were joined
// holds for both afterwards.
func (r *Records) Split(ctx context.Context, by identity.Caller, from, out PersonID, requestID string) error {
	c, err := r.control(ctx, out)
	if err != nil {
		return err
	}
	if c.joinedTo != from {
		return errs.New(errs.Invalid, "The one record is not joined to the other.")
	}
	var both control
	if err := r.administerExact(ctx, by, from, access.Administer, "split from another record", requestID, func(c *control) error {
		c.members = slices.DeleteFunc(c.members, func(m PersonID) bool { return m == out })
		both = *c
		return nil
	}); err != nil {
		return err
	}
	return r.administerExact(ctx, by, out, access.Administer, "split from another record", requestID, func(c *control) error {
		c.joinedTo = ""
		c.asStrictAs(both)
		c.invalidated = c.invalidated || both.invalidated
		return nil
	})
}

// administerExact is administer for the record named, though it be joined to
// another.
func (r *Records) administerExact(ctx context.Context, by identity.Caller, p PersonID, a access.Action, what, requestID string, change func(*control) error) error {
	c, err := r.control(ctx, p)
	if err != nil {
		return err
	}
	f := access.Facts{Now: r.o.Now(), Caller: by, Action: a, Known: c.known()}
	grant := access.Decide(f)
	if _, err := r.o.Ledger.Append(ctx, event(f, grant, p, what, requestID)); err != nil {
		return err
	}
	if err := grant.Err(); err != nil {
		return err
	}
	return r.change(ctx, by, p, change)
}

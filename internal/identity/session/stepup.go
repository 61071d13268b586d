package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Action is something that is done only by somebody who has just confirmed it with a
// passkey (RULES 1): adding or removing a passkey, changing the sharing choice, inviting
// a carer, exporting, sharing by link. Params are what makes it this one and no other.
type Action struct {
	Name   string // such as "passkey.remove"
	Params map[string]string
}

// String is the action as apps are told it and write it: its name and, each after a
// slash, what makes it this one, in the order of the parameters' names.
func (a Action) String() string {
	text := a.Name
	for _, k := range slices.Sorted(maps.Keys(a.Params)) {
		text += "/" + a.Params[k]
	}
	return text
}

// Digest is what the passkey's assertion is bound to: a hash of the name and the
// parameters, in the order of their names, each with its length.
func (a Action) Digest() []byte {
	h := sha256.New()
	write := func(s string) {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	write("dcr action")
	write(a.Name)
	for _, k := range slices.Sorted(maps.Keys(a.Params)) {
		write(k)
		write(a.Params[k])
	}
	return h.Sum(nil)
}

// CodeStepUp is the code of a refusal that a confirmation lifts: the answer is 401 with
// the challenge insufficient_user_authentication (RFC 9470), and names the action. The
// code is the same as of a decision of package access.
const CodeStepUp = "STEP_UP_REQUIRED"

// StepUpError says that an action must be confirmed. Its errs.Error has the code
// CodeStepUp.
type StepUpError struct {
	Action Action
	MaxAge time.Duration // of the confirmation
}

func (e *StepUpError) Error() string { return "session: " + e.Action.Name + " must be confirmed" }

// Unwrap returns the error for the person.
func (e *StepUpError) Unwrap() error {
	return &errs.Error{Kind: errs.Unauthenticated, Code: CodeStepUp, Message: "Confirm this with your passkey first.", Action: e.Action.String()}
}

func stepUpRef(accountID, session string, digest []byte) store.Ref {
	return store.Ref{Collection: stepUps, Partition: accountID, ID: session + "-" + base64.RawURLEncoding.EncodeToString(digest)}
}

// Confirm returns the operation that notes that the caller has confirmed the action of
// that digest at a moment, to be committed with the passkey's use (account.SignedIn). It
// counts for this session and action alone, once.
func (s *Sessions) Confirm(c identity.Caller, digest []byte, at time.Time) store.Op {
	doc := store.Doc{Ref: stepUpRef(c.ID, c.Session, digest), Body: packed.AppendTime([]byte{form}, at), Expires: at.Add(s.o.Fresh)}
	return store.Op{Kind: store.Put, Doc: doc}
}

// Require uses up the caller's confirmation of an action, or fails with a *StepUpError.
// Of several calls for one confirmation one succeeds.
func (s *Sessions) Require(ctx context.Context, c identity.Caller, a Action) error {
	use, err := s.Consume(ctx, c, a)
	if err != nil {
		return err
	}
	err = s.o.DB.Commit(ctx, c.ID, []store.Op{use})
	if errs.KindOf(err) == errs.Conflict {
		return &StepUpError{a, s.o.Fresh}
	}
	return err
}

// Consume is Require for what is changed in the account's own partition: it returns the
// operation that uses the confirmation up, to be committed with the change. A commit that
// comes second fails with a conflict.
func (s *Sessions) Consume(ctx context.Context, c identity.Caller, a Action) (store.Op, error) {
	ref, rev, err := s.confirmation(ctx, c, a)
	return store.Op{Kind: store.Delete, Doc: store.Doc{Ref: ref, Rev: rev}}, err
}

// Confirmed reports, as a *StepUpError if not, whether the caller has confirmed an
// action, and leaves the confirmation as it is: for what may be asked for again, such as
// a download that broke off.
func (s *Sessions) Confirmed(ctx context.Context, c identity.Caller, a Action) error {
	_, _, err := s.confirmation(ctx, c, a)
	return err
}

func (s *Sessions) confirmation(ctx context.Context, c identity.Caller, a Action) (ref store.Ref, rev uint64, err error) {
	missing := &StepUpError{a, s.o.Fresh}
	if c.Kind != identity.Resident || !isID(c.Session) {
		return ref, 0, missing
	}
	ref = stepUpRef(c.ID, c.Session, a.Digest())
	d, err := s.o.DB.Load(ctx, ref)
	if errs.KindOf(err) == errs.NotFound {
		return ref, 0, missing
	}
	if err != nil {
		return ref, 0, err
	}
	r, _ := packed.NewReader(d.Body, form)
	at, now := r.Time(), s.o.Now()
	if err := r.Close(); err != nil {
		return ref, 0, err
	}
	if !now.Before(at.Add(s.o.Fresh)) || at.After(now.Add(leeway)) {
		return ref, 0, missing
	}
	return ref, d.Rev, nil
}

// Confirming is Confirm as account.SignedIn takes it.
func (s *Sessions) Confirming(c identity.Caller, digest []byte, at time.Time) account.Also {
	return func(account.Account, uint64) ([]store.Op, error) {
		return []store.Op{s.Confirm(c, digest, at)}, nil
	}
}

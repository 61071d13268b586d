package session_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/session"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

var seal = session.Action{Name: "sharing.set", Params: map[string]string{"tier": "none", "person": "pmary"}}

// confirm has Mary confirm an action.
func (w *world) confirm(c identity.Caller, a session.Action) {
	w.t.Helper()
	w.asserted.Credential.LastUsed = w.clock()
	_, err := w.accounts.SignedIn(w.t.Context(), w.asserted, func(account.Account, uint64) ([]store.Op, error) {
		return []store.Op{w.one.Confirm(c, a.Digest(), w.clock())}, nil
	})
	w.must(err)
}

func wantStepUp(t *testing.T, what string, err error) {
	t.Helper()
	var e *session.StepUpError
	if !errors.As(err, &e) || errs.KindOf(err) != errs.Unauthenticated || errs.CodeOf(err) != access.CodeStepUp || e.MaxAge != 5*time.Minute {
		t.Errorf("%s: %v", what, err)
	}
}

func TestStepUp(t *testing.T) {
	w := start(t)
	c, other := w.caller(w.login(false).Access), w.caller(w.login(true).Access)
	wantStepUp(t, "unconfirmed", w.two.Require(t.Context(), c, seal))

	w.confirm(c, seal)
	share := session.Action{Name: seal.Name, Params: map[string]string{"tier": "share", "person": "pmary"}}
	wantStepUp(t, "other parameters", w.two.Require(t.Context(), c, share))
	wantStepUp(t, "another action", w.two.Require(t.Context(), c, session.Action{Name: "export", Params: seal.Params}))
	wantStepUp(t, "another session", w.two.Require(t.Context(), other, seal))
	wantStepUp(t, "nobody", w.two.Require(t.Context(), identity.Caller{}, seal))
	w.must(w.two.Confirmed(t.Context(), c, seal))
	w.must(w.two.Require(t.Context(), c, seal))
	wantStepUp(t, "a second time", w.one.Require(t.Context(), c, seal))

	w.confirm(c, seal)
	w.advance(5*time.Minute - time.Second)
	w.must(w.one.Confirmed(t.Context(), c, seal))
	w.advance(time.Second)
	wantStepUp(t, "after five minutes", w.one.Require(t.Context(), c, seal))
	w.confirm(c, seal) // in the place of the one that expired
	w.must(w.one.Require(t.Context(), c, seal))
	w.confirm(c, seal)
	w.advance(-time.Hour)
	wantStepUp(t, "from the future", w.one.Require(t.Context(), c, seal))
}

// Of many who do one action with one confirmation, one may; and a change of the account
// itself uses it up in its own commit.
func TestStepUpCountsOnce(t *testing.T) {
	w := start(t)
	c := w.caller(w.login(false).Access)
	w.confirm(c, seal)
	answers := make(chan error, 8)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			answers <- []*session.Sessions{w.one, w.two}[i%2].Require(context.WithoutCancel(t.Context()), c, seal)
		})
	}
	wg.Wait()
	close(answers)
	done := 0
	for err := range answers {
		if err == nil {
			done++
			continue
		}
		wantStepUp(t, "too late", err)
	}
	if done != 1 {
		t.Errorf("%d did it", done)
	}

	add := session.Action{Name: "passkey.add"}
	w.confirm(c, add)
	use, err := w.one.Consume(t.Context(), c, add)
	w.must(err)
	next := w.asserted.Credential
	next.ID = bytes.Repeat([]byte{9}, 32)
	w.must(w.accounts.AddPasskey(t.Context(), w.mary.ID, next, use))
	next.ID = bytes.Repeat([]byte{8}, 32)
	if err := w.accounts.AddPasskey(t.Context(), w.mary.ID, next, use); errs.KindOf(err) != errs.Conflict {
		t.Errorf("used twice: %v", err)
	}
	wantStepUp(t, "used by the change", w.two.Require(t.Context(), c, add))
}

func TestDigests(t *testing.T) {
	seen := map[string]session.Action{}
	for _, a := range []session.Action{
		{}, {Name: "a"}, {Name: "ab"}, {Name: "a", Params: map[string]string{"b": ""}}, {Name: "a", Params: map[string]string{"": "b"}},
		{Name: "a", Params: map[string]string{"b": "c"}}, {Name: "a", Params: map[string]string{"bc": ""}}, {Name: "a", Params: map[string]string{"b": "c", "d": "e"}},
		{Name: "a", Params: map[string]string{"b": "cde"}}, {Name: "a", Params: map[string]string{"b": "e", "d": "c"}},
	} {
		d := string(a.Digest())
		if twin, ok := seen[d]; ok {
			t.Errorf("%+v and %+v have one digest", twin, a)
		}
		seen[d] = a
	}
}

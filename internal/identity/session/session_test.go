package session_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
)

func TestAuthenticate(t *testing.T) {
	w := start(t)
	for name, native := range map[string]bool{"web": false, "native": true} {
		tokens := w.login(native)
		want := identity.Caller{Kind: identity.Resident, ID: w.mary.ID, Person: "pmary", Proofing: identity.P9, Session: tokens.Session,
			AuthTime: w.clock(), Expires: tokens.Expires}
		var got identity.Caller
		gets, commits := w.engine.counted(func() { got = w.caller(tokens.Access) })
		if diff := cmp.Diff(want, got); diff != "" || gets != 1 || commits != 0 {
			t.Errorf("%s: %d reads, %d commits\n%s", name, gets, commits, diff)
		}
		life := map[bool]time.Duration{false: 30 * time.Minute, true: 10 * time.Minute}[native]
		if !tokens.Expires.Equal(w.clock().Add(life)) || !tokens.Until.Equal(w.clock().Add(12*time.Hour)) || (tokens.Refresh != "") != native {
			t.Errorf("%s: %+v", name, tokens)
		}
		if !strings.HasPrefix(tokens.Access, "dcrs_"+w.mary.ID) || native && !strings.HasPrefix(tokens.Refresh, "dcrr_"+w.mary.ID) {
			t.Errorf("%s: %q, %q", name, tokens.Access[:22], tokens.Refresh)
		}
	}
}

func TestMadeUpTokens(t *testing.T) {
	w := start(t)
	tokens, web := w.login(true), w.login(false)
	good := tokens.Access
	for name, text := range map[string]string{
		"none": "", "prefix": "dcrs_", "refresh token": tokens.Refresh, "refresh token as access": "dcrs_" + tokens.Refresh[5:],
		"longer": good + "A", "shorter": good[:len(good)-1], "other secret": good[:len(good)-8] + strings.Repeat("A", 8),
		"another account": good[:5] + account.IDOf("ptom") + good[22:], "another session's id": good[:22] + web.Session + good[39:],
		"not an account": good[:5] + strings.Repeat("0", 17) + good[22:], "upper case": strings.ToUpper(good), "not base64": good[:len(good)-1] + "~",
		"long": strings.Repeat(good, 50),
	} {
		w.out(t, name, text)
	}
	w.caller(good)
}

func TestIdleAndAbsoluteLimits(t *testing.T) {
	w := start(t)
	token := w.login(false).Access
	w.advance(30*time.Minute - time.Second)
	w.caller(token)
	w.advance(30*time.Minute - time.Second) // the use before extended it
	if c := w.caller(token); !c.Expires.Equal(w.clock().Add(30 * time.Minute)) {
		t.Errorf("expires %v", c.Expires)
	}
	w.advance(30 * time.Minute)
	w.out(t, "idle", token)

	token = w.login(false).Access
	for range 24*12 - 10 {
		w.advance(150 * time.Second)
		w.caller(token)
	}
	for range 9 {
		w.advance(150 * time.Second)
		if c := w.caller(token); !c.Expires.Equal(c.AuthTime.Add(12 * time.Hour)) {
			t.Errorf("expires %v", c.Expires)
		}
	}
	w.advance(150 * time.Second)
	w.out(t, "after twelve hours", token)
}

// The last use is noted at most once a minute, and not being able to does not refuse.
func TestLastUse(t *testing.T) {
	w := start(t)
	token := w.login(false).Access
	uses := func() (n int) {
		_, n = w.engine.counted(func() { w.caller(token) })
		return n
	}
	w.advance(59 * time.Second)
	if n := uses(); n != 0 {
		t.Errorf("%d commits in the first minute", n)
	}
	w.advance(time.Second)
	if a, b := uses(), uses(); a != 1 || b != 0 {
		t.Errorf("%d and %d commits", a, b)
	}
	w.advance(time.Minute)
	w.engine.fail = errors.New("disk full")
	if c := w.caller(token); !c.Expires.Equal(w.clock().Add(29 * time.Minute)) {
		t.Errorf("not noted, and yet it expires %v", c.Expires)
	}
}

// A token does not live longer because the clock was put back.
func TestAClockPutBack(t *testing.T) {
	w := start(t)
	token := w.login(false).Access
	w.advance(-time.Hour)
	w.out(t, "from the future", token)
	w.advance(time.Hour)
	w.caller(token)
}

// What ends a session ends it at the next request, on every instance.
func TestRevocation(t *testing.T) {
	for name, end := range map[string]struct {
		do    func(*world, string) error
		other bool // the other session goes on
	}{
		"by its id": {func(w *world, id string) error { return w.two.End(w.t.Context(), w.mary.ID, id) }, true},
		"logging out": {func(w *world, id string) error {
			return w.two.LogOut(w.t.Context(), identity.Caller{ID: w.mary.ID, Session: id})
		}, true},
		"everywhere":    {func(w *world, _ string) error { return w.accounts.EndSessions(w.t.Context(), w.mary.ID) }, false},
		"account ended": {func(w *world, _ string) error { return w.accounts.End(w.t.Context(), w.mary.ID) }, false},
		"its passkey":   {func(w *world, _ string) error { return w.removePasskey() }, false},
		"recovery":      {func(w *world, _ string) error { w.enrol(); return nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			web, native := w.login(false), w.login(true)
			for _, tokens := range []string{web.Access, native.Access} {
				w.caller(tokens)
			}
			w.must(end.do(w, native.Session))
			w.out(t, "access token", native.Access)
			if _, err := w.one.Refresh(t.Context(), native.Refresh); errs.KindOf(err) != errs.Unauthenticated || err == nil {
				t.Errorf("refresh token: %v", err)
			}
			if end.other {
				w.caller(web.Access)
				w.must(end.do(w, native.Session)) // again is no error
				return
			}
			w.out(t, "the other session", web.Access)
			if list, err := w.one.List(t.Context(), w.mary.ID); err != nil || len(list) != 0 {
				t.Errorf("%+v, %v", list, err)
			}
		})
	}
}

func (w *world) removePasskey() error {
	keys, err := w.accounts.Passkeys(w.t.Context(), w.mary.ID)
	w.must(err)
	return w.accounts.RemovePasskey(w.t.Context(), w.mary.ID, keys[0].ID)
}

func TestList(t *testing.T) {
	w := start(t)
	old := w.login(false)
	w.advance(20 * time.Minute)
	native := w.login(true)
	w.advance(11 * time.Minute)
	web := w.login(false)
	list, err := w.two.List(t.Context(), w.mary.ID)
	w.must(err)
	var ids []string
	for _, s := range list {
		ids = append(ids, s.ID)
		if s.Device != "Mary's phone" || s.Native != (s.ID == native.Session) || s.Began.IsZero() || !s.Expires.After(w.clock()) {
			t.Errorf("%+v", s)
		}
	}
	if diff := cmp.Diff([]string{web.Session, native.Session}, ids); diff != "" {
		t.Errorf("the first, %s, has ended:\n%s", old.Session, diff)
	}
	for _, id := range []string{"", "x", "\xff", "s" + strings.Repeat("0", 16)} {
		if err := w.one.End(t.Context(), w.mary.ID, id); errs.KindOf(err) != errs.NotFound {
			t.Errorf("ending %q: %v", id, err)
		}
	}
	w.must(w.one.End(t.Context(), account.IDOf("ptom"), web.Session)) // not his: nothing happens
	w.caller(web.Access)
}

func TestRefresh(t *testing.T) {
	w := start(t)
	first := w.login(true)
	w.advance(9 * time.Minute)
	second, err := w.two.Refresh(t.Context(), first.Refresh)
	w.must(err)
	if second.Session != first.Session || second.Access == first.Access || second.Refresh == first.Refresh || !second.Until.Equal(first.Until) ||
		!second.Expires.Equal(w.clock().Add(10*time.Minute)) {
		t.Errorf("%+v", second)
	}
	w.advance(20*time.Second - time.Microsecond)
	w.caller(first.Access) // requests under way
	again, err := w.one.Refresh(t.Context(), first.Refresh)
	if diff := cmp.Diff(second, again); diff != "" || err != nil {
		t.Errorf("in the grace: %v\n%s", err, diff)
	}
	w.advance(time.Microsecond)
	w.out(t, "the access token before", first.Access)
	w.caller(second.Access)
	third, err := w.one.Refresh(t.Context(), second.Refresh)
	w.must(err)
	w.caller(third.Access)
	w.advance(10 * time.Minute)
	w.out(t, "after ten minutes", third.Access)
	w.advance(20*time.Minute - time.Second)
	_, err = w.one.Refresh(t.Context(), third.Refresh)
	w.must(err)
}

// A refresh token that comes again after the grace, or when its successor was used, ends
// the session of whoever has the newest, and Mary is told.
func TestReuse(t *testing.T) {
	for name, wait := range map[string]time.Duration{"later": 21 * time.Second, "at once, but the successor was used": 0} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			first := w.login(true)
			newest, err := w.one.Refresh(t.Context(), first.Refresh)
			w.must(err)
			if wait == 0 {
				newest, err = w.one.Refresh(t.Context(), newest.Refresh)
				w.must(err)
			}
			w.advance(wait)
			other := w.login(false)
			if _, err := w.two.Refresh(t.Context(), first.Refresh); errs.KindOf(err) != errs.Unauthenticated || err == nil {
				t.Errorf("%v", err)
			}
			w.out(t, "the newest", newest.Access)
			if _, err := w.one.Refresh(t.Context(), newest.Refresh); err == nil {
				t.Error("the family goes on")
			}
			w.caller(other.Access)
			if n := w.told(account.RefreshReused); n != 1 {
				t.Errorf("%d notices", n)
			}
		})
	}
}

// Who knows a session's id, and no token of it, cannot end it.
func TestMadeUpRefreshTokens(t *testing.T) {
	w := start(t)
	tokens := w.login(true)
	for range 3 {
		var err error
		tokens, err = w.one.Refresh(t.Context(), tokens.Refresh)
		w.must(err)
	}
	body := strings.Repeat("A", 48)
	for name, text := range map[string]string{"counter 0": tokens.Refresh[:39] + body, "counter 2": tokens.Refresh[:39] + "AAAAAg" + body[6:],
		"counter 3": tokens.Refresh[:39] + "AAAAAw" + body[6:], "the last": tokens.Refresh[:39] + "_____w" + body[6:], "access": tokens.Access,
		"of a web session": "dcrr_" + w.login(false).Access[5:]} {
		if _, err := w.one.Refresh(t.Context(), text); errs.KindOf(err) != errs.Unauthenticated || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.caller(tokens.Access)
	if n := w.told(account.RefreshReused); n != 0 {
		t.Errorf("%d notices", n)
	}
}

// An app that refreshes many times at once, on several instances, gets one answer.
func TestRefreshAtOnce(t *testing.T) {
	w := start(t)
	first := w.login(true)
	var mu sync.Mutex
	var got []string
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			s := w.one
			if i%2 == 0 {
				s = w.two
			}
			tokens, err := s.Refresh(context.WithoutCancel(t.Context()), first.Refresh)
			if err != nil {
				t.Errorf("%v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			got = append(got, tokens.Access+tokens.Refresh)
		})
	}
	wg.Wait()
	slices.Sort(got)
	if got = slices.Compact(got); len(got) != 1 {
		t.Errorf("%d answers", len(got))
	}
}

// With another key no successor can be told again; sessions go on.
func TestAnotherKey(t *testing.T) {
	w := start(t)
	first := w.login(true)
	second, err := w.one.Refresh(t.Context(), first.Refresh)
	w.must(err)
	changed := w.sessions(8)
	if _, err := changed.Refresh(t.Context(), first.Refresh); errs.KindOf(err) != errs.Unauthenticated || err == nil {
		t.Errorf("in the grace: %v", err)
	}
	third, err := changed.Refresh(t.Context(), second.Refresh)
	w.must(err)
	w.caller(third.Access)
}

// A session lasts twelve hours however often it is refreshed.
func TestRefreshDoesNotLengthen(t *testing.T) {
	w := start(t)
	tokens := w.login(true)
	for range 12*60/24 - 1 {
		w.advance(24 * time.Minute)
		var err error
		tokens, err = w.one.Refresh(t.Context(), tokens.Refresh)
		w.must(err)
	}
	w.advance(24 * time.Minute)
	if _, err := w.one.Refresh(t.Context(), tokens.Refresh); errs.KindOf(err) != errs.Unauthenticated || err == nil {
		t.Errorf("%v", err)
	}
}

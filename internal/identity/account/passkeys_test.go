package account_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

func TestPasskeys(t *testing.T) {
	w := start(t)
	acc := w.enrol()
	keys, err := w.one.Passkeys(t.Context(), acc.ID)
	w.must(err)
	first := keys[0].ID
	if !acc.NeedsKey() {
		t.Error("an account opened with a code can do without its only passkey")
	}
	wantKind(t, "removing the last", w.one.RemovePasskey(t.Context(), acc.ID, first), errs.Unprocessable, account.CodeLastPasskey)
	second := credential("security key")
	w.must(w.one.AddPasskey(t.Context(), acc.ID, second))
	wantKind(t, "the same again", w.one.AddPasskey(t.Context(), acc.ID, second), errs.Conflict, account.CodeKeyElsewhere)
	w.must(w.one.RenamePasskey(t.Context(), acc.ID, first, "old phone"))
	for _, name := range []string{"", " ", fmt.Sprintf("%061d", 1), "\xff"} {
		wantKind(t, "name "+name, w.one.RenamePasskey(t.Context(), acc.ID, first, name), errs.Invalid, "")
	}
	wantKind(t, "renaming none", w.one.RenamePasskey(t.Context(), acc.ID, "kaaaaaaaaaaaaaaaa", "x"), errs.NotFound, "")
	w.must(w.two.RemovePasskey(t.Context(), acc.ID, first))
	wantKind(t, "removing it again", w.one.RemovePasskey(t.Context(), acc.ID, first), errs.NotFound, "")
	_, err = w.one.Owner(t.Context(), keys[0].Credential.ID)
	wantKind(t, "logging in with it", err, errs.NotFound, "")
	after, err := w.one.Get(t.Context(), acc.ID)
	if err != nil || after.HasKey(keys[0].Number) || len(after.Keys) != 1 || after.Epoch != acc.Epoch {
		t.Errorf("%+v, %v", after, err)
	}
	want := []account.NoticeKind{account.Enrolled, account.PasskeyAdded, account.PasskeyRenamed, account.PasskeyRemoved}
	got := w.told(acc.ID)
	slices.Sort(got) // they are of one moment
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for range 9 {
		w.must(w.one.AddPasskey(t.Context(), acc.ID, credential("more")))
	}
	wantKind(t, "an eleventh", w.one.AddPasskey(t.Context(), acc.ID, credential("more")), errs.Unprocessable, account.CodeTooManyKeys)
}

// Who can come back by NHS login may remove their last passkey.
func TestLastPasskeyWithRecovery(t *testing.T) {
	w := start(t)
	acc := w.nhsLogin("P9", "P9.Cm")
	keys, err := w.one.Passkeys(t.Context(), acc.ID)
	w.must(err)
	if acc.NeedsKey() {
		t.Error("an account with NHS login needs its only passkey")
	}
	w.must(w.one.RemovePasskey(t.Context(), acc.ID, keys[0].ID))
	if back := w.nhsLogin("P9", "P9.Cm"); len(back.Keys) != 1 {
		t.Errorf("%+v", back)
	}
}

// A credential id belongs to one account; one that was claimed and never added, or
// removed and never released, because the process was killed, is free.
func TestCredentialIDsHaveOneOwner(t *testing.T) {
	w := start(t)
	maryAcc, tomAcc := w.enrol(), w.enrolTom()
	c := credential("key")
	w.engine.kill(2)
	if err := w.one.AddPasskey(t.Context(), maryAcc.ID, c); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	_, err := w.one.Owner(t.Context(), c.ID)
	wantKind(t, "claimed and not added", err, errs.NotFound, "")
	w.must(w.two.AddPasskey(t.Context(), tomAcc.ID, c))
	wantKind(t, "Tom's, for Mary", w.one.AddPasskey(t.Context(), maryAcc.ID, c), errs.Conflict, account.CodeKeyElsewhere)
	owner, err := w.one.Owner(t.Context(), c.ID)
	if err != nil || owner.Account != tomAcc.ID {
		t.Errorf("%+v, %v", owner, err)
	}
	keys, err := w.one.Passkeys(t.Context(), tomAcc.ID)
	w.must(err)
	w.engine.kill(2)
	if err := w.one.RemovePasskey(t.Context(), tomAcc.ID, keys[1].ID); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	_, err = w.one.Owner(t.Context(), c.ID)
	wantKind(t, "removed and not released", err, errs.NotFound, "")
	w.must(w.one.AddPasskey(t.Context(), maryAcc.ID, c))
}

// Two accounts that add one credential id at the same moment do not both get it.
func TestACredentialIDOfTwoAtOnce(t *testing.T) {
	w := start(t)
	maryAcc, tomAcc := w.enrol(), w.enrolTom()
	owned := func(c passkey.Credential, by account.Account) {
		t.Helper()
		owner, err := w.two.Owner(t.Context(), c.ID)
		if err != nil || owner.Account != by.ID {
			t.Errorf("owner %+v, %v", owner, err)
		}
	}
	c := credential("key")
	w.engine.between = func() { w.must(w.two.AddPasskey(t.Context(), tomAcc.ID, c)) }
	wantKind(t, "second to claim, first to commit", w.one.AddPasskey(t.Context(), maryAcc.ID, c), errs.Conflict, account.CodeKeyElsewhere)
	owned(c, tomAcc)
	if keys, err := w.one.Passkeys(t.Context(), maryAcc.ID); err != nil || len(keys) != 1 {
		t.Errorf("Mary has %d, %v", len(keys), err)
	}
	if acc, err := w.one.Get(t.Context(), maryAcc.ID); err != nil || acc.State != account.Active {
		t.Errorf("%+v, %v", acc, err)
	}

	// Who claims and never commits takes nothing away.
	c = credential("other key")
	w.engine.between = func() {
		w.must(w.db.Claims("passkey").Take(t.Context(), base64.RawURLEncoding.EncodeToString(c.ID), tomAcc.ID,
			func(context.Context, string) (bool, error) { return false, nil }))
	}
	w.must(w.one.AddPasskey(t.Context(), maryAcc.ID, c))
	owned(c, maryAcc)
}

// An account that is opened with a passkey which another gets at the same moment is
// not opened.
func TestAnAccountOpenedWithAnothersCredentialID(t *testing.T) {
	w := start(t)
	tomAcc := w.enrolTom()
	e := w.begin(w.letter().Code)
	made := registered(e, "phone")
	w.engine.between = func() { w.must(w.two.AddPasskey(t.Context(), tomAcc.ID, made.Credential)) }
	_, err := w.one.Finish(t.Context(), e.Ticket, made, nil)
	wantKind(t, "finish", err, errs.Conflict, account.CodeKeyElsewhere)
	if acc, err := w.one.Get(t.Context(), e.Account); err != nil || acc.State != account.Ended || len(acc.Keys) != 0 {
		t.Errorf("%+v, %v", acc, err)
	}
	w.enrol() // with a new code
}

func TestLookupsOfUnknownPasskeysAreAlike(t *testing.T) {
	w := start(t)
	acc := w.enrol()
	gone := credential("gone")
	w.must(w.one.AddPasskey(t.Context(), acc.ID, gone))
	keys, err := w.one.Passkeys(t.Context(), acc.ID)
	w.must(err)
	w.must(w.one.RemovePasskey(t.Context(), acc.ID, keys[1].ID))
	ended := w.enrolTom()
	tomKeys, err := w.one.Passkeys(t.Context(), ended.ID)
	w.must(err)
	w.must(w.one.End(t.Context(), ended.ID))
	for name, id := range map[string][]byte{"nobody's": credential("x").ID, "removed": gone.ID, "of an ended account": tomKeys[0].Credential.ID} {
		w.engine.taken()
		_, err := w.one.Owner(t.Context(), id)
		wantKind(t, name, err, errs.NotFound, "")
		if diff := cmp.Diff([]string{"get 1", "get 2"}, w.engine.taken()); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// asserted is a login with the account's first passkey, as package passkey believes it.
func (w *world) asserted(acc account.Account, count uint32) passkey.Asserted {
	w.t.Helper()
	keys, err := w.one.Passkeys(w.t.Context(), acc.ID)
	w.must(err)
	c := keys[0].Credential
	c.SignCount, c.LastUsed = count, w.clock()
	return passkey.Asserted{Account: acc.ID, Credential: c}
}

func TestSignedIn(t *testing.T) {
	w := start(t)
	acc := w.enrol()
	login := func(count uint32) ([]string, error) {
		by := w.asserted(acc, count)
		w.engine.taken()
		_, err := w.one.SignedIn(t.Context(), by, nil)
		return w.engine.taken(), err
	}
	calls, err := login(0)
	if diff := cmp.Diff([]string{"get 2", "commit 1 to passkey"}, calls); diff != "" || err != nil {
		t.Errorf("the first: %v\n%s", err, diff)
	}
	w.advance(59 * time.Second)
	calls, err = login(0)
	if diff := cmp.Diff([]string{"get 2"}, calls); diff != "" || err != nil {
		t.Errorf("within the minute: %v\n%s", err, diff)
	}
	w.advance(time.Second)
	if calls, err = login(0); len(calls) != 2 || err != nil {
		t.Errorf("a minute later: %v, %v", calls, err)
	}
	if calls, err = login(7); len(calls) != 2 || err != nil {
		t.Errorf("a count: %v, %v", calls, err)
	}
	_, err = login(7)
	wantKind(t, "the same count, by another login of that moment", err, errs.Conflict, "")
	keys, err := w.one.Passkeys(t.Context(), acc.ID)
	if err != nil || keys[0].Credential.SignCount != 7 || !keys[0].Credential.LastUsed.Equal(w.clock()) {
		t.Errorf("%+v, %v", keys, err)
	}

	var asked account.Account
	op := store.Op{}
	also := func(a account.Account, key uint64) ([]store.Op, error) {
		asked = a
		op = account.NoticeOp(a.ID, account.Notice{Kind: account.Enrolled, At: w.clock()})
		return []store.Op{op}, nil
	}
	_, err = w.one.SignedIn(t.Context(), w.asserted(acc, 8), also)
	if err != nil || asked.ID != acc.ID || len(w.told(acc.ID)) != 2 {
		t.Errorf("%v, %v", asked.ID, err)
	}
}

// A passkey that is removed between the assertion and its commit logs nobody in.
func TestRemovedInTheMeantime(t *testing.T) {
	w := start(t)
	acc := w.enrol()
	w.must(w.one.AddPasskey(t.Context(), acc.ID, credential("second")))
	by := w.asserted(acc, 0)
	keys, err := w.one.Passkeys(t.Context(), acc.ID)
	w.must(err)
	w.must(w.two.RemovePasskey(t.Context(), acc.ID, keys[0].ID))
	_, err = w.one.SignedIn(t.Context(), by, nil)
	wantKind(t, "logging in", err, errs.Unauthenticated, "")
}

func TestSignCountFell(t *testing.T) {
	w := start(t)
	acc := w.enrol()
	id := w.asserted(acc, 0).Credential.ID
	for range 3 {
		w.must(w.one.SignCountFell(t.Context(), acc.ID, id))
	}
	w.advance(time.Hour)
	w.must(w.two.SignCountFell(t.Context(), acc.ID, id))
	got := w.told(acc.ID)
	slices.Sort(got)
	if diff := cmp.Diff([]account.NoticeKind{account.Enrolled, account.SignCountFell, account.SignCountFell}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSpend(t *testing.T) {
	w := start(t)
	until := w.clock().Add(5 * time.Minute)
	w.must(w.one.Spend(t.Context(), "challenge", until))
	wantKind(t, "again", w.two.Spend(t.Context(), "challenge", until), errs.Conflict, "")
	w.must(w.two.Spend(t.Context(), "another", until))
}

func TestNotices(t *testing.T) {
	w := start(t)
	acc := w.enrol()
	for range 4 {
		w.advance(time.Second)
		w.must(w.one.EndSessions(t.Context(), acc.ID))
	}
	first, next, err := w.one.Notices(t.Context(), acc.ID, "", 3)
	if err != nil || len(first) != 3 || next == "" || !first[0].At.After(first[2].At) {
		t.Fatalf("%v %q %v", first, next, err)
	}
	rest, end, err := w.one.Notices(t.Context(), acc.ID, next, 3)
	if err != nil || len(rest) != 2 || end != "" || rest[1].Kind != account.Enrolled {
		t.Fatalf("%v %q %v", rest, end, err)
	}
	w.must(w.one.MarkRead(t.Context(), acc.ID, first[1].ID))
	w.must(w.one.MarkRead(t.Context(), acc.ID, first[1].ID))
	again, _, err := w.two.Notices(t.Context(), acc.ID, "", 3)
	if err != nil || again[0].Read || !again[1].Read {
		t.Errorf("%v, %v", again, err)
	}
	for _, id := range []string{"", "x", rest[1].ID + "0", "\xff"} {
		wantKind(t, "reading "+id, w.one.MarkRead(t.Context(), acc.ID, id), errs.NotFound, "")
	}
	wantKind(t, "of another", w.one.MarkRead(t.Context(), account.IDOf("p1"), rest[1].ID), errs.NotFound, "")
	if _, _, err := w.one.Notices(t.Context(), acc.ID, "?", 3); errs.KindOf(err) != errs.Invalid {
		t.Errorf("%v", err)
	}
	for k := account.Enrolled; k <= account.AccountEnded; k++ {
		if words := (account.Notice{Kind: k}).Words(); len(words) < 20 || strings.Contains(words, "sign") { // pages say "log in" and "log out"
			t.Errorf("kind %d says %q", k, words)
		}
	}
}

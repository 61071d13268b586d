package account_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

func TestRecoveryInPerson(t *testing.T) {
	w := start(t)
	before := w.enrol()
	w.advance(time.Hour)
	l := w.letter()
	if !l.Recovery {
		t.Error("a code for somebody with an account is no recovery")
	}
	if got := w.told(before.ID); !slices.Contains(got, account.RecoveryAsked) {
		t.Errorf("the account was not told at once: %v", got)
	}
	if c := w.code(l.ID); c.State != account.StateWaits {
		t.Errorf("%+v", c)
	}
	entered := account.Entered{Code: l.Code, Number: mary, BirthDate: maryBorn}
	_, err := w.one.Begin(t.Context(), entered)
	wantKind(t, "with one voucher", err, errs.Unprocessable, account.CodeWaits)

	wantKind(t, "the same again", w.one.Vouch(t.Context(), anna, l.ID), errs.Forbidden, "")
	elsewhere, renamed := anna, anna
	elsewhere.ID, elsewhere.Name = "hospital/anna", "A. Smith"
	renamed.ID, renamed.Name = "hospital/4711", " ANNA "
	programme := clerk
	programme.ID, programme.Name = "hospital/anna", "A. Smith"
	wantKind(t, "by another issuer", w.one.Vouch(t.Context(), elsewhere, l.ID), errs.Forbidden, "")
	wantKind(t, "by a second account", w.one.Vouch(t.Context(), renamed, l.ID), errs.Forbidden, "")
	wantKind(t, "at another organisation", w.one.Vouch(t.Context(), programme, l.ID), errs.Forbidden, "")
	wantKind(t, "another practice", w.one.Vouch(t.Context(), other, l.ID), errs.NotFound, "")
	wantKind(t, "no code", w.one.Vouch(t.Context(), bert, "222222"), errs.NotFound, "")
	wantKind(t, "no id", w.one.Vouch(t.Context(), bert, "?"), errs.NotFound, "")
	w.advance(time.Minute)
	w.must(w.two.Vouch(t.Context(), bert, l.ID))
	w.must(w.two.Vouch(t.Context(), bert, l.ID)) // once more is no error
	wantKind(t, "a third", w.one.Vouch(t.Context(), clerk, l.ID), errs.Conflict, "")
	if c := w.code(l.ID); c.State != account.StateOpen || c.By.ID != anna.ID || c.Second.ID != bert.ID || c.Tries != 0 {
		t.Errorf("%+v", c)
	}

	e, err := w.one.Begin(t.Context(), entered)
	w.must(err)
	if !e.Recovery || len(e.Exclude) != 1 || !slices.Equal(e.Handle, before.Handle) {
		t.Errorf("%+v", e)
	}
	w.advance(time.Minute)
	acc, err := w.one.Finish(t.Context(), e.Ticket, registered(e, "new phone"), nil)
	w.must(err)
	if acc.Epoch != before.Epoch+1 || len(acc.Keys) != 2 || acc.Proofing != identity.P9 {
		t.Errorf("%+v", acc)
	}
	stored, err := w.two.Get(t.Context(), acc.ID)
	w.must(err)
	wantKind(t, "frozen", stored.Thawed(w.clock().Add(24*time.Hour-time.Second)), errs.Forbidden, account.CodeFrozen)
	if err := stored.Thawed(w.clock().Add(24 * time.Hour)); err != nil {
		t.Errorf("a day later: %v", err)
	}
	want := []account.NoticeKind{account.Enrolled, account.RecoveryAsked, account.RecoveryVouched, account.Recovered}
	if diff := cmp.Diff(want, w.told(acc.ID)); diff != "" {
		t.Error(diff)
	}
	_, err = w.one.Begin(t.Context(), entered)
	wantKind(t, "used", err, errs.Unprocessable, account.CodeRefused)
}

func TestCodesAreWithdrawn(t *testing.T) {
	w := start(t)
	l := w.letter()
	e := w.begin(l.Code)
	wantKind(t, "vouching for a first code", w.one.Vouch(t.Context(), bert, l.ID), errs.Unprocessable, "")
	wantKind(t, "by another practice", w.one.Revoke(t.Context(), other, l.ID), errs.NotFound, "")
	w.must(w.one.Revoke(t.Context(), bert, l.ID))
	w.must(w.one.Revoke(t.Context(), bert, l.ID))
	_, err := w.one.Finish(t.Context(), e.Ticket, registered(e, "phone"), nil)
	wantKind(t, "withdrawn between code and passkey", err, errs.Unprocessable, account.CodeRefused)
	if c := w.code(l.ID); c.State != account.StateRevoked {
		t.Errorf("%+v", c)
	}
	first, second := w.letter(), w.letter()
	if a, b := w.code(first.ID).State, w.code(second.ID).State; a != account.StateRevoked || b != account.StateOpen {
		t.Errorf("%v, %v", a, b)
	}
	w.advance(15 * 24 * time.Hour)
	if c := w.code(second.ID); c.State != account.StateExpired {
		t.Errorf("%+v", c)
	}
	w.enrol()
	r := w.letter()
	w.must(w.one.Revoke(t.Context(), clerk, r.ID))
	if got := w.told(account.IDOf(personOf(mary))); !slices.Contains(got, account.RecoveryRevoked) {
		t.Errorf("%v", got)
	}
}

func TestWhoMakesCodes(t *testing.T) {
	w := start(t)
	of := subject(mary, maryBorn)
	noRole, resident, source := anna, anna, anna
	noRole.Role, resident.Kind, source.Kind = identity.NoRole, identity.Resident, identity.Source
	noOrg := anna
	noOrg.Org = ""
	for name, c := range map[string]struct {
		by   identity.Caller
		want bool
	}{
		"the practice": {anna, true}, "the programme office": {clerk, true}, "an operator": {identity.Caller{Kind: identity.Operator, ID: "root"}, true},
		"another practice": {other, false}, "nobody": {identity.Caller{}, false}, "without a role": {noRole, false}, "a resident": {resident, false},
		"a source": {source, false}, "of no organisation": {noOrg, false},
	} {
		_, err := w.one.Issue(t.Context(), c.by, of)
		if (err == nil) != c.want || err != nil && errs.KindOf(err) != errs.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
		_, _, err = w.one.Codes(t.Context(), c.by, practice, "", 10)
		if (err == nil) != c.want {
			t.Errorf("%s lists: %v", name, err)
		}
	}
	nobodys := of
	nobodys.Practice = ""
	if _, err := w.one.Issue(t.Context(), noOrg, nobodys); errs.KindOf(err) != errs.Forbidden {
		t.Errorf("a person without a practice, by staff without one: %v", err)
	}
}

// The programme office's list has what operators made too, in order of time, and no
// other's has.
func TestCodesThatOperatorsMade(t *testing.T) {
	w := start(t)
	root := identity.Caller{Kind: identity.Operator, ID: "root"}
	var want []string
	for _, by := range []identity.Caller{clerk, root, root, anna, clerk, root, clerk} {
		w.advance(time.Second)
		l, err := w.one.Issue(t.Context(), by, subject(mary, maryBorn))
		w.must(err)
		if by.ID != anna.ID {
			want = append([]string{l.ID + " " + by.ID}, want...)
		}
	}
	list := func(by identity.Caller, org nhs.ODS, limit int) (got []string) {
		for after := ""; ; {
			codes, next, err := w.two.Codes(t.Context(), by, org, after, limit)
			w.must(err)
			if len(codes) > limit {
				t.Errorf("%d codes on a page of %d", len(codes), limit)
			}
			for _, c := range codes {
				got = append(got, c.ID+" "+c.By.ID)
				if c.By.Operator() != (c.By.ID == root.ID) {
					t.Errorf("%+v", c.By)
				}
			}
			if after = next; next == "" {
				return got
			}
		}
	}
	for limit := range 7 {
		if diff := cmp.Diff(want, list(clerk, clerk.Org, limit+1)); diff != "" {
			t.Errorf("by pages of %d:\n%s", limit+1, diff)
		}
	}
	if got := list(root, "", 2); len(got) != 3 {
		t.Errorf("the operators' own: %v", got)
	}
	for _, by := range []identity.Caller{anna, clerk} {
		if got := list(by, practice, 2); len(got) != 1 {
			t.Errorf("the practice's, by %s: %v", by.Name, got)
		}
	}
}

// nhsLogin enrols Mary by NHS login, or recovers her account.
func (w *world) nhsLogin(proofing, vector string) account.Account {
	w.t.Helper()
	e, err := w.one.EnrolByNHSLogin(w.t.Context(), account.NHSLogin{Number: mary, BirthDate: maryBorn, Proofing: proofing, Vector: vector})
	w.must(err)
	acc, err := w.two.Finish(w.t.Context(), e.Ticket, registered(e, "phone"), nil)
	w.must(err)
	return acc
}

func TestNHSLoginLevels(t *testing.T) {
	for _, tt := range []struct {
		proofing, vector string
		want             identity.Proofing
	}{
		{"P9", "P9.Cp.Cd", identity.P9}, {"P9", "P9.Cp.Ck", identity.P9}, {"P9", "P9.Cm", identity.P9},
		{"P5", "P5.Cp.Cd", identity.P5}, {"P5", "P5.Cm", identity.P5},
		{"P9", "P9.Cp", 0}, {"P9", "P5.Cm", 0}, {"P5", "P9.Cm", 0}, {"P0", "P0.Cp.Cd", 0}, {"P9", "", 0}, {"", "", 0}, {"p9", "P9.Cm", 0}, {"P0", "", 0},
	} {
		w := start(t)
		e, err := w.one.EnrolByNHSLogin(t.Context(), account.NHSLogin{Number: mary, BirthDate: maryBorn, Proofing: tt.proofing, Vector: tt.vector})
		if tt.want == 0 {
			wantKind(t, tt.proofing+" "+tt.vector, err, errs.Forbidden, account.CodeProofing)
			continue
		}
		if err != nil || e.Proofing != tt.want {
			t.Errorf("%s: %v, %v", tt.vector, e.Proofing, err)
		}
	}
	w := start(t)
	_, err := w.one.EnrolByNHSLogin(t.Context(), account.NHSLogin{Number: mary, BirthDate: "2014-01-01", Proofing: "P9", Vector: "P9.Cm"})
	wantKind(t, "a child", err, errs.Unprocessable, account.CodeUnderAge)
	_, err = w.one.EnrolByNHSLogin(t.Context(), account.NHSLogin{BirthDate: maryBorn, Proofing: "P9", Vector: "P9.Cm"})
	if err == nil {
		t.Error("without a number")
	}
	_, err = w.one.EnrolByNHSLogin(t.Context(), account.NHSLogin{Number: nhs.MustNumber("9000000033"), Proofing: "P9", Vector: "P9.Cm"})
	if err == nil {
		t.Error("without a birth date")
	}
}

// By NHS login at P9 somebody comes back into their account; at P5 nobody does. What was
// opened at P5 becomes P9 with a passkey made at P9, and loses those made before.
func TestRecoveryByNHSLogin(t *testing.T) {
	w := start(t)
	low := w.nhsLogin("P5", "P5.Cp.Cd")
	if low.Proofing != identity.P5 || low.Enrolled != account.ByNHSLogin {
		t.Errorf("%+v", low)
	}
	keys, err := w.one.Passkeys(t.Context(), low.ID)
	w.must(err)
	_, err = w.one.EnrolByNHSLogin(t.Context(), account.NHSLogin{Number: mary, BirthDate: maryBorn, Proofing: "P5", Vector: "P5.Cm"})
	wantKind(t, "P5 again", err, errs.Forbidden, account.CodeNeedsP9)

	high := w.nhsLogin("P9", "P9.Cp.Cd")
	if high.Proofing != identity.P9 || len(high.Keys) != 1 || high.HasKey(keys[0].Number) || high.Epoch != low.Epoch+1 {
		t.Errorf("%+v", high)
	}
	_, err = w.one.Owner(t.Context(), keys[0].Credential.ID)
	wantKind(t, "the passkey of P5", err, errs.NotFound, "")

	again := w.nhsLogin("P9", "P9.Cm")
	if len(again.Keys) != 2 || again.Thawed(w.clock()) == nil {
		t.Errorf("%+v", again)
	}
	// A ticket recovers once.
	e, err := w.one.EnrolByNHSLogin(t.Context(), account.NHSLogin{Number: mary, BirthDate: maryBorn, Proofing: "P9", Vector: "P9.Cm"})
	w.must(err)
	_, err = w.one.Finish(t.Context(), e.Ticket, registered(e, "a"), nil)
	w.must(err)
	_, err = w.two.Finish(t.Context(), e.Ticket, registered(e, "b"), nil)
	wantKind(t, "the same ticket", err, errs.Unprocessable, account.CodeRefused)
}

// A code handed over in person makes an account of P5 one of P9, and takes the passkeys
// of P5 from it: nobody knows that the same person made them.
func TestACodeRaisesTheLevel(t *testing.T) {
	w := start(t)
	low := w.nhsLogin("P5", "P5.Cm")
	high := w.recover()
	if high.ID != low.ID || high.Proofing != identity.P9 || high.Enrolled != account.ByCode || len(high.Keys) != 1 || high.HasKey(low.Keys[0]) {
		t.Errorf("%+v", high)
	}
	if got := w.told(high.ID); !slices.Contains(got, account.PasskeyRemoved) {
		t.Errorf("%v", got)
	}
}

// Who has as many passkeys as there may be loses the one not used for longest.
func TestRecoveryWithoutRoom(t *testing.T) {
	w := start(t, func(o *account.Options) { o.MaxKeys = 2 })
	acc := w.enrol()
	w.advance(time.Hour)
	c := credential("used")
	c.Created = w.clock()
	w.must(w.one.AddPasskey(t.Context(), acc.ID, c))
	back := w.recover()
	if len(back.Keys) != 2 || back.HasKey(acc.Keys[0]) {
		t.Errorf("%+v", back)
	}
	if _, err := w.one.Owner(t.Context(), c.ID); err != nil {
		t.Errorf("the one used last is gone: %v", err)
	}
}

// recover has Mary come back with a code that two have vouched for.
func (w *world) recover() account.Account {
	w.t.Helper()
	l := w.letter()
	w.must(w.two.Vouch(w.t.Context(), clerk, l.ID))
	e := w.begin(l.Code)
	acc, err := w.two.Finish(w.t.Context(), e.Ticket, registered(e, "new"), nil)
	w.must(err)
	return acc
}

// A person who comes back after their account has ended gets a new one: no passkey or
// session of the old one counts, and the old code is no use.
func TestEnd(t *testing.T) {
	w := start(t)
	acc := w.enrol()
	keys, err := w.one.Passkeys(t.Context(), acc.ID)
	w.must(err)
	w.must(w.one.End(t.Context(), acc.ID))
	_, err = w.two.Owner(t.Context(), keys[0].Credential.ID)
	wantKind(t, "its passkey", err, errs.NotFound, "")
	wantKind(t, "ending it again", w.one.End(t.Context(), acc.ID), errs.NotFound, "")
	wantKind(t, "adding to it", w.one.AddPasskey(t.Context(), acc.ID, credential("x")), errs.NotFound, "")
	next := w.enrol()
	if next.ID != acc.ID || slices.Equal(next.Handle, acc.Handle) || next.Epoch <= acc.Epoch || next.HasKey(keys[0].Number) {
		t.Errorf("%+v", next)
	}
}

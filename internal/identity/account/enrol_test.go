package account_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

func TestEnrolByCode(t *testing.T) {
	w := start(t)
	l := w.letter()
	if l.Recovery || l.Org != practice || !l.Expires.Equal(w.clock().Add(14*24*time.Hour)) {
		t.Errorf("letter %+v", l)
	}
	u, err := url.Parse(l.URL)
	if err != nil || u.Fragment != "code="+l.Code || u.RawQuery != "" || strings.Contains(u.Path, l.Code) {
		t.Errorf("url %q", l.URL)
	}
	e := w.begin(strings.ToLower(strings.ReplaceAll(l.Code, "-", " ")))
	if e.Account != account.IDOf(personOf(mary)) || len(e.Handle) != 64 || e.Recovery || e.Proofing != identity.P9 {
		t.Errorf("enrolment %+v", e)
	}
	again, err := w.two.Resume(t.Context(), e.Ticket)
	if err != nil || !slices.Equal(again.Handle, e.Handle) {
		t.Errorf("resumed: %+v, %v", again, err)
	}
	made := registered(e, " My \n phone ")
	acc, err := w.two.Finish(t.Context(), e.Ticket, made, nil)
	w.must(err)
	stored, err := w.one.Get(t.Context(), e.Account)
	w.must(err)
	if stored.Person != personOf(mary) || stored.Proofing != identity.P9 || stored.Enrolled != account.ByCode || stored.State != account.Active ||
		stored.Epoch != 1 || !slices.Equal(stored.Handle, e.Handle) || !slices.Equal(stored.Keys, acc.Keys) || len(acc.Keys) != 1 {
		t.Errorf("account %+v", stored)
	}
	keys, err := w.one.Passkeys(t.Context(), e.Account)
	if err != nil || len(keys) != 1 || keys[0].Credential.Name != "My phone" {
		t.Errorf("passkeys %+v, %v", keys, err)
	}
	owner, err := w.one.Owner(t.Context(), made.Credential.ID)
	if err != nil || owner.Account != e.Account || !slices.Equal(owner.UserHandle, e.Handle) {
		t.Errorf("owner %+v, %v", owner, err)
	}
	if c := w.code(l.ID); c.State != account.StateUsed || c.Person != personOf(mary) || c.By.ID != anna.ID {
		t.Errorf("code %+v", c)
	}
	if diff := cmp.Diff([]account.NoticeKind{account.Enrolled}, w.told(e.Account)); diff != "" {
		t.Error(diff)
	}
	if err := stored.Thawed(w.clock()); err != nil {
		t.Errorf("a new account is frozen: %v", err)
	}
}

// trace is all that somebody outside could tell refusals apart by.
type trace struct {
	Calls         []string
	Hashes, Seals int64
	Kind          errs.Kind
	Code, Text    string
}

func (w *world) trace(a *account.Accounts, e account.Entered) trace {
	w.engine.taken()
	hashes, seals := w.work.Hashes.Load(), w.work.Seals.Load()
	_, err := a.Begin(w.t.Context(), e)
	t := trace{Kind: errs.KindOf(err), Code: errs.CodeOf(err), Hashes: w.work.Hashes.Load() - hashes, Seals: w.work.Seals.Load() - seals}
	if err != nil {
		t.Text = err.Error()
	}
	t.Calls = w.engine.taken()
	return t
}

// spoiled returns a code with another letter at i.
func spoiled(code string, i int) string {
	b := []byte(code)
	if b[i]++; !strings.ContainsRune("23456789BCDFGHJKMNPQRSTVWXYZ", rune(b[i])) {
		b[i] = '2'
	}
	if b[i] == code[i] {
		b[i] = '3'
	}
	return string(b)
}

// No refusal tells whether there is a person, a code or an account: not by its words,
// nor by the calls to the store, nor by hashes and seals.
func TestRefusalsAreAlike(t *testing.T) {
	var want *trace
	for name, set := range map[string]func(*world, *account.Entered){
		"unknown selector": func(_ *world, e *account.Entered) { e.Code = spoiled(e.Code, 0) },
		"wrong secret":     func(_ *world, e *account.Entered) { e.Code = spoiled(e.Code, len(e.Code)-1) },
		"wrong number":     func(_ *world, e *account.Entered) { e.Number = tom },
		"number of one who has an account": func(w *world, e *account.Entered) {
			e.Number = tom
			w.enrolTom()
		},
		"wrong birth date":                      func(_ *world, e *account.Entered) { e.BirthDate = tomBorn },
		"a child's birth date and a wrong code": func(_ *world, e *account.Entered) { e.BirthDate, e.Code = "2020-01-01", spoiled(e.Code, 0) },
		"a child's birth date":                  func(_ *world, e *account.Entered) { e.BirthDate = "2020-01-01" },
		"expired":                               func(w *world, _ *account.Entered) { w.advance(14 * 24 * time.Hour) },
		"expired long ago":                      func(w *world, _ *account.Entered) { w.advance(400 * 24 * time.Hour) },
		"revoked":                               func(w *world, e *account.Entered) { w.must(w.one.Revoke(w.t.Context(), bert, selector(e.Code))) },
		"replaced":                              func(w *world, _ *account.Entered) { w.letter() },
		"locked": func(w *world, e *account.Entered) {
			wrong := *e
			wrong.Code = spoiled(e.Code, len(e.Code)-1)
			for range 5 {
				_, _ = w.one.Begin(w.t.Context(), wrong)
			}
		},
		"used": func(w *world, e *account.Entered) {
			en := w.begin(e.Code)
			_, err := w.one.Finish(w.t.Context(), en.Ticket, registered(en, "phone"), nil)
			w.must(err)
		},
		"an account came by NHS login": func(w *world, _ *account.Entered) { w.nhsLogin("P9", "P9.Cm") },
		"a recovery that waits, with a wrong secret": func(w *world, e *account.Entered) {
			w.waiting(e)
			e.Code = spoiled(e.Code, len(e.Code)-1)
		},
		"a recovery that waits, with a wrong number": func(w *world, e *account.Entered) {
			w.waiting(e)
			e.Number = tom
		},
		"a recovery that waits, with a wrong birth date": func(w *world, e *account.Entered) {
			w.waiting(e)
			e.BirthDate = tomBorn
		},
		"a recovery that waited until it expired": func(w *world, e *account.Entered) {
			w.waiting(e)
			w.advance(14 * 24 * time.Hour)
		},
		"a recovery that was withdrawn before anybody vouched": func(w *world, e *account.Entered) {
			w.waiting(e)
			w.must(w.one.Revoke(w.t.Context(), bert, selector(e.Code)))
		},
		"a recovery that waits, locked": func(w *world, e *account.Entered) {
			w.waiting(e)
			wrong := *e
			wrong.BirthDate = tomBorn
			for range 5 {
				_, _ = w.one.Begin(w.t.Context(), wrong)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.t = t
			e := account.Entered{Code: w.letter().Code, Number: mary, BirthDate: maryBorn}
			set(w, &e)
			got := w.trace(w.one, e)
			if got.Code != account.CodeRefused || got.Kind != errs.Unprocessable {
				t.Errorf("%+v", got)
			}
			if want == nil {
				want = &got
			}
			if diff := cmp.Diff(*want, got); diff != "" {
				t.Errorf("it can be told from another refusal:\n%s", diff)
			}
		})
	}
	if diff := cmp.Diff([]string{"get 4", "commit 1 to activation_code"}, want.Calls); diff != "" {
		t.Error(diff)
	}
}

// waiting makes what is entered that of a recovery code which nobody has vouched for.
func (w *world) waiting(e *account.Entered) {
	w.t.Helper()
	w.nhsLogin("P9", "P9.Cm")
	e.Code = w.letter().Code
}

// Whoever enters a right recovery code too early is told so, by the same work as any
// refusal; a try that is right is not counted as a wrong one.
func TestARecoveryThatWaitsIsSaid(t *testing.T) {
	w := start(t)
	e := account.Entered{Number: mary, BirthDate: maryBorn}
	w.waiting(&e)
	wrong := e
	wrong.BirthDate = tomBorn
	refused := w.trace(w.one, wrong)
	for range 6 {
		got := w.trace(w.one, e)
		if got.Code != account.CodeWaits || !strings.Contains(got.Text, "one more member of staff") {
			t.Errorf("%+v", got)
		}
		got.Code, got.Text = refused.Code, refused.Text
		if diff := cmp.Diff(refused, got); diff != "" {
			t.Errorf("it is other work than a refusal:\n%s", diff)
		}
	}
	w.must(w.two.Vouch(t.Context(), bert, selector(e.Code)))
	if got := w.begin(e.Code); !got.Recovery {
		t.Errorf("%+v", got)
	}
}

func selector(code string) string { return strings.ReplaceAll(code, "-", "")[:6] }

func (w *world) enrolTom() account.Account {
	w.t.Helper()
	l, err := w.one.Issue(w.t.Context(), clerk, subject(tom, tomBorn))
	w.must(err)
	e, err := w.one.Begin(w.t.Context(), account.Entered{Code: l.Code, Number: tom, BirthDate: tomBorn})
	w.must(err)
	acc, err := w.one.Finish(w.t.Context(), e.Ticket, registered(e, "phone"), nil)
	w.must(err)
	return acc
}

// Who is too young is told, with words that help, and only who has the right code.
func TestUnderAge(t *testing.T) {
	w := start(t)
	_, err := w.one.Issue(t.Context(), anna, subject(mary, "2013-03-11"))
	wantKind(t, "a code for somebody of 12", err, errs.Unprocessable, account.CodeUnderAge)
	_, err = w.one.Issue(t.Context(), anna, subject(mary, "2013-03-10"))
	w.must(err)

	w = start(t, func(o *account.Options) { o.MinAge = 16 })
	strict := w.one
	l, err := w.two.Issue(t.Context(), anna, subject(mary, "2010-03-10"))
	w.must(err)
	w.advance(-24 * time.Hour) // the day before the birthday
	e := account.Entered{Code: l.Code, Number: mary, BirthDate: "2010-03-10"}
	if got := w.trace(strict, e); got.Code != account.CodeUnderAge || !strings.Contains(got.Text, "GP practice") || got.Seals != 0 {
		t.Errorf("%+v", got)
	}
	e.Code = spoiled(e.Code, len(e.Code)-1)
	if got := w.trace(strict, e); got.Code != account.CodeRefused {
		t.Errorf("a wrong code tells the age: %+v", got)
	}
}

func TestWrongTriesLockACode(t *testing.T) {
	w := start(t)
	l := w.letter()
	right := account.Entered{Code: l.Code, Number: mary, BirthDate: maryBorn}
	wrong := []account.Entered{right, right, right, right}
	wrong[0].Code, wrong[1].Number, wrong[2].BirthDate, wrong[3].Number = spoiled(l.Code, 18), tom, tomBorn, nhs.MustNumber("9000000025")
	try := func(e account.Entered) error {
		_, err := w.two.Begin(t.Context(), e)
		return err
	}
	for range 2 { // a right one in between begins anew
		for _, e := range wrong {
			wantKind(t, "wrong", try(e), errs.Unprocessable, account.CodeRefused)
		}
		if c := w.code(l.ID); c.Tries != 4 || c.State != account.StateOpen {
			t.Errorf("after four: %+v", c)
		}
		w.must(try(right))
	}
	for _, e := range append(wrong, wrong[0]) {
		_ = try(e)
	}
	wantKind(t, "the right one after five", try(right), errs.Unprocessable, account.CodeRefused)
	if c := w.code(l.ID); c.Tries != 5 || c.State != account.StateLocked {
		t.Errorf("after five: %+v", c)
	}
}

// However many try at once, a code is locked after five: none of them gets further than
// one after the other.
func TestManyTriesAtOnce(t *testing.T) {
	w := start(t)
	l := w.letter()
	wrong := account.Entered{Code: spoiled(l.Code, 18), Number: mary, BirthDate: maryBorn}
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			_, err := []*account.Accounts{w.one, w.two}[i%2].Begin(context.WithoutCancel(t.Context()), wrong)
			if code := errs.CodeOf(err); code != account.CodeRefused && errs.KindOf(err) != errs.RateLimited {
				t.Errorf("%v", err)
			}
		})
	}
	wg.Wait()
	if c := w.code(l.ID); c.State != account.StateLocked {
		t.Errorf("%+v", c)
	}
}

package account_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Of two enrolments with one code, and of two devices with one ticket, one opens the
// account; the other changes nothing.
func TestOneCodeOneAccount(t *testing.T) {
	for name, sameTicket := range map[string]bool{"two tickets": false, "one ticket": true} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			l := w.letter()
			tickets := []account.Enrolment{w.begin(l.Code), w.begin(l.Code)}
			if sameTicket {
				tickets[1] = tickets[0]
			}
			answers := make(chan error, 8)
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					e := tickets[i%2]
					_, err := []*account.Accounts{w.one, w.two}[i%2].Finish(context.WithoutCancel(t.Context()), e.Ticket, registered(e, "phone"), nil)
					answers <- err
				})
			}
			wg.Wait()
			close(answers)
			done := 0
			for err := range answers {
				if err == nil {
					done++
				} else if errs.CodeOf(err) != account.CodeRefused {
					t.Errorf("%v", err)
				}
			}
			keys, err := w.one.Passkeys(t.Context(), tickets[0].Account)
			if done != 1 || err != nil || len(keys) != 1 || len(w.told(tickets[0].Account)) != 1 {
				t.Errorf("%d were told that it is theirs; %d passkeys, notices %v, %v", done, len(keys), w.told(tickets[0].Account), err)
			}
		})
	}
}

// Killed before any of its commits, an enrolment can be finished with the same ticket,
// and a code that was not handed out is good for nothing.
func TestKilledHalfWay(t *testing.T) {
	for n := 1; ; n++ {
		w := start(t)
		e := w.begin(w.letter().Code)
		made := registered(e, "phone")
		w.engine.kill(n)
		_, err := w.one.Finish(t.Context(), e.Ticket, made, nil)
		if err == nil {
			if n < 3 {
				t.Errorf("only %d commits", n-1)
			}
			break
		}
		if !errors.Is(err, errKilled) {
			t.Fatalf("killed at commit %d: %v", n, err)
		}
		_, err = w.two.Get(t.Context(), e.Account)
		wantKind(t, "an account by halves", err, errs.NotFound, "")
		_, err = w.two.Owner(t.Context(), made.Credential.ID)
		wantKind(t, "its passkey", err, errs.NotFound, "")
		acc, err := w.two.Finish(t.Context(), e.Ticket, made, nil)
		if err != nil || len(acc.Keys) != 1 {
			t.Errorf("again after a kill at commit %d: %+v, %v", n, acc, err)
		}
	}
	for n := 1; ; n++ {
		w := start(t)
		w.engine.kill(n)
		_, err := w.one.Issue(t.Context(), anna, subject(mary, maryBorn))
		if err == nil {
			if n < 4 {
				t.Errorf("only %d commits", n-1)
			}
			break
		}
		codes, _, err := w.two.Codes(t.Context(), anna, practice, "", 10)
		if err != nil || len(codes) != 0 {
			t.Errorf("killed at commit %d: %+v, %v", n, codes, err)
		}
		w.enrol()
	}
}

// What comes with an enrolment is committed with it, or not at all.
func TestFirstSessionWithTheAccount(t *testing.T) {
	w := start(t)
	e := w.begin(w.letter().Code)
	op := func(acc account.Account, key uint64) ([]store.Op, error) {
		if acc.Epoch != 1 || !acc.HasKey(key) {
			t.Errorf("epoch %d, key %d of %v", acc.Epoch, key, acc.Keys)
		}
		return []store.Op{account.NoticeOp(acc.ID, account.Notice{Kind: account.PasskeyAdded, At: w.clock()})}, nil
	}
	fails := func(account.Account, uint64) ([]store.Op, error) { return nil, errKilled }
	if _, err := w.one.Finish(t.Context(), e.Ticket, registered(e, "x"), fails); !errors.Is(err, errKilled) {
		t.Errorf("%v", err)
	}
	_, err := w.one.Finish(t.Context(), e.Ticket, registered(e, "x"), op)
	w.must(err)
	if got := w.told(e.Account); len(got) != 2 {
		t.Errorf("%v", got)
	}
}

func TestTickets(t *testing.T) {
	w := start(t)
	e := w.begin(w.letter().Code)
	made := registered(e, "phone")
	elses := made
	elses.UserHandle = slices.Repeat([]byte{1}, 64)
	_, err := w.one.Finish(t.Context(), e.Ticket, elses, nil)
	wantKind(t, "a passkey of another handle", err, errs.Invalid, "")
	for name, text := range map[string]string{"none": "", "changed": e.Ticket[:len(e.Ticket)-2] + "AA", "cut": e.Ticket[:40], "no ticket": "dcrs_" + e.Ticket[5:], "long": e.Ticket + strings.Repeat("A", 2000)} {
		_, err := w.one.Finish(t.Context(), text, made, nil)
		wantKind(t, name, err, errs.Unauthenticated, account.CodeTicket)
	}
	w.advance(15 * time.Minute)
	_, err = w.one.Finish(t.Context(), e.Ticket, made, nil)
	wantKind(t, "late", err, errs.Unauthenticated, account.CodeTicket)
	other, err := account.New(account.Options{DB: w.db, Key: slices.Repeat([]byte{8}, 32), PersonOf: personOf, Gone: w.isGone, Now: w.clock, EnrolURL: &url.URL{}})
	w.must(err)
	w.advance(-time.Minute)
	_, err = other.Resume(t.Context(), e.Ticket)
	wantKind(t, "another key", err, errs.Unauthenticated, account.CodeTicket)
}

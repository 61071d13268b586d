package account_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/identity/account"
)

// Nobody is told who has gone, and nobody as long as the record cannot say whether
// they have.
func TestTell(t *testing.T) {
	w := start(t)
	acc := w.enrol()
	tells := func(key string) error {
		return w.two.Tell(t.Context(), acc.Person, key, account.Notice{Kind: account.InquiryAnswered, At: w.clock()})
	}
	w.gone = true
	w.must(tells("a"))
	w.gone, w.record = false, errors.New("the record is not there")
	if err := tells("a"); !errors.Is(err, w.record) {
		t.Errorf("told without asking the record: %v", err)
	}
	w.record = nil
	if got := w.told(acc.ID); slices.Contains(got, account.InquiryAnswered) {
		t.Errorf("somebody who has gone is told %v", got)
	}
	w.must(tells("a"))
	w.must(tells("a"))
	w.must(tells("b"))
	if got := slices.DeleteFunc(w.told(acc.ID), func(k account.NoticeKind) bool { return k != account.InquiryAnswered }); len(got) != 2 {
		t.Errorf("two things, one of them twice, are %d notices", len(got))
	}
	w.must(w.two.Tell(t.Context(), personOf(tom), "a", account.Notice{Kind: account.InquiryAnswered, At: w.clock()}))
	if got := w.told(account.IDOf(personOf(tom))); len(got) != 0 {
		t.Errorf("somebody without an account is told %v", got)
	}
}

package partner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
)

var now = time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)

func open(t testing.TB) *partner.Registry {
	t.Helper()
	r, _ := openDB(t)
	return r
}

func openDB(t testing.TB) (*partner.Registry, *store.DB) {
	t.Helper()
	engine, err := bolt.Open(t.TempDir(), store.Specs(partner.Specs()...), bolt.Options{NoSync: true, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(engine, partner.Specs()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return partner.NewRegistry(db), db
}

func hospital() partner.Agreement {
	return partner.Agreement{Org: "R0D", Name: "University Hospitals Dorset", Kind: partner.Acute, Read: section.All,
		Contribute: section.Of(section.Results, section.Encounters), DSPT: now.AddDate(0, 6, 0), Signed: now.AddDate(-1, 0, 0), Ends: now.AddDate(1, 0, 0)}
}

const printA, printB = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

func feed(id string, certs ...string) partner.Client {
	return partner.Client{ID: id, Org: "R0D", Kind: partner.Feed, Name: "Trust integration engine", Certs: certs}
}

func put(t testing.TB, r *partner.Registry, a partner.Agreement, rev uint64) uint64 {
	t.Helper()
	rev, err := r.PutAgreement(t.Context(), a, rev, "operator", now)
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

func wantKind(t *testing.T, err error, k errs.Kind, words string) {
	t.Helper()
	if err == nil || errs.KindOf(err) != k || !strings.Contains(err.Error(), words) {
		t.Errorf("err = %v (%v), want %v with %q", err, errs.KindOf(err), k, words)
	}
}

func TestAgreements(t *testing.T) {
	r := open(t)
	if _, _, err := r.Agreement(t.Context(), "R0D"); err == nil {
		t.Error("an agreement before there is one")
	}
	rev := put(t, r, hospital(), 0)
	got, gotRev, err := r.Agreement(t.Context(), "R0D")
	if diff := cmp.Diff(hospital(), got); diff != "" || err != nil || gotRev != rev {
		t.Errorf("rev %d, %v\n%s", gotRev, err, diff)
	}

	_, err = r.PutAgreement(t.Context(), hospital(), 0, "operator", now)
	wantKind(t, err, errs.Conflict, "read it again")

	suspended := hospital()
	suspended.Suspended = true
	if rev = put(t, r, suspended, rev); rev != 2 {
		t.Errorf("second revision is %d", rev)
	}
	if got, _, _ := r.Agreement(t.Context(), "R0D"); got.Live(now) {
		t.Error("live after it was suspended")
	}
	_, err = r.PutAgreement(t.Context(), hospital(), 1, "operator", now)
	wantKind(t, err, errs.Conflict, "read it again")

	history, err := r.History(t.Context(), "R0D")
	want := []partner.Version{{Agreement: hospital(), Rev: 1, At: now, By: "operator"}, {Agreement: suspended, Rev: 2, At: now, By: "operator"}}
	if diff := cmp.Diff(want, history); diff != "" || err != nil {
		t.Errorf("history: %v\n%s", err, diff)
	}

	practice := hospital()
	practice.Org, practice.Kind = "J81012", partner.GP
	put(t, r, practice, 0)
	all, err := r.Agreements(t.Context())
	if diff := cmp.Diff([]partner.Agreement{practice, suspended}, all); diff != "" || err != nil {
		t.Errorf("all: %v\n%s", err, diff)
	}
}

func TestAgreementValidate(t *testing.T) {
	for want, change := range map[string]func(*partner.Agreement){
		"ODS code":       func(a *partner.Agreement) { a.Org = "r0d" },
		"a name has":     func(a *partner.Agreement) { a.Name = " " },
		"kind must":      func(a *partner.Agreement) { a.Kind = 0 },
		"one of gp":      func(a *partner.Agreement) { a.Kind = 99 },
		"do not exist":   func(a *partner.Agreement) { a.Read |= 1 << 31 },
		"in it that":     func(a *partner.Agreement) { a.Contribute |= 1 },
		"was signed is":  func(a *partner.Agreement) { a.Signed = time.Time{} },
		"after it was":   func(a *partner.Agreement) { a.Ends = a.Signed },
		"DSPT status":    func(a *partner.Agreement) { a.DSPT = time.Time{} },
		"1 to 200 bytes": func(a *partner.Agreement) { a.Name = strings.Repeat("x", 201) },
	} {
		a := hospital()
		change(&a)
		wantKind(t, a.Validate(), errs.Invalid, want)
	}
	if err := hospital().Validate(); err != nil {
		t.Error(err)
	}
}

func TestLive(t *testing.T) {
	a := hospital()
	for _, tt := range []struct {
		name string
		at   time.Time
		want bool
	}{
		{"signed later", a.Signed.Add(-1), false}, {"signed", a.Signed, true}, {"now", now, true},
		{"DSPT holds", a.DSPT.Add(-1), true}, {"DSPT lapsed", a.DSPT, false}, {"ended", a.Ends, false},
	} {
		if got := a.Live(tt.at); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	if (partner.Agreement{}).Live(now) {
		t.Error("no agreement is live")
	}
}

package inquiry_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/ledger/ledgertest"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
)

const hospital, practice nhs.ODS = "R0D", "J81012"

// world is the rooms an inquiry stands on, and what people were told.
type world struct {
	t       *testing.T
	now     time.Time
	db      *store.DB
	ledger  *ledger.Ledger
	partner *partner.Registry
	q       *inquiry.Inquiries
	told    []inquiry.Notice
	deaf    error // what the inbox answers
	mark    uint64
}

func newWorld(t *testing.T, change ...func(*inquiry.Options)) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 5, 3, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	specs := append(append(inquiry.Specs(), partner.Specs()...), ledger.Specs()...)
	engine, err := bolt.Open(t.TempDir(), store.Specs(specs...), bolt.Options{NoSync: true, Now: clock})
	w.must(err)
	t.Cleanup(func() { _ = engine.Close() })
	w.db, err = store.Open(engine, specs...)
	w.must(err)
	w.ledger = ledgertest.Open(t, w.db, "main", clock)
	w.partner = partner.NewRegistry(w.db)
	for _, org := range []nhs.ODS{hospital, practice} {
		_, err := w.partner.PutAgreement(t.Context(), partner.Agreement{Org: org, Name: string(org), Kind: partner.Acute, Read: section.All,
			Signed: w.now.AddDate(-1, 0, 0), Ends: w.now.AddDate(1, 0, 0), DSPT: w.now.AddDate(1, 0, 0)}, 0, "test", w.now)
		w.must(err)
	}
	o := inquiry.Options{DB: w.db, Ledger: w.ledger, Partners: partner.Agreements{Of: w.partner}, People: w, Notices: w, Now: clock}
	for _, f := range change {
		f(&o)
	}
	w.q = inquiry.New(o)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) NameOf(_ context.Context, person string) (string, error) {
	return strings.ToUpper(person[1:2]) + person[2:], nil
}

func (w *world) Inquiry(_ context.Context, person string, n inquiry.Notice) error {
	if w.deaf != nil {
		return w.deaf
	}
	for _, old := range w.told {
		if old.Key == n.Key {
			return nil
		}
	}
	w.told = append(w.told, n)
	return nil
}

// looks is the door of one person's events.
type looks struct {
	w      *world
	person string
}

func (l looks) Access(ctx context.Context, instance string, seq uint64) (found ledger.Event, err error) {
	ok := false
	err = l.w.ledger.Read(ctx, seq, func(n uint64, e ledger.Event) bool {
		if ok = n == seq && instance == "main" && e.Person == l.person; ok {
			found = e
		}
		return false
	})
	if err == nil && !ok {
		err = access.Absent()
	}
	return found, err
}

// looked appends an event about a person, and returns its number.
func (w *world) looked(person string, change func(*ledger.Event)) uint64 {
	w.t.Helper()
	e := ledger.Event{Time: w.now, Request: "r0", Kind: identity.Professional, Caller: "cis2/1", Name: "Dr A", Role: identity.Clinician, Org: hospital,
		Action: access.Read, Outcome: access.Allowed, Basis: access.ByAppointment, Person: person, Sections: section.Of(section.Medicines), What: "MedicationRequest"}
	if change != nil {
		change(&e)
	}
	seq, err := w.ledger.Append(w.t.Context(), &e)
	w.must(err)
	w.mark = seq + 1
	return seq
}

func (w *world) resident(name string) identity.Caller {
	return identity.Caller{Kind: identity.Resident, ID: "a" + name, Person: "p" + name, Proofing: identity.P9, Expires: w.now.Add(time.Hour)}
}

func (w *world) officer(org nhs.ODS) identity.Caller {
	return identity.Caller{Kind: identity.Professional, ID: "cis2/9", Name: "Olive Officer", Role: identity.PrivacyOfficer, Org: org, Expires: w.now.Add(time.Hour)}
}

func (w *world) asks(name string, seq uint64, words string) (inquiry.Inquiry, error) {
	return w.q.Ask(w.t.Context(), w.resident(name), looks{w, "p" + name}, "main", seq, words)
}

// trail is what the ledger was told since it was last asked.
func (w *world) trail() (out []string) {
	w.t.Helper()
	w.must(w.ledger.Read(w.t.Context(), w.mark, func(_ uint64, e ledger.Event) bool {
		out = append(out, fmt.Sprintf("%s %s %s %s %s", e.Caller, e.Action, e.Outcome, e.Person, e.What))
		return true
	}))
	w.mark = w.ledger.Len()
	return out
}

func (w *world) list(g inquiry.Group) []inquiry.Item {
	w.t.Helper()
	items, _, err := w.q.List(w.t.Context(), w.officer(hospital), g, "", 10, "r")
	w.must(err)
	w.mark = w.ledger.Len()
	return items
}

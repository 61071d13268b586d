package inquiry_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
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
	log, err := w.db.Log(t.Context(), ledger.LogName("main"))
	w.must(err)
	secret, err := ledger.NewKey("main", rand.Reader)
	w.must(err)
	key, err := ledger.ParseKey(secret)
	w.must(err)
	w.ledger, err = ledger.Open(t.Context(), ledger.Options{Log: log, Instance: "main", Key: key, Folders: []string{t.TempDir()}, Now: clock})
	w.must(err)
	t.Cleanup(func() { _ = w.ledger.Close(context.Background()) })
	w.partner = partner.NewRegistry(w.db)
	for _, org := range []nhs.ODS{hospital, practice} {
		_, err := w.partner.PutAgreement(t.Context(), partner.Agreement{Org: org, Name: string(org), Kind: partner.Acute, Read: section.All,
			Signed: w.now.AddDate(-1, 0, 0), Ends: w.now.AddDate(1, 0, 0), DSPT: w.now.AddDate(1, 0, 0)}, 0, "test", w.now)
		w.must(err)
	}
	o := inquiry.Options{DB: w.db, Ledger: w.ledger, Partners: w, People: w, Notices: w, Now: clock}
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

func (w *world) Agreement(ctx context.Context, org nhs.ODS) (partner.Agreement, error) {
	a, _, err := w.partner.Agreement(ctx, org)
	if errs.KindOf(err) == errs.NotFound {
		err = nil
	}
	return a, err
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

func TestAskedSeenAnsweredClosed(t *testing.T) {
	w := newWorld(t)
	seq := w.looked("pmary", nil)
	asked, err := w.asks("mary", seq, "  I was not there that day.\r\n")
	w.must(err)
	if asked.State != inquiry.Asked || asked.Words != "I was not there that day." || asked.AskedOf != hospital || !asked.Due.Equal(w.now.AddDate(0, 0, 28)) {
		t.Errorf("asked %+v", asked)
	}

	items := w.list(inquiry.Open)
	if len(items) != 1 || items[0].State != inquiry.Asked || items[0].Soon || items[0].Late {
		t.Fatalf("list %+v", items)
	}
	ref := items[0].Ref
	q, err := w.q.See(t.Context(), w.officer(hospital), ref, "r1")
	w.must(err)
	if q.Name != "Mary" || q.Words != asked.Words || q.Event.Name != "Dr A" || q.Event.Request != "r0" || !q.Event.Sections.Has(section.Medicines) {
		t.Errorf("question %+v", q)
	}
	w.now = w.now.Add(time.Hour)
	q, err = w.q.MarkSeen(t.Context(), w.officer(hospital), ref, q.Version, "r2")
	w.must(err)
	if _, err := w.q.Answer(t.Context(), w.officer(hospital), ref, q.Version-1, "We looked into it.", "r3"); errs.KindOf(err) != errs.Precondition {
		t.Errorf("an answer to what was changed: %v", err)
	}
	q, err = w.q.Answer(t.Context(), w.officer(hospital), ref, q.Version, "Dr A prepared your clinic.", "r4")
	w.must(err)
	if d := cmp.Diff([]string{
		"cis2/9 answer allowed pmary inquiry read", "cis2/9 answer allowed pmary inquiry seen",
		"cis2/9 answer allowed pmary inquiry answered", "cis2/9 answer allowed pmary inquiry answered",
	}, w.trail()); d != "" {
		t.Errorf("ledger (-want +got):\n%s", d)
	}
	if _, err := w.q.Answer(t.Context(), w.officer(hospital), ref, q.Version, "Again.", "r5"); errs.CodeOf(err) != inquiry.CodeState {
		t.Errorf("a second answer: %v", err)
	}

	mine, err := w.q.OwnOne(t.Context(), w.resident("mary"), asked.ID)
	w.must(err)
	if mine.State != inquiry.Answered || mine.Answer != "Dr A prepared your clinic." || mine.By.Name != "Olive Officer" || mine.By.Role != identity.PrivacyOfficer {
		t.Errorf("own %+v", mine)
	}
	if len(w.told) != 1 || w.told[0].Kind != inquiry.IsAnswer || w.told[0].Inquiry != asked.ID {
		t.Errorf("told %+v", w.told)
	}
	if got := w.list(inquiry.IsAnswered); len(got) != 1 || len(w.list(inquiry.Open)) != 0 {
		t.Errorf("answered %+v", got)
	}
	closed, err := w.q.Close(t.Context(), w.resident("mary"), asked.ID)
	w.must(err)
	again, err := w.q.Close(t.Context(), w.resident("mary"), asked.ID)
	w.must(err)
	if closed.State != inquiry.Closed || again.Version != closed.Version || len(w.list(inquiry.IsClosed)) != 1 {
		t.Errorf("closed %+v, again %+v", closed, again)
	}
}

// Only the privacy officer of the organisation that was asked sees anything, and
// what is not theirs is the same as what does not exist.
func TestWhoSees(t *testing.T) {
	w := newWorld(t)
	_, err := w.asks("mary", w.looked("pmary", nil), "why?")
	w.must(err)
	ref := w.list(inquiry.Open)[0].Ref
	as := func(change func(*identity.Caller)) identity.Caller { c := w.officer(hospital); change(&c); return c }
	other, err := w.q.See(t.Context(), w.officer(practice), ref, "r")
	if errs.KindOf(err) != errs.NotFound || other.Words != "" {
		t.Errorf("another organisation: %+v, %v", other, err)
	}
	_, absent := w.q.See(t.Context(), w.officer(hospital), "pnobody.main-1.1", "r")
	if d := cmp.Diff(fmt.Sprintf("%#v", err), fmt.Sprintf("%#v", absent)); d != "" && absent.Error() != err.Error() {
		t.Errorf("absent and another's differ: %s", d)
	}
	if d := cmp.Diff([]string{"cis2/9 answer unknown pmary inquiry read", "cis2/9 answer unknown  inquiry read"}, w.trail()); d != "" {
		t.Errorf("ledger (-want +got):\n%s", d)
	}
	for name, c := range map[string]identity.Caller{
		"a clinician":        as(func(c *identity.Caller) { c.Role = identity.Clinician }),
		"a system":           as(func(c *identity.Caller) { c.Kind, c.Client = identity.System, "ehr" }),
		"an expired officer": as(func(c *identity.Caller) { c.Expires = w.now }),
	} {
		if _, err := w.q.See(t.Context(), c, ref, "r"); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("%s sees: %v", name, err)
		}
		if _, _, err := w.q.List(t.Context(), c, inquiry.Open, "", 10, "r"); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("%s lists: %v", name, err)
		}
	}
	for _, bad := range []string{"", ".", "pmary", "pmary.", ".main-0.1", strings.Repeat("p", 300)} {
		if _, err := w.q.See(t.Context(), w.officer(hospital), bad, "r"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestWhoAsks(t *testing.T) {
	w := newWorld(t)
	seq, own := w.looked("pmary", nil), w.looked("pmary", func(e *ledger.Event) {
		*e = ledger.Event{Kind: identity.Resident, Caller: "amary", Person: "pmary", Outcome: access.Allowed}
	})
	office := w.looked("pmary", func(e *ledger.Event) { e.Kind, e.Org = identity.Operator, "" })
	if _, err := w.asks("john", seq, ""); errs.KindOf(err) != errs.NotFound {
		t.Errorf("about another's: %v", err)
	}
	if _, err := w.asks("mary", seq+100, ""); errs.KindOf(err) != errs.NotFound {
		t.Errorf("about nothing: %v", err)
	}
	for _, s := range []uint64{own, office} {
		if _, err := w.asks("mary", s, ""); errs.KindOf(err) != errs.Unprocessable {
			t.Errorf("about event %d: %v", s, err)
		}
	}
	low, carer := w.resident("mary"), w.officer(hospital)
	low.Proofing = identity.P5
	for _, c := range []identity.Caller{low, carer, {}} {
		if _, err := w.q.Ask(t.Context(), c, looks{w, "pmary"}, "main", seq, ""); errs.KindOf(err) != errs.NotFound {
			t.Errorf("%v asks: %v", c.Kind, err)
		}
		if _, err := w.q.Own(t.Context(), c); errs.KindOf(err) != errs.NotFound {
			t.Errorf("%v lists: %v", c.Kind, err)
		}
	}
	for _, bad := range []string{strings.Repeat("é", inquiry.MaxWords+1), "a\x00b", "\xff"} {
		if _, err := w.asks("mary", seq, bad); errs.KindOf(err) != errs.Invalid {
			t.Errorf("words %q: %v", bad[:3], err)
		}
	}
	if _, err := w.asks("mary", seq, strings.Repeat("é", inquiry.MaxWords)); err != nil {
		t.Error(err)
	}
	if _, err := w.q.OwnOne(t.Context(), w.resident("john"), "main-0.1"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another's: %v", err)
	}
}

func TestTheProgrammeIsAskedToo(t *testing.T) {
	w := newWorld(t, func(o *inquiry.Options) { o.Office = practice })
	i, err := w.asks("mary", w.looked("pmary", func(e *ledger.Event) { e.Kind, e.Org = identity.Operator, "" }), "")
	if err != nil || i.AskedOf != practice {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestLimits(t *testing.T) {
	w := newWorld(t, func(o *inquiry.Options) { o.Open, o.Again = 2, 2 })
	first := w.looked("pmary", nil)
	i, err := w.asks("mary", first, "")
	w.must(err)
	if _, err := w.asks("mary", first, ""); errs.CodeOf(err) != inquiry.CodeAsked {
		t.Errorf("twice at a time: %v", err)
	}
	_, err = w.asks("mary", w.looked("pmary", nil), "")
	w.must(err)
	third := w.looked("pmary", nil)
	if _, err := w.asks("mary", third, ""); errs.CodeOf(err) != inquiry.CodeTooMany {
		t.Errorf("a third: %v", err)
	}
	_, err = w.q.Close(t.Context(), w.resident("mary"), i.ID) // withdrawn
	w.must(err)
	again, err := w.asks("mary", first, "")
	w.must(err)
	if again.ID == i.ID {
		t.Error("asked again under the same id")
	}
	_, err = w.q.Close(t.Context(), w.resident("mary"), again.ID)
	w.must(err)
	if _, err := w.asks("mary", first, ""); errs.CodeOf(err) != inquiry.CodeTooMany {
		t.Errorf("a third time: %v", err)
	}
	all, err := w.q.Own(t.Context(), w.resident("mary"))
	if err != nil || len(all) != 3 {
		t.Errorf("own: %d, %v", len(all), err)
	}
}

// Of many who ask about one event at once, one does.
func TestOneAtATime(t *testing.T) {
	w := newWorld(t)
	seq := w.looked("pmary", nil)
	var wg sync.WaitGroup
	got := make([]error, 8)
	for n := range got {
		wg.Go(func() { _, got[n] = w.asks("mary", seq, "") })
	}
	wg.Wait()
	if n := len(slices.DeleteFunc(got, func(err error) bool { return errs.CodeOf(err) == inquiry.CodeAsked })); n != 1 {
		t.Errorf("%d asked: %v", n, got)
	}
}

// What an organisation owes is marked before it is due, and the person is told once
// when it is late.
func TestLate(t *testing.T) {
	w := newWorld(t)
	i, err := w.asks("mary", w.looked("pmary", nil), "")
	w.must(err)
	work := func() {
		t.Helper()
		_, err := w.q.Work(t.Context(), 10)
		w.must(err)
	}
	work()
	w.now = w.now.AddDate(0, 0, 22)
	work()
	if items := w.list(inquiry.Open); !items[0].Soon || items[0].Late || len(w.told) != 0 {
		t.Errorf("soon: %+v, told %v", items, w.told)
	}
	w.now = w.now.AddDate(0, 0, 7)
	work()
	work()
	mine, err := w.q.OwnOne(t.Context(), w.resident("mary"), i.ID)
	w.must(err)
	if items := w.list(inquiry.Open); !items[0].Late || !mine.Late || len(w.told) != 1 || w.told[0].Kind != inquiry.IsLate {
		t.Errorf("late: %+v, told %v", items, w.told)
	}
	if _, err := w.q.Answer(t.Context(), w.officer(hospital), w.list(inquiry.Open)[0].Ref, mine.Version, "Sorry.", "r"); err != nil {
		t.Errorf("a late answer: %v", err)
	}
	if len(w.told) != 2 {
		t.Errorf("told %v", w.told)
	}
}

// What was cut short after the answer is done by Work.
func TestHalfWayIsRepaired(t *testing.T) {
	w := newWorld(t)
	_, err := w.asks("mary", w.looked("pmary", nil), "")
	w.must(err)
	item := w.list(inquiry.Open)[0]
	w.deaf = errors.New("the inbox is away")
	_, err = w.q.Answer(t.Context(), w.officer(hospital), item.Ref, item.Version, "Because.", "r")
	w.must(err)
	if _, err := w.q.Work(t.Context(), 10); err == nil || len(w.told) != 0 {
		t.Errorf("the inbox is away: %v", err)
	}
	w.deaf = nil
	w.now = w.now.Add(2 * time.Minute) // the lease ran out
	n, err := w.q.Work(t.Context(), 10)
	if err != nil || n != 1 || len(w.told) != 1 {
		t.Errorf("%d done, told %v, %v", n, w.told, err)
	}
	if n, err := w.q.Work(t.Context(), 10); n != 0 || err != nil {
		t.Errorf("done again: %d, %v", n, err)
	}
}

// Nothing is shown or changed without the ledger.
func TestNoLedgerNoAnswer(t *testing.T) {
	w := newWorld(t)
	i, err := w.asks("mary", w.looked("pmary", nil), "")
	w.must(err)
	item := w.list(inquiry.Open)[0]
	w.must(w.ledger.Close(t.Context()))
	if q, err := w.q.See(t.Context(), w.officer(hospital), item.Ref, "r"); err == nil || q.Name != "" {
		t.Errorf("seen: %+v", q)
	}
	if _, err := w.q.Answer(t.Context(), w.officer(hospital), item.Ref, item.Version, "Because.", "r"); err == nil {
		t.Error("answered")
	}
	mine, err := w.q.OwnOne(t.Context(), w.resident("mary"), i.ID)
	if err != nil || mine.State != inquiry.Asked {
		t.Errorf("%+v, %v", mine, err)
	}
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		w.now = w.now.Add(time.Minute)
		_, err := w.asks("mary", w.looked("pmary", nil), "")
		w.must(err)
	}
	var seen []time.Time
	cursor := ""
	for range 3 {
		items, next, err := w.q.List(t.Context(), w.officer(hospital), inquiry.Open, cursor, 2, "r")
		w.must(err)
		for _, i := range items {
			seen = append(seen, i.At)
		}
		if cursor = next; next == "" {
			break
		}
	}
	if len(seen) != 5 || !slices.IsSortedFunc(seen, time.Time.Compare) {
		t.Errorf("pages: %v", seen)
	}
	if _, _, err := w.q.List(t.Context(), w.officer(hospital), inquiry.Open, "!", 2, "r"); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a made-up page: %v", err)
	}
}

package account_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Mary and Tom are registered with the same practice.
var (
	mary = nhs.MustNumber("9000000009")
	tom  = nhs.MustNumber("9000000017")
)

const (
	maryBorn = "1957-03-27"
	tomBorn  = "1988-11-02"
	practice = nhs.ODS("J81012")
)

var (
	anna  = staff("anna", practice, identity.Receptionist)
	bert  = staff("bert", practice, identity.Nurse)
	other = staff("olga", "J81999", identity.Clinician)
	clerk = staff("clara", "QVV", identity.ProgrammeOffice)
)

func staff(id string, org nhs.ODS, role identity.Role) identity.Caller {
	return identity.Caller{Kind: identity.Professional, ID: "cis2/" + id, Name: id, Org: org, Role: role}
}

func personOf(n nhs.Number) string { return "p" + n.Digits() }

// world is two instances of the service over one store that counts and fails.
type world struct {
	t        testing.TB
	db       *store.DB
	engine   *engine
	one, two *account.Accounts
	work     account.Work
	mu       sync.Mutex
	now      time.Time
	gone     bool // everybody
	record   error
}

// isGone is what the record says of everybody.
func (w *world) isGone(context.Context, string) (bool, error) { return w.gone, w.record }

func (w *world) clock() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }

func (w *world) advance(d time.Duration) { w.mu.Lock(); defer w.mu.Unlock(); w.now = w.now.Add(d) }

func start(t testing.TB, change ...func(*account.Options)) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)}
	opened, err := bolt.Open(t.TempDir(), store.Specs(account.Specs()...), bolt.Options{NoSync: true, Now: w.clock})
	w.must(err)
	w.engine = &engine{Engine: opened}
	w.db, err = store.Open(w.engine, account.Specs()...)
	w.must(err)
	t.Cleanup(func() { w.must(w.db.Close()) })
	page, err := url.Parse("https://record.example.nhs.uk/enrol")
	w.must(err)
	o := account.Options{DB: w.db, Key: bytes.Repeat([]byte{7}, 32), PersonOf: personOf, Gone: w.isGone, Now: w.clock, EnrolURL: page}
	for _, c := range change {
		c(&o)
	}
	w.one, err = account.New(o)
	w.must(err)
	w.two, err = account.New(o)
	w.must(err)
	account.Watch(w.one, &w.work)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func subject(n nhs.Number, born string) account.Subject {
	return account.Subject{Person: personOf(n), BirthDate: born, Practice: practice}
}

// letter makes a code for Mary.
func (w *world) letter() account.Letter {
	w.t.Helper()
	l, err := w.one.Issue(w.t.Context(), anna, subject(mary, maryBorn))
	w.must(err)
	return l
}

// begin enters Mary's code.
func (w *world) begin(code string) account.Enrolment {
	w.t.Helper()
	e, err := w.one.Begin(w.t.Context(), account.Entered{Code: code, Number: mary, BirthDate: maryBorn})
	w.must(err)
	return e
}

// enrol opens Mary's account.
func (w *world) enrol() account.Account {
	w.t.Helper()
	e := w.begin(w.letter().Code)
	acc, err := w.one.Finish(w.t.Context(), e.Ticket, registered(e, "phone"), nil)
	w.must(err)
	return acc
}

// credential returns a passkey that some device made.
func credential(name string) passkey.Credential {
	id := make([]byte, 32)
	_, _ = rand.Read(id)
	return passkey.Credential{ID: id, PublicKey: []byte{1, 2, 3}, Name: name, Flags: passkey.Flags{UserPresent: true, UserVerified: true}}
}

func registered(e account.Enrolment, name string) passkey.Registered {
	return passkey.Registered{UserHandle: e.Handle, Credential: credential(name)}
}

// told returns the kinds of the notices of an account, oldest first.
func (w *world) told(id string) []account.NoticeKind {
	w.t.Helper()
	list, _, err := w.two.Notices(w.t.Context(), id, "", 100)
	w.must(err)
	kinds := make([]account.NoticeKind, len(list))
	for i, n := range list {
		kinds[len(list)-1-i] = n.Kind
	}
	return kinds
}

// code returns how a code stands.
func (w *world) code(id string) account.Code {
	w.t.Helper()
	codes, _, err := w.two.Codes(w.t.Context(), anna, practice, "", 100)
	w.must(err)
	for _, c := range codes {
		if c.ID == id {
			return c
		}
	}
	w.t.Fatalf("%s is not in the list", id)
	return account.Code{}
}

func wantKind(t *testing.T, what string, err error, k errs.Kind, code string) {
	t.Helper()
	if err == nil || errs.KindOf(err) != k || errs.CodeOf(err) != code {
		t.Errorf("%s: err = %v (%v %q), want %v %q", what, err, errs.KindOf(err), errs.CodeOf(err), k, code)
	}
}

var errKilled = errors.New("the process was killed")

// engine counts calls, and fails the commits that it is told to.
type engine struct {
	driver.Engine
	mu    sync.Mutex
	calls []string
	left  int // commits until one fails; 0: none does
	// between is done once, before the next commit to an account's document.
	between func()
}

func (e *engine) note(call string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, call)
}

// taken returns the calls since it was last asked.
func (e *engine) taken() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	calls := e.calls
	e.calls = nil
	return calls
}

// kill has the nth commit from now on fail, and nothing of it happen.
func (e *engine) kill(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.left = n
}

func (e *engine) Get(ctx context.Context, refs []driver.Ref, visit driver.Visit) error {
	e.note(fmt.Sprintf("get %d", len(refs)))
	return e.Engine.Get(ctx, refs, visit)
}

func (e *engine) Find(ctx context.Context, q driver.Query, visit driver.Visit) ([]byte, error) {
	e.note("find " + q.Collection)
	return e.Engine.Find(ctx, q, visit)
}

func (e *engine) Commit(ctx context.Context, partition string, ops []driver.Op) error {
	e.note(fmt.Sprintf("commit %d to %s", len(ops), ops[0].Doc.Collection))
	e.mu.Lock()
	e.left--
	killed := e.left == 0
	between := e.between
	if !slices.ContainsFunc(ops, func(o driver.Op) bool { return o.Doc.Collection == "account" && o.Kind != driver.Require }) {
		between = nil
	}
	if between != nil {
		e.between = nil
	}
	e.mu.Unlock()
	if between != nil {
		between()
	}
	if killed {
		return errKilled
	}
	return e.Engine.Commit(ctx, partition, ops)
}

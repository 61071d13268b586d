package session_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/identity/session"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// world is Mary's account, and two instances of the service over one store.
type world struct {
	t        testing.TB
	db       *store.DB
	engine   *engine
	accounts *account.Accounts
	one, two *session.Sessions
	mary     account.Account
	asserted passkey.Asserted

	mu  sync.Mutex
	now time.Time
}

func (w *world) clock() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }

func (w *world) advance(d time.Duration) { w.mu.Lock(); defer w.mu.Unlock(); w.now = w.now.Add(d) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func key(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func start(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)}
	specs := append(account.Specs(), session.Specs()...)
	opened, err := bolt.Open(t.TempDir(), store.Specs(specs...), bolt.Options{NoSync: true, Now: w.clock})
	w.must(err)
	w.engine = &engine{Engine: opened}
	w.db, err = store.Open(w.engine, specs...)
	w.must(err)
	t.Cleanup(func() { w.must(w.db.Close()) })
	w.accounts, err = account.New(account.Options{DB: w.db, Key: key(7), Now: w.clock, EnrolURL: &url.URL{}, PersonOf: func(nhs.Number) string { return "pmary" },
		Gone: func(context.Context, string) (bool, error) { return false, nil }})
	w.must(err)
	w.one, w.two = w.sessions(7), w.sessions(7)
	w.enrol()
	return w
}

func (w *world) sessions(k byte) *session.Sessions {
	s, err := session.New(session.Options{DB: w.db, Key: key(k), Now: w.clock})
	w.must(err)
	return s
}

func (w *world) enrol() {
	w.t.Helper()
	e, err := w.accounts.EnrolByNHSLogin(w.t.Context(), account.NHSLogin{Number: nhs.MustNumber("9000000009"), BirthDate: "1957-03-27", Proofing: "P9", Vector: "P9.Cm"})
	w.must(err)
	id := make([]byte, 32)
	_, _ = rand.Read(id)
	c := passkey.Credential{ID: id, PublicKey: []byte{1}, Name: "phone"}
	w.mary, err = w.accounts.Finish(w.t.Context(), e.Ticket, passkey.Registered{UserHandle: e.Handle, Credential: c}, nil)
	w.must(err)
	w.asserted = passkey.Asserted{Account: w.mary.ID, Credential: c}
}

// login begins a session, in the commit of the login.
func (w *world) login(native bool) session.Tokens {
	w.t.Helper()
	var tokens session.Tokens
	w.asserted.Credential.LastUsed = w.clock()
	_, err := w.accounts.SignedIn(w.t.Context(), w.asserted, func(acc account.Account, key uint64) ([]store.Op, error) {
		var op store.Op
		tokens, op = w.one.Start(acc, key, session.Device{Name: "Mary's phone", Native: native})
		return []store.Op{op}, nil
	})
	w.must(err)
	return tokens
}

// caller is who a token belongs to, on the other instance.
func (w *world) caller(token string) identity.Caller {
	w.t.Helper()
	c, err := w.two.Authenticate(w.t.Context(), token)
	w.must(err)
	return c
}

// out checks that a token does not count, on either instance.
func (w *world) out(t *testing.T, what, token string) {
	t.Helper()
	for _, s := range []*session.Sessions{w.one, w.two} {
		c, err := s.Authenticate(t.Context(), token)
		if err == nil || errs.KindOf(err) != errs.Unauthenticated || c != (identity.Caller{}) {
			t.Errorf("%s: %+v, %v", what, c, err)
		}
	}
}

// told returns how many notices of a kind Mary has.
func (w *world) told(k account.NoticeKind) int {
	w.t.Helper()
	list, _, err := w.accounts.Notices(w.t.Context(), w.mary.ID, "", 100)
	w.must(err)
	n := 0
	for _, x := range list {
		if x.Kind == k {
			n++
		}
	}
	return n
}

// engine counts calls.
type engine struct {
	driver.Engine
	mu            sync.Mutex
	gets, commits int
	fail          error // of commits
}

func (e *engine) Get(ctx context.Context, refs []driver.Ref, visit driver.Visit) error {
	e.mu.Lock()
	e.gets++
	e.mu.Unlock()
	return e.Engine.Get(ctx, refs, visit)
}

func (e *engine) Commit(ctx context.Context, partition string, ops []driver.Op) error {
	e.mu.Lock()
	e.commits++
	err := e.fail
	e.mu.Unlock()
	if err != nil {
		return err
	}
	return e.Engine.Commit(ctx, partition, ops)
}

// counted returns the calls of what f does.
func (e *engine) counted(f func()) (gets, commits int) {
	e.mu.Lock()
	e.gets, e.commits = 0, 0
	e.mu.Unlock()
	f()
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.gets, e.commits
}

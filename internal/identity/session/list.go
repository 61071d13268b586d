package session

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Session is what its owner sees of a session.
type Session struct {
	ID      string
	Device  string
	Native  bool
	Passkey uint64 // the number of the passkey by which it began
	Began   time.Time
	Used    time.Time // to the minute
	Expires time.Time
}

// List returns the sessions of an account that go on, the last used first.
func (s *Sessions) List(ctx context.Context, accountID string) ([]Session, error) {
	var acc account.Account
	var bad error
	err := s.o.DB.Get(ctx, []store.Ref{account.Ref(accountID)}, func(d *store.Doc) bool {
		acc, bad = account.Decode(d)
		return true
	})
	if err = cmp.Or(err, bad); err != nil {
		return nil, err
	}
	now := s.o.Now()
	var list []Session
	_, err = s.o.DB.Find(ctx, store.Query{Collection: sessions, Partition: accountID}, func(doc *store.Doc) bool {
		d, err := decode(doc)
		if bad = err; err != nil {
			return false
		}
		if s.counts(&d, &acc, now) {
			list = append(list, Session{ID: d.id, Device: d.device, Native: d.native, Passkey: d.passkey, Began: d.began, Used: d.used, Expires: s.expires(&d)})
		}
		return true
	})
	slices.SortFunc(list, func(x, y Session) int { return cmp.Or(y.Used.Compare(x.Used), cmp.Compare(x.ID, y.ID)) })
	return list, cmp.Or(err, bad)
}

// End ends one session of an account: logging out, or sending another device away. Ending
// what has ended is no error; whose session it is not gets the answer of none. All at
// once are ended by account.EndSessions.
func (s *Sessions) End(ctx context.Context, accountID, id string) error {
	if !isID(id) || !account.IsID(accountID) {
		return errs.New(errs.NotFound, "There is no such session.")
	}
	return s.o.DB.Commit(ctx, accountID, []store.Op{{Kind: store.Discard, Doc: store.Doc{Ref: ref(accountID, id)}}})
}

// LogOut ends the session of a caller.
func (s *Sessions) LogOut(ctx context.Context, c identity.Caller) error {
	return s.End(ctx, c.ID, c.Session)
}

// Package citizen is what residents do: they enrol, log in and keep their passkeys;
// read their own record; see who looked at it and ask why. A [Service] has the use
// cases, which know nothing of HTTP; its routes are thin, and the pages (citizen/site)
// stand on the same methods.
//
// Every read of a record goes through record.Open: the decision is made and in the
// ledger before anything is read, once for each request. What is not the resident's and
// what does not exist have one answer.
package citizen

import (
	"context"
	"errors"
	"time"

	citizenweb "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/identity/session"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// Records is what residents need of the record; *record.Records is one.
type Records interface {
	Open(ctx context.Context, caller identity.Caller, q record.Request) (*record.View, error)
	OpenAccesses(ctx context.Context, caller identity.Caller, p record.PersonID, requestID string) (*record.Accesses, error)
	Standing(ctx context.Context, p record.PersonID) (record.Standing, error)
	NameOf(ctx context.Context, p record.PersonID) (string, error)
}

// Inquiries are the questions "why did you look?"; *inquiry.Inquiries has them.
type Inquiries interface {
	Ask(ctx context.Context, by identity.Caller, looks inquiry.Looks, instance string, seq uint64, words string) (inquiry.Inquiry, error)
	Close(ctx context.Context, by identity.Caller, id string) (inquiry.Inquiry, error)
	Own(ctx context.Context, by identity.Caller) ([]inquiry.Inquiry, error)
	OwnOne(ctx context.Context, by identity.Caller, id string) (inquiry.Inquiry, error)
}

// Partners knows the names of organisations, by their agreements; the zero agreement
// is that of none.
type Partners interface {
	Agreement(ctx context.Context, org nhs.ODS) (partner.Agreement, error)
}

// Documents makes the whole record as one page; *web.Renderer of citizen/web does.
type Documents interface {
	RenderDocument(d citizenweb.Document) ([]byte, error)
}

// Options are what a Service stands on. All are required but those of the second group.
type Options struct {
	Records   Records
	Accounts  *account.Accounts
	Sessions  *session.Sessions
	Passkeys  *passkey.Party
	Inquiries Inquiries
	Partners  Partners
	Documents Documents
	Key       []byte // 32 bytes, the same on every instance: of form tokens and cursors
	BaseURL   string // where the world reaches the service, no slash at the end
	Now       func() time.Time

	Attempts    web.AttemptLimits    // zero: web.DefaultAttempts
	Origins     []string             // of passkeys, for /.well-known/webauthn
	AppleApps   []string             // team and bundle of each
	AndroidApps []passkey.AndroidApp //
}

// Service has the use cases of residents. It is safe for concurrent use.
type Service struct {
	o        Options
	attempts *web.Attempts
	cursors  *web.Cursors
	tokenKey []byte
	known    map[string][]byte // documents of /.well-known, by path
}

// cursorLife is how long a page's link to the next is good for.
const cursorLife = time.Hour

// New returns the service, or what is wrong with the options.
func New(o Options) (*Service, error) {
	if o.Records == nil || o.Accounts == nil || o.Sessions == nil || o.Passkeys == nil || o.Inquiries == nil || o.Partners == nil || o.Documents == nil || o.Now == nil {
		return nil, errors.New("citizen: an option is missing")
	}
	if o.Attempts == (web.AttemptLimits{}) {
		o.Attempts = web.DefaultAttempts()
	}
	s := &Service{o: o, attempts: web.NewAttempts(o.Attempts, o.Now)}
	var err error
	if s.known, err = wellKnowns(o); err != nil {
		return nil, err
	}
	if s.tokenKey, err = derive(o.Key, "form tokens"); err != nil {
		return nil, err
	}
	cursorKey, err := derive(o.Key, "page cursors")
	if err != nil {
		return nil, err
	}
	s.cursors, err = web.NewCursors(cursorKey, cursorLife)
	return s, err
}

// Authenticate returns the resident of a session's token. It refuses, and ends all
// sessions of the account, if the record says that the person has died or was
// deactivated (RULES 1).
func (s *Service) Authenticate(ctx context.Context, token string) (identity.Caller, error) {
	c, err := s.o.Sessions.Authenticate(ctx, token)
	if err != nil {
		return identity.Caller{}, err
	}
	ended, err := s.ended(ctx, c.Person)
	if err != nil {
		return identity.Caller{}, err
	}
	if !ended {
		return c, nil
	}
	if err := s.o.Accounts.EndSessions(ctx, c.ID); err != nil && errs.KindOf(err) != errs.NotFound {
		return identity.Caller{}, err
	}
	return identity.Caller{}, accountEnded()
}

// ended reports whether the record says that a person has died or was deactivated.
func (s *Service) ended(ctx context.Context, person string) (bool, error) {
	standing, err := s.o.Records.Standing(ctx, record.PersonID(person))
	return standing.Ended, err
}

func accountEnded() error {
	return errs.Coded(errs.Unauthenticated, "ACCOUNT_ENDED", "This account cannot be used any more. If that is a mistake, ask the GP practice.")
}

package citizen

import (
	"context"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/session"
)

// Device is a session of the caller's: a browser or an app that is logged in.
type Device struct {
	ID      string
	Name    string
	App     bool
	Began   time.Time
	Used    time.Time // to the minute
	Expires time.Time
	This    bool // the one that asks
}

// Devices returns the caller's sessions that go on, the last used first.
func (s *Service) Devices(ctx context.Context, c identity.Caller) ([]Device, error) {
	list, err := s.o.Sessions.List(ctx, c.ID)
	out := make([]Device, 0, len(list))
	for _, one := range list {
		out = append(out, Device{ID: one.ID, Name: one.Device, App: one.Native, Began: one.Began, Used: one.Used, Expires: one.Expires, This: one.ID == c.Session})
	}
	return out, err
}

// EndDevice ends one session of the caller's. It bites at the next request, on every
// instance.
func (s *Service) EndDevice(ctx context.Context, c identity.Caller, id string) error {
	return s.o.Sessions.End(ctx, c.ID, id)
}

// EndAll ends all sessions of the caller's, this one too.
func (s *Service) EndAll(ctx context.Context, c identity.Caller) error {
	return s.o.Accounts.EndSessions(ctx, c.ID)
}

// LogOut ends the caller's session.
func (s *Service) LogOut(ctx context.Context, c identity.Caller) error {
	return s.o.Sessions.LogOut(ctx, c)
}

// Refresh gives an app new tokens for its refresh token, which then is used up.
func (s *Service) Refresh(ctx context.Context, from Client, token string) (t session.Tokens, err error) {
	err = s.attempt(from.Address, subject("refresh", token), func() error {
		t, err = s.o.Sessions.Refresh(ctx, token)
		return err
	})
	if err != nil {
		return session.Tokens{}, err
	}
	if _, err := s.Authenticate(ctx, t.Access); err != nil { // also whether the person's sessions count
		return session.Tokens{}, err
	}
	return t, nil
}

// Account is what the caller sees of their account.
type Account struct {
	Name     string // of the person
	Since    time.Time
	Proofing identity.Proofing
	Frozen   time.Time // until then nothing is exported and nobody invited; zero: they may
	Passkeys int
	NeedsKey bool // the only passkey cannot be removed: they could not come back by themselves
	Devices  int
}

// Account returns the caller's account.
func (s *Service) Account(ctx context.Context, c identity.Caller) (Account, error) {
	acc, err := s.o.Accounts.Get(ctx, c.ID)
	if err != nil {
		return Account{}, err
	}
	out := Account{Since: acc.Since, Proofing: acc.Proofing, Passkeys: len(acc.Keys), NeedsKey: acc.NeedsKey()}
	if s.o.Now().Before(acc.Frozen) {
		out.Frozen = acc.Frozen
	}
	if out.Name, err = s.name(ctx, acc.Person, acc.Proofing); err != nil {
		return Account{}, err
	}
	devices, err := s.o.Sessions.List(ctx, c.ID)
	out.Devices = len(devices)
	return out, err
}

// Name returns what the caller is called, for the heading of their pages.
func (s *Service) Name(ctx context.Context, c identity.Caller) (string, error) {
	return s.name(ctx, c.Person, c.Proofing)
}

// Notices returns at most limit notices of the caller's inbox, the newest first, from
// after on, and where to go on: "" at the start and at the end.
func (s *Service) Notices(ctx context.Context, c identity.Caller, after string, limit int) ([]account.Notice, string, error) {
	return s.o.Accounts.Notices(ctx, c.ID, after, limit)
}

// MarkNotice marks a notice as read.
func (s *Service) MarkNotice(ctx context.Context, c identity.Caller, id string) error {
	return s.o.Accounts.MarkRead(ctx, c.ID, id)
}

// mostUnread is how far unread notices are counted.
const mostUnread = 20

// Unread counts the unread ones among the newest notices.
func (s *Service) Unread(ctx context.Context, c identity.Caller) (n int, err error) {
	list, _, err := s.o.Accounts.Notices(ctx, c.ID, "", mostUnread)
	for _, one := range list {
		if !one.Read {
			n++
		}
	}
	return n, err
}

// DeviceName makes of a browser's User-Agent what its owner knows it by: "Chrome on
// Android". What it does not know is a browser.
func DeviceName(agent string) string {
	named := func(names [][2]string, otherwise string) string {
		for _, n := range names {
			if strings.Contains(agent, n[0]) {
				return n[1]
			}
		}
		return otherwise
	}
	// The order matters: each of these claims to be those after it, too.
	browser := named([][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"Firefox", "Firefox"}, {"FxiOS", "Firefox"},
		{"CriOS", "Chrome"}, {"Chrome", "Chrome"}, {"Safari", "Safari"}}, "A browser")
	system := named([][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "Chromebook"}, {"Windows", "Windows"},
		{"Mac OS X", "Mac"}, {"Linux", "Linux"}}, "")
	if system == "" {
		return browser
	}
	return browser + " on " + system
}

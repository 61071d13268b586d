package citizen

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/identity/session"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// Client is who is at the other end of a ceremony, as far as the service heeds it.
type Client struct {
	Address string // failures are limited by it
	Device  string // for the list of sessions; see DeviceName
	Native  bool   // an app of its own, which gets tokens; else a browser, which gets a cookie
}

// Ceremony is the question of a passkey ceremony: its options for the browser, and a
// state that comes back with the answer.
type Ceremony struct {
	Options jsontext.Value
	State   string
	Expires time.Time
}

// Answered is the answer to a Ceremony: the state, and what the passkey signed, as
// PublicKeyCredential.toJSON gives it.
type Answered struct {
	State      string
	Credential []byte
}

// Signals tell a browser, or the keeper of passkeys behind it, which ones count and
// what their owner is called: what signalAllAcceptedCredentials and
// signalCurrentUserDetails take.
type Signals struct {
	Accepted jsontext.Value
	Current  jsontext.Value
}

// LoggedIn is a session that has begun.
type LoggedIn struct {
	Account string
	Tokens  session.Tokens // for a browser only Access, its cookie
	Signals Signals
}

// BeginLogIn asks for any passkey of this service. It is the same for everybody.
func (s *Service) BeginLogIn(from Client) (Ceremony, error) {
	if err := s.Admit(from); err != nil {
		return Ceremony{}, err
	}
	return ceremony(s.o.Passkeys.BeginLogin(""))
}

// Admit counts a question that leads to an attempt against the address it comes from: it
// costs little, but nobody has proved anything yet.
func (s *Service) Admit(from Client) error { return s.attempts.Admit(from.Address) }

func ceremony(b passkey.Begun, err error) (Ceremony, error) {
	return Ceremony{b.Options, b.State, b.Expires}, err
}

// FinishLogIn begins a session for whose passkey answered.
func (s *Service) FinishLogIn(ctx context.Context, from Client, a Answered) (in LoggedIn, err error) {
	err = s.attempt(from.Address, credentialSubject(a.Credential), func() error {
		by, err := s.o.Passkeys.FinishLogin(ctx, passkey.Answer{State: a.State, Credential: a.Credential}, s.o.Accounts.Owner)
		if err != nil {
			return s.refused(ctx, err)
		}
		acc, err := s.o.Accounts.SignedIn(ctx, by, s.begin(ctx, &in, from))
		if err != nil {
			return err
		}
		in.Signals, err = s.signals(ctx, &acc)
		return err
	})
	if err != nil {
		return LoggedIn{}, err
	}
	return in, nil
}

// begin begins a session with the commit that it is given to, unless the person's
// sessions count no more.
func (s *Service) begin(ctx context.Context, in *LoggedIn, from Client) account.Also {
	return s.o.Sessions.Starting(&in.Tokens, session.Device{Name: from.Device, Native: from.Native}, func(acc account.Account) error {
		in.Account = acc.ID
		ended, err := s.ended(ctx, acc.Person)
		if err == nil && ended {
			err = accountEnded()
		}
		return err
	})
}

// refused tells the owner of a passkey whose sign count fell. RULES 1.
func (s *Service) refused(ctx context.Context, err error) error {
	r, ok := errors.AsType[*passkey.Refused](err)
	if ok && r.Reason == passkey.SignCountFell {
		return errors.Join(err, s.o.Accounts.SignCountFell(ctx, r.Account, r.CredentialID))
	}
	return err
}

// attempt does what proves something, within the limits on attempts that fail. What
// failed on our side is not held against anybody.
func (s *Service) attempt(address, subject string, f func() error) error {
	done, err := s.attempts.Begin(address, subject)
	if err != nil {
		return err
	}
	succeeded := false
	defer func() { done(succeeded) }()
	err = f()
	switch errs.KindOf(err) {
	case errs.Internal, errs.Unavailable, errs.Conflict:
		succeeded = true
	default:
	}
	succeeded = succeeded || err == nil
	return err
}

// subject names what an attempt is about for the limits, which keep no secret.
func subject(kind, text string) string {
	sum := sha256.Sum256([]byte(kind + " " + text))
	return kind + " " + hex.EncodeToString(sum[:12])
}

// credentialSubject names the passkey that an answer says it is of.
func credentialSubject(credential []byte) string {
	var c struct {
		ID string `json:"id"`
	}
	if len(credential) > passkey.MaxAnswer || json.Unmarshal(credential, &c) != nil || c.ID == "" {
		return ""
	}
	return subject("passkey", c.ID)
}

// codeSubject names the code that somebody tries: by its selector, as the account's
// own count of wrong tries does.
func codeSubject(code string) string {
	const selector = 6
	bare := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '–' || r == '\u00a0' {
			return -1
		}
		return r
	}, strings.ToUpper(code))
	return subject("code", bare[:min(selector, len(bare))])
}

// signals reads what a keeper of passkeys is told of an account.
func (s *Service) signals(ctx context.Context, acc *account.Account) (Signals, error) {
	keys, err := s.o.Accounts.Passkeys(ctx, acc.ID)
	if err != nil {
		return Signals{}, err
	}
	name, err := s.name(ctx, acc.Person, acc.Proofing)
	if err != nil {
		return Signals{}, err
	}
	return Signals{Accepted: s.o.Passkeys.AllAcceptedCredentials(acc.Handle, credentials(keys)),
		Current: s.o.Passkeys.CurrentUserDetails(acc.Handle, name, name)}, nil
}

func credentials(keys []account.Passkey) []passkey.Credential {
	all := make([]passkey.Credential, len(keys))
	for i := range keys {
		all[i] = keys[i].Credential
	}
	return all
}

// noName is what an account is called whose person the record knows no name of.
const noName = "Your record"

// name returns what a person is called, for themself. Who has not proved to be that
// person is not told.
func (s *Service) name(ctx context.Context, person string, p identity.Proofing) (string, error) {
	if p != identity.P9 {
		return noName, nil
	}
	standing, err := s.o.Records.Standing(ctx, record.PersonID(person))
	if err != nil {
		return "", err
	}
	name, err := s.o.Records.NameOf(ctx, standing.Person)
	if errs.KindOf(err) == errs.NotFound && err != nil {
		return noName, nil
	}
	return name, err
}

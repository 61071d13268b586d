package citizen

import (
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/identity/session"
)

// Passkey is a passkey as its owner sees it.
type Passkey struct {
	ID       string // opaque, and not the credential's
	Name     string // no two of the caller's have one name
	Made     time.Time
	LastUsed time.Time // to the minute; zero: never since it was made
	Synced   bool      // it may be on several devices of the owner
	This     bool      // the caller's session began with it
}

// Passkeys returns the caller's passkeys, the oldest first.
func (s *Service) Passkeys(ctx context.Context, c identity.Caller) ([]Passkey, error) {
	keys, err := s.o.Accounts.Passkeys(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	began, err := s.beganWith(ctx, c)
	if err != nil {
		return nil, err
	}
	list := make([]Passkey, 0, len(keys))
	names := account.Names(keys)
	for i, k := range keys {
		list = append(list, Passkey{ID: k.ID, Name: names[i], Made: k.Credential.Created, LastUsed: k.Credential.LastUsed,
			Synced: k.Credential.Flags.BackupEligible, This: k.Number == began})
	}
	return list, nil
}

// beganWith returns the number of the passkey by which the caller's session began.
func (s *Service) beganWith(ctx context.Context, c identity.Caller) (uint64, error) {
	sessions, err := s.o.Sessions.List(ctx, c.ID)
	for _, one := range sessions {
		if one.ID == c.Session {
			return one.Passkey, nil
		}
	}
	return 0, err
}

// Passkey returns one of the caller's passkeys.
func (s *Service) Passkey(ctx context.Context, c identity.Caller, id string) (Passkey, error) {
	list, err := s.Passkeys(ctx, c)
	if err != nil {
		return Passkey{}, err
	}
	for _, k := range list {
		if k.ID == id {
			return k, nil
		}
	}
	return Passkey{}, errs.New(errs.NotFound, "There is no such passkey.")
}

// AddPasskeyOptions asks for another passkey, which the caller has confirmed to want
// (ActionAddPasskey).
func (s *Service) AddPasskeyOptions(ctx context.Context, c identity.Caller, from Client) (Ceremony, error) {
	if err := s.Admit(from); err != nil {
		return Ceremony{}, err
	}
	a := session.Action{Name: ActionAddPasskey}
	if err := s.o.Sessions.Confirmed(ctx, c, a); err != nil {
		return Ceremony{}, err
	}
	acc, err := s.o.Accounts.Get(ctx, c.ID)
	if err != nil {
		return Ceremony{}, err
	}
	keys, err := s.o.Accounts.Passkeys(ctx, c.ID)
	if err != nil {
		return Ceremony{}, err
	}
	name, err := s.name(ctx, acc.Person, acc.Proofing)
	if err != nil {
		return Ceremony{}, err
	}
	return ceremony(s.o.Passkeys.BeginRegistration(passkey.Registration{Subject: c.ID, Digest: a.Digest(), UserHandle: acc.Handle,
		Name: name, DisplayName: name, Exclude: credentials(keys)}))
}

// AddPasskey adds the passkey that was made, and uses the confirmation up.
func (s *Service) AddPasskey(ctx context.Context, c identity.Caller, from Client, a Answered) (Signals, error) {
	action := session.Action{Name: ActionAddPasskey}
	err := s.attempt(from.Address, subject("account", c.ID), func() error {
		use, err := s.o.Sessions.Consume(ctx, c, action)
		if err != nil {
			return err
		}
		made, err := s.o.Passkeys.FinishRegistration(ctx, passkey.Answer{State: a.State, Credential: a.Credential, Subject: c.ID, Digest: action.Digest()})
		if err != nil {
			return err
		}
		return s.o.Accounts.AddPasskey(ctx, c.ID, made.Credential, use)
	})
	if err != nil {
		return Signals{}, err
	}
	return s.Signals(ctx, c)
}

// RenamePasskey gives a passkey of the caller's another name.
func (s *Service) RenamePasskey(ctx context.Context, c identity.Caller, id, name string) error {
	return s.o.Accounts.RenamePasskey(ctx, c.ID, id, name)
}

// RemovePasskey removes a passkey, as the caller has confirmed (RemovePasskeyAction),
// and with it the sessions that it began. The last one stays, unless its owner can come
// back by NHS login.
func (s *Service) RemovePasskey(ctx context.Context, c identity.Caller, id string) (Signals, error) {
	if _, err := s.Passkey(ctx, c, id); err != nil {
		return Signals{}, err
	}
	use, err := s.o.Sessions.Consume(ctx, c, removal(id))
	if err != nil {
		return Signals{}, err
	}
	if err := s.o.Accounts.RemovePasskey(ctx, c.ID, id, use); err != nil {
		return Signals{}, err
	}
	return s.Signals(ctx, c)
}

// Signals returns what the keepers of the caller's passkeys are told of them now.
func (s *Service) Signals(ctx context.Context, c identity.Caller) (Signals, error) {
	acc, err := s.o.Accounts.Get(ctx, c.ID)
	if err != nil {
		return Signals{}, err
	}
	return s.signals(ctx, &acc)
}

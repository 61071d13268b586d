package citizen

import (
	"context"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/identity/session"
)

// Actions that must be confirmed with a passkey first, as pages and apps write them
// (RULES 1). The confirmation counts for that one action, for five minutes.
const (
	ActionAddPasskey    = "passkey.add"
	ActionRemovePasskey = "passkey.remove" // followed by a slash and the passkey's id
	ActionExport        = "record.export"
)

// RemovePasskeyAction is the action of removing one passkey.
func RemovePasskeyAction(id string) string { return ActionRemovePasskey + "/" + id }

// parseAction reads an action as it was written.
func parseAction(text string) (session.Action, error) {
	name, id, has := strings.Cut(text, "/")
	switch {
	case !has && (name == ActionAddPasskey || name == ActionExport):
		return session.Action{Name: name}, nil
	case has && name == ActionRemovePasskey && id != "" && len(id) <= 64:
		return session.Action{Name: name, Params: map[string]string{"passkey": id}}, nil
	}
	return session.Action{}, &errs.Error{Kind: errs.Invalid, Message: "There is no action of that name to confirm.", Path: "action"}
}

// removal is the action of removing one passkey.
func removal(id string) session.Action {
	return session.Action{Name: ActionRemovePasskey, Params: map[string]string{"passkey": id}}
}

// StepUpOptions asks for a passkey of the caller's own, to confirm an action.
func (s *Service) StepUpOptions(ctx context.Context, c identity.Caller, from Client, action string) (Ceremony, error) {
	a, err := parseAction(action)
	if err != nil {
		return Ceremony{}, err
	}
	if err := s.Admit(from); err != nil {
		return Ceremony{}, err
	}
	keys, err := s.o.Accounts.Passkeys(ctx, c.ID)
	if err != nil {
		return Ceremony{}, err
	}
	got, err := ceremony(s.o.Passkeys.BeginStepUp(passkey.StepUp{Account: c.ID, Digest: a.Digest(), Credentials: credentials(keys)}))
	got.State = action + " " + got.State // which the passkey's own state is bound to
	return got, err
}

// FinishStepUp notes that the caller has confirmed the action that the state is of.
func (s *Service) FinishStepUp(ctx context.Context, c identity.Caller, from Client, a Answered) error {
	text, state, _ := strings.Cut(a.State, " ")
	action, err := parseAction(text)
	if err != nil {
		return err
	}
	digest := action.Digest()
	return s.attempt(from.Address, subject("account", c.ID), func() error {
		by, err := s.o.Passkeys.FinishStepUp(ctx, passkey.Answer{State: state, Credential: a.Credential, Subject: c.ID, Digest: digest}, s.o.Accounts.Owner)
		if err != nil {
			return s.refused(ctx, err)
		}
		_, err = s.o.Accounts.SignedIn(ctx, by, s.o.Sessions.Confirming(c, digest, s.o.Now()))
		return err
	})
}

// Confirmed reports, as an error with the code STEP_UP_REQUIRED if not, whether the
// caller has just confirmed an action.
func (s *Service) Confirmed(ctx context.Context, c identity.Caller, action string) error {
	a, err := parseAction(action)
	if err != nil {
		return err
	}
	return s.o.Sessions.Confirmed(ctx, c, a)
}

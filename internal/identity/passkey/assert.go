package passkey

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

var errUserHandle = errors.New("passkey: a user handle has 64 bytes")

// StepUp is a confirmation by somebody who is logged in.
type StepUp struct {
	Account string
	// Digest is of the action that is confirmed; the assertion counts for no other.
	Digest []byte
	// Credentials are the account's.
	Credentials []Credential
}

// Asserted is a login or step-up that is believed.
type Asserted struct {
	Account string
	// Credential is as it must be kept from now on: its count, flags and last use.
	Credential Credential
	// BecameBackupEligible is for the audit: the key was bound to one device and
	// is no longer (a platform began to synchronise its keys).
	BecameBackupEligible bool
}

// BeginLogin makes the options of get for any passkey of this service, by a
// dialogue or by conditional mediation. It writes nothing, and does the same
// work for everybody. Binding ties the ceremony to one client; it may be empty.
func (p *Party) BeginLogin(binding string) (Begun, error) {
	s, begun, err := p.begin(login, binding, nil, nil)
	if err != nil {
		return Begun{}, err
	}
	begun.Options = append(p.gets.options(&s, 1), '}')
	return begun, nil
}

// FinishLogin judges the answer to BeginLogin; Answer.Subject is its binding.
// Errors are a *Refused, or the Spender's or Lookup's.
func (p *Party) FinishLogin(ctx context.Context, a Answer, find Lookup) (Asserted, error) {
	return p.assert(ctx, login, a, find)
}

// BeginStepUp makes the options of get for the passkeys of one account.
func (p *Party) BeginStepUp(u StepUp) (Begun, error) {
	if u.Account == "" || len(u.Credentials) == 0 {
		return Begun{}, errors.New("passkey: a step-up is of an account with passkeys")
	}
	s, begun, err := p.begin(stepUp, u.Account, u.Digest, nil)
	if err != nil {
		return Begun{}, err
	}
	b := p.gets.options(&s, roomFor(u.Credentials))
	begun.Options = append(appendDescriptors(b, "allowCredentials", u.Credentials), '}')
	return begun, nil
}

// FinishStepUp judges the answer to BeginStepUp; Answer.Subject is the account
// that is logged in, Answer.Digest is of the action that it is about to do.
func (p *Party) FinishStepUp(ctx context.Context, a Answer, find Lookup) (Asserted, error) {
	return p.assert(ctx, stepUp, a, find)
}

func (p *Party) assert(ctx context.Context, k kind, a Answer, find Lookup) (Asserted, error) {
	s, err := p.open(k, a)
	if err != nil {
		return Asserted{}, err
	}
	got, ok := parseAssertion(a.Credential)
	if !ok {
		return Asserted{}, refuse(k, Malformed)
	}
	if err := p.spend(ctx, &s); err != nil {
		return Asserted{}, err
	}
	if err := p.check(&s, &got.answer, typeGet); err != nil {
		return Asserted{}, err
	}
	owner, err := find(ctx, got.id)
	unknown := errs.KindOf(err) == errs.NotFound && err != nil
	if err != nil && !unknown {
		return Asserted{}, fmt.Errorf("look a passkey up: %w", err)
	}
	if unknown {
		// The same work as for a known one, so that time tells nothing.
		p.signed(&s, got, &p.decoy)
		r := refuse(k, Unknown)
		r.CredentialID = got.id
		return Asserted{}, r
	}
	return p.judge(&s, got, a.Subject, &owner)
}

// judge decides on an assertion by a known credential. account is whose it must
// be in a step-up; open compared it with what the state was sealed for.
func (p *Party) judge(s *state, got *assertion, account string, owner *Owner) (Asserted, error) {
	if !bytes.Equal(owner.Credential.ID, got.id) || len(owner.UserHandle) == 0 {
		return Asserted{}, errors.New("passkey: the credential looked up is another one, or has no user handle")
	}
	if !p.signed(s, got, &owner.Credential) {
		return Asserted{}, refuse(s.kind, BadSignature)
	}
	if s.kind == stepUp && owner.Account != account {
		return Asserted{}, refuse(s.kind, OtherAccount)
	}
	// A discoverable login must say whose it is; where the account was known, an
	// authenticator may leave it out (WebAuthn 7.2, step 6).
	if missing := len(got.handle) == 0; missing && s.kind == login || !missing && !bytes.Equal(got.handle, owner.UserHandle) {
		return Asserted{}, refuse(s.kind, OtherHandle)
	}
	c := owner.Credential
	flags, count := flagsIn(got.authData), got.parsed.Response.AuthenticatorData.Counter
	tell := func(why Reason) (Asserted, error) {
		r := refuse(s.kind, why)
		r.Account, r.CredentialID = owner.Account, got.id
		return Asserted{}, r
	}
	// Authenticators that synchronise their keys do not count: both are zero.
	if (count != 0 || c.SignCount != 0) && count <= c.SignCount {
		return tell(SignCountFell)
	}
	if c.Flags.BackupEligible && !flags.BackupEligible {
		return tell(BackupForbidden)
	}
	out := Asserted{Account: owner.Account, BecameBackupEligible: flags.BackupEligible && !c.Flags.BackupEligible}
	c.SignCount, c.Flags, c.LastUsed = count, flags, p.now()
	out.Credential = c
	return out, nil
}

// signed says whether the library believes the assertion, and its signature.
func (p *Party) signed(s *state, got *assertion, c *Credential) bool {
	return got.parsed.Verify(base64url.EncodeToString(s.challenge[:]), p.o.RPID, "", p.o.Origins, p.o.Origins, nil,
		protocol.TopOriginExplicitVerificationMode, false, true, true, c.PublicKey, protocol.SignaturePolicy{}) == nil
}

// newDecoy makes a credential that nobody has.
func newDecoy() (Credential, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Credential{}, err
	}
	point, err := key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return Credential{}, err
	}
	cose, err := webauthncbor.Marshal(webauthncose.EC2PublicKeyData{
		PublicKeyData: webauthncose.PublicKeyData{KeyType: int64(webauthncose.EllipticKey), Algorithm: int64(webauthncose.AlgES256)},
		Curve:         int64(webauthncose.P256), XCoord: point[1:33], YCoord: point[33:],
	})
	return Credential{PublicKey: cose}, err
}

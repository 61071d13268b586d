// Package passkey speaks WebAuthn: it makes what a browser or an app is asked,
// and judges what it answers. It keeps nothing. What must be remembered between
// the question and the answer travels sealed with the client; that an answer
// counts once is the caller's to keep, behind [Spender]; which credentials
// there are, behind [Lookup].
//
// RULES 1: discoverable credentials, user verification required, attestation
// none, challenges of five minutes that count once and for their own ceremony.
package passkey

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// ChallengeTTL is how long a challenge may be answered (RULES 1).
const ChallengeTTL = 5 * time.Minute

// clockSkew is how far the clocks of two instances may be apart: a spent
// challenge is remembered so much longer than it lives.
const clockSkew = 5 * time.Minute

// UserHandleSize is the length of a user handle: as long as WebAuthn allows, and
// random, so that it says nothing about the person.
const UserHandleSize = 64

// Options are what a Party is made of.
type Options struct {
	// RPID is the host that passkeys belong to. A passkey works for no other, so
	// it cannot be changed once there are any.
	RPID string
	// RPName is what the browser shows: the name of the service.
	RPName string
	// Origins are all from which answers are taken, compared to the letter: web
	// origins (https://host, also those of related origins and of iOS apps, whose
	// origin is that of their associated domain) and those of [AndroidApp.Origins].
	Origins []string
	// Key seals challenges: 32 bytes, the same on every instance. A new one ends
	// the ceremonies that are under way and nothing else.
	Key []byte
	// Spend makes a challenge count once.
	Spend Spender
	// Now tells the time; time.Now if nil.
	Now func() time.Time
}

// Spender remembers which challenges were answered.
type Spender interface {
	// Spend notes id durably, at least until then, and fails with errs.Conflict
	// if it was noted before. Of several at one moment exactly one succeeds, on
	// all instances together.
	Spend(ctx context.Context, id string, until time.Time) error
}

// Owner is whose a credential is.
type Owner struct {
	Account    string
	UserHandle []byte
	Credential Credential
}

// Lookup finds a credential by its id. It fails with errs.NotFound for one that
// no account has now.
type Lookup func(ctx context.Context, credentialID []byte) (Owner, error)

// Begun is what the client gets at the beginning of a ceremony.
type Begun struct {
	// Options is for PublicKeyCredential.parseCreationOptionsFromJSON or
	// parseRequestOptionsFromJSON, and the same of Android and iOS libraries.
	Options jsontext.Value
	// State is opaque and comes back with the answer.
	State string
	// Expires is when State is no longer taken.
	Expires time.Time
}

// Answer is what the client sends at the end of a ceremony.
type Answer struct {
	State string
	// Credential is what PublicKeyCredential.toJSON gave, as it was sent.
	Credential []byte
	// Subject and Digest are what the ceremony was begun for, as the caller knows
	// them now, not as the client says.
	Subject string
	Digest  []byte
}

// Party is the relying party: one service with its origins. It is safe for
// concurrent use.
type Party struct {
	o       Options
	seal    cipher.AEAD
	decoy   Credential
	creates text // what is the same in all options
	gets    text
}

// New returns the Party of o, or all that is wrong with o.
func New(o Options) (*Party, error) {
	var wrong []error
	if !isHost(o.RPID) {
		wrong = append(wrong, fmt.Errorf("passkey: %q is not the host of a relying party", o.RPID))
	}
	if o.RPName == "" {
		wrong = append(wrong, errors.New("passkey: the relying party needs a name"))
	}
	for _, origin := range o.Origins {
		wrong = append(wrong, checkOrigin(origin))
	}
	if !slices.ContainsFunc(o.Origins, func(origin string) bool { return atHost(origin, o.RPID) }) {
		wrong = append(wrong, fmt.Errorf("passkey: no origin lies at %q: browsers could make no passkey", o.RPID))
	}
	if o.Spend == nil {
		wrong = append(wrong, errors.New("passkey: without a Spender challenges would count more than once"))
	}
	seal, err := newSeal(o.Key)
	if err := errors.Join(append(wrong, err)...); err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Origins = slices.Clone(o.Origins)
	decoy, err := newDecoy()
	if err != nil {
		return nil, err
	}
	return &Party{o: o, seal: seal, decoy: decoy, creates: createText(o), gets: getText(o)}, nil
}

// now is the time as it is stored: to the microsecond.
func (p *Party) now() time.Time { return p.o.Now().UTC().Truncate(time.Microsecond) }

// RPID returns the host that passkeys belong to.
func (p *Party) RPID() string { return p.o.RPID }

// NewUserHandle returns a user handle for a new account.
func NewUserHandle() []byte {
	h := make([]byte, UserHandleSize)
	_, _ = rand.Read(h) // never fails
	return h
}

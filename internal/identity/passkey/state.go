package passkey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/packed"
)

// kind is a ceremony. It is sealed into the state, so that a challenge of one is
// nothing to another.
type kind byte

const (
	registration kind = 'r'
	login        kind = 'l'
	stepUp       kind = 's'
)

const (
	stateVersion  = 1
	challengeSize = 32
	maxState      = 1024
	maxDigest     = 64
)

// sealedFor is authenticated with every state: the key may serve other purposes.
var sealedFor = [...]byte{'d', 'c', 'r', ' ', 'p', 'a', 's', 's', 'k', 'e', 'y', ' ', '1'}

// base64url is strict: no padding, no stray bits. WebAuthn's JSON has neither.
var base64url = base64.RawURLEncoding.Strict()

// state is what a ceremony remembers of its beginning.
type state struct {
	kind      kind
	challenge [challengeSize]byte
	expires   time.Time
	subject   [sha256.Size]byte // its hash: any length, and names nobody
	digest    []byte
	handle    []byte // of a registration
}

// newSeal uses random nonces: after 2^32 states under one key the odds that two
// are alike are still below one in 2^32 (NIST SP 800-38D, 8.3).
func newSeal(key []byte) (cipher.AEAD, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("passkey: the key that seals challenges has 32 bytes, not %d", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// begin makes a state with a new challenge, and seals it.
func (p *Party) begin(k kind, subject string, digest, handle []byte) (state, Begun, error) {
	if len(digest) > maxDigest {
		return state{}, Begun{}, errors.New("passkey: a digest has at most 64 bytes")
	}
	s := state{kind: k, subject: sha256.Sum256([]byte(subject)), digest: digest, handle: handle, expires: p.now().Add(ChallengeTTL)}
	_, _ = rand.Read(s.challenge[:]) // never fails

	plain := make([]byte, 0, 64+challengeSize+len(s.subject)+len(digest)+len(handle))
	plain = append(plain, stateVersion, byte(k))
	plain = packed.AppendBytes(plain, s.challenge[:])
	plain = packed.AppendTime(plain, s.expires)
	plain = packed.AppendBytes(plain, s.subject[:])
	plain = packed.AppendBytes(plain, digest)
	plain = packed.AppendBytes(plain, handle)

	sealed := p.seal.Seal(make([]byte, 0, len(plain)+p.seal.Overhead()), nil, plain, sealedFor[:])
	return s, Begun{State: base64url.EncodeToString(sealed), Expires: s.expires}, nil
}

// open opens what begin sealed. It refuses what was not begun for this ceremony,
// subject and digest, and what has expired.
func (p *Party) open(k kind, a Answer) (state, error) {
	sealed, ok := decode(a.State, maxState)
	if !ok {
		return state{}, refuse(k, BadState)
	}
	plain, err := p.seal.Open(sealed[:0], nil, sealed, sealedFor[:])
	if err != nil {
		return state{}, refuse(k, BadState)
	}
	r, _ := packed.NewReader(plain, stateVersion)
	var s state
	s.kind = kind(r.Byte())
	n := copy(s.challenge[:], r.Raw())
	s.expires = r.Time()
	m := copy(s.subject[:], r.Raw())
	s.digest = r.Raw()
	s.handle = r.Raw()
	switch {
	case r.Close() != nil || n != challengeSize || m != len(s.subject):
		return state{}, refuse(k, BadState)
	case s.kind != k:
		return state{}, refuse(k, OtherCeremony)
	case s.subject != sha256.Sum256([]byte(a.Subject)):
		return state{}, refuse(k, OtherSubject)
	case subtle.ConstantTimeCompare(s.digest, a.Digest) != 1:
		return state{}, refuse(k, OtherAction)
	case !p.now().Before(s.expires):
		return state{}, refuse(k, Expired)
	}
	return s, nil
}

// spendID is what a spent challenge is remembered by: whoever reads the store
// learns no challenge from it.
func (s *state) spendID() string {
	sum := sha256.Sum256(s.challenge[:])
	return hex.EncodeToString(sum[:16])
}

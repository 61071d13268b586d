package passkey

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// spend makes the challenge of s count, once. It comes before anything in the
// answer is believed: an answer that turns out to be wrong has used its
// challenge up too.
func (p *Party) spend(ctx context.Context, s *state) error {
	err := p.o.Spend.Spend(ctx, s.spendID(), s.expires.Add(clockSkew))
	if err == nil {
		return nil
	}
	if errs.KindOf(err) == errs.Conflict {
		return refuse(s.kind, Spent)
	}
	return fmt.Errorf("spend the challenge of a passkey ceremony: %w", err)
}

// check judges what the browser and the authenticator say of the ceremony. The
// library checks it again with the signature; here each has a reason of its own,
// and origins are compared to the letter, not by their meaning as URLs.
func (p *Party) check(s *state, a *answer, ceremony string) error {
	c := &a.client
	party := sha256.Sum256([]byte(p.o.RPID))
	flags := a.authData[flagsAt]
	var why Reason
	switch {
	case c.Type != ceremony:
		why = WrongType
	case subtle.ConstantTimeCompare([]byte(c.Challenge), []byte(base64url.EncodeToString(s.challenge[:]))) != 1:
		why = WrongChallenge
	case !slices.Contains(p.o.Origins, c.Origin):
		why = WrongOrigin
	case c.CrossOrigin || c.TopOrigin != "":
		why = CrossOrigin
	case subtle.ConstantTimeCompare(a.authData[:rpIDHashSize], party[:]) != 1:
		why = WrongParty
	case flags&flagUP == 0:
		why = NotPresent
	case flags&flagUV == 0:
		why = NotVerified
	case flags&flagBS != 0 && flags&flagBE == 0:
		why = BadFlags
	default:
		return nil
	}
	return refuse(s.kind, why)
}

// flagsIn reads the flags of authenticator data.
func flagsIn(authData []byte) Flags {
	f := authData[flagsAt]
	return Flags{UserPresent: f&flagUP != 0, UserVerified: f&flagUV != 0, BackupEligible: f&flagBE != 0, BackedUp: f&flagBS != 0}
}

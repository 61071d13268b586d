package passkey

import "github.com/dorsetcarerecord/dcr/internal/errs"

// Reason says why an answer was refused: for the log, a metric's label, and for
// the caller who must act on it. It is not for the client.
type Reason string

// Reasons.
const (
	Malformed       Reason = "malformed"         // not what a browser sends; over a limit
	BadState        Reason = "bad-state"         // not sealed by us, or changed
	Expired         Reason = "expired"           // answered too late
	Spent           Reason = "spent"             // answered before
	OtherCeremony   Reason = "other-ceremony"    // the challenge of another ceremony
	OtherSubject    Reason = "other-subject"     // begun for another account, enrolment or client
	OtherAction     Reason = "other-action"      // begun for another action
	WrongType       Reason = "wrong-type"        // an assertion for an attestation, or the reverse
	WrongChallenge  Reason = "wrong-challenge"   // signed for another challenge
	WrongOrigin     Reason = "wrong-origin"      // made on another site
	CrossOrigin     Reason = "cross-origin"      // made in a frame on another site
	WrongParty      Reason = "wrong-party"       // made for another relying party
	NotPresent      Reason = "not-present"       // nobody touched the authenticator
	NotVerified     Reason = "not-verified"      // the authenticator did not ask who it is
	BadFlags        Reason = "bad-flags"         // backed up, but not eligible for it
	BadKey          Reason = "bad-key"           // an algorithm not offered, a weak or malformed key
	BadAttestation  Reason = "bad-attestation"   // a statement that was not asked for, or does not hold
	BadSignature    Reason = "bad-signature"     // signed by another key
	Unknown         Reason = "unknown"           // no account has this credential
	OtherAccount    Reason = "other-account"     // another account's credential
	OtherHandle     Reason = "other-user-handle" // the user handle is missing or another account's
	SignCountFell   Reason = "sign-count-fell"   // there may be a copy of the key
	BackupForbidden Reason = "backup-eligibility-lost"
)

// Refused is the error of an answer that is not believed. In its chain is the
// errs.Error for the person, which tells them apart by its code:
//
//   - PASSKEY_START_AGAIN: expired or used; begin a new ceremony
//   - PASSKEY_UNKNOWN: tell the browser by [Party.UnknownCredential]
//   - PASSKEY_COPIED: the sign count fell
//   - PASSKEY_REFUSED: everything else
type Refused struct {
	Reason Reason
	// Account is set if the answer was signed by a key of that account, so that
	// its owner can be told: of SignCountFell and BackupForbidden.
	Account string
	// CredentialID is set with Account, and of Unknown.
	CredentialID []byte
	public       error
}

func (r *Refused) Error() string { return "passkey: refused: " + string(r.Reason) }

func (r *Refused) Unwrap() error { return r.public }

// refuse returns the Refused of a ceremony. It carries nothing of what the
// library says, which quotes challenges.
func refuse(k kind, why Reason) *Refused {
	as := errs.Unauthenticated
	if k == registration {
		as = errs.Unprocessable
	}
	r := &Refused{Reason: why}
	switch why {
	case Malformed:
		r.public = errs.Coded(errs.Invalid, "PASSKEY_REFUSED", "this is not the answer of a passkey: try again, or use another browser or device")
	case BadState, Expired, Spent, OtherCeremony, OtherSubject, OtherAction:
		r.public = errs.Coded(as, "PASSKEY_START_AGAIN", "this took too long, or was used already: start again")
	case Unknown:
		r.public = errs.Coded(as, "PASSKEY_UNKNOWN", "this passkey is not in use here: choose another one, or ask your GP practice for a new activation code")
	case SignCountFell:
		r.public = errs.Coded(as, "PASSKEY_COPIED", "this passkey may have been copied and was refused: use another one, or ask your GP practice for a new activation code")
	default:
		r.public = errs.Coded(as, "PASSKEY_REFUSED", "this passkey could not be used: try again, or use another one")
	}
	return r
}

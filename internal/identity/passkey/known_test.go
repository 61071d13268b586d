package passkey

import (
	"errors"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// A known and an unknown passkey cost the same: one challenge spent, one look-up,
// one signature checked, and refusals say the same of what a stranger may know.
func TestUnknownCostsTheSame(t *testing.T) {
	w := newWorld(t)
	mary, ghost := w.resident("mary"), w.stranger("nobody")
	work := func(p *person, signer *person) (spent, looked int, err error) {
		clear(w.spent)
		w.looked = 0
		begun := w.beginLogin()
		f := p.forge(begun)
		f.signer = signer.key.Key
		err = w.login(begun, f.assertion())
		return len(w.spent), w.looked, err
	}
	knownSpent, knownLooked, err := work(mary, ghost)
	refused(t, err, BadSignature)
	unknownSpent, unknownLooked, err := work(ghost, ghost)
	refused(t, err, Unknown)
	if knownSpent != 1 || unknownSpent != 1 || knownLooked != 1 || unknownLooked != 1 {
		t.Errorf("spent %d and %d, looked up %d and %d", knownSpent, unknownSpent, knownLooked, unknownLooked)
	}
	if errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("kind %v", errs.KindOf(err))
	}
}

func TestRefusedRegistrationIsNoLogout(t *testing.T) {
	if k := errs.KindOf(refuse(registration, NotVerified)); k != errs.Unprocessable {
		t.Errorf("kind %v: a client would take it for the end of its session", k)
	}
}

func TestLookupThatFailsIsNoRefusal(t *testing.T) {
	w := newWorld(t)
	mary := w.resident("mary")
	begun := w.beginLogin()
	owner := w.owners[string(mary.key.ID)]
	delete(w.owners, string(mary.key.ID))
	owner.Credential.ID = make([]byte, 32)
	w.owners[string(mary.key.ID)] = owner
	err := w.login(begun, mary.asserts(begun))
	var r *Refused
	if err == nil || errors.As(err, &r) {
		t.Errorf("a look-up that answers with another credential: %v", err)
	}
}

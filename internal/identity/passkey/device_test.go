package passkey

import (
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/identity/passkey/passkeytest"
)

// The phone that other rooms test with is believed here, and for the reason that
// a real one would be.
func TestPhoneOfTheOtherRooms(t *testing.T) {
	w := newWorld(t)
	phone := passkeytest.New(host, origin)
	phone.Counts = true
	handle := NewUserHandle()
	begun, err := w.party.BeginRegistration(Registration{Subject: "mary", UserHandle: handle, Name: "Mary"})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := phone.Create(begun.Options)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.party.FinishRegistration(t.Context(), Answer{State: begun.State, Credential: raw, Subject: "mary"})
	if err != nil {
		t.Fatal(err)
	}
	w.owners[string(got.Credential.ID)] = Owner{Account: "mary", UserHandle: got.UserHandle, Credential: got.Credential}
	if again, err := w.party.BeginRegistration(Registration{Subject: "mary", UserHandle: handle, Exclude: []Credential{got.Credential}}); err != nil {
		t.Error(err)
	} else if _, err := phone.Create(again.Options); err == nil {
		t.Error("the phone made a second passkey of the account")
	}

	login := w.beginLogin()
	if raw, err = phone.Get(login.Options); err != nil {
		t.Fatal(err)
	}
	if err := w.login(login, string(raw)); err != nil {
		t.Error(err)
	}
	up, err := w.party.BeginStepUp(StepUp{Account: "mary", Credentials: []Credential{got.Credential}})
	if err != nil {
		t.Fatal(err)
	}
	if raw, err = phone.Get(up.Options); err != nil {
		t.Fatal(err)
	}
	if _, err := w.party.FinishStepUp(t.Context(), Answer{State: up.State, Credential: raw, Subject: "mary"}, w.find); err != nil {
		t.Error(err)
	}

	phone.Flags = passkeytest.UP
	login = w.beginLogin()
	if raw, err = phone.Get(login.Options); err != nil {
		t.Fatal(err)
	}
	refused(t, w.login(login, string(raw)), NotVerified)
}

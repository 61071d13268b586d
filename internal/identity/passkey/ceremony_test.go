package passkey

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

func TestRegistersAndLogsIn(t *testing.T) {
	for _, kind := range []virtualwebauthn.KeyType{virtualwebauthn.KeyTypeEC2, virtualwebauthn.KeyTypeRSA} {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t)
			mary := w.stranger("mary")
			mary.key = newKey(kind)
			begun := mary.beginRegistration()
			got, err := w.party.FinishRegistration(t.Context(), mary.registration(begun, mary.attests(begun)))
			if err != nil {
				t.Fatal(err)
			}
			want := Credential{ID: mary.key.ID, PublicKey: got.Credential.PublicKey, AAGUID: mary.device.Aaguid,
				Flags: Flags{UserPresent: true, UserVerified: true}, Created: start, Name: "Passkey"}
			if d := cmp.Diff(want, got.Credential); d != "" {
				t.Errorf("credential (-want +got):\n%s", d)
			}
			if string(got.UserHandle) != string(mary.handle) {
				t.Error("the user handle of the beginning did not come back")
			}
			mary.keep(got.Credential)

			w.now = start.Add(time.Hour)
			login := w.beginLogin()
			in, err := w.party.FinishLogin(t.Context(), Answer{State: login.State, Credential: []byte(mary.asserts(login))}, w.find)
			if err != nil {
				t.Fatal(err)
			}
			want.LastUsed = w.now
			if d := cmp.Diff(Asserted{Account: "mary", Credential: want}, in); d != "" {
				t.Errorf("login (-want +got):\n%s", d)
			}
		})
	}
}

func TestRegistersWithoutAttestation(t *testing.T) {
	w := newWorld(t)
	mary := w.stranger("mary")
	begun := mary.beginRegistration()
	f := mary.forge(begun)
	f.flags |= flagBE | flagBS
	f.client["origin"] = app
	got, err := w.party.FinishRegistration(t.Context(), mary.registration(begun, f.attestation(ed25519Key(t))))
	if err != nil {
		t.Fatal(err)
	}
	want := Flags{UserPresent: true, UserVerified: true, BackupEligible: true, BackedUp: true}
	if got.Credential.Flags != want || got.Credential.Name != "Phone, tablet or computer" {
		t.Errorf("got %+v", got.Credential)
	}
	if d := cmp.Diff([]string{"hybrid", "internal"}, got.Credential.Transports); d != "" {
		t.Error(d)
	}
}

func TestOptionsOfCreate(t *testing.T) {
	w := newWorld(t)
	mary := w.resident("mary")
	c := mary.kept()
	c.Transports = []string{"internal"}
	begun, err := w.party.BeginRegistration(Registration{Subject: "mary", UserHandle: mary.handle,
		Name: `Mary "M" </script>`, DisplayName: "Mary Anning", Exclude: []Credential{c}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"challenge": challengeOf(begun), "timeout": 300000.0, "attestation": "none",
		"rp":   map[string]any{"id": host, "name": "Dorset Care Record"},
		"user": map[string]any{"id": enc(mary.handle), "name": `Mary "M" </script>`, "displayName": "Mary Anning"},
		"pubKeyCredParams": []any{
			map[string]any{"type": "public-key", "alg": -7.0}, map[string]any{"type": "public-key", "alg": -8.0},
			map[string]any{"type": "public-key", "alg": -257.0},
		},
		"authenticatorSelection": map[string]any{"residentKey": "required", "requireResidentKey": true, "userVerification": "required"},
		"excludeCredentials":     []any{map[string]any{"type": "public-key", "id": enc(c.ID), "transports": []any{"internal"}}},
	}
	sameJSON(t, want, begun.Options)
	if !begun.Expires.Equal(start.Add(5 * time.Minute)) {
		t.Errorf("expires %v", begun.Expires)
	}
	if _, err := w.party.BeginRegistration(Registration{Subject: "mary", UserHandle: []byte("short")}); err == nil {
		t.Error("a user handle of 5 bytes was taken")
	}
}

func TestOptionsOfGet(t *testing.T) {
	w := newWorld(t)
	mary := w.resident("mary")
	login := w.beginLogin()
	want := map[string]any{"challenge": challengeOf(login), "timeout": 300000.0, "rpId": host, "userVerification": "required"}
	sameJSON(t, want, login.Options)

	up, err := w.party.BeginStepUp(StepUp{Account: "mary", Digest: []byte("export"), Credentials: []Credential{mary.kept()}})
	if err != nil {
		t.Fatal(err)
	}
	want["challenge"] = challengeOf(up)
	want["allowCredentials"] = []any{map[string]any{"type": "public-key", "id": enc(mary.key.ID)}}
	sameJSON(t, want, up.Options)
	if _, err := w.party.BeginStepUp(StepUp{Account: "mary"}); err == nil {
		t.Error("a step-up without passkeys began; its options would admit anybody's")
	}
}

func sameJSON(t *testing.T, want map[string]any, got []byte) {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(got, &m); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if d := cmp.Diff(want, m); d != "" {
		t.Errorf("options (-want +got):\n%s", d)
	}
}

func TestBeginWritesNothing(t *testing.T) {
	w := newWorld(t)
	mary := w.resident("mary")
	clear(w.spent)
	w.beginLogin()
	mary.beginRegistration()
	if len(w.spent) != 0 || w.looked != 0 {
		t.Errorf("%d spent, %d looked up", len(w.spent), w.looked)
	}
}

func TestStepUp(t *testing.T) {
	w := newWorld(t)
	mary := w.resident("mary")
	begin := func() Begun {
		begun, err := w.party.BeginStepUp(StepUp{Account: "mary", Digest: []byte("export"), Credentials: []Credential{mary.kept()}})
		if err != nil {
			t.Fatal(err)
		}
		return begun
	}
	finish := func(begun Begun, credential, subject, digest string) error {
		_, err := w.party.FinishStepUp(t.Context(), Answer{State: begun.State, Credential: []byte(credential), Subject: subject, Digest: []byte(digest)}, w.find)
		return err
	}
	begun := begin()
	if err := finish(begun, mary.asserts(begun), "mary", "export"); err != nil {
		t.Error(err)
	}
	begun = begin()
	silent := mary.forge(begun)
	silent.handle = nil
	if err := finish(begun, silent.assertion(), "mary", "export"); err != nil {
		t.Errorf("without a user handle, which may be left out here: %v", err)
	}
	begun = begin()
	refused(t, finish(begun, mary.asserts(begun), "mary", "share"), OtherAction)
	refused(t, finish(begun, mary.asserts(begun), "mary", ""), OtherAction)
	refused(t, finish(begun, mary.asserts(begun), "joseph", "export"), OtherSubject)
	joseph := w.resident("joseph")
	refused(t, finish(begun, joseph.asserts(begun), "mary", "export"), OtherAccount)
}

func TestSpenderThatFailsIsNoRefusal(t *testing.T) {
	w := newWorld(t)
	mary := w.resident("mary")
	w.broken = errs.New(errs.Unavailable, "try again")
	login := w.beginLogin()
	_, err := w.party.FinishLogin(t.Context(), Answer{State: login.State, Credential: []byte(mary.asserts(login))}, w.find)
	var r *Refused
	if errs.KindOf(err) != errs.Unavailable || errors.As(err, &r) {
		t.Errorf("got %v", err)
	}
	if w.looked != 0 {
		t.Error("looked up before the challenge was spent")
	}
}

func TestSpentIsRememberedLongerThanItLives(t *testing.T) {
	w := newWorld(t)
	w.resident("mary")
	for id, until := range w.spent {
		if len(id) != 32 || until.Before(start.Add(ChallengeTTL+time.Minute)) {
			t.Errorf("%q until %v", id, until)
		}
	}
}

func TestNewTellsAllThatIsWrong(t *testing.T) {
	_, err := New(Options{RPID: "Record.Example", Origins: []string{"http://record.example", "https://record.example/"}, Key: []byte("short")})
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) || len(joined.Unwrap()) != 7 {
		t.Errorf("got %v", err)
	}
	ok := Options{RPID: "localhost", RPName: "x", Origins: []string{"http://localhost:8080"}, Key: make([]byte, 32), Spend: newWorld(t)}
	if _, err := New(ok); err != nil {
		t.Error(err)
	}
	ok.Origins = []string{app, "https://localhost.example", "https://elsewhere.example"}
	if _, err := New(ok); err == nil {
		t.Error("a relying party that no origin lies at was made")
	}
}

package passkey

import (
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
)

func TestSignCount(t *testing.T) {
	for _, tt := range []struct {
		name      string
		kept, now uint32
		want      Reason
	}{
		{"neither counts", 0, 0, ""},
		{"rises", 4, 5, ""},
		{"begins to count", 0, 9, ""},
		{"jumps", 1, 1 << 31, ""},
		{"stays", 5, 5, SignCountFell},
		{"falls", 5, 4, SignCountFell},
		{"falls to nothing", 5, 0, SignCountFell},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			mary := w.resident("mary")
			c := mary.kept()
			c.SignCount = tt.kept
			mary.keep(c)
			begun := w.beginLogin()
			f := mary.forge(begun)
			f.count = tt.now
			got, err := w.party.FinishLogin(t.Context(), Answer{State: begun.State, Credential: []byte(f.assertion())}, w.find)
			if tt.want == "" {
				if err != nil || got.Credential.SignCount != tt.now {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			if r := refused(t, err, tt.want); r.Account != "mary" || string(r.CredentialID) != string(mary.key.ID) {
				t.Errorf("whom to tell is not known: %+v", r)
			}
		})
	}
}

func TestBackupFlags(t *testing.T) {
	for _, tt := range []struct {
		name   string
		kept   Flags
		flags  byte
		want   Reason
		became bool
	}{
		{"bound to a device", Flags{}, 0, "", false},
		{"becomes eligible", Flags{}, flagBE, "", true},
		{"becomes eligible and backed up", Flags{}, flagBE | flagBS, "", true},
		{"is backed up now", Flags{BackupEligible: true}, flagBE | flagBS, "", false},
		{"is no longer backed up", Flags{BackupEligible: true, BackedUp: true}, flagBE, "", false},
		{"is no longer eligible", Flags{BackupEligible: true}, 0, BackupForbidden, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			mary := w.resident("mary")
			c := mary.kept()
			c.Flags = tt.kept
			mary.keep(c)
			begun := w.beginLogin()
			f := mary.forge(begun)
			f.flags |= tt.flags
			got, err := w.party.FinishLogin(t.Context(), Answer{State: begun.State, Credential: []byte(f.assertion())}, w.find)
			if tt.want != "" {
				if r := refused(t, err, tt.want); r.Account != "mary" {
					t.Errorf("whom to tell is not known: %+v", r)
				}
				return
			}
			want := Flags{UserPresent: true, UserVerified: true, BackupEligible: tt.flags&flagBE != 0, BackedUp: tt.flags&flagBS != 0}
			if err != nil || got.BecameBackupEligible != tt.became || got.Credential.Flags != want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestForgedRegistrations(t *testing.T) {
	ec := newKey(virtualwebauthn.KeyTypeEC2).Key.AttestationData()
	ed := ed25519Key(t)
	x := make([]byte, 32)
	for _, tt := range []struct {
		name  string
		cose  []byte
		forge func(*forged)
		want  Reason
	}{
		{"another site", ec, func(f *forged) { f.client["origin"] = "https://evil.example" }, WrongOrigin},
		{"in another site's frame", ec, func(f *forged) { f.client["crossOrigin"] = true }, CrossOrigin},
		{"another relying party", ec, func(f *forged) { f.rpID = "evil.example" }, WrongParty},
		{"nobody present", ec, func(f *forged) { f.flags = flagUV }, NotPresent},
		{"nobody verified", ec, func(f *forged) { f.flags = flagUP }, NotVerified},
		{"another challenge", ec, func(f *forged) { f.client["challenge"] = enc(x) }, WrongChallenge},
		{"backed up, not eligible", ec, func(f *forged) { f.flags |= flagBS }, BadFlags},
		{"another credential id", ec, func(f *forged) { f.member["id"], f.member["rawId"] = enc(x), enc(x) }, BadAttestation},
		{"an id that can be guessed", ec, func(f *forged) { f.member["id"], f.member["rawId"] = enc(x[:15]), enc(x[:15]) }, Malformed},
		{"no attestation object", ec, func(f *forged) { f.inside["attestationObject"] = "" }, Malformed},
		{"bytes after the key", append(append([]byte{}, ed...), 0), func(*forged) {}, Malformed},
		{"a key that is no CBOR", []byte{0xff}, func(*forged) {}, Malformed},
		{"a huge map for a key", []byte{0xbb, 0x7f, 255, 255, 255, 255, 255, 255, 255}, func(*forged) {}, Malformed},
		{"a key of another shape", []byte{0x80}, func(*forged) {}, BadKey},
		{"no key", []byte{0xa0}, func(*forged) {}, BadKey},
		{"a point not on the curve", cose(t, map[int]any{1: 2, 3: -7, -1: 1, -2: x, -3: x}), func(*forged) {}, BadKey},
		{"an algorithm not offered", cose(t, map[int]any{1: 2, 3: -35, -1: 2, -2: make([]byte, 48), -3: make([]byte, 48)}), func(*forged) {}, BadKey},
		{"RSA with SHA-1", cose(t, map[int]any{1: 3, 3: -65535, -1: strong(), -2: []byte{1, 0, 1}}), func(*forged) {}, BadKey},
		{"RSA of another kind", cose(t, map[int]any{1: 3, 3: -37, -1: strong(), -2: []byte{1, 0, 1}}), func(*forged) {}, BadKey},
		{"short RSA", cose(t, map[int]any{1: 3, 3: -257, -1: strong()[:128], -2: []byte{1, 0, 1}}), func(*forged) {}, BadKey},
		{"long RSA", cose(t, map[int]any{1: 3, 3: -257, -1: append(strong(), make([]byte, 512)...), -2: []byte{1, 0, 1}}), func(*forged) {}, BadKey},
		{"zeros before a short modulus", cose(t, map[int]any{1: 3, 3: -257, -1: append(make([]byte, 192), strong()[:64]...), -2: []byte{1, 0, 1}}), func(*forged) {}, BadKey},
		{"EC's algorithm on Ed25519", cose(t, map[int]any{1: 1, 3: -7, -1: 6, -2: x}), func(*forged) {}, BadKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			mary := w.stranger("mary")
			begun := mary.beginRegistration()
			f := mary.forge(begun)
			tt.forge(f)
			_, err := w.party.FinishRegistration(t.Context(), mary.registration(begun, f.attestation(tt.cose)))
			refused(t, err, tt.want)
		})
	}
}

func strong() []byte {
	b := make([]byte, 256)
	b[0], b[255] = 0x80, 1
	return b
}

func TestRegistrationTypeSwap(t *testing.T) {
	w := newWorld(t)
	mary := w.stranger("mary")
	begun := mary.beginRegistration()
	f := mary.forge(begun)
	f.rawCli = `{"type":"webauthn.get","challenge":"` + challengeOf(begun) + `","origin":"` + origin + `"}`
	_, err := w.party.FinishRegistration(t.Context(), mary.registration(begun, f.attestation(mary.key.Key.AttestationData())))
	refused(t, err, WrongType)
	_, err = w.party.FinishRegistration(t.Context(), mary.registration(begun, mary.attests(begun)))
	refused(t, err, Spent)
}

func TestAttestationStatements(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		format    string
		statement map[string]any
	}{
		{"packed", map[string]any{"alg": -7, "sig": []byte{1}}},
		{"packed", map[string]any{"alg": -7, "sig": []byte{1}, "x5c": []any{[]byte{1}}}},
		{"none", map[string]any{"sig": []byte{1}}},
		{"tpm", map[string]any{}},
		{"apple", map[string]any{}},
		{"", nil},
	} {
		mary := w.stranger("mary")
		begun := mary.beginRegistration()
		f := mary.forge(begun)
		f.flags |= flagAT
		attested := append(append(make([]byte, 16), 0, byte(len(mary.key.ID))), mary.key.ID...)
		attested = append(attested, mary.key.Key.AttestationData()...)
		object, err := webauthncbor.Marshal(map[string]any{"fmt": tt.format, "attStmt": tt.statement, "authData": f.authData(attested)})
		if err != nil {
			t.Fatal(err)
		}
		f.inside["attestationObject"] = enc(object)
		_, err = w.party.FinishRegistration(t.Context(), mary.registration(begun, f.attestation(ed25519Key(t))))
		refused(t, err, BadAttestation)

		begun = mary.beginRegistration()
		f = mary.forge(begun)
		f.inside["attestationObject"] = enc(append(object, 0xa0))
		_, err = w.party.FinishRegistration(t.Context(), mary.registration(begun, f.attestation(ed25519Key(t))))
		refused(t, err, Malformed)
	}
}

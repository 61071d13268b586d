package passkey

import (
	"strings"
	"testing"
)

// FuzzAnswers feeds the parsers of both kinds of answer: they must not fail in
// any other way than by saying no, and what they take must keep to the limits.
func FuzzAnswers(f *testing.F) {
	w := newWorld(f)
	mary := w.resident("mary")
	login, create := w.beginLogin(), mary.beginRegistration()
	f.Add([]byte(mary.asserts(login)))
	f.Add([]byte(mary.attests(create)))
	f.Add([]byte(mary.forge(login).assertion()))
	f.Add([]byte(mary.forge(create).attestation(ed25519Key(f))))
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if a, ok := parseAssertion(raw); ok {
			if len(a.id) == 0 || len(a.id) > maxID || len(a.authData) < minAuthData || len(a.authData) > maxAuthData || len(a.handle) > maxUserHandle {
				t.Errorf("took %+v", a)
			}
		}
		if a, ok := parseAttestation(raw); ok {
			goodKey(a.parsed.Response.AttestationObject.AuthData.AttData.CredentialPublicKey)
			if len(a.id) < minID || len(a.authData) < minAuthData || len(a.transports) > maxTransports {
				t.Errorf("took %+v", a)
			}
		}
	})
}

// FuzzAuthenticatorData feeds what lies within base64, which FuzzAnswers seldom
// gets through: authenticator data, COSE keys and attestation objects.
func FuzzAuthenticatorData(f *testing.F) {
	w := newWorld(f)
	mary := w.resident("mary")
	honest := mary.forge(w.beginLogin())
	f.Add(honest.authData(nil))
	f.Add(append(honest.authData(nil), 0xa1, 0x61, 0x61, 0x01))
	f.Add(ed25519Key(f))
	f.Add(mary.key.Key.AttestationData())
	f.Fuzz(func(_ *testing.T, raw []byte) {
		goodKey(raw)
		body := `{"id":"` + strings.Repeat("A", 43) + `","rawId":"` + strings.Repeat("A", 43) + `","type":"public-key","response":{"clientDataJSON":"e30","signature":"AA","authenticatorData":"` +
			enc(raw) + `","attestationObject":"` + enc(raw) + `"}}`
		parseAssertion([]byte(body))
		parseAttestation([]byte(body))
	})
}

// FuzzCredential holds what is read from the store to what can be written there.
func FuzzCredential(f *testing.F) {
	b, _ := sample().MarshalBinary()
	f.Add(b)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var c Credential
		if c.UnmarshalBinary(raw) != nil {
			return
		}
		again, err := c.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var twice Credential
		if err := twice.UnmarshalBinary(again); err != nil {
			t.Error(err)
		}
	})
}

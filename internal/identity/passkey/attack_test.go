package passkey

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
)

func (w *world) login(begun Begun, credential string) error {
	_, err := w.party.FinishLogin(w.t.Context(), Answer{State: begun.State, Credential: []byte(credential)}, w.find)
	return err
}

func TestForgedAssertions(t *testing.T) {
	stranger := newKey(virtualwebauthn.KeyTypeEC2)
	for _, tt := range []struct {
		name  string
		forge func(*forged)
		want  Reason
	}{
		{"another site", func(f *forged) { f.client["origin"] = "https://record.example.evil" }, WrongOrigin},
		{"a site within ours", func(f *forged) { f.client["origin"] = "https://sub.record.example" }, WrongOrigin},
		{"our site by http", func(f *forged) { f.client["origin"] = "http://record.example" }, WrongOrigin},
		{"our site on another port", func(f *forged) { f.client["origin"] = "https://record.example:8443" }, WrongOrigin},
		{"our site as no browser writes it", func(f *forged) { f.client["origin"] = "https://a:b@RECORD.example/x?y" }, WrongOrigin},
		{"another app", func(f *forged) { f.client["origin"] = app[:len(app)-1] + "w" }, WrongOrigin},
		{"no origin", func(f *forged) { delete(f.client, "origin") }, WrongOrigin},
		{"in another site's frame", func(f *forged) { f.client["crossOrigin"] = true }, CrossOrigin},
		{"in a frame of a named site", func(f *forged) { f.client["crossOrigin"], f.client["topOrigin"] = true, origin }, CrossOrigin},
		{"a top origin alone", func(f *forged) { f.client["topOrigin"] = "https://evil.example" }, CrossOrigin},
		{"another relying party", func(f *forged) { f.rpID = "evil.example" }, WrongParty},
		{"nobody present", func(f *forged) { f.flags = flagUV }, NotPresent},
		{"nobody verified", func(f *forged) { f.flags = flagUP }, NotVerified},
		{"backed up, not eligible", func(f *forged) { f.flags |= flagBS }, BadFlags},
		{"an attestation's type", func(f *forged) { f.client["type"] = "webauthn.create" }, WrongType},
		{"no type", func(f *forged) { delete(f.client, "type") }, WrongType},
		{"a payment's type", func(f *forged) { f.client["type"] = "payment.get" }, WrongType},
		{"another challenge", func(f *forged) { f.client["challenge"] = enc(make([]byte, 32)) }, WrongChallenge},
		{"no challenge", func(f *forged) { delete(f.client, "challenge") }, WrongChallenge},
		{"another key", func(f *forged) { f.signer = stranger.Key }, BadSignature},
		{"a changed signature", func(f *forged) { f.spoil = func(s []byte) { s[len(s)-1] ^= 1 } }, BadSignature},
		{"another one's user handle", func(f *forged) { f.handle = enc(NewUserHandle()) }, OtherHandle},
		{"no user handle", func(f *forged) { f.handle = nil }, OtherHandle},
		{"an empty user handle", func(f *forged) { f.handle = "" }, OtherHandle},
		{"an unknown credential", func(f *forged) { f.member["id"], f.member["rawId"] = enc(make([]byte, 32)), enc(make([]byte, 32)) }, Unknown},
		{"id and rawId differ", func(f *forged) { f.member["id"] = enc(make([]byte, 32)) }, Malformed},
		{"another type of credential", func(f *forged) { f.member["type"] = "password" }, Malformed},
		{"attested data in an assertion", func(f *forged) { f.flags |= flagAT; f.more = make([]byte, 64) }, Malformed},
		{"bytes after the authenticator data", func(f *forged) { f.more = []byte{0} }, Malformed},
		{"extensions announced and missing", func(f *forged) { f.flags |= 1 << 7 }, Malformed},
		{"CBOR and more CBOR", func(f *forged) { f.flags |= 1 << 7; f.more = []byte{0xa0, 0xa0} }, Malformed},
		{"huge CBOR", func(f *forged) { f.flags |= 1 << 7; f.more = []byte{0xbb, 0x7f, 255, 255, 255, 255, 255, 255, 255} }, Malformed},
		{"authenticator data over the limit", func(f *forged) { f.more = make([]byte, maxAuthData) }, Malformed},
		{"short authenticator data", func(f *forged) { f.inside["authenticatorData"] = enc(make([]byte, 36)) }, Malformed},
		{"a signature over the limit", func(f *forged) { f.inside["signature"] = enc(make([]byte, maxSignature+1)) }, Malformed},
		{"no signature", func(f *forged) { f.inside["signature"] = "" }, Malformed},
		{"a user handle over the limit", func(f *forged) { f.handle = enc(make([]byte, 65)) }, Malformed},
		{"client data over the limit", func(f *forged) { f.client["x"] = strings.Repeat("y", maxClientData) }, Malformed},
		{"client data that is no JSON", func(f *forged) { f.rawCli = "{" }, Malformed},
		{"client data and more", func(f *forged) { f.rawCli = string(f.clientJSON()) + "{}" }, Malformed},
		{"padded base64", func(f *forged) { f.inside["signature"] = "AA==" }, Malformed},
		{"standard base64", func(f *forged) { f.inside["signature"] = "+/+/" }, Malformed},
		{"base64 with stray bits", func(f *forged) { f.inside["signature"] = "AB" }, Malformed},
		{"base64 with line ends", func(f *forged) { f.inside["signature"] = "AA\nAA" }, Malformed},
		{"a number for base64", func(f *forged) { f.inside["signature"] = 7 }, Malformed},
		{"deep nesting", func(f *forged) { f.member["clientExtensionResults"] = nested(12) }, Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			mary := w.resident("mary")
			begun := w.beginLogin()
			f := mary.forge(begun)
			tt.forge(f)
			err := w.login(begun, f.assertion())
			r := refused(t, err, tt.want)
			if strings.Contains(fmt.Sprintf("%v %+v", err, r), challengeOf(begun)) {
				t.Error("the error quotes the challenge")
			}
			if r.Account != "" {
				t.Error("an answer that was not proven names an account")
			}
		})
	}
}

func nested(n int) any {
	if n == 0 {
		return map[string]any{}
	}
	return []any{nested(n - 1)}
}

func TestHonestForgery(t *testing.T) {
	w := newWorld(t)
	mary := w.resident("mary")
	for _, change := range []func(*forged){
		func(*forged) {},
		func(f *forged) { f.client["origin"] = app },
		func(f *forged) { f.client["new_keys_may_be_added_here"] = "do not compare" },
		func(f *forged) { f.flags |= 1 << 7; f.more = []byte{0xa0} },
		func(f *forged) { f.member["added"] = map[string]any{"by": "a later browser"} },
	} {
		begun := w.beginLogin()
		f := mary.forge(begun)
		change(f)
		if err := w.login(begun, f.assertion()); err != nil {
			t.Error(err)
		}
	}
}

func TestDuplicateNames(t *testing.T) {
	w := newWorld(t)
	mary := w.resident("mary")
	begun := w.beginLogin()
	honest := mary.forge(begun).assertion()
	refused(t, w.login(begun, strings.Replace(honest, `"type":`, `"type":"password","type":`, 1)), Malformed)
	refused(t, w.login(begun, strings.Replace(honest, `"signature":`, `"signature":"AA","signature":`, 1)), Malformed)
	refused(t, w.login(begun, strings.Replace(honest, `"signature":`, `"SIGNATURE":`, 1)), Malformed)
	refused(t, w.login(begun, honest+"{}"), Malformed)
	refused(t, w.login(begun, strings.Replace(honest, `"platform"`, "\"\xff\"", 1)), Malformed)

	twice := mary.forge(begun)
	twice.rawCli = strings.Replace(string(twice.clientJSON()), `"origin":`, `"origin":"https://evil.example","origin":`, 1)
	refused(t, w.login(begun, twice.assertion()), Malformed)

	if err := w.login(begun, honest); err != nil {
		t.Errorf("what could not be read has used the challenge up: %v", err)
	}
}

func TestHugeAnswersAreNotParsed(t *testing.T) {
	w := newWorld(t)
	begun := w.beginLogin()
	for _, huge := range []string{strings.Repeat(" ", MaxAnswer+1), strings.Repeat("[", MaxAnswer), "", "null", "[]", `"x"`} {
		refused(t, w.login(begun, huge), Malformed)
	}
}

func TestReplay(t *testing.T) {
	w := newWorld(t)
	mary := w.resident("mary")
	begun := w.beginLogin()
	answer := mary.asserts(begun)
	if err := w.login(begun, answer); err != nil {
		t.Fatal(err)
	}
	refused(t, w.login(begun, answer), Spent)
	refused(t, w.login(w.beginLogin(), answer), WrongChallenge)
	refused(t, w.login(begun, mary.asserts(begun)), Spent)
}

func TestWrongAnswerUsesTheChallengeUp(t *testing.T) {
	w := newWorld(t)
	mary := w.resident("mary")
	begun := w.beginLogin()
	f := mary.forge(begun)
	f.flags = flagUP
	refused(t, w.login(begun, f.assertion()), NotVerified)
	refused(t, w.login(begun, mary.asserts(begun)), Spent)
}

func TestOneOfManyAtOnceCounts(t *testing.T) {
	w := newWorld(t)
	mary := w.resident("mary")
	begun := w.beginLogin()
	answer := mary.asserts(begun)
	results := make(chan error, 16)
	var wg sync.WaitGroup
	for range cap(results) {
		wg.Go(func() { results <- w.login(begun, answer) })
	}
	wg.Wait()
	close(results)
	in := 0
	for err := range results {
		if err == nil {
			in++
		}
	}
	if in != 1 {
		t.Errorf("%d of 16 got in", in)
	}
}

func TestStates(t *testing.T) {
	w := newWorld(t)
	mary, joseph := w.resident("mary"), w.resident("joseph")
	mine, theirs := w.beginLogin(), w.beginLogin()
	refused(t, w.login(Begun{State: theirs.State}, mary.asserts(mine)), WrongChallenge)

	// The other ceremony's challenge.
	reg := mary.beginRegistration()
	refused(t, w.login(reg, mary.forge(reg).assertion()), OtherCeremony)
	_, err := w.party.FinishRegistration(t.Context(), mary.registration(mine, mary.attests(reg)))
	refused(t, err, OtherCeremony)
	up, err := w.party.BeginStepUp(StepUp{Account: "mary", Credentials: []Credential{mary.kept()}})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, w.login(up, mary.asserts(up)), OtherCeremony)
	login := w.beginLogin()
	_, err = w.party.FinishStepUp(t.Context(), Answer{State: login.State, Credential: []byte(mary.asserts(login)), Subject: ""}, w.find)
	refused(t, err, OtherCeremony)

	// Another enrolment's registration.
	_, err = w.party.FinishRegistration(t.Context(), joseph.registration(reg, joseph.attests(reg)))
	refused(t, err, OtherSubject)

	// Changed, cut, not ours.
	sealed, _ := base64.RawURLEncoding.DecodeString(login.State)
	for i := range sealed {
		sealed[i] ^= 1
		refused(t, w.login(Begun{State: enc(sealed)}, mary.asserts(login)), BadState)
		sealed[i] ^= 1
	}
	for _, s := range []string{"", "A", login.State[:8], login.State + "A", login.State + "\n", strings.Repeat("A", 4096)} {
		refused(t, w.login(Begun{State: s}, mary.asserts(login)), BadState)
	}
	other := newWorld(t)
	other.party.seal, _ = newSeal(make([]byte, 32))
	refused(t, w.login(other.beginLogin(), mary.asserts(login)), BadState)
}

func TestLoginIsBoundToItsClient(t *testing.T) {
	w := newWorld(t)
	mary := w.resident("mary")
	begun, err := w.party.BeginLogin("one browser")
	if err != nil {
		t.Fatal(err)
	}
	refused(t, w.login(begun, mary.asserts(begun)), OtherSubject)
	_, err = w.party.FinishLogin(t.Context(), Answer{State: begun.State, Credential: []byte(mary.asserts(begun)), Subject: "one browser"}, w.find)
	if err != nil {
		t.Error(err)
	}
}

func TestExpiry(t *testing.T) {
	w := newWorld(t)
	mary := w.resident("mary")
	begun := w.beginLogin()
	w.now = start.Add(ChallengeTTL - time.Microsecond)
	if err := w.login(begun, mary.asserts(begun)); err != nil {
		t.Errorf("in the last moment: %v", err)
	}
	w.now = start
	begun = w.beginLogin()
	w.now = start.Add(ChallengeTTL)
	refused(t, w.login(begun, mary.asserts(begun)), Expired)
}

func TestCredentialOfAnother(t *testing.T) {
	w := newWorld(t)
	mary, joseph := w.resident("mary"), w.resident("joseph")
	begun := w.beginLogin()
	f := mary.forge(begun) // signed by mary
	f.member["id"], f.member["rawId"], f.handle = enc(joseph.key.ID), enc(joseph.key.ID), enc(joseph.handle)
	refused(t, w.login(begun, f.assertion()), BadSignature)
	begun = w.beginLogin()
	f = mary.forge(begun)
	f.handle = enc(joseph.handle)
	refused(t, w.login(begun, f.assertion()), OtherHandle)
}

func TestUnknownIsToldToTheBrowserAlone(t *testing.T) {
	w := newWorld(t)
	ghost := w.stranger("nobody")
	begun := w.beginLogin()
	r := refused(t, w.login(begun, ghost.asserts(begun)), Unknown)
	if string(r.CredentialID) != string(ghost.key.ID) || r.Account != "" {
		t.Errorf("got %+v", r)
	}
}

func ed25519Key(t testing.TB) []byte {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return cose(t, map[int]any{1: 1, 3: -8, -1: 6, -2: []byte(public)})
}

func cose(t testing.TB, m map[int]any) []byte {
	t.Helper()
	b, err := webauthncbor.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

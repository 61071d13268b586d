package passkey

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

const (
	host   = "record.example"
	origin = "https://record.example"
	app    = "android:apk-key-hash:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
)

var start = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

// world is a Party with what its callers keep.
type world struct {
	t     testing.TB
	party *Party
	now   time.Time

	mu     sync.Mutex
	spent  map[string]time.Time
	owners map[string]Owner // by credential id
	broken error            // of the Spender
	looked int              // calls of the Lookup
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, now: start, spent: map[string]time.Time{}, owners: map[string]Owner{}}
	var err error
	w.party, err = New(Options{
		RPID: host, RPName: "Dorset Care Record", Origins: []string{origin, app}, Key: bytes.Repeat([]byte{7}, 32),
		Spend: w, Now: func() time.Time { return w.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) Spend(_ context.Context, id string, until time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return w.broken
	}
	if _, ok := w.spent[id]; ok {
		return errs.New(errs.Conflict, "used before")
	}
	w.spent[id] = until
	return nil
}

func (w *world) find(_ context.Context, id []byte) (Owner, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looked++
	if o, ok := w.owners[string(id)]; ok {
		return o, nil
	}
	return Owner{}, errs.New(errs.NotFound, "no such passkey")
}

// person is somebody with an account and a device.
type person struct {
	w       *world
	account string
	handle  []byte
	device  virtualwebauthn.Authenticator
	key     virtualwebauthn.Credential
}

func rp() virtualwebauthn.RelyingParty {
	return virtualwebauthn.RelyingParty{ID: host, Name: "Dorset Care Record", Origin: origin}
}

// newKey makes keys until one is well-formed: of one in 128 the library writes a
// coordinate without its leading zero, which no authenticator does.
func newKey(kind virtualwebauthn.KeyType) virtualwebauthn.Credential {
	for {
		if c := virtualwebauthn.NewCredential(kind); goodKey(c.Key.AttestationData()) {
			return c
		}
	}
}

// stranger has a device and no passkey here yet.
func (w *world) stranger(account string) *person {
	p := &person{w: w, account: account, handle: NewUserHandle(), key: newKey(virtualwebauthn.KeyTypeEC2)}
	p.device = virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: p.handle})
	return p
}

// resident has registered a passkey.
func (w *world) resident(account string) *person {
	w.t.Helper()
	p := w.stranger(account)
	begun := p.beginRegistration()
	got, err := w.party.FinishRegistration(w.t.Context(), p.registration(begun, p.attests(begun)))
	if err != nil {
		w.t.Fatal(err)
	}
	p.keep(got.Credential)
	return p
}

func (p *person) keep(c Credential) {
	p.w.owners[string(c.ID)] = Owner{Account: p.account, UserHandle: p.handle, Credential: c}
}

func (p *person) kept() Credential { return p.w.owners[string(p.key.ID)].Credential }

func (p *person) beginRegistration() Begun {
	p.w.t.Helper()
	begun, err := p.w.party.BeginRegistration(Registration{
		Subject: p.account, UserHandle: p.handle, Name: "Mary", DisplayName: "Mary Anning",
	})
	if err != nil {
		p.w.t.Fatal(err)
	}
	return begun
}

// attests answers options of create with the library that plays authenticators.
func (p *person) attests(begun Begun) string {
	p.w.t.Helper()
	options, err := virtualwebauthn.ParseAttestationOptions(string(begun.Options))
	if err != nil {
		p.w.t.Fatal(err)
	}
	return virtualwebauthn.CreateAttestationResponse(rp(), p.device, p.key, *options)
}

func (p *person) registration(begun Begun, credential string) Answer {
	return Answer{State: begun.State, Credential: []byte(credential), Subject: p.account}
}

func (w *world) beginLogin() Begun {
	w.t.Helper()
	begun, err := w.party.BeginLogin("")
	if err != nil {
		w.t.Fatal(err)
	}
	return begun
}

// asserts answers options of get with the library that plays authenticators.
func (p *person) asserts(begun Begun) string {
	p.w.t.Helper()
	options, err := virtualwebauthn.ParseAssertionOptions(string(begun.Options))
	if err != nil {
		p.w.t.Fatal(err)
	}
	return virtualwebauthn.CreateAssertionResponse(rp(), p.device, p.key, *options)
}

// forged is an answer made byte by byte; what is not set is as it should be.
type forged struct {
	p      *person
	client map[string]any
	rawCli string // instead of client
	rpID   string
	flags  byte
	count  uint32
	more   []byte // after the authenticator data
	handle any
	signer *virtualwebauthn.Key
	spoil  func(signature []byte)
	member map[string]any // of the credential
	inside map[string]any // of its response
}

// forge begins as an honest assertion to begun.
func (p *person) forge(begun Begun) *forged {
	return &forged{
		p: p, rpID: host, flags: flagUP | flagUV, signer: p.key.Key, handle: enc(p.handle),
		client: map[string]any{"type": "webauthn.get", "challenge": challengeOf(begun), "origin": origin, "crossOrigin": false},
		member: map[string]any{}, inside: map[string]any{},
	}
}

func challengeOf(begun Begun) string {
	var o struct{ Challenge string }
	if err := json.Unmarshal(begun.Options, &o); err != nil {
		panic(err)
	}
	return o.Challenge
}

func enc(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (f *forged) clientJSON() []byte {
	if f.rawCli != "" {
		return []byte(f.rawCli)
	}
	b, err := json.Marshal(f.client)
	if err != nil {
		panic(err)
	}
	return b
}

func (f *forged) authData(attested []byte) []byte {
	sum := sha256.Sum256([]byte(f.rpID))
	b := append(sum[:], f.flags)
	b = binary.BigEndian.AppendUint32(b, f.count)
	return append(append(b, attested...), f.more...)
}

func (f *forged) credential(response map[string]any) string {
	for k, v := range f.inside {
		response[k] = v
	}
	all := map[string]any{
		"type": "public-key", "id": enc(f.p.key.ID), "rawId": enc(f.p.key.ID), "response": response,
		"authenticatorAttachment": "platform", "clientExtensionResults": map[string]any{},
	}
	for k, v := range f.member {
		all[k] = v
	}
	b, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// assertion returns the JSON of the answer.
func (f *forged) assertion() string {
	client, data := f.clientJSON(), f.authData(nil)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(bytes.Clone(data), hash[:]...))
	signature, err := f.signer.Sign(digest[:])
	if err != nil {
		panic(err)
	}
	if f.spoil != nil {
		f.spoil(signature)
	}
	return f.credential(map[string]any{
		"clientDataJSON": enc(client), "authenticatorData": enc(data), "signature": enc(signature), "userHandle": f.handle,
	})
}

// attestation returns the JSON of an answer to create, without a statement.
func (f *forged) attestation(cose []byte) string {
	f.client["type"] = "webauthn.create"
	f.flags |= flagAT
	attested := append(make([]byte, 16), byte(len(f.p.key.ID)>>8), byte(len(f.p.key.ID)))
	attested = append(append(attested, f.p.key.ID...), cose...)
	object, err := webauthncbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": f.authData(attested)})
	if err != nil {
		panic(err)
	}
	return f.credential(map[string]any{
		"clientDataJSON": enc(f.clientJSON()), "attestationObject": enc(object), "transports": []string{"internal", "hybrid"},
	})
}

// refused checks that err is a refusal for that reason, and tells nobody more.
func refused(t *testing.T, err error, why Reason) *Refused {
	t.Helper()
	var r *Refused
	if !errors.As(err, &r) || r.Reason != why {
		t.Fatalf("got %v, want a refusal: %s", err, why)
	}
	public, ok := errs.As(err)
	if !ok || public.Message == "" || !strings.HasPrefix(public.Code, "PASSKEY_") {
		t.Fatalf("%s has no words for a person: %v", why, public)
	}
	return r
}

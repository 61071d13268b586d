// Package passkeytest plays the browser and the authenticator of a resident, for
// tests and load: it answers the options of package passkey as a phone would.
package passkeytest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"sync"

	"github.com/go-json-experiment/json"
)

// Flags of authenticator data.
const (
	UP = 1 << 0
	UV = 1 << 2
	BE = 1 << 3
	BS = 1 << 4
	at = 1 << 6
)

// Device is a phone with passkeys. What is set on it says how its answers are
// wrong. It is safe for concurrent use while its fields are not changed.
type Device struct {
	RPID, Origin string
	Flags        byte     // zero: UP and UV
	Counts       bool     // it has a sign count, which rises
	AAGUID       [16]byte // of its keeper

	mu   sync.Mutex
	keys []*Key
}

// Key is one passkey.
type Key struct {
	ID         []byte
	UserHandle []byte
	Count      uint32
	private    *ecdsa.PrivateKey
}

// New returns a phone whose browser is at origin.
func New(rpID, origin string) *Device { return &Device{RPID: rpID, Origin: origin} }

// Keys returns its passkeys, the oldest first.
func (d *Device) Keys() []*Key {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]*Key(nil), d.keys...)
}

type descriptor struct {
	ID string `json:"id"`
}

type options struct {
	Challenge string       `json:"challenge"`
	Allow     []descriptor `json:"allowCredentials"`
	Exclude   []descriptor `json:"excludeCredentials"`
	User      struct {
		ID string `json:"id"`
	} `json:"user"`
}

type client struct {
	Type        string `json:"type"`
	Challenge   string `json:"challenge"`
	Origin      string `json:"origin"`
	CrossOrigin bool   `json:"crossOrigin"`
}

type response struct {
	ClientDataJSON    string   `json:"clientDataJSON"`
	AttestationObject string   `json:"attestationObject,omitzero"`
	Transports        []string `json:"transports,omitzero"`
	AuthenticatorData string   `json:"authenticatorData,omitzero"`
	Signature         string   `json:"signature,omitzero"`
	UserHandle        string   `json:"userHandle,omitzero"`
}

type credential struct {
	ID         string   `json:"id"`
	RawID      string   `json:"rawId"`
	Type       string   `json:"type"`
	Attachment string   `json:"authenticatorAttachment"`
	Extensions struct{} `json:"clientExtensionResults"`
	Response   response `json:"response"`
}

// Create makes a passkey, as navigator.credentials.create does.
func (d *Device) Create(creation []byte) ([]byte, error) {
	var o options
	if err := json.Unmarshal(creation, &o); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range d.keys {
		if listed(o.Exclude, k.ID) {
			return nil, errors.New("InvalidStateError: this phone has a passkey of the account")
		}
	}
	handle, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		return nil, err
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	point, err := private.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return nil, err
	}
	k := &Key{ID: make([]byte, 32), UserHandle: handle, private: private}
	_, _ = rand.Read(k.ID) // never fails

	data := append(d.data(k, at), d.AAGUID[:]...)
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(k.ID))), k.ID...)
	// A COSE_Key: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
	data = append(append(data, 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32), point[1:33]...)
	data = append(append(data, 0x22, 0x58, 32), point[33:]...)
	// An attestation object: {"fmt": "none", "attStmt": {}, "authData": data}.
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"), byte(len(data)>>8), byte(len(data)))
	clientJSON, err := d.client("webauthn.create", o.Challenge)
	if err != nil {
		return nil, err
	}
	d.keys = append(d.keys, k)
	return answer(k, response{ClientDataJSON: enc(clientJSON), AttestationObject: enc(append(object, data...)), Transports: []string{"internal", "hybrid"}})
}

// Get asserts, as navigator.credentials.get does when the person takes the newest
// passkey that is allowed.
func (d *Device) Get(request []byte) ([]byte, error) {
	var o options
	if err := json.Unmarshal(request, &o); err != nil {
		return nil, err
	}
	d.mu.Lock()
	var k *Key
	for _, has := range d.keys {
		if len(o.Allow) == 0 || listed(o.Allow, has.ID) {
			k = has
		}
	}
	if k == nil {
		d.mu.Unlock()
		return nil, errors.New("NotAllowedError: this phone has no such passkey")
	}
	if d.Counts {
		k.Count++
	}
	data := d.data(k, 0)
	d.mu.Unlock()

	clientJSON, err := d.client("webauthn.get", o.Challenge)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(clientJSON)
	digest := sha256.Sum256(append(bytes.Clone(data), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, digest[:])
	if err != nil {
		return nil, err
	}
	return answer(k, response{ClientDataJSON: enc(clientJSON), AuthenticatorData: enc(data), Signature: enc(signature), UserHandle: enc(k.UserHandle)})
}

// data is authenticator data without what follows the count.
func (d *Device) data(k *Key, more byte) []byte {
	flags := d.Flags
	if flags == 0 {
		flags = UP | UV
	}
	sum := sha256.Sum256([]byte(d.RPID))
	return binary.BigEndian.AppendUint32(append(sum[:], flags|more), k.Count)
}

func (d *Device) client(ceremony, challenge string) ([]byte, error) {
	return json.Marshal(client{Type: ceremony, Challenge: challenge, Origin: d.Origin})
}

func answer(k *Key, r response) ([]byte, error) {
	return json.Marshal(credential{ID: enc(k.ID), RawID: enc(k.ID), Type: "public-key", Attachment: "platform", Response: r})
}

func listed(list []descriptor, id []byte) bool {
	for _, l := range list {
		if l.ID == enc(id) {
			return true
		}
	}
	return false
}

func enc(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

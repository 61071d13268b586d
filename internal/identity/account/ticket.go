package account

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/packed"
)

// ticket is what was proved before the passkey is made. It travels sealed with the
// client: beginning to enrol writes nothing but the try.
type ticket struct {
	id       string // used once
	account  string
	person   string
	selector string // of the code; empty: by NHS login
	proofing identity.Proofing
	recovery bool // there is an account
	handle   []byte
	expires  time.Time
}

func (t *ticket) means() Means {
	if t.selector == "" {
		return ByNHSLogin
	}
	return ByCode
}

func newSeal(key []byte) (cipher.AEAD, error) {
	k, err := hkdf.Key(sha256.New, key, nil, "dcr enrolment tickets", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

const ticketPrefix = "dcre_"

func (a *Accounts) seal(t *ticket) string {
	b := append(make([]byte, 0, 256), form, byte(t.proofing))
	for _, s := range []string{t.id, t.account, t.person, t.selector} {
		b = packed.AppendString(b, s)
	}
	b = packed.AppendTime(packed.AppendBytes(packed.AppendBool(b, t.recovery), t.handle), t.expires)
	return ticketPrefix + base64.RawURLEncoding.EncodeToString(a.ticketSeal.Seal(nil, nil, b, []byte(ticketPrefix)))
}

// CodeTicket is the code of the refusal of a ticket that does not count any more.
const CodeTicket = "ENROLMENT_EXPIRED"

func (a *Accounts) open(text string) (ticket, error) {
	refused := errs.Coded(errs.Unauthenticated, CodeTicket, "This took too long. Enter your code again, or log in to NHS login again.")
	if len(text) > 1024 || len(text) < len(ticketPrefix) || text[:len(ticketPrefix)] != ticketPrefix {
		return ticket{}, refused
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text[len(ticketPrefix):])
	if err != nil {
		return ticket{}, refused
	}
	plain, err := a.ticketSeal.Open(nil, nil, sealed, []byte(ticketPrefix))
	if err != nil {
		return ticket{}, refused
	}
	r, _ := packed.NewReader(plain, form)
	t := ticket{proofing: identity.Proofing(r.Byte())}
	for _, s := range []*string{&t.id, &t.account, &t.person, &t.selector} {
		*s = r.String()
	}
	t.recovery, t.handle, t.expires = r.Bool(), bytes.Clone(r.Raw()), r.Time()
	if r.Close() != nil || !a.o.Now().Before(t.expires) {
		return ticket{}, refused
	}
	return t, nil
}

func randomID() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails
	return idEncoding.EncodeToString(b[:])
}

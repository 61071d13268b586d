package passkey

import (
	"errors"
	"slices"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/packed"
)

// Credential is a passkey as the account room keeps it.
type Credential struct {
	ID        []byte
	PublicKey []byte // COSE_Key
	AAGUID    [16]byte
	Flags     Flags // of the latest ceremony
	SignCount uint32
	// Transports are hints for the browser: internal, hybrid, usb, nfc, ble.
	Transports []string
	Created    time.Time
	LastUsed   time.Time // zero until the first login
	Name       string    // as the resident calls it; see DefaultName
}

// Flags are what an authenticator says of a ceremony. They are kept one by one:
// the library's own forms lose them.
type Flags struct {
	UserPresent    bool // UP
	UserVerified   bool // UV
	BackupEligible bool // BE: the key may be on several devices
	BackedUp       bool // BS: it is
}

const credentialVersion = 1

// Limits of a credential. An id may have 1,023 bytes (WebAuthn 5.8.3), and must
// have 16, so that none is found by guessing. The key leaves room for RSA 4096.
const (
	minID         = 16
	maxID         = 1023
	maxKey        = 1024
	maxTransports = 8
	maxTransport  = 32
)

// Bits of the stored form.
const (
	bitUP = 1 << iota
	bitUV
	bitBE
	bitBS
)

// MarshalBinary returns the stored form.
func (c Credential) MarshalBinary() ([]byte, error) {
	if !sized(c.ID, minID, maxID) || !sized(c.PublicKey, 1, maxKey) {
		return nil, errors.New("passkey: not a credential")
	}
	b := make([]byte, 0, 96+len(c.ID)+len(c.PublicKey)+len(c.Name))
	b = append(b, credentialVersion, c.Flags.bits())
	b = packed.AppendBytes(b, c.ID)
	b = packed.AppendBytes(b, c.PublicKey)
	b = packed.AppendBytes(b, c.AAGUID[:])
	b = packed.AppendUint(b, uint64(c.SignCount))
	b = packed.AppendUint(b, uint64(len(c.Transports)))
	for _, t := range c.Transports {
		b = packed.AppendString(b, t)
	}
	b = packed.AppendTime(b, c.Created)
	b = packed.AppendTime(b, c.LastUsed)
	return packed.AppendString(b, c.Name), nil
}

// UnmarshalBinary reads what MarshalBinary wrote. It keeps nothing of b.
func (c *Credential) UnmarshalBinary(b []byte) error {
	r, _ := packed.NewReader(b, credentialVersion)
	bits := r.Byte()
	got := Credential{Flags: flagsOf(bits), ID: slices.Clone(r.Raw()), PublicKey: slices.Clone(r.Raw())}
	aaguid := copy(got.AAGUID[:], r.Raw())
	count := r.Uint()
	got.SignCount = uint32(count)
	for range r.Len() {
		got.Transports = append(got.Transports, r.String())
	}
	got.Created, got.LastUsed, got.Name = r.Time(), r.Time(), r.String()
	if err := r.Close(); err != nil {
		return err
	}
	if bits > bitUP|bitUV|bitBE|bitBS || aaguid != len(got.AAGUID) || uint64(got.SignCount) != count ||
		!sized(got.ID, minID, maxID) || !sized(got.PublicKey, 1, maxKey) {
		return packed.ErrTruncated
	}
	*c = got
	return nil
}

func (f Flags) bits() (b byte) {
	if f.UserPresent {
		b |= bitUP
	}
	if f.UserVerified {
		b |= bitUV
	}
	if f.BackupEligible {
		b |= bitBE
	}
	if f.BackedUp {
		b |= bitBS
	}
	return b
}

func flagsOf(b byte) Flags {
	return Flags{UserPresent: b&bitUP != 0, UserVerified: b&bitUV != 0, BackupEligible: b&bitBE != 0, BackedUp: b&bitBS != 0}
}

func sized(b []byte, least, most int) bool { return len(b) >= least && len(b) <= most }

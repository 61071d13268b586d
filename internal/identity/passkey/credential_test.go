package passkey

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/packed"
)

func sample() Credential {
	return Credential{
		ID: bytes.Repeat([]byte{1}, 20), PublicKey: bytes.Repeat([]byte{2}, 77), AAGUID: [16]byte{3, 15: 4},
		Flags: Flags{UserPresent: true, UserVerified: true, BackupEligible: true}, SignCount: 1<<32 - 1,
		Transports: []string{"hybrid", "internal"}, Created: start, LastUsed: start.Add(time.Minute), Name: "Mary’s phone",
	}
}

func TestCredentialForm(t *testing.T) {
	for _, c := range []Credential{sample(), {ID: make([]byte, 16), PublicKey: []byte{1}}} {
		b, err := c.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var got Credential
		if err := got.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		clear(b)
		if d := cmp.Diff(c, got); d != "" {
			t.Error("what was read shares the bytes it was read from")
		}
	}
}

func TestEachFlagIsKept(t *testing.T) {
	for _, f := range []Flags{{}, {UserPresent: true}, {UserVerified: true}, {BackupEligible: true}, {BackedUp: true}, {true, true, true, true}} {
		c := sample()
		c.Flags = f
		b, _ := c.MarshalBinary()
		var got Credential
		if err := got.UnmarshalBinary(b); err != nil || got.Flags != f {
			t.Errorf("%+v came back as %+v, %v", f, got.Flags, err)
		}
	}
}

// What version 1 wrote must be read for ever.
func TestFirstForm(t *testing.T) {
	const stored = "010714" + "0101010101010101010101010101010101010101" + "024d4d" + "10" + "03000000000000000000000000000004" +
		"07" + "01" + "03757362" + "8000000000000000" + "000650fa27cc2400" + "034b6579"
	b, err := hex.DecodeString(stored)
	if err != nil {
		t.Fatal(err)
	}
	want := Credential{
		ID: bytes.Repeat([]byte{1}, 20), PublicKey: []byte("MM"), AAGUID: [16]byte{3, 15: 4},
		Flags: Flags{UserPresent: true, UserVerified: true, BackupEligible: true}, SignCount: 7, Transports: []string{"usb"}, LastUsed: start, Name: "Key",
	}
	var got Credential
	if err := got.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if again, err := want.MarshalBinary(); err != nil || !bytes.Equal(again, b) {
		t.Errorf("written as %x, %v", again, err)
	}
}

func TestMalformedForms(t *testing.T) {
	b, _ := sample().MarshalBinary()
	var c Credential
	for i := range b {
		if c.UnmarshalBinary(b[:i]) == nil {
			t.Errorf("the first %d bytes were taken", i)
		}
	}
	if err := c.UnmarshalBinary(append(bytes.Clone(b), 0)); !errors.Is(err, packed.ErrTrailing) {
		t.Errorf("bytes after the end: %v", err)
	}
	later := bytes.Clone(b)
	later[0]++
	if err := c.UnmarshalBinary(later); !errors.Is(err, packed.ErrVersion) {
		t.Errorf("a later version: %v", err)
	}
	if d := cmp.Diff(Credential{}, c); d != "" {
		t.Error("a failed read left something behind")
	}
	if _, err := (Credential{ID: make([]byte, maxID+1), PublicKey: []byte{1}}).MarshalBinary(); err == nil {
		t.Error("an id over the limit was written")
	}
}

func TestDefaultNames(t *testing.T) {
	of := func(s string) (a [16]byte) { _, _ = hex.Decode(a[:], []byte(s)); return a }
	for _, tt := range []struct {
		c    Credential
		want string
	}{
		{Credential{AAGUID: of("fbfc3007154e4ecc8c0b6e020557d7bd")}, "Apple Passwords (iCloud Keychain)"},
		{Credential{AAGUID: of("ea9b8d664d011d213ce4b6b48cb575d4"), Transports: []string{"usb"}}, "Google Password Manager"},
		{Credential{AAGUID: [16]byte([]byte("ProtonPassProtoX"))}, "Passkey"},
		{Credential{AAGUID: [16]byte([]byte("ProtonPassProton"))}, "Proton Pass"},
		{Credential{AAGUID: [16]byte([]byte("SAMSUNG\x00\x00\x00\x00\x00\x00\x00\x00\x00"))}, "Samsung Pass"},
		{Credential{Transports: []string{"internal"}}, "Phone, tablet or computer"},
		{Credential{Transports: []string{"nfc", "usb"}}, "Security key"},
		{Credential{}, "Passkey"},
	} {
		if got := DefaultName(tt.c); got != tt.want {
			t.Errorf("%x %v: %q, want %q", tt.c.AAGUID, tt.c.Transports, got, tt.want)
		}
	}
}

func TestDecoyIsAKey(t *testing.T) {
	if w := newWorld(t); !goodKey(w.party.decoy.PublicKey) {
		t.Error("an unknown credential costs less than a known one")
	}
}

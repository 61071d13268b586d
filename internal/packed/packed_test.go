package packed_test

import (
	"errors"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/packed"
)

func form() []byte {
	b := packed.AppendString([]byte{1}, "R0D")
	b = packed.AppendUint(b, 300)
	b = packed.AppendBool(b, true)
	b = packed.AppendTime(b, time.Date(2026, 1, 2, 3, 4, 5, 6000, time.FixedZone("BST", 3600)))
	b = packed.AppendTime(b, time.Time{})
	return packed.AppendBytes(b, []byte{7})
}

func TestRoundTrip(t *testing.T) {
	r, version := packed.NewReader(form(), 1)
	if s := r.String(); version != 1 || s != "R0D" {
		t.Errorf("version %d, string %q", version, s)
	}
	if n := r.Uint(); n != 300 {
		t.Errorf("Uint = %d", n)
	}
	if !r.Bool() {
		t.Error("Bool = false")
	}
	if at := r.Time(); at != time.Date(2026, 1, 2, 2, 4, 5, 6000, time.UTC) {
		t.Errorf("Time = %v", at)
	}
	if at := r.Time(); !at.IsZero() {
		t.Errorf("zero time = %v", at)
	}
	if b := r.Raw(); len(b) != 1 || b[0] != 7 {
		t.Errorf("Raw = %v", b)
	}
	if err := r.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestMistakes(t *testing.T) {
	read := func(b []byte) error {
		r, _ := packed.NewReader(b, 1)
		_, _, _, _, _, _ = r.String(), r.Uint(), r.Bool(), r.Time(), r.Time(), r.Raw()
		return r.Close()
	}
	for n := range form() {
		if err := read(form()[:n]); !errors.Is(err, packed.ErrTruncated) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	if err := read(append(form(), 0)); !errors.Is(err, packed.ErrTrailing) {
		t.Errorf("one byte more: %v", err)
	}
	for _, version := range []byte{0, 2, 255} {
		b := form()
		b[0] = version
		if err := read(b); !errors.Is(err, packed.ErrVersion) {
			t.Errorf("version %d: %v", version, err)
		}
	}
	b := form()
	b[7] = 2 // the boolean
	if err := read(b); !errors.Is(err, packed.ErrTruncated) {
		t.Errorf("a boolean of 2: %v", err)
	}
}

func TestLenIsBoundByTheBytes(t *testing.T) {
	r, _ := packed.NewReader(packed.AppendUint([]byte{1}, 1<<40), 1)
	if n := r.Len(); n != 0 || r.Close() == nil {
		t.Errorf("Len = %d, %v", n, r.Close())
	}
}

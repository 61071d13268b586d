package partner_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/partner"
)

func TestStoredForms(t *testing.T) {
	a, _ := hospital().AppendBinary(nil)
	client := feed("uhd-tie", printA, printB)
	client.JWKS, client.Allow, client.Revoked = []byte(`{"keys":[]}`), []string{"ref-1", "code:required"}, true
	c, _ := client.AppendBinary(nil)

	var agreement partner.Agreement
	if err := agreement.UnmarshalBinary(a); err != nil {
		t.Error(err)
	}
	var gotClient partner.Client
	if err := gotClient.UnmarshalBinary(c); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(hospital(), agreement) + cmp.Diff(client, gotClient); diff != "" {
		t.Error(diff)
	}
	for n := range a {
		got := hospital()
		if err := got.UnmarshalBinary(a[:n]); err == nil || got != (partner.Agreement{}) {
			t.Errorf("agreement cut to %d bytes: %v", n, err)
		}
	}
	for n := range c {
		got := client
		if err := got.UnmarshalBinary(c[:n]); err == nil || got.ID != "" {
			t.Errorf("client cut to %d bytes: %v", n, err)
		}
	}
	a[0] = 2
	if err := agreement.UnmarshalBinary(a); !errors.Is(err, packed.ErrVersion) {
		t.Errorf("a newer form: %v", err)
	}
}

func TestKinds(t *testing.T) {
	for k := partner.GP; k <= partner.Programme; k++ {
		if got, err := partner.ParseKind(k.String()); err != nil || got != k {
			t.Errorf("%v: %v, %v", k, got, err)
		}
	}
	for _, k := range []partner.ClientKind{partner.ClinicalSystem, partner.Feed} {
		if got, err := partner.ParseClientKind(k.String()); err != nil || got != k {
			t.Errorf("%v: %v, %v", k, got, err)
		}
	}
	for _, name := range []string{"", "none", "GP"} {
		if _, err := partner.ParseKind(name); err == nil {
			t.Errorf("%q is a kind", name)
		}
		if _, err := partner.ParseClientKind(name); err == nil {
			t.Errorf("%q is a kind of client", name)
		}
	}
}

func FuzzClientForm(f *testing.F) {
	c, _ := feed("uhd-tie", printA).AppendBinary(nil)
	a, _ := hospital().AppendBinary(nil)
	f.Add(c)
	f.Add(a)
	f.Fuzz(func(t *testing.T, b []byte) {
		var c partner.Client
		if c.UnmarshalBinary(b) == nil {
			again, _ := c.AppendBinary(nil)
			var d partner.Client
			if err := d.UnmarshalBinary(again); err != nil || !cmp.Equal(c, d) {
				t.Fatal(err, cmp.Diff(c, d))
			}
		}
		var a partner.Agreement
		_ = a.UnmarshalBinary(b)
	})
}

func BenchmarkAgreement(b *testing.B) {
	r := open(b)
	put(b, r, hospital(), 0)
	form, _ := hospital().AppendBinary(nil)
	b.Run("decode", func(b *testing.B) {
		var a partner.Agreement
		b.ReportAllocs()
		for b.Loop() {
			if err := a.UnmarshalBinary(form); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := r.Agreement(b.Context(), "R0D"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

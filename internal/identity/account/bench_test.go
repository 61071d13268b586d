package account_test

import (
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/identity/account"
)

// BenchmarkRefusedCode is a try at a code that there is not, without the disk.
func BenchmarkRefusedCode(b *testing.B) {
	w := start(b)
	e := account.Entered{Code: "BCDF-2345-GHJK-6789", Number: mary, BirthDate: maryBorn}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = w.two.Begin(b.Context(), e)
	}
}

// BenchmarkRefusedSecret is a try at a code that there is: it takes as long.
func BenchmarkRefusedSecret(b *testing.B) {
	w := start(b)
	e := account.Entered{Code: spoiled(w.letter().Code, 18), Number: mary, BirthDate: maryBorn}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = w.two.Begin(b.Context(), e)
	}
}

// BenchmarkOwner is what finds the passkey of a login.
func BenchmarkOwner(b *testing.B) {
	w := start(b)
	acc := w.enrol()
	keys, err := w.one.Passkeys(b.Context(), acc.ID)
	w.must(err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.one.Owner(b.Context(), keys[0].Credential.ID); err != nil {
			b.Fatal(err)
		}
	}
}

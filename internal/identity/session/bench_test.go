package session_test

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/session"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

func BenchmarkAuthenticate(b *testing.B) {
	w := start(b)
	token := w.login(true).Access
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.one.Authenticate(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLogin is what a login does in the store: the challenge spent, the passkey
// looked up, its use and the session committed. The disk is not waited for.
func BenchmarkLogin(b *testing.B) {
	w := start(b)
	b.ReportAllocs()
	b.SetParallelism(32) // 64 clients on two cores
	var challenges atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := w.accounts.Spend(b.Context(), strconv.FormatInt(challenges.Add(1), 10), w.clock().Add(time.Minute)); err != nil {
				b.Error(err)
			}
			if _, err := w.accounts.Owner(b.Context(), w.asserted.Credential.ID); err != nil {
				b.Error(err)
			}
			by := w.asserted
			_, err := w.accounts.SignedIn(b.Context(), by, func(acc account.Account, key uint64) ([]store.Op, error) {
				_, op := w.one.Start(acc, key, session.Device{Name: "phone", Native: true})
				return []store.Op{op}, nil
			})
			if err != nil {
				b.Error(err)
			}
		}
	})
}

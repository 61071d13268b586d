package passkey

import (
	"context"
	"testing"
	"time"
)

type spendsAll struct{}

func (spendsAll) Spend(context.Context, string, time.Time) error { return nil }

// BenchmarkLogin is what a complete login costs this package: begin and finish.
// The authenticator's own work, and the store's, is not in it.
func BenchmarkLogin(b *testing.B) {
	w := newWorld(b)
	mary := w.resident("mary")
	w.party.o.Spend = spendsAll{}
	answers := make([]Answer, 64)
	for i := range answers {
		begun := w.beginLogin()
		answers[i] = Answer{State: begun.State, Credential: []byte(mary.asserts(begun))}
	}
	owner := w.owners[string(mary.key.ID)]
	find := func(context.Context, []byte) (Owner, error) { return owner, nil }
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := w.party.BeginLogin(""); err != nil {
				b.Error(err)
			}
			if _, err := w.party.FinishLogin(b.Context(), answers[i%len(answers)], find); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkBeginLogin(b *testing.B) {
	w := newWorld(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.party.BeginLogin(""); err != nil {
			b.Error(err)
		}
	}
}

func BenchmarkCredential(b *testing.B) {
	raw, _ := sample().MarshalBinary()
	b.ReportAllocs()
	for b.Loop() {
		var c Credential
		if err := c.UnmarshalBinary(raw); err != nil {
			b.Error(err)
		}
	}
}

package account

import (
	"crypto/cipher"
	"net/url"
	"sync/atomic"
	"testing"
)

// Work counts keyed hashes and seals of an Accounts.
type Work struct{ Hashes, Seals atomic.Int64 }

// Watch has w count what a does.
func Watch(a *Accounts, w *Work) {
	hash := a.verifyCode
	a.verifyCode = func(key []byte, parts ...string) []byte {
		w.Hashes.Add(1)
		return hash(key, parts...)
	}
	a.ticketSeal = watchedSeal{a.ticketSeal, w}
}

type watchedSeal struct {
	cipher.AEAD
	w *Work
}

func (s watchedSeal) Seal(dst, nonce, plain, extra []byte) []byte {
	s.w.Seals.Add(1)
	return s.AEAD.Seal(dst, nonce, plain, extra)
}

func (s watchedSeal) Open(dst, nonce, sealed, extra []byte) ([]byte, error) {
	s.w.Seals.Add(1)
	return s.AEAD.Open(dst, nonce, sealed, extra)
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

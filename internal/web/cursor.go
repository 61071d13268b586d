package web

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// Cursors seals what a page ends with, so that the next can begin there. A cursor
// opens only for what it was sealed to (a caller and their query) and only for a
// while; to everybody else it is noise.
type Cursors struct {
	seal cipher.AEAD
	life time.Duration
}

// NewCursors returns cursors under a key of 32 bytes, or a random one of this
// process if key is nil, that are good for life.
func NewCursors(key []byte, life time.Duration) (*Cursors, error) {
	if key == nil {
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails: it ends the process instead
	}
	// The key may serve elsewhere too: what is sealed here is under one of our own.
	own := sha256.Sum256(append([]byte("dcr paging cursor\x00"), key...))
	block, err := aes.NewCipher(own[:])
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Cursors{seal, life}, nil
}

// Seal returns a cursor for after, bound to what is in to.
func (s *Cursors) Seal(after string, to []byte, now time.Time) string {
	nonce := make([]byte, s.seal.NonceSize(), s.seal.NonceSize()+8+len(after)+s.seal.Overhead())
	_, _ = rand.Read(nonce)
	plain := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(after)), uint64(now.Add(s.life).Unix()))
	plain = append(plain, after...)
	return base64.RawURLEncoding.EncodeToString(s.seal.Seal(nonce, nonce, plain, to))
}

// Open returns what Seal was given. A cursor that was changed, has expired, or was
// sealed to something else is errs.Invalid, whichever it is.
func (s *Cursors) Open(cursor string, to []byte, now time.Time) (after string, err error) {
	bad := errs.New(errs.Invalid, "This page link is not valid for you and this search, or no longer: begin the search again.")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) < s.seal.NonceSize()+8+s.seal.Overhead() {
		return "", bad
	}
	plain, err := s.seal.Open(nil, raw[:s.seal.NonceSize()], raw[s.seal.NonceSize():], to)
	if err != nil || now.Unix() >= int64(binary.BigEndian.Uint64(plain)) {
		return "", bad
	}
	return string(plain[8:]), nil
}

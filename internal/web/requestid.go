package web

import (
	"crypto/rand"
	"encoding/base32"
)

// maxRequestID is the longest request id taken from a caller: our ids go into
// logs and the ledger, so it must be one that can be printed and is not long.
const maxRequestID = 64

var requestIDs = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewRequestID makes a request id of 80 random bits.
func NewRequestID() string {
	var raw [10]byte
	_, _ = rand.Read(raw[:]) // never fails: it ends the process instead
	var text [16]byte
	requestIDs.Encode(text[:], raw[:])
	return string(text[:])
}

// SafeID reports whether a caller's id may be echoed, logged and kept: 1 to 64
// letters, digits, dots, dashes and underscores, and not what an NHS number looks
// like.
func SafeID(id []byte) bool {
	if len(id) == 0 || len(id) > maxRequestID {
		return false
	}
	digits := 0
	for _, b := range id {
		switch {
		case b >= '0' && b <= '9':
			digits++
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '-', b == '_', b == '.':
		default:
			return false
		}
	}
	return digits != 10 || len(id) > 12 // ten digits, however they are set apart
}

package ledger

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// A record of the log, byte by byte. It must be readable by a stranger years from
// now, so here is all there is to know:
//
//	0..31   leaf: the hash of this record in the tree
//	32      form: 0 whole, 2 retired; a retired record ends here
//	33..36  mark: "DCR1", the version of what follows
//	37..52  salt: 16 random bytes
//	53..    payload: the event, see codec.go
//
// The leaf is SHA-256 over the bytes from 32 to the end. As the form of a whole
// record is the 0 that RFC 6962 puts before a leaf (and 1 before an inner node),
// this is the RFC 6962 leaf hash of mark, salt and payload, and the record needs
// no copying to be hashed. The salt keeps the leaf from telling anything of a
// payload that was retired: without it, an event could be guessed and tried.
//
// The leaf is stored too, so that a changed payload names its own index, and so
// that the tree stays whole when the payload is retired.
const (
	whole   = 0
	retired = 2

	mark     = "DCR1"
	saltSize = 16
	formAt   = tlog.HashSize
	saltAt   = formAt + 1 + len(mark)
	eventAt  = saltAt + saltSize

	// maxEvent bounds one payload: far above any event, far below a record.
	maxEvent = 16 << 10
)

// A fault is what is wrong with one record.
type fault string

func (f fault) Error() string { return string(f) }

const (
	errShort fault = "the record is too short to be an event"
	errForm  fault = "the record has a form or version that this program does not know: if a later version of it wrote the record, use that one"
	errLeaf  fault = "the record does not match its own hash"
)

// A scratch holds what one Append needs, so that it allocates nothing.
type scratch struct {
	record []byte
	one    [1][]byte
	random [64 * saltSize]byte
	unused int // bytes of random not yet given out, at its end
}

// build makes the record of e and returns its leaf.
func (s *scratch) build(e *Event) (tlog.Hash, error) {
	if s.unused < saltSize {
		// One read for 64 salts: the system call costs more than the hash.
		if _, err := rand.Read(s.random[:]); err != nil {
			return tlog.Hash{}, fmt.Errorf("read random bytes: %w", err)
		}
		s.unused = len(s.random)
	}
	at := len(s.random) - s.unused
	s.unused -= saltSize

	b := append(s.record[:0], make([]byte, formAt)...)
	b = append(b, whole)
	b = append(b, mark...)
	b = append(b, s.random[at:at+saltSize]...)
	b = appendEvent(b, e)
	s.record = b
	if len(b)-eventAt > maxEvent {
		return tlog.Hash{}, fmt.Errorf("an event of %d bytes is over the limit of %d", len(b)-eventAt, maxEvent)
	}
	leaf := tlog.Hash(sha256.Sum256(b[formAt:]))
	copy(b, leaf[:])
	return leaf, nil
}

// leafOf returns the hash of a record after checking that it holds. On a fault it
// returns the hash that the record claims, if it has one.
func leafOf(record []byte) (leaf tlog.Hash, err error) {
	if len(record) <= formAt {
		return leaf, errShort
	}
	leaf = tlog.Hash(record[:formAt])
	switch {
	case record[formAt] == retired && len(record) == formAt+1:
		return leaf, nil
	case record[formAt] != whole:
		return leaf, errForm
	case len(record) < eventAt:
		return leaf, errShort
	case sha256.Sum256(record[formAt:]) != leaf:
		return leaf, errLeaf
	case string(record[formAt+1:saltAt]) != mark:
		return leaf, errForm
	}
	return leaf, nil
}

// payloadOf returns the encoded event of a record, or nil if it was retired. It
// does not check the hash: who reads from a log trusts the log's checksum, who
// doubts it calls Verify.
func payloadOf(record []byte) ([]byte, error) {
	switch {
	case isRetired(record):
		return nil, nil
	case len(record) < eventAt:
		return nil, errShort
	case record[formAt] != whole || string(record[formAt+1:saltAt]) != mark:
		return nil, errForm
	}
	return record[eventAt:], nil
}

func isRetired(record []byte) bool { return len(record) == formAt+1 && record[formAt] == retired }

// Retire returns what may stand in the place of record when its payload must go:
// the hash stays, so every root and every proof of the others still holds.
func Retire(record []byte) ([]byte, error) {
	if _, err := leafOf(record); err != nil {
		return nil, err
	}
	return append(append(make([]byte, 0, formAt+1), record[:formAt]...), retired), nil
}

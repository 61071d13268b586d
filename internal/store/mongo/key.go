package mongo

import (
	"errors"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// MongoDB compares binary values by their length first, and strings, in a collection without a
// collation, byte by byte. Whatever has an order is therefore a string here, and as a string has
// to be UTF-8, an encoded key is written with the character U+00xx for the byte xx: characters
// sort as their numbers do, and plain text stays legible.

var errKey = errors.New("store: malformed key")

// ordered returns the string that sorts among its like as b does among byte strings.
func ordered(b []byte) string {
	var s strings.Builder
	s.Grow(len(b) + len(b)/4)
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

// bytesOf is the inverse of ordered.
func bytesOf(s string) ([]byte, error) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return nil, errKey
		}
		b = append(b, byte(r))
	}
	return b, nil
}

// A document's _id is its partition and its id with a separator between them, so that the ids of
// a partition lie together and in their order. A zero byte in the partition is followed by a
// character above the separator's.
const (
	separator = "\x00\x01"
	zero      = "\x00\x02"
)

// docID returns the _id of a document.
func docID(partition, id string) string { return idPrefix(partition) + id }

func idPrefix(partition string) string {
	if strings.IndexByte(partition, 0) >= 0 {
		partition = strings.ReplaceAll(partition, "\x00", zero)
	}
	return partition + separator
}

// idEnd is above all ids that begin with idPrefix, and not above any of another partition.
func idEnd(partition string) string {
	p := idPrefix(partition)
	return p[:len(p)-len(separator)] + zero
}

// cutID parses what docID returned.
func cutID(s string) (partition, id string, err error) {
	partition, id, found := strings.Cut(s, separator)
	if !found || partition == "" || id == "" {
		return "", "", errKey
	}
	if strings.IndexByte(partition, 0) >= 0 {
		partition = strings.ReplaceAll(partition, zero, "\x00")
	}
	return partition, id, nil
}

// indexKey returns the value of one index field: the encoded key and the id, which is also what
// a cursor of package driver consists of.
func indexKey(ix *driver.Index, key []driver.Value, id string) (string, error) {
	b, err := driver.Cursor(ix, key, id)
	return ordered(b), err
}

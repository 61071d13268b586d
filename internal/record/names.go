package record

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"net/url"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// Ids are lower-case base32 of 80 bits, so that they fit a FHIR id and a URL.
var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const (
	entryLen   = 16
	personLen  = 1 + entryLen
	versionLen = 16
)

func encodeID(sum []byte) string { return idEncoding.EncodeToString(sum[:10]) }

// PersonOf returns the person id of an NHS number. It is made of the number by a
// keyed hash, so that two messages about a new person meet in one partition without
// asking anybody; it says nothing about whether the person is known.
func (r *Records) PersonOf(n nhs.Number) PersonID {
	mac := hmac.New(sha256.New, r.o.Key)
	mac.Write([]byte(n.Digits()))
	return PersonID("p" + encodeID(mac.Sum(nil)))
}

// DirectoryOf returns the partition of what a source says of things that belong to
// no person.
func DirectoryOf(source string) PersonID {
	sum := sha256.Sum256([]byte(source))
	return PersonID("d" + encodeID(sum[:]))
}

// EntryID returns the id of the entry that a source object is in p's record. The
// same object is always the same entry.
func EntryID(p PersonID, source, typ, sourceID string) string {
	return string(p) + "-" + entryOf(source, typ, sourceID)
}

func entryOf(source, typ, sourceID string) string {
	h := sha256.New()
	for _, s := range []string{source, typ, sourceID} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return encodeID(h.Sum(nil))
}

// SplitID splits "<person>-<entry>"; the id of a person's own Patient has no
// entry. It reports whether id has that form, for a directory too.
func SplitID(id string) (p PersonID, entry string, ok bool) {
	person, entry, found := strings.Cut(id, "-")
	if len(person) != personLen || (person[0] != 'p' && person[0] != 'd') || !isBase32(person[1:]) {
		return "", "", false
	}
	if found && (len(entry) != entryLen || !isBase32(entry)) || !found && person[0] == 'd' {
		return "", "", false
	}
	return PersonID(person), entry, true
}

func isBase32(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// IsPerson reports whether p may be somebody, and is no directory or the like.
func (p PersonID) IsPerson() bool { return strings.HasPrefix(string(p), "p") }

// ReadsAsID reports whether an id of this record, of an entry or a person, stands in
// s as a word of its own.
func ReadsAsID(s string) bool {
	if text, err := url.PathUnescape(s); err == nil {
		s = text
	}
	from := 0
	for i := range len(s) {
		if c := s[i]; c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' {
			continue
		}
		if _, _, ok := SplitID(s[from:i]); ok {
			return true
		}
		from = i + 1
	}
	_, _, ok := SplitID(s[from:])
	return ok
}

// IsDirectory reports whether p is a source's directory and no person.
func (p PersonID) IsDirectory() bool { return strings.HasPrefix(string(p), "d") }

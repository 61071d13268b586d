package bolt

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// A document's value:
//
//	0   byte    version of this form
//	1   uint32  crc32c of the document's key in its bucket and of all that follows here
//	5   uint64  revision
//	13  byte    flags
//	14  due: int64 time, uvarint length, queue
//	    expires: int64 time
//	    keys: uvarint count, then of each index uvarint length+1 (0: not in it), key;
//	          the clustered one is not here, its key is the document's
//	    body
const (
	valueVersion = 1
	sumAt        = 1
	revAt        = 5
	flagsAt      = 13
	fixedLen     = 14

	hasDue     = 1
	hasExpires = 2
	hasKeys    = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// value is a parsed document; its slices are those of the stored bytes.
type value struct {
	rev     uint64
	dueAt   int64 // Unix microseconds
	queue   []byte
	expires int64 // Unix microseconds; 0 is never
	keys    []byte
	body    []byte
}

func sum(key, v []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, v[revAt:])
}

// seal writes the revision and the checksum into a value.
func seal(key, v []byte, rev uint64) {
	binary.LittleEndian.PutUint64(v[revAt:], rev)
	binary.LittleEndian.PutUint32(v[sumAt:], sum(key, v))
}

// appendValue appends the value of d, not yet sealed. keys is the part that lists the
// index keys, or empty.
func appendValue(dst []byte, due driver.Due, expires int64, keys, body []byte) []byte {
	dst = append(dst, valueVersion, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	flags := &dst[len(dst)-1]
	if due.Queue != "" {
		*flags |= hasDue
	}
	if expires != 0 {
		*flags |= hasExpires
	}
	if len(keys) > 0 {
		*flags |= hasKeys
	}
	if due.Queue != "" {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(due.At.UnixMicro()))
		dst = binary.AppendUvarint(dst, uint64(len(due.Queue)))
		dst = append(dst, due.Queue...)
	}
	if expires != 0 {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(expires))
	}
	return append(append(dst, keys...), body...)
}

// parse reads and verifies the value stored under key.
func (v *value) parse(collection string, key, b []byte) error {
	if len(b) > 0 && b[0] > valueVersion {
		return fmt.Errorf("store: a document of %s was written by a later version of this program: use that one", collection)
	}
	if len(b) < fixedLen || b[0] != valueVersion {
		return fmt.Errorf("%w: a document of %s has no readable header", driver.ErrCorrupt, collection)
	}
	if binary.LittleEndian.Uint32(b[sumAt:]) != sum(key, b) {
		return fmt.Errorf("%w: the checksum of a document of %s does not hold", driver.ErrCorrupt, collection)
	}
	*v = value{rev: binary.LittleEndian.Uint64(b[revAt:])}
	flags, rest := b[flagsAt], b[fixedLen:]
	if flags&hasDue != 0 {
		v.dueAt = int64(binary.LittleEndian.Uint64(rest))
		n, w := binary.Uvarint(rest[8:])
		rest = rest[8+w:]
		v.queue, rest = rest[:n], rest[n:]
	}
	if flags&hasExpires != 0 {
		v.expires = int64(binary.LittleEndian.Uint64(rest))
		rest = rest[8:]
	}
	if flags&hasKeys != 0 {
		start := rest
		count, list := cutCount(rest)
		rest = list
		for range count {
			_, rest = cutKey(rest)
		}
		v.keys = start[:len(start)-len(rest)]
	}
	v.body = rest
	return nil
}

// cutCount takes the count off a list of index keys.
func cutCount(list []byte) (n uint64, rest []byte) {
	n, w := binary.Uvarint(list)
	return n, list[w:]
}

// cutKey takes the first index key off a list; nil for a document not in that index.
func cutKey(list []byte) (key, rest []byte) {
	n, w := binary.Uvarint(list)
	list = list[w:]
	if n == 0 {
		return nil, list
	}
	return list[: n-1 : n-1], list[n-1:]
}

func (v *value) expired(now int64) bool { return v.expires != 0 && v.expires <= now }

// fill writes v into d, but for the reference.
func (v *value) fill(d *driver.Doc) {
	d.Rev, d.Body, d.Keys = v.rev, v.body, nil
	d.Due, d.Expires = driver.Due{}, time.Time{}
	if len(v.queue) > 0 {
		d.Due = driver.Due{Queue: string(v.queue), At: time.UnixMicro(v.dueAt).UTC()}
	}
	if v.expires != 0 {
		d.Expires = time.UnixMicro(v.expires).UTC()
	}
}

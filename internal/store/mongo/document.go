package mongo

import (
	"fmt"
	"hash/crc32"
	"math"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// The fields of a document. Names are short because each document carries them.
const (
	fID        = "_id" // partition and id, see docID
	fPartition = "p"   // the shard key, hashed
	fRev       = "r"
	fSum       = "s" // crc32c of the body
	fBody      = "b" // binary, opaque to the database
	fKeys      = "k" // a string for each index that the document is in, by the index's name
	fQueue     = "q" // with fDue: what it is due in
	fDue       = "d" // Unix microseconds
	fExpires   = "x" // Unix microseconds; never is the largest number, so that one comparison tells
	fTidy      = "t" // the same as a date, if it expires: for the time-to-live index
	fTouch     = "g" // counts how often a transaction required the document
)

const never = math.MaxInt64

func sum(b []byte) int64 { return int64(crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))) }

func blob(b []byte) bson.Binary {
	if b == nil {
		b = []byte{}
	}
	return bson.Binary{Data: b}
}

// expiry returns a time as it is stored and compared.
func expiry(t time.Time) int64 {
	if t.IsZero() {
		return never
	}
	return t.UnixMicro()
}

// tidyDate is expires rounded up to the database's milliseconds: it tidies late, never early.
func tidyDate(expires int64) bson.DateTime {
	ms := expires / 1000
	if expires%1000 > 0 {
		ms++
	}
	return bson.DateTime(ms)
}

// content returns the fields that d has whatever its revision, and the names of those that a
// document in its place may have and it has not.
func content(c *collection, d *driver.Doc) (set bson.D, unset bson.D, err error) {
	set = bson.D{{Key: fSum, Value: sum(d.Body)}, {Key: fBody, Value: blob(d.Body)}, {Key: fExpires, Value: expiry(d.Expires)}}
	keys := bson.D{}
	for i, key := range d.Keys {
		if key == nil {
			continue
		}
		ix := &c.spec.Indexes[i]
		s, err := indexKey(ix, key, d.ID)
		if err != nil {
			return nil, nil, err
		}
		keys = append(keys, bson.E{Key: ix.Name, Value: s})
	}
	optional := func(there bool, e bson.E) {
		if there {
			set = append(set, e)
		} else {
			unset = append(unset, bson.E{Key: e.Key, Value: ""})
		}
	}
	optional(len(keys) > 0, bson.E{Key: fKeys, Value: keys})
	optional(!d.Expires.IsZero(), bson.E{Key: fTidy, Value: tidyDate(expiry(d.Expires))})
	due(d.Due, optional)
	return set, unset, nil
}

// due gives the two fields of a Due.
func due(d driver.Due, optional func(there bool, e bson.E)) {
	optional(d.Queue != "", bson.E{Key: fQueue, Value: d.Queue})
	at := int64(0)
	if d.Queue != "" {
		at = d.At.UnixMicro()
	}
	optional(d.Queue != "", bson.E{Key: fDue, Value: at})
}

// whole returns d as a document at a revision.
func whole(c *collection, d *driver.Doc, rev uint64) (bson.D, error) {
	set, _, err := content(c, d)
	head := bson.D{
		{Key: fID, Value: docID(d.Partition, d.ID)}, {Key: fPartition, Value: d.Partition}, {Key: fRev, Value: int64(rev)},
	}
	return append(head, set...), err
}

// parsed is a document as it was read. What it points to belongs to the cursor.
type parsed struct {
	id      string // its _id
	doc     driver.Doc
	expires int64
	due     int64
	sum     int64
	keys    bson.Raw
}

// parse reads a document; a body that does not match its checksum is ErrCorrupt.
func (p *parsed) parse(c *collection, raw bson.Raw) error {
	*p = parsed{}
	elements, err := raw.Elements()
	if err != nil {
		return corrupt(c, "a document that cannot be parsed")
	}
	for _, e := range elements {
		p.take(e.Key(), e.Value())
	}
	if p.doc.Partition, p.doc.ID, err = cutID(p.id); err != nil || p.doc.Rev == 0 || p.expires == 0 {
		return corrupt(c, "a document that is not one of this service's")
	}
	if sum(p.doc.Body) != p.sum {
		return corrupt(c, "a body that does not match its checksum")
	}
	p.doc.Collection = c.spec.Name
	if p.doc.Due.Queue != "" {
		p.doc.Due.At = time.UnixMicro(p.due).UTC()
	}
	if p.expires != never {
		p.doc.Expires = time.UnixMicro(p.expires).UTC()
	}
	return nil
}

func (p *parsed) take(key string, v bson.RawValue) {
	switch key {
	case fID:
		p.id, _ = v.StringValueOK()
	case fRev:
		n, _ := v.AsInt64OK()
		p.doc.Rev = uint64(n)
	case fSum:
		p.sum, _ = v.AsInt64OK()
	case fBody:
		_, p.doc.Body, _ = v.BinaryOK()
	case fKeys:
		p.keys, _ = v.DocumentOK()
	case fQueue:
		p.doc.Due.Queue, _ = v.StringValueOK()
	case fDue:
		p.due, _ = v.AsInt64OK()
	case fExpires:
		p.expires, _ = v.AsInt64OK()
	}
}

// key returns the value of an index field.
func (p *parsed) key(index string) (string, bool) {
	s, ok := p.keys.Lookup(index).StringValueOK()
	return strings.Clone(s), ok
}

func corrupt(c *collection, what string) error {
	return fmt.Errorf("%w: %s in %s", driver.ErrCorrupt, what, c.spec.Name)
}

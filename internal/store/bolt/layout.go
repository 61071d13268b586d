package bolt

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"sort"
	"syscall"

	"go.etcd.io/bbolt"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// The buckets of the file. P is a partition as driver.AppendString writes it.
//
//	meta            format, specs
//	due             queue, time, collection, P, id
//	expiry          time, collection, P, id
//	d:NAME          documents. Clustered: P, inOrder, key of the index, id, or P, noOrder, id.
//	                Otherwise: P, id
//	p:NAME          of a clustered collection: P, id -> what follows P in d
//	i:NAME:INDEX    P, key, id -> what follows P in d
const (
	formatVersion = 1

	noOrder = 0 // tag of documents that are not in the clustered index: they have no key in it
	inOrder = 1

	docsPrefix = "d:"
)

var (
	metaBucket   = []byte("meta")
	dueBucket    = []byte("due")
	expiryBucket = []byte("expiry")
	formatKey    = []byte("format")
	specsKey     = []byte("specs")
)

const errNoMemory = syscall.ENOMEM

// collection is a spec with the names of its buckets.
type collection struct {
	spec      *driver.Spec
	clustered int // position of the clustered index, or -1
	docs      []byte
	pointers  []byte
	indexes   [][]byte // nil for the clustered one
}

func compile(schema *driver.Schema) map[string]*collection {
	all := map[string]*collection{}
	schema.Specs(func(s *driver.Spec) {
		c := &collection{spec: s, clustered: -1, docs: []byte(docsPrefix + s.Name)}
		if s.Clustered != "" {
			c.clustered = schema.Position(s.Name, s.Clustered)
			c.pointers = []byte("p:" + s.Name)
		}
		for i := range s.Indexes {
			var name []byte
			if i != c.clustered {
				name = []byte("i:" + s.Name + ":" + s.Indexes[i].Name)
			}
			c.indexes = append(c.indexes, name)
		}
		all[s.Name] = c
	})
	return all
}

// prepare makes the buckets and refuses a file of a later format or other indexes.
func (e *Engine) prepare() error {
	ready := false
	err := e.db.View(func(tx *bbolt.Tx) (err error) {
		ready, err = e.checkMeta(tx)
		return err
	})
	if err != nil || ready {
		return err
	}
	return e.db.Update(e.writeMeta)
}

// checkMeta says whether the file has everything that the specs need.
func (e *Engine) checkMeta(tx *bbolt.Tx) (ready bool, err error) {
	meta := tx.Bucket(metaBucket)
	if meta == nil {
		return false, nil
	}
	format := meta.Get(formatKey)
	if len(format) != 4 {
		return false, fmt.Errorf("%w: the data file does not say its format", driver.ErrCorrupt)
	}
	if v := binary.BigEndian.Uint32(format); v > formatVersion {
		return false, fmt.Errorf("store: the data file is of format %d, and this program knows up to %d: use the newer program that wrote it", v, formatVersion)
	}
	stored := map[string]storedSpec{}
	if err := json.Unmarshal(meta.Get(specsKey), &stored); err != nil {
		return false, fmt.Errorf("%w: the data file's list of collections: %w", driver.ErrCorrupt, err)
	}
	ready = true
	for name, c := range e.collections {
		was, known := stored[name]
		if !known {
			ready = false
			continue
		}
		if is := describe(c.spec); !was.equal(is) {
			return false, fmt.Errorf("store: collection %s was written with other indexes (%s) than this program has (%s): use the program that wrote it", name, was, is)
		}
	}
	return ready, nil
}

func (e *Engine) writeMeta(tx *bbolt.Tx) error {
	meta, err := tx.CreateBucketIfNotExists(metaBucket)
	if err != nil {
		return err
	}
	stored := map[string]storedSpec{}
	if b := meta.Get(specsKey); b != nil {
		if err := json.Unmarshal(b, &stored); err != nil {
			return err
		}
	}
	names := [][]byte{dueBucket, expiryBucket}
	for name, c := range e.collections {
		stored[name] = describe(c.spec)
		names = append(append(names, c.docs, c.pointers), c.indexes...)
	}
	sort.Slice(names, func(i, j int) bool { return bytes.Compare(names[i], names[j]) < 0 })
	for _, name := range names {
		if name == nil {
			continue
		}
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	b, err := json.Marshal(stored)
	if err != nil {
		return err
	}
	if err := meta.Put(specsKey, b); err != nil {
		return err
	}
	return meta.Put(formatKey, binary.BigEndian.AppendUint32(nil, formatVersion))
}

// storedSpec is what of a spec the layout depends on.
type storedSpec struct {
	Indexes   []string `json:"indexes,omitempty"` // "name:s,i-": fields, a minus for descending
	Clustered string   `json:"clustered,omitempty"`
}

func describe(s *driver.Spec) storedSpec {
	d := storedSpec{Clustered: s.Clustered}
	for _, ix := range s.Indexes {
		text := ix.Name + ":"
		for i, f := range ix.Fields {
			if i > 0 {
				text += ","
			}
			if text += "s"; f.Kind == driver.Int {
				text = text[:len(text)-1] + "i"
			}
			if f.Desc {
				text += "-"
			}
		}
		d.Indexes = append(d.Indexes, text)
	}
	return d
}

func (s storedSpec) equal(o storedSpec) bool { return s.String() == o.String() }

func (s storedSpec) String() string { return fmt.Sprintf("%v by %q", s.Indexes, s.Clustered) }

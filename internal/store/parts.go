package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// A body over driver.MaxBody lies in parts: documents of partsCollection in the same
// partition, written and removed in the same commits as the document, whose own body
// is then a head that names them. Parts are never changed: a new body has new ones, so
// that a reader finds either all of one body or misses some and reads again.
const (
	partsCollection = "store-parts"
	headMagic       = "\x00dcr-parts\x01"
	setLen          = 32 // hex of 16 random bytes
	headLen         = len(headMagic) + setLen + 8 + 4
	attempts        = 50
)

// head stands for a body that lies in parts.
type head struct {
	set  string // what the ids of the parts begin with
	size int
	sum  uint32 // crc32c of the whole body
}

// isHead says whether a body stands for another. A caller's body that happens to look
// like one is put in parts too, so that there is no doubt.
func isHead(body []byte) bool {
	return len(body) > 0 && body[0] == 0 && bytes.HasPrefix(body, []byte(headMagic))
}

func (h *head) bytes() []byte {
	b := append([]byte(headMagic), h.set...)
	b = binary.BigEndian.AppendUint64(b, uint64(h.size))
	return binary.BigEndian.AppendUint32(b, h.sum)
}

func parseHead(body []byte) (h head, err error) {
	if len(body) != headLen {
		return h, fmt.Errorf("%w: the head of a body in parts", driver.ErrCorrupt)
	}
	b := body[len(headMagic):]
	h = head{set: string(b[:setLen]), size: int(binary.BigEndian.Uint64(b[setLen:])), sum: binary.BigEndian.Uint32(b[setLen+8:])}
	if h.size < 0 || h.size > MaxBody {
		return h, fmt.Errorf("%w: the head of a body in parts", driver.ErrCorrupt)
	}
	return h, nil
}

func (h *head) count() int { return (h.size + driver.MaxBody - 1) / driver.MaxBody }

func (h *head) ref(partition string, n int) Ref {
	return Ref{Collection: partsCollection, Partition: partition, ID: fmt.Sprintf("%s-%03d", h.set, n)}
}

func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// whole passes documents on until one is only a head.
type whole struct {
	visit Visit
	large *Doc
	seen  int
}

func (w *whole) look(d *Doc) bool {
	w.seen++
	if isHead(d.Body) && d.Collection != partsCollection {
		w.large = clone(d)
		return false
	}
	return w.visit(d)
}

// visitLarge puts the body of d together and visits it. One that is being replaced is
// read again; one that has gone meanwhile is passed over.
func (db *DB) visitLarge(ctx context.Context, d *Doc, visit Visit) (goOn bool, err error) {
	for range attempts {
		if !isHead(d.Body) {
			return visit(d), nil
		}
		h, err := parseHead(d.Body)
		if err != nil {
			return false, kind(err)
		}
		body, err := db.join(ctx, d.Partition, &h)
		if err != nil {
			return false, kind(err)
		}
		if body != nil {
			d.Body = body
			return visit(d), nil
		}
		before := d.Rev
		if d, err = db.reload(ctx, d.Ref); err != nil || d == nil {
			return err == nil, kind(err)
		}
		if d.Rev == before {
			return false, kind(fmt.Errorf("%w: a part of a body of %s is missing", driver.ErrCorrupt, d.Collection))
		}
	}
	return false, kind(fmt.Errorf("%w: a document is replaced faster than it can be read", driver.ErrUnavailable))
}

// join returns the body that h stands for, or nil if parts are missing.
func (db *DB) join(ctx context.Context, partition string, h *head) ([]byte, error) {
	refs := make([]Ref, h.count())
	for i := range refs {
		refs[i] = h.ref(partition, i)
	}
	body, n := make([]byte, 0, h.size), 0
	err := db.engine.Get(ctx, refs, func(d *Doc) bool {
		body = append(body, d.Body...)
		n++
		return true
	})
	if err != nil || n < len(refs) {
		return nil, err
	}
	if len(body) != h.size || castagnoli(body) != h.sum {
		return nil, fmt.Errorf("%w: the parts of a body do not fit together", driver.ErrCorrupt)
	}
	return body, nil
}

func (db *DB) reload(ctx context.Context, ref Ref) (d *Doc, err error) {
	err = db.engine.Get(ctx, []Ref{ref}, func(found *Doc) bool {
		d = clone(found)
		return false
	})
	return d, err
}

// plain says whether a commit has nothing to do with bodies in parts.
func (db *DB) plain(ops []Op) bool {
	for i := range ops {
		if len(ops[i].Doc.Body) > driver.MaxBody || isHead(ops[i].Doc.Body) || db.mayHaveParts(&ops[i]) {
			return false
		}
	}
	return true
}

// mayHaveParts says whether op takes away a body that may lie in parts.
func (db *DB) mayHaveParts(op *Op) bool {
	if op.Kind == Insert || op.Kind == Require || op.Kind == Reschedule {
		return false
	}
	spec := db.schema.Spec(op.Doc.Collection)
	return spec != nil && !spec.Small
}

// commitLarge writes and removes parts along with their documents. To know which to
// remove it looks at the documents first. The revision keeps what it saw true until
// the commit; for Put and Discard, which have none, it sets one and tries again if it
// does not hold.
func (db *DB) commitLarge(ctx context.Context, partition string, ops []Op) error {
	for range attempts {
		olds, err := db.heads(ctx, ops)
		if err != nil {
			return err
		}
		all, pinned, err := db.split(ops, olds)
		if err != nil {
			return kind(err)
		}
		err = db.engine.Commit(ctx, partition, all)
		var conflict *ConflictError
		if !errors.As(err, &conflict) {
			return kind(err)
		}
		if conflict.Op >= len(ops) || !pinned[conflict.Op] {
			return kind(err)
		}
	}
	return kind(fmt.Errorf("%w: a document is replaced too often", driver.ErrUnavailable))
}

// old is what lies in the place of an operation.
type old struct {
	rev  uint64
	head []byte
}

func (db *DB) heads(ctx context.Context, ops []Op) (map[Ref]old, error) {
	var refs []Ref
	for i := range ops {
		if db.mayHaveParts(&ops[i]) {
			refs = append(refs, ops[i].Doc.Ref)
		}
	}
	olds := make(map[Ref]old, len(refs))
	if len(refs) == 0 {
		return olds, nil
	}
	err := db.engine.Get(ctx, refs, func(d *Doc) bool {
		o := old{rev: d.Rev}
		if isHead(d.Body) {
			o.head = bytes.Clone(d.Body)
		}
		olds[d.Ref] = o
		return true
	})
	return olds, kind(err)
}

// split returns the operations with heads and parts in place of large bodies: those of
// the caller at their places, then those on parts. pinned tells of which the kind was
// changed, so that a conflict is not the caller's.
func (db *DB) split(ops []Op, olds map[Ref]old) (all []Op, pinned []bool, err error) {
	all = append(make([]Op, 0, len(ops)+8), ops...)
	pinned = make([]bool, len(ops))
	for i := range ops {
		op := &all[i]
		o := olds[op.Doc.Ref]
		pinned[i] = pin(op, o.rev, db.mayHaveParts(op))
		if o.head != nil && op.Doc.Rev == o.rev {
			h, err := parseHead(o.head)
			if err != nil {
				return nil, nil, err
			}
			for n := range h.count() {
				all = append(all, Op{Kind: Discard, Doc: Doc{Ref: h.ref(op.Doc.Partition, n)}})
			}
		}
		op = &all[i] // it may have moved
		if all, err = splitBody(all, op); err != nil {
			return nil, nil, err
		}
	}
	return all, pinned, nil
}

// pin makes an unconditional operation depend on the revision that was seen; 0 is
// none.
func pin(op *Op, rev uint64, mayHaveParts bool) bool {
	if !mayHaveParts || op.Kind != Put && op.Kind != Discard {
		return false
	}
	op.Doc.Rev = rev
	switch {
	case op.Kind == Put && rev == 0:
		op.Kind = Insert
	case op.Kind == Put:
		op.Kind = Replace
	case rev == 0:
		op.Kind = Require
	default:
		op.Kind = Delete
	}
	return true
}

func splitBody(all []Op, op *Op) ([]Op, error) {
	body := op.Doc.Body
	if len(body) <= driver.MaxBody && !isHead(body) {
		return all, nil
	}
	if len(body) > MaxBody {
		return nil, fmt.Errorf("%w: a body of %d bytes in %s, %d are allowed", driver.ErrTooLarge, len(body), op.Doc.Collection, MaxBody)
	}
	var random [setLen / 2]byte
	rand.Read(random[:]) // never fails
	h := head{set: hex.EncodeToString(random[:]), size: len(body), sum: castagnoli(body)}
	op.Doc.Body = h.bytes()
	for n := range h.count() {
		part := body[n*driver.MaxBody : min((n+1)*driver.MaxBody, len(body))]
		all = append(all, Op{Kind: Insert, Doc: Doc{Ref: h.ref(op.Doc.Partition, n), Body: part, Expires: op.Doc.Expires}})
	}
	return all, nil
}

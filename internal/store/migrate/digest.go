package migrate

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Digest stands for the content of a store. Equal stores have equal digests, whatever the order in
// which they were written and in which their engines read: it is the sum of the SHA-256 of each
// document and each log, modulo 2^256. It shows what was lost, added or changed by mistake.
type Digest struct {
	Sum       [4]uint64 `json:"sum"` // least first
	Documents int64     `json:"documents"`
	Records   int64     `json:"records"` // of logs
}

func (d Digest) String() string {
	var b [32]byte
	for i, word := range d.Sum {
		binary.BigEndian.PutUint64(b[24-8*i:], word)
	}
	return fmt.Sprintf("%d documents, %d log records, %s", d.Documents, d.Records, hex.EncodeToString(b[:]))
}

func (d *Digest) add(h [32]byte) {
	carry := uint64(0)
	for i := range d.Sum {
		d.Sum[i], carry = bits.Add64(d.Sum[i], binary.BigEndian.Uint64(h[24-8*i:]), carry)
	}
}

// digest reads a whole store, but for documents that expired before a time.
func digest(ctx context.Context, e driver.Mover, collections []string, before time.Time, tell func(n int64)) (d Digest, err error) {
	var room []byte
	for _, name := range collections {
		var after []byte
		for more := true; more; more = after != nil {
			n := int64(0)
			after, err = e.Export(ctx, name, after, pageMost, func(doc *driver.Doc) bool {
				n++
				if !doc.Expires.IsZero() && doc.Expires.Before(before) {
					return true
				}
				room = appendDocument(room[:0], doc)
				d.add(sha256.Sum256(room))
				d.Documents++
				return true
			})
			if err != nil {
				return d, err
			}
			tell(n)
		}
	}
	return d, digestLogs(ctx, e, &d, tell)
}

// appendDocument writes all that a document is, so that no two write the same.
func appendDocument(b []byte, d *driver.Doc) []byte {
	b = append(b, 'd')
	for _, s := range []string{d.Collection, d.Partition, d.ID, d.Due.Queue} {
		b = appendText(b, s)
	}
	b = binary.BigEndian.AppendUint64(b, d.Rev)
	b = appendTime(b, d.Due.At)
	b = appendTime(b, d.Expires)
	for _, key := range d.Keys {
		b = binary.AppendUvarint(b, uint64(len(key)))
		for _, v := range key {
			b = append(b, byte(v.Kind))
			b = appendText(b, v.S)
			b = binary.BigEndian.AppendUint64(b, uint64(v.N))
		}
	}
	return append(append(b, 'b'), d.Body...)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, 0)
	}
	return binary.BigEndian.AppendUint64(append(b, 1), uint64(t.UnixMicro()))
}

// digestLogs adds each log as a chain over its records, in their order.
func digestLogs(ctx context.Context, e driver.Mover, d *Digest, tell func(n int64)) error {
	names, err := e.Logs(ctx)
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		l, err := e.Log(ctx, name)
		if err != nil {
			return err
		}
		chain := sha256.Sum256(appendText([]byte{'l'}, name))
		var room []byte
		count := int64(0)
		err = l.Read(ctx, 0, func(n uint64, record []byte) bool {
			room = append(append(room[:0], chain[:]...), record...)
			chain = sha256.Sum256(room)
			if count++; count%pageMost == 0 {
				tell(pageMost)
			}
			return ctx.Err() == nil
		})
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		d.add(sha256.Sum256(binary.BigEndian.AppendUint64(chain[:], uint64(count))))
		d.Records += count
		tell(count % pageMost)
	}
	return nil
}

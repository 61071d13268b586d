package mongo

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// A log is a row of batches: documents of batchName with records that were appended together, one
// behind the other, each after its length. The _id is the log and the number of the first record,
// so that of two who write at the same place one is refused. A record too large for one document is
// a batch by itself, whose pieces follow it; they are written in one transaction.
const (
	fLog    = "l" // the shard key, hashed
	fCount  = "n" // records; a piece has none
	fWriter = "w" // who wrote it
	fPieces = "m" // how many documents make up the batch, if more than one
)

// maxPayload is how much of a batch one document holds: half of what the database allows.
const maxPayload = 8 << 20

// appended is one batch.
type appended struct {
	first   uint64
	count   int
	writer  int64
	payload []byte
}

// batchID sorts the batches of a log by number, each before its pieces.
func batchID(log string, first uint64) string { return fmt.Sprintf("%s/%016x", log, first) }

func pieceID(log string, first uint64, piece int) string {
	return fmt.Sprintf("%s/%04x", batchID(log, first), piece)
}

// logEnd is above the ids of a log: the character after the slash.
func logEnd(log string) string { return log + "0" }

// appendRecord adds a record to a payload.
func appendRecord(payload, record []byte) []byte {
	return append(binary.AppendUvarint(payload, uint64(len(record))), record...)
}

func cutRecord(payload []byte) (record, rest []byte, ok bool) {
	n, used := binary.Uvarint(payload)
	if used <= 0 || n > uint64(len(payload)-used) {
		return nil, nil, false
	}
	payload = payload[used:]
	return payload[:n:n], payload[n:], true
}

// sum covers the number of the first record too, so that a batch in another's place shows.
func (b *appended) sum() int64 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return int64(crc32.Update(crc32.Checksum(binary.BigEndian.AppendUint64(nil, b.first), table), table, b.payload))
}

// documents returns what is stored for a batch: one document, or several for a large record.
func (b *appended) documents(log string) []any {
	head := bson.D{
		{Key: fID, Value: batchID(log, b.first)}, {Key: fLog, Value: log}, {Key: fCount, Value: int64(b.count)},
		{Key: fWriter, Value: b.writer}, {Key: fSum, Value: b.sum()},
	}
	payload := b.payload
	if len(payload) <= maxPayload {
		return []any{append(head, bson.E{Key: fBody, Value: bson.Binary{Data: payload}})}
	}
	pieces := (len(payload) + maxPayload - 1) / maxPayload
	head = append(head, bson.E{Key: fPieces, Value: int64(pieces)}, bson.E{Key: fBody, Value: bson.Binary{Data: payload[:maxPayload]}})
	all := []any{head}
	for n := 1; n < pieces; n++ {
		piece := payload[n*maxPayload : min((n+1)*maxPayload, len(payload))]
		all = append(all, bson.D{{Key: fID, Value: pieceID(log, b.first, n)}, {Key: fLog, Value: log}, {Key: fBody, Value: bson.Binary{Data: piece}}})
	}
	return all
}

// logReader reads a log; it knows nothing that another process may have changed.
type logReader struct {
	e    *Engine
	name string
}

func (r *logReader) batches() *mongo.Collection { return r.e.db.Collection(batchName) }

func (r *logReader) corrupt(n uint64, what string) error {
	return fmt.Errorf("%w: %s at record %d of log %s", driver.ErrCorrupt, what, n, r.name)
}

// holding returns the last batch that begins at or before a record.
func (r *logReader) holding(ctx context.Context, n uint64) (first uint64, count int64, writer int64, err error) {
	filter := bson.D{
		{Key: fLog, Value: r.name},
		{Key: fID, Value: bson.D{{Key: "$gte", Value: batchID(r.name, 0)}, {Key: "$lte", Value: batchID(r.name, n)}}},
		{Key: fCount, Value: bson.D{{Key: "$gt", Value: 0}}},
	}
	o := options.FindOne().SetHint(idIndex).SetSort(bson.D{{Key: fID, Value: -1}}).
		SetProjection(bson.D{{Key: fCount, Value: 1}, {Key: fWriter, Value: 1}})
	raw, err := r.batches().FindOne(ctx, filter, o).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return 0, 0, 0, nil
	}
	if err != nil {
		return 0, 0, 0, err
	}
	id, _ := raw.Lookup(fID).StringValueOK()
	count, _ = raw.Lookup(fCount).AsInt64OK()
	writer, _ = raw.Lookup(fWriter).AsInt64OK()
	if _, err := fmt.Sscanf(id[len(r.name)+1:], "%016x", &first); err != nil {
		return 0, 0, 0, r.corrupt(n, "a batch without a number")
	}
	return first, count, writer, nil
}

// end returns the number of records, and who wrote the last.
func (r *logReader) end(ctx context.Context) (n uint64, writer int64, err error) {
	first, count, writer, err := r.holding(ctx, 1<<64-1)
	return first + uint64(count), writer, err
}

// read visits the records from a number on.
func (r *logReader) read(ctx context.Context, from uint64, visit func(n uint64, record []byte) bool) error {
	first, count, _, err := r.holding(ctx, from)
	if err != nil || first+uint64(count) <= from {
		return err
	}
	filter := bson.D{
		{Key: fLog, Value: r.name},
		{Key: fID, Value: bson.D{{Key: "$gte", Value: batchID(r.name, first)}, {Key: "$lt", Value: logEnd(r.name)}}},
	}
	cur, err := r.batches().Find(ctx, filter, options.Find().SetHint(idIndex).SetSort(bson.D{{Key: fID, Value: 1}}))
	if err != nil {
		return err
	}
	for next := first; cur.Next(ctx); {
		if isEmpty(cur.Current) {
			break // the owner's, who has not appended yet: there is nothing behind it
		}
		b, err := r.parse(ctx, cur, next)
		if err != nil {
			_ = done(ctx, cur)
			return err
		}
		goOn, err := r.visit(&b, from, visit)
		if err != nil || !goOn {
			_ = done(ctx, cur)
			return err
		}
		next += uint64(b.count)
	}
	return done(ctx, cur)
}

// parse reads the batch at the cursor, and its pieces, and verifies it.
func (r *logReader) parse(ctx context.Context, cur *mongo.Cursor, next uint64) (b appended, err error) {
	raw := cur.Current
	if id, _ := raw.Lookup(fID).StringValueOK(); id != batchID(r.name, next) {
		return b, r.corrupt(next, "a batch is missing")
	}
	count, _ := raw.Lookup(fCount).AsInt64OK()
	sum, _ := raw.Lookup(fSum).AsInt64OK()
	pieces, _ := raw.Lookup(fPieces).AsInt64OK()
	_, body, _ := raw.Lookup(fBody).BinaryOK()
	b = appended{first: next, count: int(count), payload: body}
	if pieces > 1 {
		b.payload = append(make([]byte, 0, int(pieces)*maxPayload), body...)
	}
	for n := 1; n < int(pieces); n++ {
		if !cur.Next(ctx) {
			if err := cur.Err(); err != nil {
				return b, err
			}
			return b, r.corrupt(next, "a piece is missing")
		}
		if id, _ := cur.Current.Lookup(fID).StringValueOK(); id != pieceID(r.name, next, n) {
			return b, r.corrupt(next, "a piece is missing")
		}
		_, body, _ := cur.Current.Lookup(fBody).BinaryOK()
		b.payload = append(b.payload, body...)
	}
	if b.count <= 0 || b.sum() != sum {
		return b, r.corrupt(next, "a batch that does not match its checksum")
	}
	return b, nil
}

// visit passes the records of a batch on, from a number on.
func (r *logReader) visit(b *appended, from uint64, visit func(n uint64, record []byte) bool) (goOn bool, err error) {
	rest := b.payload
	for i := range b.count {
		record, after, ok := cutRecord(rest)
		if !ok {
			return false, r.corrupt(b.first+uint64(i), "a batch that ends early")
		}
		rest = after
		if n := b.first + uint64(i); n >= from && !visit(n, record) {
			return false, nil
		}
	}
	return true, nil
}

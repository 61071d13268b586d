package mongo

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// packed is what a log that stands at 7 would store for these appends.
func packed(t *testing.T, appends ...[][]byte) (docs []any) {
	t.Helper()
	l := log{logReader: logReader{name: "log"}, writer: 5, next: 7}
	var requests []*request
	for _, records := range appends {
		requests = append(requests, &request{ctx: t.Context(), records: records})
	}
	for _, b := range l.pack(requests) {
		docs = append(docs, b.documents("log")...)
	}
	return docs
}

// unpacked reads them as they would come from the server.
func unpacked(t *testing.T, docs []any) (records [][]byte, err error) {
	t.Helper()
	cur, err := mongo.NewCursorFromDocuments(docs, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := logReader{name: "log"}
	for next := uint64(7); cur.Next(t.Context()); {
		b, err := r.parse(t.Context(), cur, next)
		if err != nil {
			return records, err
		}
		_, err = r.visit(&b, 8, func(n uint64, rec []byte) bool {
			if n != 8+uint64(len(records)) {
				t.Errorf("record %d in place of %d", n, 8+len(records))
			}
			records = append(records, bytes.Clone(rec))
			return true
		})
		if err != nil {
			return records, err
		}
		next += uint64(b.count)
	}
	return records, nil
}

func TestRecordsShareADocumentIfTheyFit(t *testing.T) {
	small, half, large := []byte("s"), make([]byte, maxPayload/2), bytes.Repeat([]byte{7}, driver.MaxRecord)
	for name, c := range map[string]struct {
		appends [][][]byte
		docs    int
	}{
		"one append":                     {[][][]byte{{small, nil, small}}, 1},
		"several appends":                {[][][]byte{{small}, {small, small}}, 1},
		"more than fits":                 {[][][]byte{{small}, {half, half, half}}, 3},
		"a large record among small":     {[][][]byte{{small}, {large}, {small}}, 1 + 3 + 1},
		"nothing":                        {[][][]byte{{}}, 0},
		"a record as large as a payload": {[][][]byte{{small}, {make([]byte, maxPayload)}}, 1 + 2},
	} {
		docs := packed(t, c.appends...)
		if len(docs) != c.docs {
			t.Errorf("%s: %d documents, want %d", name, len(docs), c.docs)
		}
		var want [][]byte
		for _, records := range c.appends {
			want = append(want, records...)
		}
		got, err := unpacked(t, docs)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i := range got {
			if !bytes.Equal(got[i], want[i+1]) { // read from the second on
				t.Errorf("%s: record %d is not as it was", name, i+1)
			}
		}
		if len(want) > 0 && len(got) != len(want)-1 {
			t.Errorf("%s: %d records, want %d", name, len(got), len(want)-1)
		}
		for _, d := range docs {
			if raw, err := bson.Marshal(d); err != nil || len(raw) > 15<<20 {
				t.Errorf("%s: a document of %d bytes, %v", name, len(raw), err)
			}
		}
	}
}

func TestACallerWhoHasGoneAppendsNothing(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	l := log{logReader: logReader{name: "log"}, next: 7}
	first, last := &request{ctx: gone, records: [][]byte{{1}}}, &request{ctx: t.Context(), records: [][]byte{{2}}}
	b := l.pack([]*request{first, last})
	if len(b) != 1 || b[0].count != 1 || !errors.Is(first.err, context.Canceled) || last.first != 7 {
		t.Errorf("%+v, %v, at %d", b, first.err, last.first)
	}
}

func TestDamageToALogIsFound(t *testing.T) {
	large := make([]byte, maxPayload+1)
	whole := packed(t, [][]byte{[]byte("a"), large, []byte("b")})
	set := func(d any, field string, value any) any {
		changed := bson.D{}
		for _, e := range d.(bson.D) {
			if e.Key == field {
				e.Value = value
			}
			changed = append(changed, e)
		}
		return changed
	}
	for name, docs := range map[string][]any{
		"a batch is missing":        {whole[1], whole[2], whole[3]},
		"a large one is missing":    {whole[0], whole[3]},
		"a piece is missing":        {whole[0], whole[1], whole[3]},
		"the last piece is missing": {whole[0], whole[1]},
		"a flipped bit":             {set(whole[0], fBody, bson.Binary{Data: []byte{1, 'b'}})},
		"a flipped bit in a piece":  {whole[0], whole[1], set(whole[2], fBody, bson.Binary{Data: []byte{1}})},
		"another count":             {set(whole[0], fCount, int64(2))},
		"no count":                  {set(whole[0], fCount, int64(0))},
		"in another's place":        {set(whole[3], fID, batchID("log", 7))},
	} {
		if _, err := unpacked(t, docs); !errors.Is(err, driver.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

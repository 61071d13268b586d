package mongo

import (
	"errors"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// keptLog is a server that keeps the batches of one log; broken says what becomes of an insert.
type keptLog struct {
	docs   []bson.D
	broken func(n int) (kept bool, answer bson.D)
	tries  int
}

func (k *keptLog) answer(c command) bson.D {
	switch {
	case c.name == "find" && c.of(batchName):
		return finds(k.docs[max(0, len(k.docs)-1):]...)
	case c.name == "find":
		return finds()
	case c.name == "insert":
		k.tries++
		kept, answer := k.broken(k.tries)
		var doc bson.D
		if err := bson.Unmarshal(c.lists["documents"][0], &doc); err != nil {
			return fails(1)
		}
		if slices.ContainsFunc(k.docs, func(d bson.D) bool { return d[0] == doc[0] }) {
			return bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 0}, {Key: "writeErrors", Value: bson.A{
				bson.D{{Key: "index", Value: 0}, {Key: "code", Value: 11000}, {Key: "errmsg", Value: "E11000"}}}}}
		}
		if kept {
			k.docs = append(k.docs, doc)
		}
		return answer
	}
	return nil
}

func TestAppendsOfUnknownOutcome(t *testing.T) {
	away := fails(91, labelRetryable) // the driver tries again by itself
	late := fails(codeMaxTimeExpired)
	for name, c := range map[string]struct {
		broken func(n int) (bool, bson.D)
		failed bool
		docs   int
		first  uint64 // of the append that follows
	}{
		"it was written, and the second try finds it there": {func(n int) (bool, bson.D) { return true, when(n == 1, away) }, false, 2, 1},
		"it was not written, and goes in its place later":   {func(n int) (bool, bson.D) { return n > 1, when(n == 1, late) }, true, 1, 0},
		"it was written, and nobody heard":                  {func(n int) (bool, bson.D) { return true, when(n == 1, late) }, true, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			k := &keptLog{broken: c.broken}
			e := serve(t, &wire{answer: k.answer})
			l, err := e.Log(t.Context(), "log")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := l.Append(t.Context(), []byte("one")); (err != nil) != c.failed || c.failed && !errors.Is(err, driver.ErrUnavailable) {
				t.Fatalf("%v", err)
			}
			first, err := l.Append(t.Context(), []byte("two"))
			if err != nil || first != c.first || len(k.docs) != c.docs || l.Len() != uint64(c.docs) {
				t.Errorf("then at %d, %d batches, length %d, %v", first, len(k.docs), l.Len(), err)
			}
		})
	}
	t.Run("another's is in its place", func(t *testing.T) {
		k := &keptLog{broken: func(int) (bool, bson.D) { return true, nil }}
		e := serve(t, &wire{answer: k.answer})
		l, err := e.Log(t.Context(), "log")
		if err != nil {
			t.Fatal(err)
		}
		other := appended{count: 1, writer: 1, payload: appendRecord(nil, []byte("other"))}
		k.docs = append(k.docs, other.documents("log")[0].(bson.D))
		if _, err := l.Append(t.Context(), []byte("one")); !errors.Is(err, driver.ErrFenced) || len(k.docs) != 1 {
			t.Errorf("%v, %d batches", err, len(k.docs))
		}
	})
}

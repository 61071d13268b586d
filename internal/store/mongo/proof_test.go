package mongo

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

func TestWhatAServerMustProve(t *testing.T) {
	counted := func(n int) bson.D { return finds(bson.D{{Key: "n", Value: n}}) }
	for name, c := range map[string]struct {
		hello  bson.D
		change func(c command, swaps int64) bson.D // nil: as a good one
		want   string                              // in the refusal; "" for none
	}{
		"a good one":                      {},
		"behind a router":                 {hello: bson.D{{Key: "msg", Value: "isdbgrid"}}},
		"a single server":                 {hello: bson.D{{Key: "standing", Value: "alone"}}, want: "rs.initiate()"},
		"an old one":                      {hello: bson.D{{Key: "setName", Value: "rs"}, {Key: "maxWireVersion", Value: 9}}, want: "older than version 5.0"},
		"it refuses transactions":         {change: func(c command, _ int64) bson.D { return when(c.text("startTransaction") == "true", fails(20)) }, want: "refuses transactions"},
		"an insert stays after an abort":  {change: func(c command, _ int64) bson.D { return when(c.name == "aggregate", counted(1)) }, want: "left its writes behind"},
		"an update stays after an abort":  {change: func(c command, _ int64) bson.D { return when(isRead(c, ""), finds(bson.D{{Key: fRev, Value: 2}})) }, want: "left its writes behind"},
		"nobody wins":                     {change: func(c command, n int64) bson.D { return when(n > 0, changes(0)) }, want: "0 were told"},
		"two win":                         {change: func(c command, n int64) bson.D { return when(n%8 == 1 || n%8 == 2, changes(1)) }, want: "2 were told"},
		"a majority's write is not found": {change: func(c command, _ int64) bson.D { return when(isRead(c, "linearizable"), finds()) }, want: `"linearizable"`},
	} {
		t.Run(name, func(t *testing.T) {
			var swaps atomic.Int64
			w := &wire{hello: c.hello}
			w.answer = func(got command) bson.D {
				n := int64(0)
				if got.name == "update" && got.text("startTransaction") == "" && got.text("autocommit") == "" {
					n = swaps.Add(1)
				}
				if c.change != nil {
					if a := c.change(got, n); a != nil {
						return a
					}
				}
				switch {
				case n > 0 && n%proofWriters != 1:
					return changes(0) // the first of each round has won
				case got.name == "aggregate":
					return counted(0)
				case got.name == "find":
					return finds(bson.D{{Key: fRev, Value: 1}})
				}
				return nil
			}
			err := serve(t, w).prove(t.Context())
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (!errors.Is(err, errProof) || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want a refusal with %q", err, c.want)
			}
		})
	}
}

func when(yes bool, a bson.D) bson.D {
	if yes {
		return a
	}
	return nil
}

// isRead tells a query with a read concern; "" is any but linearizable.
func isRead(c command, level string) bool {
	got := strings.Trim(c.text("readConcern", "level"), `"`)
	return c.name == "find" && (got == level || level == "" && got != "linearizable")
}

func TestAServerThatIsBusyIsNotRefused(t *testing.T) {
	w := &wire{answer: func(c command) bson.D { return when(c.name == "insert", fails(11602)) }}
	if err := serve(t, w).prove(t.Context()); errors.Is(err, errProof) || !errors.Is(err, driver.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

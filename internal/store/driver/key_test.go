package driver

import (
	"bytes"
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var (
	anyString = rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.SampledFrom([]rune("\x00\x01ab\u00ff")), 0, 5, -1),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 0xfe, 0xff}), 0, 5), func(b []byte) string { return string(b) }))
	anyInt = rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{-1 << 63, -1, 0, 1, 1<<63 - 1}))
)

func drawIndex(t *rapid.T) *Index {
	ix := &Index{Name: "ix"}
	for range rapid.IntRange(1, 3).Draw(t, "fields") {
		ix.Fields = append(ix.Fields, Field{Kind: rapid.SampledFrom([]Kind{String, Int}).Draw(t, "kind"), Desc: rapid.Bool().Draw(t, "desc")})
	}
	return ix
}

func drawValues(t *rapid.T, fields []Field) (values []Value) {
	for _, f := range fields {
		if f.Kind == String {
			values = append(values, Str(anyString.Draw(t, "s")))
		} else {
			values = append(values, Num(anyInt.Draw(t, "n")))
		}
	}
	return values
}

func compare(a, b Value) int { return cmp.Or(cmp.Compare(a.S, b.S), cmp.Compare(a.N, b.N)) }

// order compares keys and ids as an index should.
func order(ix *Index, a, b []Value, ida, idb string) int {
	for i, f := range ix.Fields {
		c := compare(a[i], b[i])
		if f.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(ida, idb)
}

func encode(t *rapid.T, ix *Index, values []Value, id string) []byte {
	b, err := Cursor(ix, values, id)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKeysSortAsTheirValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ix := drawIndex(t)
		a, b := drawValues(t, ix.Fields), drawValues(t, ix.Fields)
		if rapid.Bool().Draw(t, "same start") {
			copy(b, a[:rapid.IntRange(0, len(a)).Draw(t, "fields in common")])
		}
		ida, idb := anyString.Draw(t, "id"), anyString.Draw(t, "id")
		ka, kb := encode(t, ix, a, ida), encode(t, ix, b, idb)
		if got, want := bytes.Compare(ka, kb), order(ix, a, b, ida, idb); got != want {
			t.Fatalf("%v %v sort %d, their keys %x %x sort %d", a, b, want, ka, kb, got)
		}
	})
}

func TestKeysAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ix := drawIndex(t)
		want, id := drawValues(t, ix.Fields), anyString.Draw(t, "id")
		key := encode(t, ix, want, id)
		got, rest, err := CutKey(ix, key)
		if err != nil || !slices.Equal(got, want) || string(rest) != id {
			t.Fatalf("%v %q: %v", got, rest, err)
		}
		if rest, err := SkipKey(ix, key); err != nil || string(rest) != id {
			t.Fatalf("skipped to %q: %v", rest, err)
		}
		s, rest, err := CutString(append(AppendString(nil, id), "rest"...))
		if err != nil || s != id || string(rest) != "rest" {
			t.Fatalf("%q %q: %v", s, rest, err)
		}
	})
}

// TestAnyBytesAsAKey expects no panic of what a cursor from outside may be.
func TestAnyBytesAsAKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ix, b := drawIndex(t), rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		_, skipping := SkipKey(ix, b)
		_, _, cutting := CutKey(ix, b)
		if (skipping == nil) != (cutting == nil) {
			t.Fatalf("skip: %v, cut: %v", skipping, cutting)
		}
	})
}

func TestBoundsHoldWhatTheQueryAsksFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ix := drawIndex(t)
		n := rapid.IntRange(0, len(ix.Fields)).Draw(t, "equal")
		q := Query{Equal: drawValues(t, ix.Fields[:n])}
		if n < len(ix.Fields) {
			edges := drawValues(t, []Field{ix.Fields[n], ix.Fields[n]})
			if rapid.Bool().Draw(t, "from") {
				q.From = &edges[0]
			}
			if rapid.Bool().Draw(t, "to") {
				q.To = &edges[1]
			}
		}
		values := drawValues(t, ix.Fields)
		copy(values, q.Equal)
		want := true
		if n < len(ix.Fields) && rapid.Bool().Draw(t, "at the edge") && q.From != nil {
			values[n] = *q.From
		}
		if n < len(ix.Fields) {
			want = (q.From == nil || compare(values[n], *q.From) >= 0) && (q.To == nil || compare(values[n], *q.To) < 0)
		}
		prefix := AppendString(nil, "partition")
		lo, hi, err := Bounds(prefix, ix, &q)
		if err != nil {
			t.Fatal(err)
		}
		key := append(bytes.Clone(prefix), encode(t, ix, values, anyString.Draw(t, "id"))...)
		if got := bytes.Compare(key, lo) >= 0 && (hi == nil || bytes.Compare(key, hi) < 0); got != want {
			t.Fatalf("%v within %v of %+v: %v, want %v", values, ix.Fields, q, got, want)
		}
	})
}

func TestSchemaRefuses(t *testing.T) {
	number := []Field{{Kind: Int}}
	for name, specs := range map[string][]Spec{
		"no name":          {{}},
		"a strange name":   {{Name: "a:b"}},
		"twice":            {{Name: "a"}, {Name: "a"}},
		"index twice":      {{Name: "a", Indexes: []Index{{Name: "i", Fields: number}, {Name: "i", Fields: number}}}},
		"index, no fields": {{Name: "a", Indexes: []Index{{Name: "i"}}}},
		"field, no kind":   {{Name: "a", Indexes: []Index{{Name: "i", Fields: []Field{{}}}}}},
		"lies by nothing":  {{Name: "a", Clustered: "i"}},
	} {
		if _, err := NewSchema(specs); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

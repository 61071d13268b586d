package mongo

import (
	"bytes"
	"cmp"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

func TestOrderedStringsSortAsTheirBytes(t *testing.T) {
	anyBytes := rapid.OneOf(rapid.SliceOf(rapid.Byte()), rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0x7f, 0x80, 0xff}), 0, 4))
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyBytes.Draw(t, "a"), anyBytes.Draw(t, "b")
		if got, want := cmp.Compare(ordered(a), ordered(b)), bytes.Compare(a, b); got != want {
			t.Fatalf("%x %x sort %d, their strings %d", a, b, want, got)
		}
		if back, err := bytesOf(ordered(a)); err != nil || !bytes.Equal(back, a) || !utf8.ValidString(ordered(a)) {
			t.Fatalf("%x came back as %x, %v", a, back, err)
		}
	})
	if _, err := bytesOf("\u0100"); err == nil {
		t.Error("no byte has the number 256")
	}
}

func TestIDsLieByPartition(t *testing.T) {
	text := rapid.StringOfN(rapid.SampledFrom([]rune("\x00\x01\x02aé\U0001F469")), 1, 4, -1)
	rapid.Check(t, func(t *rapid.T) {
		p1, id1, p2, id2 := text.Draw(t, "p1"), text.Draw(t, "id1"), text.Draw(t, "p2"), text.Draw(t, "id2")
		a, b := docID(p1, id1), docID(p2, id2)
		if got, want := cmp.Compare(a, b), cmp.Or(cmp.Compare(p1, p2), cmp.Compare(id1, id2)); got != want {
			t.Fatalf("%q %q sort %d, want %d", a, b, got, want)
		}
		if p, id, err := cutID(a); p != p1 || id != id1 || err != nil {
			t.Fatalf("%q is %q %q, %v", a, p, id, err)
		}
		if within := b >= idPrefix(p1) && b < idEnd(p1); within != (p1 == p2) {
			t.Fatalf("%q within %q: %v", b, p1, within)
		}
	})
	for _, s := range []string{"", "a", "\x00\x01a", "a\x00\x01", "a\x00\x02b"} {
		if _, _, err := cutID(s); err == nil {
			t.Errorf("%q is no id", s)
		}
	}
}

func TestRangesAreThoseOfTheContract(t *testing.T) {
	ix := &driver.Index{Name: "i", Fields: []driver.Field{{Kind: driver.String}, {Kind: driver.Int, Desc: true}}}
	rapid.Check(t, func(t *rapid.T) {
		word := func(name string) driver.Value {
			return driver.Str(rapid.SampledFrom([]string{"", "a", "\xff", "a\x00"}).Draw(t, name))
		}
		number := func(name string) driver.Value { return driver.Num(rapid.Int64Range(-2, 2).Draw(t, name)) }
		q := driver.Query{Equal: []driver.Value{word("equal")}, Reverse: rapid.Bool().Draw(t, "reverse")}
		if rapid.Bool().Draw(t, "ranged") {
			from, to := number("from"), number("to")
			q.From, q.To = &from, &to
		}
		if rapid.Bool().Draw(t, "resumed") {
			q.After, _ = driver.Cursor(ix, []driver.Value{word("after word"), number("after number")}, "m")
		}
		key := []driver.Value{word("word"), number("number")}
		place, _ := driver.Cursor(ix, key, "m")
		lo, hi, err := driver.Bounds(nil, ix, &q)
		if err != nil {
			t.Fatal(err)
		}
		want := bytes.Compare(place, lo) >= 0 && (hi == nil || bytes.Compare(place, hi) < 0)
		if q.After != nil {
			behind := bytes.Compare(place, q.After)
			want = want && behind != 0 && (behind < 0) == q.Reverse
		}
		stored, _ := indexKey(ix, key, "m")
		_, _, within, err := bounds(ix, &q)
		if err != nil {
			t.Fatal(err)
		}
		got := true
		for _, e := range within {
			edge := e.Value.(string)
			got = got && map[string]bool{"$gt": stored > edge, "$gte": stored >= edge, "$lt": stored < edge}[e.Key]
		}
		if got != want {
			t.Fatalf("%+v holds %v: %v, want %v (%v)", q, key, got, want, within)
		}
	})
}

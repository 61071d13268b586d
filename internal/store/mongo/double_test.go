package mongo_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
	"github.com/dorsetcarerecord/dcr/internal/store/mongo"
	"github.com/dorsetcarerecord/dcr/internal/store/mongo/mongotest"
)

// A server that looks like MongoDB and has no transactions must not be relied on, whichever step of
// its proof it is asked for.
func testDoubleIsRefused(t *testing.T, uri string) {
	o := optionsFor(t, uri, t.TempDir())
	if _, err := mongo.Open(t.Context(), o, nil); !errors.Is(err, mongo.ErrProof) || !strings.Contains(err.Error(), "rs.initiate()") {
		t.Errorf("opened: %v", err)
	}
	e := opened(t, mongo.OpenDouble, o, nil).(*mongo.Engine)
	defer e.Close()
	for _, step := range []string{"kind", "abort"} {
		if err := mongo.Prove(t.Context(), e, step); !errors.Is(err, mongo.ErrProof) {
			t.Errorf("%s: %v", step, err)
		}
	}
}

func testFencing(t *testing.T, uri string) {
	o := optionsFor(t, uri, t.TempDir())
	a, b := opened(t, mongo.OpenDouble, o, nil), opened(t, mongo.OpenDouble, o, nil)
	defer a.Close()
	defer b.Close()
	appendTo := func(l driver.Log, text string) error {
		_, err := l.Append(t.Context(), []byte(text))
		return err
	}
	open := func(e driver.Engine) driver.Log {
		l, err := e.Log(t.Context(), "log")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	mine, other := open(a), open(b)
	if err := appendTo(mine, "one"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // and it does not go on by itself
		if err := appendTo(other, "two"); !errors.Is(err, driver.ErrFenced) || !errors.Is(err, driver.ErrUnavailable) {
			t.Errorf("the other: %v", err)
		}
	}
	if err := appendTo(mine, "three"); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := other.Read(t.Context(), 0, func(_ uint64, rec []byte) bool { got = append(got, string(rec)); return true })
	if err != nil || strings.Join(got, " ") != "one three" || other.Len() != 2 {
		t.Errorf("%q, length %d, %v", got, other.Len(), err)
	}
	if err := appendTo(open(b), "four"); err != nil {
		t.Errorf("opened again: %v", err)
	}
	if err := appendTo(mine, "five"); !errors.Is(err, driver.ErrFenced) {
		t.Errorf("the first, passed by: %v", err)
	}
	if open(a).Len() != 3 {
		t.Error("opened again, it does not know what the other wrote")
	}
}

func testLaterFormat(t *testing.T, uri string) {
	o := optionsFor(t, uri, t.TempDir())
	number := driver.Index{Name: "i", Fields: []driver.Field{{Kind: driver.Int}}}
	e := opened(t, mongo.OpenDouble, o, []driver.Spec{{Name: "notes", Indexes: []driver.Index{number}}}).(*mongo.Engine)
	number.Fields[0].Desc = true
	if _, err := mongo.OpenDouble(t.Context(), o, []driver.Spec{{Name: "notes", Indexes: []driver.Index{number}}}); err == nil || !strings.Contains(err.Error(), "(i:i)") {
		t.Errorf("opened with another index: %v", err)
	}
	if err := mongo.SetFormat(t.Context(), e, "99"); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := mongo.OpenDouble(t.Context(), o, nil); err == nil || !strings.Contains(err.Error(), "format 99") {
		t.Errorf("opened: %v", err)
	}
}

// testDamage changes stored documents behind the engine's back.
func testDamage(t *testing.T, uri string) {
	spec := driver.Spec{Name: "notes", Indexes: []driver.Index{{Name: "by-word", Fields: []driver.Field{{Kind: driver.String}}}}}
	for name, fields := range map[string]map[string]any{
		"another body":      {"b": []byte("eno")},
		"no body":           {"b": nil},
		"no revision":       {"r": 0},
		"another partition": {"p": "q"},
		"another's key":     {"k": map[string]string{"by-word": "word\x00\x01other"}},
		"no key of its":     {"k": map[string]string{"by-word": "\u0100"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := opened(t, mongo.OpenDouble, optionsFor(t, uri, t.TempDir()), []driver.Spec{spec}).(*mongo.Engine)
			defer e.Close()
			r := driver.Ref{Collection: "notes", Partition: "p", ID: "a"}
			op := driver.Op{Kind: driver.Insert, Doc: driver.Doc{Ref: r, Body: []byte("one"), Keys: [][]driver.Value{{driver.Str("word")}}}}
			if err := e.Commit(t.Context(), "p", []driver.Op{op}); err != nil {
				t.Fatal(err)
			}
			if err := e.Check(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if err := mongo.Damage(t.Context(), e, r, fields); err != nil {
				t.Fatal(err)
			}
			if err := e.Check(t.Context(), nil); !errors.Is(err, driver.ErrCorrupt) {
				t.Errorf("check: %v", err)
			}
		})
	}
}

func TestNobodyAnswers(t *testing.T) {
	const secret = "s3cret"
	o := mongo.Options{URI: "mongodb://dcr:" + secret + "@" + mongotest.Address(t) + "/?directConnection=true", Database: "dcr", Timeout: 200 * time.Millisecond}
	if _, err := mongo.Open(t.Context(), o, nil); !errors.Is(err, driver.ErrUnavailable) || strings.Contains(err.Error(), secret) {
		t.Errorf("%v", err)
	}
	for _, uri := range []string{"", "http://x", "mongodb://dcr:" + secret + "%@x/", "mongodb://dcr:" + secret + "@:x/"} {
		o.URI = uri
		if _, err := mongo.Open(t.Context(), o, nil); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", uri, err)
		}
	}
}

package ledger

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

func anyEvent(t *rapid.T) Event {
	e := Event{
		Request:  rapid.String().Draw(t, "request"),
		Kind:     identity.Kind(rapid.Byte().Draw(t, "kind")),
		Caller:   rapid.String().Draw(t, "caller"),
		Name:     rapid.String().Draw(t, "name"),
		Role:     identity.Role(rapid.Byte().Draw(t, "role")),
		Org:      nhs.ODS(rapid.StringMatching(`[A-Z0-9]{0,10}`).Draw(t, "org")),
		Client:   rapid.String().Draw(t, "client"),
		OnBehalf: rapid.String().Draw(t, "on behalf"),
		Action:   access.Action(rapid.Byte().Draw(t, "action")),
		Outcome:  access.Outcome(rapid.Byte().Draw(t, "outcome")),
		Basis:    access.Basis(rapid.Byte().Draw(t, "basis")),
		Person:   rapid.String().Draw(t, "person"),
		Sections: section.Set(rapid.Uint32().Draw(t, "sections")),
		What:     rapid.String().Draw(t, "what"),
	}
	if rapid.Bool().Draw(t, "timed") {
		e.Time = time.UnixMicro(rapid.Int64Range(-1<<55, 1<<55).Draw(t, "time")).UTC()
	}
	return e
}

func TestWhatIsEncodedIsDecoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyEvent(t)
		b := appendEvent(nil, &want)
		got, err := decodeEvent(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
		if p, err := personOf(b); err != nil || string(p) != want.Person {
			t.Fatalf("person %q, %v; want %q", p, err, want.Person)
		}
	})
}

func TestAnOldToolPassesOverWhatItDoesNotKnow(t *testing.T) {
	want := *event(1)
	b := appendEvent(nil, &want)
	b = append(b, 16<<3&0x7f|0x80, 1, 5)                                 // field 16, a number
	b = append(b, 17<<3&0x7f|0x80|2, 1, 3, 'n', 'e', 'w')                // field 17, a text
	b = append(b, 18<<3&0x7f|0x80|1, 1, 1, 2, 3, 4, 5, 6, 7, 8)          // field 18, eight bytes
	got, err := decodeEvent(append(b, 19<<3&0x7f|0x80|5, 1, 1, 2, 3, 4)) // field 19, four bytes
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestAnEventOverTheLimitIsRefused(t *testing.T) {
	m := &memLog{}
	l := open(t, options(t, m))
	e := event(0)
	e.Name = string(make([]byte, maxEvent))
	if _, err := l.Append(t.Context(), e); err == nil || m.Len() != 0 {
		t.Errorf("got %v and %d events, want a refusal and none", err, m.Len())
	}
}

// FuzzRecord reads any bytes as a record: no panic, and what is accepted means the
// same when it is written again.
func FuzzRecord(f *testing.F) {
	var s scratch
	if _, err := s.build(event(3)); err != nil {
		f.Fatal(err)
	}
	gone, err := Retire(s.record)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s.record)
	f.Add(gone)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, leafErr := leafOf(b)
		payload, err := payloadOf(b)
		if leafErr == nil && err != nil {
			t.Fatalf("a record that holds cannot be read: %v", err)
		}
		for _, p := range [][]byte{payload, b} {
			e, err := decodeEvent(p)
			if err != nil {
				continue
			}
			_ = Words(e, nil)
			again, err := decodeEvent(appendEvent(nil, &e))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(e, again); d != "" {
				t.Fatal(d)
			}
		}
	})
}

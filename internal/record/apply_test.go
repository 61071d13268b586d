package record_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// state renders all that an organisation can see of a person, versions too.
func (w *world) state(p record.PersonID) []string {
	w.t.Helper()
	v := w.mustOpen(w.doctor(practice.Org), p, "")
	var out []string
	_, err := v.Search(w.t.Context(), record.Search{}, func(e record.Entry) bool {
		out = append(out, e.Type+" "+e.ID+" "+string(e.Body))
		return true
	})
	if err != nil {
		w.t.Fatal(err)
	}
	var states []string
	for _, line := range out {
		typ, rest, _ := strings.Cut(line, " ")
		id, _, _ := strings.Cut(rest, " ")
		_, err := v.History(w.t.Context(), typ, id, 0, "", func(e record.Entry) bool {
			states = append(states, e.ID+"/"+e.Version)
			return true
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return append(out, states...)
}

// However a set of messages about some objects arrives - in any order, again, late -
// the record is the same afterwards.
func TestStateIsAFunctionOfTheSetOfMessages(t *testing.T) {
	type message struct {
		minute int
		who    bool // Mary, else John
		value  string
	}
	all := []message{{10, true, "1.0"}, {11, true, "2.0"}, {12, true, "1.0"}, {13, false, "3.0"}, {14, true, "4.0"}, {15, true, "4.0"}}
	send := func(w *world, m message) {
		who := mary
		if !m.who {
			who = john
		}
		w.sends(hospital, who, m.minute, observation(w.t, "hb", "718-7", "2026-01-05", m.value))
	}
	start := func() *world {
		w := newWorld(t)
		w.knows(mary, "Smith")
		w.knows(john, "Jones")
		return w
	}
	for until := 4; until <= len(all); until++ { // with and without coming back from the other person
		w := start()
		for _, m := range all[:until] {
			send(w, m)
		}
		wantMary, wantJohn := currents(w.state(w.r.PersonOf(mary))), currents(w.state(w.r.PersonOf(john)))
		rapid.Check(t, func(rt *rapid.T) {
			w := start()
			for _, i := range rapid.Permutation(indexes(until)).Draw(rt, "order") {
				for range rapid.IntRange(1, 2).Draw(rt, "times") {
					send(w, all[i])
				}
			}
			if diff := cmp.Diff(wantMary, currents(w.state(w.r.PersonOf(mary)))); diff != "" {
				rt.Fatalf("Mary's: %s", diff)
			}
			if diff := cmp.Diff(wantJohn, currents(w.state(w.r.PersonOf(john)))); diff != "" {
				rt.Fatalf("John's: %s", diff)
			}
		})
	}
}

// Without moves between people the history is the same too.
func TestHistoryIsAFunctionOfTheSetOfMessages(t *testing.T) {
	values := []string{"1.0", "2.0", "1.0", "3.0", "3.0"}
	send := func(w *world, i int) {
		w.sends(hospital, mary, 10+i, observation(w.t, "hb", "718-7", "2026-01-05", values[i]))
	}
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	for i := range values {
		send(w, i)
	}
	want := w.state(p)
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		w.knows(mary, "Smith")
		for _, i := range rapid.Permutation(indexes(len(values))).Draw(rt, "order") {
			send(w, i)
		}
		if diff := cmp.Diff(want, w.state(p)); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// currents leaves the history out.
func currents(state []string) []string {
	return slices.DeleteFunc(state, func(s string) bool { return strings.Contains(s, "/") && !strings.Contains(s, "{") })
}

func indexes(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestApplySaysWhatBecameOfIt(t *testing.T) {
	w := newWorld(t)
	w.knows(mary, "Smith")
	w.knows(john, "Jones")
	hb := func(v string) record.Object { return observation(t, "hb", "718-7", "2026-01-05", v) }
	deleted := record.Object{Type: "Observation", SourceID: "hb", Deleted: true}
	steps := []struct {
		name   string
		who    string
		minute int
		o      record.Object
		want   record.Result
	}{
		{"first", "mary", 10, hb("1.0"), record.Created},
		{"the same message", "mary", 10, hb("1.0"), record.Unchanged},
		{"a newer state", "mary", 12, hb("2.0"), record.Updated},
		{"one between", "mary", 11, hb("1.5"), record.Late},
		{"that one again", "mary", 11, hb("1.5"), record.Unchanged},
		{"another person's", "john", 13, hb("2.0"), record.Moved},
		{"too late for Mary", "mary", 12, hb("2.5"), record.Late},
		{"deleted", "john", 14, deleted, record.Removed},
		{"deleted again", "john", 14, deleted, record.Unchanged},
	}
	for _, s := range steps {
		who := mary
		if s.who == "john" {
			who = john
		}
		got := w.sends(hospital, who, s.minute, s.o)
		if got[0].Result != s.want {
			t.Errorf("%s: %v, want %v", s.name, got[0].Result, s.want)
		}
	}
}

// A source that moves its object to another person: gone from the one, versions
// too, and shown to the other.
func TestMoveTakesFromTheOneThenShowsTheOther(t *testing.T) {
	w := newWorld(t)
	m, j := w.knows(mary, "Smith"), w.knows(john, "Jones")
	w.sends(hospital, mary, 10, observation(t, "hb", "718-7", "2026-01-05", "1.0"))
	first := w.sends(hospital, mary, 11, observation(t, "hb", "718-7", "2026-01-05", "2.0"))[0]
	w.sends(hospital, john, 12, observation(t, "hb", "718-7", "2026-01-05", "2.0"))

	v := w.mustOpen(w.doctor(hospital.Org), m, "Observation")
	if got := w.search(v, record.Search{Type: "Observation"}); len(got) != 0 {
		t.Errorf("Mary's still shows %v", got)
	}
	for name, err := range map[string]error{
		"read":    v.Read(t.Context(), "Observation", first.ID, func(record.Entry) { t.Error("read shows it") }),
		"version": v.Version(t.Context(), "Observation", first.ID, first.Version, func(record.Entry) { t.Error("version shows it") }),
	} {
		if errs.KindOf(err) != errs.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := v.History(t.Context(), "Observation", first.ID, 0, "", func(record.Entry) bool { t.Error("history shows it"); return true }); errs.KindOf(err) != errs.NotFound {
		t.Errorf("history: %v", err)
	}
	v = w.mustOpen(w.doctor(hospital.Org), j, "Observation")
	if got := w.search(v, record.Search{Type: "Observation"}); len(got) != 1 {
		t.Errorf("John's shows %v", got)
	}
}

func TestApplyRefuses(t *testing.T) {
	w := newWorld(t)
	w.knows(mary, "Smith")
	hb := observation(t, "hb", "718-7", "2026-01-05", "1.0")
	many := make([]record.Object, 1000)
	for i := range many {
		many[i] = hb
		many[i].SourceID = fmt.Sprint(i)
	}
	for name, tt := range map[string]struct {
		objects []record.Object
		code    string
	}{
		"the same object twice": {[]record.Object{hb, hb}, record.CodeTwice},
		"a type not kept":       {[]record.Object{object(t, `{"resourceType":"ValueSet","id":"v"}`)}, record.CodeTypeNotKept},
		"too many":              {many, record.CodeTooMany},
	} {
		_, err := w.r.Apply(t.Context(), w.change(hospital, mary, 10, tt.objects...))
		if errs.CodeOf(err) != tt.code || errs.KindOf(err) != errs.Unprocessable {
			t.Errorf("%s: %v", name, err)
		}
	}
	v := w.mustOpen(w.doctor(hospital.Org), w.r.PersonOf(mary), "Observation")
	if got := w.search(v, record.Search{Type: "Observation"}); len(got) != 0 {
		t.Errorf("a refused change left %v", got)
	}
}

// Many writers of one person at once: each change is there afterwards.
func TestApplyConcurrently(t *testing.T) {
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	errc := make(chan error)
	const writers = 16
	for i := range writers {
		c := w.change(hospital, mary, 10+i, encounter(t, fmt.Sprintf("e%d", i), "finished", "2026-01-02T10:00:00Z", fmt.Sprintf("2026-02-%02dT11:00:00Z", i+1)))
		go func() {
			_, err := w.r.Apply(t.Context(), c)
			errc <- err
		}()
	}
	for range writers {
		if err := <-errc; err != nil {
			t.Error(err)
		}
	}
	v := w.mustOpen(w.doctor(practice.Org), p, "Encounter")
	if got := w.search(v, record.Search{Type: "Encounter"}); len(got) != writers+1 {
		t.Errorf("%d entries", len(got))
	}
}

func TestIdentify(t *testing.T) {
	w := newWorld(t)
	ann := patient(t, mary, "Smith")
	if _, err := w.r.Identify(t.Context(), hospital, ann.Resource, nil); errs.CodeOf(err) != record.CodeUnknownPerson {
		t.Errorf("a hospital's patient whom no practice registered: %v", err)
	}
	if p, err := w.r.Identify(t.Context(), practice, ann.Resource, nil); err != nil || p != w.r.PersonOf(mary) {
		t.Errorf("a practice's: %v", err)
	}
	w.knows(mary, "Smith")
	if _, err := w.r.Identify(t.Context(), hospital, ann.Resource, nil); err != nil {
		t.Errorf("a hospital's patient who is known: %v", err)
	}
	born := object(t, strings.Replace(string(ann.Resource.Raw()), "1950-02-03", "1951-02-03", 1))
	if _, err := w.r.Identify(t.Context(), hospital, born.Resource, nil); errs.CodeOf(err) != record.CodeBirthDate {
		t.Errorf("another birth date: %v", err)
	}
	bad := object(t, strings.Replace(string(ann.Resource.Raw()), mary.Digits(), "9990000019", 1))
	if _, err := w.r.Identify(t.Context(), hospital, bad.Resource, nil); errs.CodeOf(err) != record.CodeBadNumber {
		t.Errorf("a wrong check digit: %v", err)
	}
	none := object(t, `{"resourceType":"Patient","id":"x"}`)
	if _, err := w.r.Identify(t.Context(), practice, none.Resource, nil); errs.CodeOf(err) != record.CodeNoNumber {
		t.Errorf("no number: %v", err)
	}
}

// The stored bytes are those sent, but for id and meta.
func TestBytesAsSent(t *testing.T) {
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	sent := `{ "resourceType":"Observation","id":"odd", "status" : "final","code":{"text":"x"},"valueQuantity":{"value":1.5000000000000000000},"_issued":{"extension":[{"url":"u","valueCode":"c"}]}}`
	got := w.sends(hospital, mary, 10, object(t, sent))[0]
	v := w.mustOpen(w.doctor(hospital.Org), p, "Observation")
	err := v.Read(t.Context(), "Observation", got.ID, func(e record.Entry) {
		for _, part := range []string{`"status" : "final"`, `{"value":1.5000000000000000000}`, `"_issued":{"extension":[{"url":"u","valueCode":"c"}]}`, `"versionId":"` + got.Version} {
			if !strings.Contains(string(e.Body), part) {
				t.Errorf("%s is not in %s", part, e.Body)
			}
		}
		if !e.Updated.Equal(now.Truncate(time.Millisecond)) {
			t.Errorf("updated %v", e.Updated)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Messages say at the same moment whose an object is, each another person: it is
// shown to the one whom the latest names, and to nobody else.
func TestManyMessagesAtOnce(t *testing.T) {
	w := newWorld(t)
	people := []nhs.Number{mary, john, nhs.MustNumber("9990000034"), nhs.MustNumber("9990000042")}
	for i, n := range people {
		w.knows(n, fmt.Sprint("Person", i))
	}
	const objects = 40
	errc := make(chan error)
	for i := range objects {
		for k, n := range people {
			c := w.change(hospital, n, 10+(k+i)%len(people), observation(t, fmt.Sprintf("o%d", i), "718-7", "2026-01-05", "1.0"))
			go func() {
				_, err := w.r.Apply(t.Context(), c)
				errc <- err
			}()
		}
	}
	for range objects * len(people) {
		if err := <-errc; err != nil {
			t.Error(err)
		}
	}
	for k, n := range people {
		v := w.mustOpen(w.doctor(hospital.Org), w.r.PersonOf(n), "Observation")
		got := map[string]bool{}
		if _, err := v.Search(t.Context(), record.Search{Type: "Observation"}, func(e record.Entry) bool { got[e.ID] = true; return true }); err != nil {
			t.Fatal(err)
		}
		for i := range objects {
			id := record.EntryID(w.r.PersonOf(n), hospital.ID, "Observation", fmt.Sprintf("o%d", i))
			if want := (k+i)%len(people) == len(people)-1; got[id] != want {
				t.Errorf("o%d shown to person %d: %v, want %v", i, k, got[id], want)
			}
		}
	}
}

package mongo

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

var (
	controls = driver.Spec{Name: "controls", Linearizable: true}
	notes    = driver.Spec{Name: "notes"}
)

func doc(collection, id string, rev uint64) driver.Doc {
	return driver.Doc{Ref: driver.Ref{Collection: collection, Partition: "p", ID: id}, Rev: rev, Body: []byte(id)}
}

// stands is a document as it is found.
func stands(id string, rev int) bson.D {
	d, _ := whole(&collection{spec: &notes}, &driver.Doc{Ref: driver.Ref{Partition: "p", ID: id}, Body: []byte(id)}, uint64(rev))
	return d
}

// aNote adds a note while the control document stands at 3, and changes another.
var aNote = []driver.Op{
	{Kind: driver.Require, Doc: doc("controls", "control", 3)},
	{Kind: driver.Insert, Doc: doc("notes", "new", 0)},
	{Kind: driver.Replace, Doc: doc("notes", "old", 2)},
	{Kind: driver.Require, Doc: doc("notes", "absent", 0)},
}

// asExpected answers the queries so that aNote holds.
func asExpected(c command) bson.D {
	if c.name != "find" {
		return nil
	}
	if c.of("controls") {
		return finds(stands("control", 3))
	}
	return finds(stands("old", 2))
}

// count counts commands by name.
func count(names []string) map[string]int {
	n := map[string]int{}
	for _, name := range names {
		n[name]++
	}
	return n
}

func TestACommitOfSeveralIsOneTransaction(t *testing.T) {
	w := &wire{answer: asExpected}
	e := serve(t, w, controls, notes)
	if err := e.Commit(t.Context(), "p", aNote); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"find": 2, "insert": 1, "update": 2, "delete": 1, "commitTransaction": 1}, count(w.names())); diff != "" {
		t.Fatal(diff)
	}
	for i, c := range w.got {
		if c.text("autocommit") != "false" || c.text("txnNumber") != w.got[0].text("txnNumber") || c.text("lsid") != w.got[0].text("lsid") {
			t.Errorf("%s is not of the transaction", c.name)
		}
		if first := i == 0; (c.text("startTransaction") == "true") != first || strings.Contains(c.text("readConcern"), "snapshot") != first {
			t.Errorf("%s begins it: %s", c.name, c.body)
		}
		majority := c.text("writeConcern", "w") == `"majority"` && c.text("writeConcern", "j") == "true"
		if last := c.name == "commitTransaction"; majority != last {
			t.Errorf("%s has write concern %s", c.name, c.text("writeConcern"))
		}
		for _, u := range c.lists["updates"] {
			rev, _ := u.Lookup("q", fRev).AsInt64OK()
			if c.of("controls") && (rev != 3 || u.Lookup("u", "$inc", fTouch).String() == "") || c.of("notes") && rev != 2 {
				t.Errorf("an update of %s", u)
			}
		}
		if c.name == "insert" && len(c.lists["documents"]) != 2 || c.name == "delete" && len(c.lists["deletes"]) != 1 {
			t.Errorf("%s: what must be absent is not held: %v", c.name, c.lists)
		}
	}
}

func TestAConditionThatDoesNotHoldWritesNothing(t *testing.T) {
	w := &wire{answer: func(c command) bson.D {
		if c.name == "find" && c.of("notes") {
			return finds(stands("old", 1))
		}
		return asExpected(c)
	}}
	e := serve(t, w, controls, notes)
	var conflict *driver.ConflictError
	if err := e.Commit(t.Context(), "p", aNote); !errors.As(err, &conflict) || conflict.Op != 2 {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff(map[string]int{"find": 2, "abortTransaction": 1}, count(w.names())); diff != "" {
		t.Error(diff)
	}
}

func TestATransactionIsTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		times   int // how often the command fails
		command string
		answer  bson.D
		want    map[string]int
	}{
		"after a write conflict": {2, "insert", fails(112, labelTransient),
			map[string]int{"find": 6, "insert": 3, "update": 4, "delete": 1, "commitTransaction": 1, "abortTransaction": 2}},
		"after a lock that was not had": {1, "update", fails(24),
			map[string]int{"find": 4, "insert": 1, "update": 3, "delete": 1, "commitTransaction": 1, "abortTransaction": 1}},
		"a filter that matched no more": {1, "update", changes(0),
			map[string]int{"find": 4, "insert": 1, "update": 3, "delete": 1, "commitTransaction": 1, "abortTransaction": 1}},
		"a commit that was not done": {1, "commitTransaction", fails(251, labelTransient),
			map[string]int{"find": 4, "insert": 2, "update": 4, "delete": 2, "commitTransaction": 2}},
		"a commit that may have been done": {3, "commitTransaction", fails(91, labelUnknownCommit),
			map[string]int{"find": 2, "insert": 1, "update": 2, "delete": 1, "commitTransaction": 4}},
	} {
		t.Run(name, func(t *testing.T) {
			failed := 0
			w := &wire{}
			w.answer = func(got command) bson.D {
				if got.name != c.command || failed == c.times {
					return asExpected(got)
				}
				failed++
				return c.answer
			}
			e := serve(t, w, controls, notes)
			if err := e.Commit(t.Context(), "p", aNote); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, count(w.names())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOneOperationIsOneConditionalWrite(t *testing.T) {
	w := &wire{answer: asExpected}
	e := serve(t, w, controls, notes)
	for name, kind := range map[string]driver.OpKind{
		"update": driver.Replace, "insert": driver.Insert, "delete": driver.Delete, "find": driver.Require,
	} {
		w.got = nil
		op := driver.Op{Kind: kind, Doc: doc("controls", "control", 3)}
		if err := e.Commit(t.Context(), "p", []driver.Op{op}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(w.got) != 1 || w.got[0].name != name || w.got[0].text("startTransaction") != "" {
			t.Fatalf("%s: %v", name, w.names())
		}
		c := w.got[0]
		if write := name != "find"; write && (c.text("writeConcern", "w") != `"majority"` || c.text("writeConcern", "j") != "true" || c.text("txnNumber") == "") {
			t.Errorf("%s", c.body)
		}
		for _, list := range c.lists {
			if rev, _ := list[0].Lookup("q", fRev).AsInt64OK(); name != "insert" && rev != 3 {
				t.Errorf("%s has the filter %s", name, list[0])
			}
		}
		if name == "find" && c.text("readConcern", "level") != `"linearizable"` {
			t.Errorf("required with %s", c.body)
		}
	}
}

func TestReadsAreOfOneMomentAndControlsLinearizable(t *testing.T) {
	w := &wire{answer: asExpected}
	others := driver.Spec{Name: "others"}
	e := serve(t, w, controls, notes, others)
	refs := []driver.Ref{doc("controls", "control", 0).Ref, doc("notes", "old", 0).Ref, doc("others", "old", 0).Ref}
	var seen []string
	if err := e.Get(t.Context(), refs, func(d *driver.Doc) bool { seen = append(seen, d.Collection); return true }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"controls", "notes", "others"}, seen); diff != "" {
		t.Error(diff)
	}
	levels := ""
	for i, c := range w.got {
		levels += c.text("readConcern", "level")
		if at := c.text("readConcern", "atClusterTime"); (at != "") != (i == 1) {
			t.Errorf("read %d is at %q", i, at)
		}
	}
	if levels != `"snapshot""snapshot""linearizable"` {
		t.Errorf("read with %s", levels)
	}
	w.got, e.routed = nil, true
	if err := e.Get(t.Context(), refs, func(*driver.Doc) bool { return true }); err != nil || w.got[0].text("readConcern", "level") != `"majority"` || len(w.got) != 4 {
		t.Errorf("behind a router, first with %s, %v", w.got[0].body, err)
	}
	w.got = nil
	if err := e.Get(t.Context(), refs[1:2], func(*driver.Doc) bool { return true }); err != nil || w.got[0].text("readConcern", "level") != `"majority"` {
		t.Errorf("one is read with %s, %v", w.got[0].body, err)
	}
}

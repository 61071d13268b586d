package fhirbundle_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
)

// messages are what two sources say of two people, with states that replace each
// other, one that is withdrawn, one that moves, and one that a source sends twice
// under other names.
func messages() []sent {
	return []sent{
		{practice, bundle("transaction", at1, post(patient("1", mary, maryBorn)), post(observation("a", "Patient/1", "70", at1)))},
		{practice, bundle("transaction", at1, post(patient("2", john, johnBorn)))},
		{practice, bundle("batch", at2, put(observation("a", "Patient/1", "71", at2)), put(observation("b", "Patient/2", "80", at2)))},
		{practice, bundle("batch", at3, put(observation("a", "Patient/1", "72", at3)))},
		{practice, bundle("batch", at2, put(observation("c", "Patient/1", "60", at2)))},
		{practice, bundle("batch", at3, remove("Observation", "c"))},
		{hospital, bundle("transaction", at2, post(patient("h1", mary, maryBorn)), post(observation("a", "Patient/h1", "90", at2)))},
		{hospital, bundle("collection", at3, bare(observation("b", "Patient/h1", "91", at3)))},
		{hospital, bundle("message", at2, bare(`{"resourceType":"MessageHeader","id":"m1","eventUri":"https://example.org/e","source":{"endpoint":"https://example.org"}}`), bare(observation("d", "Patient/h1", "92", at1)))},
		{hospital, bundle("batch", at1, post(patient("h2", john, johnBorn)), post(observation("e", "Patient/h1", "93", at1)))},
		{hospital, bundle("batch", at3, put(observation("e", "Patient/h2", "93", at3)))},
	}
}

type sent struct{ source, body string }

// The state at the end is a function of the set of messages: their order, repeats
// and lateness make no difference, nor does what had to wait for what.
func TestOrderRepeatsAndLatenessDoNotMatter(t *testing.T) {
	all := messages()
	run := func(t testing.TB, order []int) string {
		w := newWorld(t)
		defer func() { must(t, w.db.Close()) }()
		for _, i := range order {
			w.send(all[i].source, all[i].body)
		}
		for _, source := range []string{practice, hospital} {
			if got := w.held(source, feeds.Pending); got != "" {
				t.Fatalf("in order %v, %s still has %s in quarantine", order, source, got)
			}
		}
		return w.digest(mary, john)
	}
	inOrder := make([]int, len(all))
	for i := range inOrder {
		inOrder[i] = i
	}
	want := run(t, inOrder)
	if want == "" {
		t.Fatal("nothing was applied")
	}
	rapid.Check(t, func(r *rapid.T) {
		order := rapid.Permutation(inOrder).Draw(r, "order")
		order = append(order, rapid.SliceOfN(rapid.SampledFrom(inOrder), 0, 4).Draw(r, "repeats")...)
		if got := run(t, order); got != want {
			r.Fatalf("order %v ends in\n%s\nwant\n%s", order, got, want)
		}
	})
}

// Two sources' messages at once, each several times, from sixteen senders.
func TestSixteenSenders(t *testing.T) {
	all := messages()
	w := newWorld(t)
	for _, m := range all {
		w.send(m.source, m.body)
	}
	want := w.digest(mary, john)
	for round := range 3 {
		w := newWorld(t)
		done := make(chan string)
		for s := range 16 {
			go func() {
				fault := ""
				for i := range all {
					m := all[(i*(2*s+1)+s)%len(all)]
					if a := w.try(m.source, "application/fhir+json", []byte(m.body)); a.err != nil || a.status >= 500 {
						fault = fmt.Sprintf("sender %d, message %d: %d %v", s, i, a.status, a.err)
					}
				}
				done <- fault
			}()
		}
		for range 16 {
			if fault := <-done; fault != "" {
				t.Error(fault)
			}
		}
		if got := w.digest(mary, john); got != want {
			t.Errorf("round %d ends in\n%s\nwant\n%s", round, got, want)
		}
		log, err := w.db.Log(t.Context(), "inbox-main")
		must(t, err)
		if int(log.Len()) != len(all) {
			t.Errorf("the inbox kept %d messages, want %d", log.Len(), len(all))
		}
	}
}

package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/instance"
	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

// two has two instances on one store, Mary registered and seen by the hospital.
func two(t *testing.T) (a, b *testkit.World, practice, hospital *testkit.Source) {
	t.Helper()
	a, practice, hospital = world(t)
	b = a.Another("b")
	testkit.Works(a, b) // a takes notice, b sees that it has
	sends(t, practice, http.StatusOK, mary.Patient())
	sends(t, b.SourceOf(hospital), http.StatusOK, mary.Patient(), mary.Encounter("e1", testkit.Now.AddDate(0, -1, 0)), mary.Observation("o1", testkit.Now.AddDate(0, 0, -3), 131))
	return a, b, practice, hospital
}

// What one instance was told counts on every other at the next request.
func TestChoiceAgreementAndClientsBiteOnEveryInstance(t *testing.T) {
	a, b, practice, hospital := two(t)
	doctor := map[*testkit.World]*testkit.Professional{a: a.Professional("adams", "R0D", identity.Clinician), b: b.Professional("adams", "R0D", identity.Clinician)}
	id := person(t, doctor[a], mary.Number)
	reads := func(when string, want int, words string) {
		t.Helper()
		for w, doc := range doctor {
			if got := doc.Gets("Observation?patient=" + id); got.Status != want || !strings.Contains(string(got.Body), words) {
				t.Errorf("%s, on %s: %d %s", when, w.Config.Instance, got.Status, got.Body)
			}
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	reads("shared", http.StatusOK, `"value":131`)
	do(a.Operator().SetSharing(t.Context(), mary.Number, operator.Choice{Tier: "none"}))
	reads("opted out at a", http.StatusForbidden, "NO_PATIENT_CONSENT")
	do(b.Operator().SetSharing(t.Context(), mary.Number, operator.Choice{Tier: "share"}))
	reads("opted in at b", http.StatusOK, `"value":131`)

	system := a.System("ehr", "R0D")
	used := system.Asserts("j1")
	token := a.TokenFor(used)
	if token == "" || b.TokenFor(used) != "" {
		t.Error("an assertion is taken twice, or not at all")
	}
	acts := func(when string, want int) {
		t.Helper()
		for w, doc := range doctor {
			if got := w.GetsFor(token, doc, "Patient/"+id); got.Status != want {
				t.Errorf("%s, on %s: %d %s", when, w.Config.Instance, got.Status, got.Body)
			}
		}
	}
	acts("with a token of a", http.StatusOK)
	do(b.Operator().RevokeClient(t.Context(), "ehr"))
	acts("its client revoked at b", http.StatusUnauthorized)

	// A certificate has one owner: what one instance registered, no other gives away.
	sends(t, hospital, http.StatusOK, mary.Patient())
	clients, err := b.Operator().Clients(t.Context())
	do(err)
	i := slices.IndexFunc(clients, func(c operator.Client) bool { return c.ID == "uhd" })
	thief := operator.Client{ID: "thief", Org: "J81001", Kind: "feed", Name: "thief", Certs: clients[i].Certs}
	if err := b.Operator().RegisterClient(t.Context(), thief); err == nil {
		t.Error("a certificate was given to two clients")
	}
	do(a.Operator().RevokeClient(t.Context(), "uhd"))
	for _, s := range []*testkit.Source{hospital, b.SourceOf(hospital)} {
		if got := s.Sends(testkit.Bundle(testkit.Now, mary.Patient())); got.Status != http.StatusUnauthorized && got.Status != http.StatusForbidden {
			t.Errorf("a revoked source: %d", got.Status)
		}
	}
	do(a.Operator().Suspend(t.Context(), "R0D", true))
	reads("the agreement suspended at a", http.StatusForbidden, "")
	do(b.Operator().Suspend(t.Context(), "J81001", true))
	if got := practice.Sends(testkit.Bundle(testkit.Now, mary.Patient())); got.Status != http.StatusForbidden && got.Status != http.StatusUnauthorized {
		t.Errorf("sending under a suspended agreement: %d", got.Status)
	}
}

// What a killed instance had kept and not applied is applied by another once the lease
// has run out, and not before; what it had acknowledged was applied.
func TestAKilledInstancesMessagesAreApplied(t *testing.T) {
	a, b, _, hospital := two(t)
	doc := a.Professional("adams", "R0D", identity.Clinician)
	value := func() string {
		t.Helper()
		got := string(doc.Gets("Observation?patient=" + person(t, doc, mary.Number)).Body)
		for _, v := range []string{"141", "131"} {
			if strings.Contains(got, `"value":`+v) {
				return v
			}
		}
		return got
	}
	b.Faults.Fail(testkit.Documents, fmt.Errorf("the store goes away in the middle"))
	kept := testkit.Bundle(testkit.Now, mary.Observation("o1", testkit.Now.AddDate(0, 0, -3), 141))
	if got := b.SourceOf(hospital).Sends(kept); got.Status != http.StatusServiceUnavailable {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	b.Kill()
	testkit.Works(a)
	if got := value(); got != "131" {
		t.Fatalf("before the lease ends: %s", got)
	}
	testkit.Lapse(a)
	if got := value(); got != "141" {
		t.Errorf("after the lease: %s", got)
	}
	if !strings.Contains(a.Log.String(), `"took over from another instance","from":"b","messages":2`) {
		t.Errorf("log: %s", a.Log.String())
	}
	if got := hospital.Sends(kept); got.Status != http.StatusOK { // its sender, which got no answer, sends again
		t.Errorf("sent again: %d %s", got.Status, got.Body)
	}
	// It comes back under its name.
	again := a.Prepare("b")
	again.Config.Data, again.Config.LedgerKey, again.Config.Checkpoints = b.Config.Data, b.Config.LedgerKey, b.Config.Checkpoints
	if err := again.TryStart(); err != nil {
		t.Fatal(err)
	}
	testkit.Works(a, again)
	if got := again.SourceOf(hospital).Sends(testkit.Bundle(testkit.Now, mary.Observation("o2", testkit.Now, 1))); got.Status != http.StatusOK {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}

// A second service of the same name is refused while the first lives.
func TestTwoOfOneNameAreRefused(t *testing.T) {
	a, b, _, _ := two(t)
	for _, name := range []string{a.Config.Instance, b.Config.Instance} {
		err := a.Prepare(name).TryStart()
		if err == nil || !strings.Contains(err.Error(), "Give each dcrd on a store a name of its own (DCR_INSTANCE)") {
			t.Errorf("%s: %v", name, err)
		}
	}
	testkit.Works(a, b) // whom it did not hurt
	if got := b.Ops("readyz"); got.Status != http.StatusOK {
		t.Errorf("%s", got.Body)
	}
}

// An instance that slept beyond its lease finds, when it wakes, that another took over: it
// answers nothing any more, /readyz says what to do, and Run returns.
func TestASleeperThatWasReplacedAnswersNothing(t *testing.T) {
	for name, replaced := range map[string]func(t *testing.T, a, b *testkit.World){
		"by one of its name": func(t *testing.T, a, b *testkit.World) {
			c := a.Prepare("b")
			c.Config.Data = t.TempDir() // another machine, with the same keys
			c.Config.LedgerKey, c.Config.Checkpoints = b.Config.LedgerKey, b.Config.Checkpoints
			if err := c.TryStart(); err != nil {
				t.Fatal(err)
			}
			testkit.Works(c)
		},
		"by another": func(_ *testing.T, a, _ *testkit.World) { testkit.Works(a) },
	} {
		t.Run(name, func(t *testing.T) {
			a, b, _, hospital := two(t)
			doc := b.Professional("adams", "R0D", identity.Clinician)
			id := person(t, doc, mary.Number)
			b.Faults.Fail(testkit.Documents, fmt.Errorf("asleep"))
			a.Pass(2 * instance.Life)
			replaced(t, a, b)
			b.Faults.Fail(testkit.Documents, nil)
			before := extents(t, a)
			if got := doc.Gets("Observation?patient=" + id); got.Status != http.StatusServiceUnavailable || strings.Contains(string(got.Body), "131") {
				t.Errorf("it answers: %d %s", got.Status, got.Body)
			}
			if got := b.SourceOf(hospital).Sends(testkit.Bundle(testkit.Now, mary.Observation("o9", testkit.Now, 9))); got.Status != http.StatusServiceUnavailable {
				t.Errorf("it takes messages: %d %s", got.Status, got.Body)
			}
			err := b.Server.Run(t.Context())
			b.Server = nil
			if err == nil || !strings.Contains(err.Error(), "Nothing is answered here any more") || !strings.Contains(err.Error(), "again") {
				t.Errorf("it ends with: %v", err)
			}
			if after := extents(t, a); after != before {
				t.Errorf("events were added: %s, before %s", after, before)
			}
		})
	}
}

// extents tells how many events each instance's log has.
func extents(t *testing.T, w *testkit.World) string {
	t.Helper()
	all, err := w.Server.Ledger().Extents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(all)
}

// A sleeper's /readyz is red before it ends.
func TestALostLeaseShows(t *testing.T) {
	a, b, _, _ := two(t)
	b.Faults.Fail(testkit.Documents, fmt.Errorf("asleep"))
	a.Pass(2 * instance.Life)
	testkit.Works(a)
	b.Faults.Fail(testkit.Documents, nil)
	if got := b.Ops("readyz"); got.Status != http.StatusServiceUnavailable || !strings.Contains(string(got.Body), `instance: this instance's lease was lost: the instance "b" did not renew its lease for 10s`) {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}

// A person's accesses are one list, from whichever instance, also of one that was killed.
func TestAPersonsAccessesAreOneList(t *testing.T) {
	a, b, _, _ := two(t)
	c := a.Another("c")
	testkit.Works(a, b, c)
	id := person(t, a.Professional("adams", "R0D", identity.Clinician), mary.Number)
	var want []string
	looks := func(w *testkit.World, name string) {
		t.Helper()
		a.Pass(time.Second)
		if got := w.Professional(name, "R0D", identity.Clinician).Gets("Observation?patient=" + id); got.Status != http.StatusOK {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		want = append([]string{"cis2/" + name}, want...)
	}
	for i := range 9 {
		looks([]*testkit.World{a, b, c}[i%3], fmt.Sprintf("doc-%d", i))
	}
	list := func(w *testkit.World, limit int) (got []string) {
		t.Helper()
		for cursor := ""; ; {
			page, err := w.Operator().Accesses(t.Context(), mary.Number, cursor, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Events {
				if e.What == "Observation" {
					got = append(got, e.Caller)
				}
			}
			if cursor = page.Next; cursor == "" {
				return got
			}
		}
	}
	check := func(when string, all ...*testkit.World) {
		t.Helper()
		for _, w := range all {
			for _, limit := range []int{2, 100} {
				if got := list(w, limit); !slices.Equal(got, want) {
					t.Errorf("%s, on %s by %d: %v, want %v", when, w.Config.Instance, limit, got, want)
				}
			}
		}
	}
	check("nothing indexed", a, b, c)
	testkit.Works(c)
	looks(c, "late")
	c.Kill()
	check("c was killed", a, b)
	testkit.Lapse(a, b)
	looks(b, "later")
	check("its tail was indexed by another", a, b)
	if _, err := b.Server.Ledger().Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{"main", "b"} {
		proof, err := a.Operator().Proof(t.Context(), from, 0)
		if err != nil || proof.Proof.Instance != from || proof.Event.Instance != from {
			t.Errorf("proof from %s: %+v, %v", from, proof, err)
		}
	}
	reports, err := a.Operator().VerifyLedger(t.Context(), func(int64, int64) {})
	if err != nil || len(reports) != 3 {
		t.Fatalf("%d ledgers, %v", len(reports), err)
	}
	for name, r := range reports {
		if !r.OK || r.Events == 0 || r.Checkpoints == 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// Two instances that receive two contents under one identifier at the same moment apply
// one; the other's sender is told.
func TestOneIdentifierAtTwoInstances(t *testing.T) {
	a, b, _, hospital := two(t)
	for round := range 10 {
		var answers [2]testkit.Answer
		var g sync.WaitGroup
		for i, w := range []*testkit.World{a, b} {
			g.Go(func() {
				body := testkit.Bundle(testkit.Now, mary.Observation(fmt.Sprintf("r%d", round), testkit.Now, float64(200+i)))
				body = []byte(strings.Replace(string(body), `"type":"transaction"`, fmt.Sprintf(`"identifier":{"system":"urn:x","value":"msg-%d"},"type":"transaction"`, round), 1))
				answers[i] = w.SourceOf(hospital).Sends(body)
			})
		}
		g.Wait()
		if ok := []int{answers[0].Status, answers[1].Status}; !slices.Contains(ok, http.StatusOK) || ok[0] == ok[1] {
			t.Fatalf("round %d: %v %s %s", round, ok, answers[0].Body, answers[1].Body)
		}
	}
}

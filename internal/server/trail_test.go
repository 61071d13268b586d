package server_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

// somebody is a person of the county that the random requests are about.
type somebody struct {
	testkit.Person
	id, entry string
	seen      bool // by the hospital
	shares    bool
	known     bool
}

// someone is a caller of the random requests.
type someone struct {
	*testkit.Professional
	name        string
	org         nhs.ODS
	lapsed      bool
	results     bool // their role reads results
	appointment bool // and appointments
}

// request is one thing to ask, and what the ledger must say of it.
type request struct {
	path, form string
	what       string
	section    string // "results", "appointments", "demographics", "" for all
	find       bool
}

// TestFiveThousandRequestsLeaveExactlyTheirTrail makes random allowed and refused
// requests over HTTP, and compares the ledger with what a few lines that know
// nothing of the service's own rules expect of each.
func TestFiveThousandRequestsLeaveExactlyTheirTrail(t *testing.T) {
	requests := 5000
	if testing.Short() {
		requests = 500
	}
	w, people, callers := county(t)
	w.Events() // of setting up
	r := rand.New(rand.NewPCG(1, 2))
	var want []string
	statuses := map[int]int{}
	for range requests {
		p, c := people[r.IntN(len(people))], callers[r.IntN(len(callers))]
		q := ask(r, p)
		var a testkit.Answer
		if q.form != "" {
			a = c.Posts(q.path, q.form)
		} else {
			a = c.Gets(q.path)
		}
		statuses[a.Status]++
		line, status := expect(c, p, q)
		if a.Status != status {
			t.Fatalf("%s asks %s: %d, want %d: %s", c.name, q.what, a.Status, status, a.Body)
		}
		want = append(want, line)
	}
	var got []string
	for _, e := range w.Events() {
		person := e.Person
		if e.Action == access.Find && !slices.ContainsFunc(people, func(p somebody) bool { return p.id == person }) {
			person = "?" // made of the number that was asked for, by a key that only the service has
		}
		got = append(got, fmt.Sprintf("%s %s %s %s %s", e.Caller, e.Action, e.Outcome, e.What, person))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the trail (-want +got):\n%.4000s", diff)
	}
	for _, s := range []int{http.StatusOK, http.StatusForbidden, http.StatusNotFound} {
		if statuses[s] < requests/20 {
			t.Errorf("only %d answers of %d: %v", statuses[s], s, statuses)
		}
	}
}

// county has people of every kind: seen by the hospital or not, sharing or not,
// and one whom nobody knows.
func county(t *testing.T) (*testkit.World, []somebody, []someone) {
	w, practice, hospital := world(t)
	w.Partner("RBD", "acute")
	w.Partner("RXX", "acute")
	if err := w.Operator().Suspend(t.Context(), "RXX", true); err != nil {
		t.Fatal(err)
	}
	finder := w.Professional("finder", "J81001", identity.Clinician)
	var people []somebody
	for i, family := range []string{"Aster", "Briony", "Campion", "Dahlia"} {
		p := somebody{Person: testkit.Person{Number: nhs.MustNumber([]string{"9990000018", "9990000026", "9990000034", "9990000042"}[i]), Family: family, Born: fmt.Sprintf("19%d0-02-03", i+4)},
			seen: i != 1, shares: i != 2, known: true}
		sends(t, practice, http.StatusOK, p.Patient(), p.Observation("o-"+family, testkit.Now.AddDate(0, 0, -i), float64(i)))
		if p.seen {
			sends(t, hospital, http.StatusOK, p.Patient(), p.Encounter("e-"+family, testkit.Now.AddDate(0, -1, 0)))
		}
		p.id = person(t, finder, p.Number)
		p.entry = firstEntry(t, finder.Gets("Observation?patient="+p.id))
		if !p.shares {
			if err := w.Operator().SetSharing(t.Context(), p.Number, operator.Choice{Tier: "none"}); err != nil {
				t.Fatal(err)
			}
		}
		people = append(people, p)
	}
	people = append(people, somebody{Person: testkit.Person{Number: nhs.MustNumber("9990000050"), Family: "Nobody", Born: "1950-01-01"}, id: "p" + strings.Repeat("a", 16), entry: "p" + strings.Repeat("a", 16) + "-" + strings.Repeat("b", 16)})
	var callers []someone
	for _, c := range []someone{
		{name: "gp", org: "J81001", results: true, appointment: true},
		{name: "consultant", org: "R0D", results: true, appointment: true},
		{name: "stranger", org: "RBD", results: true, appointment: true},
		{name: "lapsed", org: "RXX", lapsed: true, results: true, appointment: true},
	} {
		c.Professional = w.Professional(c.name, c.org, identity.Clinician)
		callers = append(callers, c)
	}
	return w, people, append(callers,
		someone{Professional: w.Professional("desk", "R0D", identity.Receptionist), name: "desk", org: "R0D", appointment: true},
		someone{Professional: w.Professional("pharmacist", "R0D", identity.Pharmacist), name: "pharmacist", org: "R0D", results: true})
}

func firstEntry(t *testing.T, a testkit.Answer) string {
	t.Helper()
	var b struct {
		Entry []struct{ Resource struct{ ID string } }
	}
	if err := json.Unmarshal(a.Body, &b); err != nil || len(b.Entry) == 0 {
		t.Fatalf("no entry: %v %s", err, a.Body)
	}
	return b.Entry[0].Resource.ID
}

// ask picks something to ask about p.
func ask(r *rand.Rand, p somebody) request {
	all := []request{
		{path: "Observation/" + p.entry, what: "Observation", section: "results"},
		{path: "Observation/" + p.entry + "/_history", what: "Observation", section: "results"},
		{path: "Observation?patient=" + p.id, what: "Observation", section: "results"},
		{path: "Appointment?patient=" + p.id + "&_count=5", what: "Appointment", section: "appointments"},
		{path: "Patient/" + p.id, what: "Patient", section: "demographics"},
		{path: "Patient/" + p.id + "/$everything", what: "$everything"},
		{path: "Patient/_search", form: "identifier=" + nhs.NumberSystem + "|" + p.Number.Digits(), what: "Patient", find: true},
	}
	return all[r.IntN(len(all))]
}

// expect says what the ledger has to hold, and the answer's status.
func expect(c someone, p somebody, q request) (line string, status int) {
	action, outcome, status := "read", "allowed", http.StatusOK
	related := p.known && (c.org == "J81001" || c.org == "R0D" && p.seen)
	reads := q.section == "" || q.section == "demographics" || q.section == "results" && c.results || q.section == "appointments" && c.appointment
	if q.find {
		action, related, reads = "find", true, true
	}
	switch {
	case c.lapsed:
		outcome, status = "refused", http.StatusForbidden
	case !p.known && q.find:
		outcome, status = "unknown", http.StatusOK // a search that finds nobody
	case !p.known:
		outcome, status = "unknown", http.StatusNotFound
	case !related:
		outcome, status = "no-relationship", http.StatusForbidden
	case !p.shares && q.find:
		outcome, status = "no-consent", http.StatusOK // withheld
	case !p.shares:
		outcome, status = "no-consent", http.StatusForbidden
	case !reads:
		outcome, status = "not-yours", http.StatusNotFound
	}
	id := p.id
	if q.find && !p.known {
		id = "?"
	}
	return fmt.Sprintf("cis2/%s %s %s %s %s", c.name, action, outcome, q.what, id), status
}

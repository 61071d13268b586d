package api_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/identity"
)

// asked is one request about one of two people, and how often its answer may name
// whom.
type asked struct {
	raw    []byte
	whose  int // 0 Mary, 1 John
	status int
}

// Two people's records are read in turns over the same kept-alive connections,
// 40,000 times: never a byte of the other.
func TestInterleaved(t *testing.T) {
	requests, conns := 40_000, 16
	if testing.Short() {
		requests = 4_000
	}
	w := newWorld(t)
	people := [2]person{mary, john}
	var asks []asked
	for i, p := range people {
		id := string(w.knows(p, 60))
		token := w.signIn("doc"+p.marker, practice.Org, identity.Clinician)
		entry := w.entry(p, hospital, "Observation", oid(p, 7))
		for _, path := range []string{"/fhir/R4/Patient/" + id, "/fhir/R4/Observation/" + entry, "/fhir/R4/Observation/" + entry + "/_history",
			"/fhir/R4/Observation?patient=" + id + "&_count=20", "/fhir/R4/Encounter?patient=" + id, "/fhir/R4/Patient/" + id + "/$everything"} {
			asks = append(asks, asked{raw(token, path), i, 200})
		}
		form := "family=" + p.marker + "&birthdate=1950-02-03"
		asks = append(asks,
			asked{[]byte(fmt.Sprintf("POST /fhir/R4/Patient/_search HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", token, len(form), form)), i, 200},
			asked{raw(token, "/fhir/R4/Observation/"+id+"-aaaaaaaaaaaaaaaa"), i, 404},
			asked{raw(token, "/fhir/R4/Observation?patient="+id+"&code=nothing"), i, 200},
			asked{raw("wrong", "/fhir/R4/Patient/"+id), i, 401})
	}
	ids := [2][]byte{[]byte(w.records.PersonOf(mary.number)), []byte(w.records.PersonOf(john.number))}
	w.trail()
	var wg sync.WaitGroup
	for n := range conns {
		c := dial(t, w.url)
		wg.Go(func() {
			pick := rand.New(rand.NewPCG(uint64(n), 7))
			for range requests / conns {
				a := asks[pick.IntN(len(asks))]
				status, body, err := c.ask(a.raw)
				if err != nil || status != a.status {
					t.Errorf("%d %v %.200s", status, err, body)
					return
				}
				other := 1 - a.whose
				if bytes.Contains(body, []byte(people[other].marker)) || bytes.Contains(body, ids[other]) || bytes.Contains(body, []byte(people[other].number.Digits())) {
					t.Errorf("asked about %s, told of %s: %.300s", people[a.whose].marker, people[other].marker, body)
					return
				}
			}
		})
	}
	wg.Wait()
}

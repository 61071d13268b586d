package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/testkit/dcrd"
)

// work is one kind of request.
type work struct {
	name     string
	addr     string
	tls      *tls.Config                               // nil: plain
	request  func(i int) []byte                        // the i-th; nil ends are not allowed
	act      func(c *dcrd.Conn, i int) ([]byte, error) // instead: several requests, of which each needs the answer before
	requests [][]byte
	answers  [][]byte // bodies of some, for the ceiling
}

// prepare looks up the people and makes the requests of every kind of work.
func (s *service) prepare(ctx context.Context) error {
	read, search := &work{name: "read", addr: s.API}, &work{name: "search of 50 observations", addr: s.API}
	appointments, everything := &work{name: "appointments", addr: s.API}, &work{name: "$everything", addr: s.API}
	tokens := s.Clinicians()
	for i := range s.sample() {
		person := s.County.Person(i)
		token := tokens[person.Practice.ODS]
		id, err := s.Find(ctx, token, person.Number)
		if err != nil {
			return err
		}
		found, err := s.Get(ctx, token, "Observation?patient="+id+"&_count=50")
		if err != nil {
			return err
		}
		get := func(path string) []byte {
			return fmt.Appendf(nil, "GET /fhir/R4/%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", path, s.API, token)
		}
		for _, o := range found.IDs() {
			read.requests = append(read.requests, get("Observation/"+o))
		}
		search.requests = append(search.requests, get("Observation?patient="+id+"&_count=50"))
		appointments.requests = append(appointments.requests, get("Appointment?patient="+id))
		everything.requests = append(everything.requests, get("Patient/"+id+"/$everything"))
	}
	logIn, summary, err := s.residents(ctx)
	if err != nil {
		return err
	}
	s.works = []*work{read, search, appointments, everything, logIn, summary, s.creates()} // the ceiling takes the last to be sent
	for _, w := range s.works {
		if w.request == nil && w.act == nil {
			w.request = func(i int) []byte { return w.requests[int(uint32(i)*2654435761)%len(w.requests)] }
		}
		if err := w.capture(); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return nil
}

// mostAsked is how many people are asked for: in a large county every so many-th, so
// that what the requests take of the client does not grow with it.
const mostAsked = 1000

// sample yields whom the work is about, spread evenly over the county.
func (s *service) sample() iter.Seq[int] {
	return func(yield func(int) bool) {
		n := s.County.Len()
		for i := range min(n, mostAsked) {
			if !yield(i * n / min(n, mostAsked)) {
				return
			}
		}
	}
}

// creates are transactions of one new observation each, sent over TLS by the
// source that the first people are registered with.
func (s *service) creates() *work {
	var source string
	var targets []string
	for i := range s.sample() {
		p := s.County.Person(i)
		if source == "" {
			source = p.Practice.Source
		}
		if p.Practice.Source == source {
			targets = append(targets, s.Subject(i, source))
		}
	}
	var n atomic.Int64
	w := &work{name: "create", addr: s.Sources, tls: s.TLS(source)}
	w.request = func(int) []byte {
		i := n.Add(1)
		id := fmt.Sprintf("bench-%d", i)
		body := fmt.Sprintf(`{"resourceType":"Bundle","type":"transaction","timestamp":"%s","entry":[{"fullUrl":"https://source.example/Observation/%s","resource":{"resourceType":"Observation","id":"%s","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"718-7","display":"Haemoglobin [Mass/volume] in Blood"}],"text":"Haemoglobin"},"subject":{"reference":"Patient/%s"},"effectiveDateTime":"2026-03-04T09:12:00+00:00","issued":"2026-03-04T12:00:00+00:00","valueQuantity":{"value":%d,"unit":"g/L","system":"http://unitsofmeasure.org","code":"g/L"},"referenceRange":[{"low":{"value":115,"unit":"g/L"},"high":{"value":165,"unit":"g/L"}}]},"request":{"method":"PUT","url":"Observation/%s"}}]}`,
			time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), id, id, targets[int(i)%len(targets)], 110+i%60, id)
		return fmt.Appendf(nil, "POST /fhir/R4 HTTP/1.1\r\nHost: %s\r\nContent-Type: application/fhir+json\r\nContent-Length: %d\r\n\r\n%s", s.Sources, len(body), body)
	}
	return w
}

// do does the i-th of it.
func (w *work) do(c *dcrd.Conn, i int) ([]byte, error) {
	if w.act != nil {
		return w.act(c, i)
	}
	return do(c, w.request(i))
}

// capture keeps the answers of a few requests, which the ceiling is to serve.
func (w *work) capture() error {
	c, err := dcrd.Dial(w.addr, w.tls)
	if err != nil {
		return err
	}
	defer c.Close()
	for i := range 64 {
		body, err := w.do(c, i)
		if err != nil {
			return err
		}
		w.answers = append(w.answers, append([]byte(nil), body...))
	}
	return nil
}

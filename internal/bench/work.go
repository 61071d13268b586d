package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// work is one kind of request.
type work struct {
	name     string
	addr     string
	tls      *tls.Config        // nil: plain
	request  func(i int) []byte // the i-th; nil ends are not allowed
	requests [][]byte
	answers  [][]byte // bodies of some, for the ceiling
}

// prepare looks up the people and makes the requests of every kind of work.
func (s *service) prepare(ctx context.Context) error {
	read, search := &work{name: "read", addr: s.api}, &work{name: "search of 50 observations", addr: s.api}
	appointments, everything := &work{name: "appointments", addr: s.api}, &work{name: "$everything", addr: s.api}
	tokens := s.tokens()
	for i := range s.county.Len() {
		person := s.county.Person(i)
		token := tokens[person.Practice.ODS]
		id, err := s.find(ctx, token, person.Number)
		if err != nil {
			return err
		}
		ids, err := s.observations(ctx, token, id)
		if err != nil {
			return err
		}
		get := func(path string) []byte {
			return fmt.Appendf(nil, "GET /fhir/R4/%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", path, s.api, token)
		}
		for _, o := range ids {
			read.requests = append(read.requests, get("Observation/"+o))
		}
		search.requests = append(search.requests, get("Observation?patient="+id+"&_count=50"))
		appointments.requests = append(appointments.requests, get("Appointment?patient="+id))
		everything.requests = append(everything.requests, get("Patient/"+id+"/$everything"))
	}
	create := s.creates()
	s.works = []*work{read, search, appointments, everything, create}
	for _, w := range s.works {
		if w.request == nil {
			w.request = func(i int) []byte { return w.requests[int(uint32(i)*2654435761)%len(w.requests)] }
		}
		if err := w.capture(); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return nil
}

// tokens returns a clinician's token for each practice.
func (s *service) tokens() map[nhs.ODS]string {
	out := map[nhs.ODS]string{}
	for _, p := range s.county.Professionals() {
		if p.Role.String() == "clinician" {
			out[p.Org.ODS] = s.issuer.Mint(tokenOf(p), time.Now())
		}
	}
	return out
}

func (s *service) get(ctx context.Context, token, method, path, form string, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.api+"/fhir/R4/"+path, strings.NewReader(form))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d, %w: %.300s", path, res.StatusCode, err, body)
	}
	return json.Unmarshal(body, into)
}

type bundle struct {
	Entry []struct{ Resource struct{ ID string } }
}

func (s *service) find(ctx context.Context, token string, n nhs.Number) (string, error) {
	var b bundle
	err := s.get(ctx, token, http.MethodPost, "Patient/_search", "identifier="+url.QueryEscape(nhs.NumberSystem+"|"+n.Digits()), &b)
	if err == nil && len(b.Entry) != 1 {
		err = fmt.Errorf("%d people found by a number", len(b.Entry))
	}
	if err != nil {
		return "", err
	}
	return b.Entry[0].Resource.ID, nil
}

func (s *service) observations(ctx context.Context, token, id string) ([]string, error) {
	var b bundle
	if err := s.get(ctx, token, http.MethodGet, "Observation?patient="+id+"&_count=50", "", &b); err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range b.Entry {
		ids = append(ids, e.Resource.ID)
	}
	return ids, nil
}

// creates are transactions of one new observation each, sent over TLS by the
// source that the first people are registered with.
func (s *service) creates() *work {
	type target struct{ subject string }
	var source string
	var targets []target
	for i := range s.county.Len() {
		p := s.county.Person(i)
		if source == "" {
			source = p.Practice.Source
		}
		if p.Practice.Source == source {
			targets = append(targets, target{s.subject(i, source)})
		}
	}
	var n atomic.Int64
	w := &work{name: "create", addr: s.sources, tls: s.tls(s.certs[source])}
	w.request = func(int) []byte {
		i := n.Add(1)
		id := fmt.Sprintf("bench-%d", i)
		body := fmt.Sprintf(`{"resourceType":"Bundle","type":"transaction","timestamp":"%s","entry":[{"fullUrl":"https://source.example/Observation/%s","resource":{"resourceType":"Observation","id":"%s","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"718-7","display":"Haemoglobin [Mass/volume] in Blood"}],"text":"Haemoglobin"},"subject":{"reference":"Patient/%s"},"effectiveDateTime":"2026-03-04T09:12:00+00:00","issued":"2026-03-04T12:00:00+00:00","valueQuantity":{"value":%d,"unit":"g/L","system":"http://unitsofmeasure.org","code":"g/L"},"referenceRange":[{"low":{"value":115,"unit":"g/L"},"high":{"value":165,"unit":"g/L"}}]},"request":{"method":"PUT","url":"Observation/%s"}}]}`,
			time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), id, id, targets[int(i)%len(targets)].subject, 110+i%60, id)
		return fmt.Appendf(nil, "POST /fhir/R4 HTTP/1.1\r\nHost: %s\r\nContent-Type: application/fhir+json\r\nContent-Length: %d\r\n\r\n%s", s.sources, len(body), body)
	}
	return w
}

// subject is what the source calls the i-th person's Patient.
func (s *service) subject(i int, source string) string {
	for b := range s.county.Bundles(i) {
		if b.Source != source {
			continue
		}
		var sent struct {
			Entry []struct {
				Resource struct {
					ResourceType, ID string
				}
			}
		}
		if json.Unmarshal(b.Bytes, &sent) == nil {
			for _, e := range sent.Entry {
				if e.Resource.ResourceType == "Patient" {
					return e.Resource.ID
				}
			}
		}
	}
	return ""
}

// capture keeps the answers of a few requests, which the ceiling is to serve.
func (w *work) capture() error {
	c, err := dial(w.addr, w.tls)
	if err != nil {
		return err
	}
	defer c.Close()
	for i := range 64 {
		body, err := c.do(w.request(i))
		if err != nil {
			return err
		}
		w.answers = append(w.answers, append([]byte(nil), body...))
	}
	return nil
}

// conn is a connection that does one request after the other, cheaply: it shares
// the machine with what it measures.
type conn struct {
	net.Conn
	buf []byte
}

func dial(addr string, t *tls.Config) (*conn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	if t != nil {
		c = tls.Client(c, t)
	}
	return &conn{Conn: c, buf: make([]byte, 512<<10)}, nil
}

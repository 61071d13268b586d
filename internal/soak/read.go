package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// Kinds of requests.
const (
	read = iota
	search
	find
	everything
	write
	kinds
)

var kindNames = [kinds]string{"read", "search", "find", "$everything", "write"}

// target is a person whom professionals look at.
type target struct {
	index        int
	id           string
	number       nhs.Number
	org          nhs.ODS
	observations []string
	choice       choice
}

// choice is a person's sharing choice as far as the operator's commands have
// returned.
type choice struct {
	mu      sync.Mutex
	changes int
	out     bool
	pending bool
}

// known is what a choice was at a moment. Two that are equal and not pending say
// that it was the same all the while between.
type known struct {
	changes      int
	out, pending bool
}

func (c *choice) known() known {
	c.mu.Lock()
	defer c.mu.Unlock()
	return known{c.changes, c.out, c.pending}
}

func (c *choice) begin() (out bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	c.pending = true
	return !c.out
}

func (c *choice) done(out bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out, c.pending = out, false
}

// look plays professionals until ctx ends.
func (s *soak) look(ctx context.Context, perSecond float64, r *rand.Rand) {
	in := &line{addr: s.service.API}
	defer in.close()
	every := time.Duration(float64(time.Second) / perSecond)
	pace := schedule{next: time.Now().Add(time.Duration(r.Int64N(int64(every)))), every: every}
	for {
		due, ok := pace.take(ctx)
		if !ok {
			return
		}
		t := s.targets[r.IntN(len(s.targets))]
		kind, request := s.request(t, r)
		var before known
		status, body, err := in.ask(ctx, s, func() { before = t.choice.known() }, request)
		if err != nil {
			return
		}
		s.answered.Add(1)
		s.judge(t, kind, before, t.choice.known(), status, body)
		if s.calm.during(due, time.Now()) {
			s.times[kind].add(time.Since(due))
		}
	}
}

// request makes one of the kinds of requests that professionals make.
func (s *soak) request(t *target, r *rand.Rand) (kind int, request []byte) {
	head := fmt.Sprintf(" HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n", s.service.API, (*s.tokens.Load())[t.org])
	get := func(path string) []byte { return []byte("GET /fhir/R4/" + path + head + "\r\n") }
	switch k := r.IntN(100); {
	case k < 50 && len(t.observations) > 0:
		return read, get("Observation/" + t.observations[r.IntN(len(t.observations))])
	case k < 80:
		return search, get("Observation?patient=" + t.id + "&_count=50")
	case k < 92:
		form := "identifier=" + url.QueryEscape(nhs.NumberSystem+"|"+t.number.Digits())
		return find, fmt.Appendf(nil, "POST /fhir/R4/Patient/_search%sContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", head, len(form), form)
	}
	return everything, get("Patient/" + t.id + "/$everything")
}

// judge compares an answer with the choice that held while it was made.
func (s *soak) judge(t *target, kind int, before, after known, status int, body []byte) {
	shown := status == http.StatusOK
	if kind == find {
		shown = bytes.Contains(body, []byte(t.id))
	}
	refused := status == http.StatusForbidden && bytes.Contains(body, []byte("NO_PATIENT_CONSENT")) || kind == find && status == http.StatusOK && !shown
	settled := before == after && !before.pending
	switch {
	case !shown && !refused:
		s.findings.add(fmt.Sprintf("%s answered with %d", kindNames[kind], status), "%.600s", body)
	case settled && shown && before.out:
		s.findings.add("an opted-out person was shown", "%s of %s", kindNames[kind], t.id)
	case settled && refused && !before.out:
		s.findings.add("a person was withheld who shares", "%s of %s: %.300s", kindNames[kind], t.id, body)
	}
}

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// send plays a lane's source until ctx ends, and then goes on until all that it made
// is acknowledged. Some messages are late: others, made after them, go first; some
// are sent again.
func (s *soak) send(ctx, whole context.Context, l *lane, perSecond float64, r *rand.Rand) {
	out := &line{addr: s.service.Sources, tls: s.service.TLS(l.source)}
	defer out.close()
	pace := schedule{next: time.Now(), every: time.Duration(float64(time.Second) / perSecond), owing: true}
	later := map[int][][]byte{}
	for turn := 0; ; turn++ {
		due, ok := pace.take(ctx)
		if !ok {
			break
		}
		bundle := l.next()
		switch k := r.IntN(100); {
		case k < 20:
			after := turn + 1 + r.IntN(40)
			later[after] = append(later[after], bundle)
			s.late.Add(1)
			bundle = nil
		case k < 26:
			after := turn + r.IntN(40)
			later[after] = append(later[after], bundle)
			s.repeated.Add(1)
		}
		if bundle != nil {
			s.deliver(whole, out, due, bundle)
		}
		for _, b := range later[turn] {
			s.deliver(whole, out, time.Now(), b)
		}
		delete(later, turn)
	}
	for _, some := range later {
		for _, b := range some {
			s.deliver(whole, out, time.Now(), b)
		}
	}
}

// deliver sends a bundle until it is acknowledged.
func (s *soak) deliver(ctx context.Context, out *line, due time.Time, bundle []byte) {
	status := s.replay(ctx, out, bundle)
	if status == 0 {
		return
	}
	if status == http.StatusAccepted {
		s.held.Add(1)
	}
	s.acknowledged.Add(1)
	if s.calm.during(due, time.Now()) {
		s.times[write].add(time.Since(due))
	}
}

// replay does the same without counting it. The status is 0 if ctx ended.
func (s *soak) replay(ctx context.Context, out *line, bundle []byte) int {
	request := fmt.Appendf(nil, "POST /fhir/R4 HTTP/1.1\r\nHost: %s\r\nContent-Type: application/fhir+json\r\nContent-Length: %d\r\n\r\n%s", out.addr, len(bundle), bundle)
	status, body, err := out.ask(ctx, s, func() {}, request)
	if err != nil {
		return 0
	}
	if status != http.StatusOK && status != http.StatusAccepted {
		s.findings.add(fmt.Sprintf("message answered with %d", status), "%.600s\n  to %.600s", body, bundle)
	}
	return status
}

package api_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/identity"
)

// Client and server share the machine: 16 connections, decision and durable ledger
// on. internal/bench measures the whole service; this is for working on the API.
func BenchmarkHTTP(b *testing.B) {
	w := newWorld(b)
	p := string(w.knows(mary, 195))
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	for _, bm := range []struct{ name, path string }{
		{"metadata", "/fhir/R4/metadata"},
		{"read", "/fhir/R4/Observation/" + w.entry(mary, hospital, "Observation", oid(mary, 3))},
		{"search50", "/fhir/R4/Observation?patient=" + p},
		{"encounters", "/fhir/R4/Encounter?patient=" + p},
		{"everything", "/fhir/R4/Patient/" + p + "/$everything"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			req := raw(doc, bm.path)
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for range 16 {
				c := dial(b, w.url)
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						if status, body, err := c.ask(req); err != nil || status != http.StatusOK {
							b.Errorf("%d %v %s", status, err, body)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
		})
	}
}

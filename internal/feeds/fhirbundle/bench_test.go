package fhirbundle_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/feeds/fhirbundle"
)

// BenchmarkBundle receives a large Bundle of one of the demonstration's people:
// parsed, validated, resolved, kept and applied, as another person each time.
func BenchmarkBundle(b *testing.B) {
	names, _ := filepath.Glob(filepath.Join("..", "..", "..", "..", "shared", "data", "synthea-r4", "*.json"))
	if len(names) == 0 {
		b.Skip("../shared/data/synthea-r4 is not there: nothing to measure with")
	}
	body, err := os.ReadFile(names[0])
	must(b, err)
	w := newWorld(b)
	uuids := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-`)
	b.SetBytes(int64(len(body)))
	n := 0
	for b.Loop() {
		b.StopTimer()
		n++
		another := uuids.ReplaceAllFunc(body, func(id []byte) []byte { return fmt.Appendf(nil, "%08x%s", n, id[8:]) })
		b.StartTimer()
		if a := w.try(practice, "application/fhir+json", fhirbundle.Demo(another)); a.status != 200 {
			b.Fatalf("%d %.300s", a.status, a.body)
		}
	}
}

// BenchmarkMessage receives small messages about many people, from many senders at
// once, each durable when it is answered.
func BenchmarkMessage(b *testing.B) {
	for _, senders := range []int{1, 16} {
		b.Run(fmt.Sprintf("senders=%d", senders), func(b *testing.B) {
			w := newWorldIn(b, b.TempDir(), false)
			people := make([]string, 64)
			for i := range people {
				id := fmt.Sprintf("p%d", i)
				people[i] = id
				w.knows(id, fhirbundle.DemoNumber(id).Digits(), "1950-02-03")
			}
			var n atomic.Int64
			b.SetParallelism((senders + 1) / 2)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					stamp := t0.Add(time.Duration(i) * time.Second).Format(time.RFC3339)
					a := w.try(practice, "application/fhir+json", []byte(bundle("batch", stamp, put(observation(fmt.Sprintf("o%d", i), "Patient/"+people[i%64], "72", stamp)))))
					if a.statuses() != "201" {
						b.Errorf("%d %s", a.status, a.body)
						return
					}
				}
			})
		})
	}
}

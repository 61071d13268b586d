package record_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/record"
)

func benchWorld(b *testing.B) (*world, record.PersonID, string) {
	w := newWorld(b)
	p := w.knows(mary, "Smith")
	var id string
	for i := range 195 {
		id = w.sends(hospital, mary, 20+i, observation(b, fmt.Sprintf("o%d", i), "718-7", fmt.Sprintf("2025-%02d-%02d", 1+i%12, 1+i/12), fmt.Sprint(i)))[0].ID
	}
	return w, p, id
}

func BenchmarkOpen(b *testing.B) {
	w, p, _ := benchWorld(b)
	c := w.doctor(hospital.Org)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.open(c, p, "Observation"); err != nil {
			b.Fatal(err)
		}
		w.trail = w.trail[:0]
	}
}

func BenchmarkRead(b *testing.B) {
	w, p, id := benchWorld(b)
	v := w.mustOpen(w.doctor(hospital.Org), p, "Observation")
	b.ReportAllocs()
	for b.Loop() {
		if err := v.Read(b.Context(), "Observation", id, func(record.Entry) {}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSearch50(b *testing.B) {
	w, p, _ := benchWorld(b)
	v := w.mustOpen(w.doctor(hospital.Org), p, "Observation")
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if _, err := v.Search(b.Context(), record.Search{Type: "Observation", Limit: 50}, func(record.Entry) bool { n++; return true }); err != nil || n != 50 {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkEverything(b *testing.B) {
	w, p, _ := benchWorld(b)
	v := w.mustOpen(w.doctor(hospital.Org), p, "")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Search(b.Context(), record.Search{}, func(record.Entry) bool { return true }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	w, _, _ := benchWorld(b)
	o := observation(b, "x", "718-7", "2026-01-05", "1.0")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		o.SourceID = fmt.Sprint("x", i)
		if _, err := w.r.Apply(b.Context(), w.change(hospital, mary, 500, o)); err != nil {
			b.Fatal(err)
		}
	}
}

// A resident's own record: opened, gathered and visited anew, as for each request;
// all of it received lately, which is the dearest, or long ago.
func BenchmarkOwnEverything(b *testing.B) {
	for name, after := range map[string]int{"lately": 0, "long ago": 100} {
		b.Run(name, func(b *testing.B) {
			w, p, _ := benchWorld(b)
			w.later = time.Duration(after) * day
			c := w.resident(mary)
			b.ReportAllocs()
			for b.Loop() {
				v, err := w.open(c, p, "")
				if err != nil {
					b.Fatal(err)
				}
				if _, err := v.Search(b.Context(), record.Search{}, func(record.Entry) bool { return true }); err != nil {
					b.Fatal(err)
				}
				w.trail = w.trail[:0]
			}
		})
	}
}

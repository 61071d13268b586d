package own

import (
	"os"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// record200 is the bodies of 200 entries of a synthetic record, without billing.
func record200(b *testing.B) (bodies [][]byte, sections []section.Section) {
	b.Helper()
	data, err := os.ReadFile("../../../shared/data/synthea-r4/Dennis_Durgan_78f005f3-7b33-4a5b-84d9-28417b36dbab.json")
	if err != nil {
		b.Skip("the test material is not here: ", err)
	}
	d, err := fhir.Parse(data)
	if err != nil {
		b.Fatal(err)
	}
	for e := range d.Root().Get("entry").Each() {
		n := e.Get("resource")
		if s, ok := sectionsOf[n.Type()]; ok && len(bodies) < 200 {
			bodies, sections = append(bodies, n.Raw()), append(sections, s)
		}
	}
	return bodies, sections
}

func gathered(b *testing.B, bodies [][]byte, sections []section.Section) []Entry {
	b.Helper()
	var g Gathering
	for i, body := range bodies {
		if err := g.Add(Entry{ID: "pabc-def", Section: sections[i], Source: "gp", Received: time.Unix(1_777_777_777, 0)}, body); err != nil {
			b.Fatal(err)
		}
	}
	return g.Entries()
}

func BenchmarkParse200(b *testing.B) {
	bodies, sections := record200(b)
	b.ReportAllocs()
	size := 0
	for _, body := range bodies {
		size += len(body)
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		gathered(b, bodies, sections)
	}
}

func BenchmarkSummary200(b *testing.B) {
	bodies, sections := record200(b)
	entries := gathered(b, bodies, sections)
	c := &record{}
	b.ReportAllocs()
	for b.Loop() {
		c.reader(b).Summary(entries, News{Sections: section.All})
	}
}

func BenchmarkSummaryJSON(b *testing.B) {
	bodies, sections := record200(b)
	s := (&record{}).reader(b).Summary(gathered(b, bodies, sections), News{Sections: section.All})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.AppendJSON(make([]byte, 0, 16<<10)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTimeline200(b *testing.B) {
	bodies, sections := record200(b)
	entries := gathered(b, bodies, sections)
	c := &record{}
	b.ReportAllocs()
	for b.Loop() {
		c.reader(b).Timeline(entries, Filter{})
	}
}

func BenchmarkAllPages200(b *testing.B) {
	bodies, sections := record200(b)
	entries := gathered(b, bodies, sections)
	c := &record{}
	b.ReportAllocs()
	for b.Loop() {
		allPages(c.reader(b), entries, News{Sections: section.All})
	}
}

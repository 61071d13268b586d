package bolt_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// The benchmarks keep what the record keeps: entries of 1.6 KB in the order of their
// section and date, and an event due with each.
const (
	benchPeople  = 200
	benchEntries = 200
)

var benchSpecs = []driver.Spec{
	{Name: "entries", Clustered: "by-date", Indexes: []driver.Index{
		{Name: "by-date", Fields: []driver.Field{{Kind: driver.Int}, {Kind: driver.Int, Desc: true}}},
	}},
	{Name: "events"},
}

func benchEntry(partition string, n int) driver.Op {
	return driver.Op{Kind: driver.Insert, Doc: driver.Doc{
		Ref:  driver.Ref{Collection: "entries", Partition: partition, ID: fmt.Sprintf("entry-%08d", n)},
		Body: make([]byte, 1600),
		Keys: [][]driver.Value{{driver.Num(int64(n % 10)), driver.Num(int64(n))}},
	}}
}

func benchPerson(n int) string { return fmt.Sprintf("person-%06d", n) }

func openBench(b *testing.B, fill bool) *bolt.Engine {
	b.Helper()
	e, err := bolt.Open(b.TempDir(), benchSpecs, bolt.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	for p := 0; fill && p < benchPeople; p++ {
		ops := make([]driver.Op, benchEntries)
		for i := range ops {
			ops[i] = benchEntry(benchPerson(p), i)
		}
		if err := e.Commit(b.Context(), benchPerson(p), ops); err != nil {
			b.Fatal(err)
		}
	}
	return e
}

func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			e := openBench(b, true)
			var next atomic.Int64
			b.ResetTimer()
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						p := benchPerson(rand.IntN(benchPeople))
						event := driver.Op{Kind: driver.Insert, Doc: driver.Doc{
							Ref:  driver.Ref{Collection: "events", Partition: p, ID: fmt.Sprintf("event-%08d", n)},
							Body: make([]byte, 200), Due: driver.Due{Queue: "out", At: benchTime.Add(time.Duration(n) * time.Millisecond)},
						}}
						if err := e.Commit(b.Context(), p, []driver.Op{benchEntry(p, benchEntries+int(n)), event}); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

func BenchmarkGet(b *testing.B) {
	e := openBench(b, true)
	buf := make([]byte, 0, 4096)
	refs := make([]driver.Ref, 1)
	ids := make([]string, benchEntries)
	for i := range ids {
		ids[i] = benchEntry("", i).Doc.ID
	}
	people := make([]string, benchPeople)
	for i := range people {
		people[i] = benchPerson(i)
	}
	b.ReportAllocs()
	for b.Loop() {
		refs[0] = driver.Ref{Collection: "entries", Partition: people[rand.IntN(benchPeople)], ID: ids[rand.IntN(benchEntries)]}
		found := false
		err := e.Get(b.Context(), refs, func(d *driver.Doc) bool {
			buf = append(buf[:0], d.Body...)
			found = true
			return true
		})
		if err != nil || !found {
			b.Fatal(found, err)
		}
	}
}

func BenchmarkFind20(b *testing.B) {
	e := openBench(b, true)
	buf := make([]byte, 0, 64<<10)
	b.ReportAllocs()
	for b.Loop() {
		buf = buf[:0]
		q := driver.Query{Collection: "entries", Partition: benchPerson(rand.IntN(benchPeople)), Index: "by-date",
			Equal: []driver.Value{driver.Num(int64(rand.IntN(10)))}, Limit: 20}
		n := 0
		_, err := e.Find(b.Context(), q, func(d *driver.Doc) bool {
			buf = append(buf, d.Body...)
			n++
			return true
		})
		if err != nil || n != 20 {
			b.Fatal(n, err)
		}
	}
}

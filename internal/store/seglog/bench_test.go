package seglog

import (
	"fmt"
	"sync"
	"testing"
)

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			l, err := Open(b.TempDir()+"/log", Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			rec := make([]byte, 300)
			b.ResetTimer()
			var wg sync.WaitGroup
			for w := range writers {
				wg.Go(func() {
					for i := w; i < b.N; i += writers {
						if _, err := l.Append(b.Context(), rec); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
		})
	}
}

func BenchmarkReadOne(b *testing.B) {
	l, err := Open(b.TempDir()+"/log", Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	const total = 100_000
	batch := make([][]byte, 1000)
	for i := range batch {
		batch[i] = make([]byte, 300)
	}
	for range total / len(batch) {
		if _, err := l.Append(b.Context(), batch...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		n := uint64(i) * 7919 % total
		if err := l.Read(b.Context(), n, func(uint64, []byte) bool { return false }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen opens a log of a million records of 300 bytes.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir() + "/log"
	l, err := Open(dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	batch := make([][]byte, 10_000)
	for i := range batch {
		batch[i] = make([]byte, 300)
	}
	for range 100 {
		if _, err := l.Append(b.Context(), batch...); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		l, err := Open(dir, Options{})
		if err != nil || l.Len() != 1_000_000 {
			b.Fatal(l.Len(), err)
		}
		b.StopTimer()
		l.Close()
		b.StartTimer()
	}
}

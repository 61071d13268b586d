package fhir

import (
	"os"
	"testing"
)

// bundle680K is the head of a Synthea bundle, cut to about 680 KB of entries.
func benchmarkFile(b *testing.B, name string) []byte {
	b.Helper()
	data, err := os.ReadFile("../../../shared/data/" + name)
	if err != nil {
		b.Skip("the test material is not here: ", err)
	}
	return data
}

func BenchmarkParse(b *testing.B) {
	data := benchmarkFile(b, "synthea-r4/Jeremiah751_Dach178_9785afad-19cc-02f6-de65-b2de2618c9ac.json")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

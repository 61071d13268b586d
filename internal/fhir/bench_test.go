package fhir

import (
	"os"
	"testing"
	"time"
)

func benchmarkFile(b *testing.B, name string) []byte {
	b.Helper()
	data, err := os.ReadFile("../../../shared/data/" + name)
	if err != nil {
		b.Skip("the test material is not here: ", err)
	}
	return data
}

func BenchmarkParse(b *testing.B) {
	data := bundle680K(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkValidate(b *testing.B, data []byte) {
	b.Helper()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		d, err := Parse(data)
		if err != nil {
			b.Fatal(err)
		}
		if issues := Validate(d.Root(), Options{}); Fatal(issues) {
			b.Fatal(issues)
		}
	}
}

const syntheaFile = "synthea-r4/Jeremiah751_Dach178_9785afad-19cc-02f6-de65-b2de2618c9ac.json"

// bundle680K is the head of a Synthea bundle, cut to 680 KB of whole entries.
func bundle680K(b *testing.B) []byte {
	b.Helper()
	d, err := Parse(benchmarkFile(b, syntheaFile))
	if err != nil {
		b.Fatal(err)
	}
	out := []byte(`{"resourceType":"Bundle","type":"transaction","entry":[`)
	for e := range d.Root().Get("entry").Each() {
		if len(out)+len(e.Raw()) > 680<<10 {
			break
		}
		out = append(append(out, e.Raw()...), ',')
	}
	out[len(out)-1] = ']'
	return append(out, '}')
}

// BenchmarkPatient5K parses and validates a Patient of about 5 KB.
func BenchmarkPatient5K(b *testing.B) {
	d, err := Parse(benchmarkFile(b, syntheaFile))
	if err != nil {
		b.Fatal(err)
	}
	benchmarkValidate(b, d.Root().Path("entry", "resource").Raw())
}

// BenchmarkBundle680K parses and validates a Bundle of 680 KB with what it carries.
func BenchmarkBundle680K(b *testing.B) { benchmarkValidate(b, bundle680K(b)) }

func BenchmarkReferences(b *testing.B) {
	d, err := Parse(bundle680K(b))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		References(d.Root())
	}
}

// BenchmarkExtract takes the resources of a Bundle one after the other.
func BenchmarkExtract(b *testing.B) {
	d, err := Parse(bundle680K(b))
	if err != nil {
		b.Fatal(err)
	}
	var resources []Node
	for e := range d.Root().Get("entry").Each() {
		resources = append(resources, e.Get("resource"))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Extract(resources[i%len(resources)])
	}
}

func BenchmarkSplice(b *testing.B) {
	d, err := Parse(benchmarkFile(b, syntheaFile))
	if err != nil {
		b.Fatal(err)
	}
	n := d.Root().Get("entry").At(5).Get("resource")
	refs := map[int]string{}
	for _, r := range References(n) {
		refs[r.Offset()] = "Patient/abcdefghijklmnop-qrstuvwxyz012345"
	}
	var buf []byte
	at := time.Date(2026, 5, 3, 9, 12, 0, 0, time.UTC)
	b.ReportAllocs()
	b.SetBytes(int64(len(n.Raw())))
	for b.Loop() {
		e := Edits{ID: "abcdefghijklmnop-qrstuvwxyz012345", Meta: Meta(n.Get("meta"), "1", at, "urn:source:a"), Refs: refs}
		buf = Splice(buf[:0], n, e)
	}
}

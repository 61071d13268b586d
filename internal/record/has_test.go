package record_test

import (
	"hash/fnv"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// The codes that an entry is found by are told without its body, by hashes that anybody
// can make.
func TestEntryHas(t *testing.T) {
	w := newWorld(t)
	p := w.knows(mary, "Smith")
	w.sends(hospital, mary, 20, observation(t, "o", "718-7", "2026-01-05", "131"))
	code, _ := fhir.ParseParam("code")
	status, _ := fhir.ParseParam("status")
	set := func(code string) map[uint64]bool {
		h := fnv.New64a()
		_, _ = h.Write([]byte(code))
		return map[uint64]bool{h.Sum64(): true}
	}
	n := 0
	_, err := w.mustOpen(w.resident(mary), p, "").Search(t.Context(), record.Search{}, func(e record.Entry) bool {
		if e.Type != "Observation" {
			return true
		}
		n++
		for _, tt := range []struct {
			p    fhir.Param
			code string
			has  bool
		}{{code, "718-7", true}, {code, "final", false}, {status, "final", true}, {status, "718-7", false}} {
			if has, ok := e.Has(tt.p, set(tt.code)); !ok || has != tt.has {
				t.Errorf("%s %s: %v %v", tt.p, tt.code, has, ok)
			}
		}
		return true
	})
	if err != nil || n != 1 {
		t.Fatal(n, err)
	}
	var copied record.Entry
	if _, ok := copied.Has(code, set("718-7")); ok {
		t.Error("it tells of an entry that it does not have")
	}
}

package seed

import (
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

// TestWhatSourcesSendIsValid: nothing that the county's sources send is for the
// quarantine.
func TestWhatSourcesSendIsValid(t *testing.T) {
	c := New(4, 40)
	told := 0
	check := func(s SourceBundle) {
		d, err := fhir.Parse(s.Bytes)
		if err != nil {
			t.Fatalf("%s: %v", s.Source, err)
		}
		for _, issue := range fhir.Validate(d.Root(), fhir.Options{}) {
			if told++; told <= 20 {
				t.Errorf("%s: %+v", s.Source, issue)
			}
		}
		for e := range d.Root().Get("entry").Each() {
			for _, issue := range fhir.Validate(e.Get("resource"), fhir.Options{}) {
				if told++; told <= 20 {
					t.Errorf("%s %s: %+v", s.Source, e.Get("fullUrl").Text(), issue)
				}
			}
		}
	}
	for s := range c.All() {
		check(s)
	}
	for n := range uint64(30) {
		check(c.Event(n, time.Date(2026, 11, 3, 11, 0, 0, 0, time.UTC)))
	}
}

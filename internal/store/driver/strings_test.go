package driver_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

func TestStringsStayWhatTheyWere(t *testing.T) {
	var s driver.Strings
	var made []string
	buf := make([]byte, 0, 5000)
	for n := range 300 {
		buf = append(buf[:0], bytes.Repeat([]byte{byte(n)}, n*n%4999)...)
		made = append(made, s.Of(buf))
	}
	for n, text := range made {
		if want := strings.Repeat(string([]byte{byte(n)}), n*n%4999); text != want {
			t.Fatalf("string %d changed", n)
		}
	}
	if n := testing.AllocsPerRun(100, func() {
		var s driver.Strings
		for range 60 {
			s.Of(buf[:26])
		}
	}); n > 6 {
		t.Errorf("%v allocations for 60 ids", n)
	}
}

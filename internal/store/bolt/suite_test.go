package bolt_test

import (
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
	"github.com/dorsetcarerecord/dcr/internal/store/storetest"
)

func TestConformance(t *testing.T) { storetest.Run(t, open) }

func open(t *testing.T, dir string, specs []driver.Spec) driver.Engine {
	t.Helper()
	e, err := bolt.Open(dir, specs, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var benchTime = time.Date(2031, 5, 3, 12, 0, 0, 0, time.UTC)

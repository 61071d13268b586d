package bolt

import (
	"errors"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// A document of a later version is said to be one, and not to be damaged: restoring a
// backup would be the wrong thing to do.
func TestADocumentOfALaterVersion(t *testing.T) {
	b := appendValue(nil, driver.Due{}, 0, nil, []byte("body"))
	seal([]byte("key"), b, 1)
	var v value
	if err := v.parse("entry", []byte("key"), b); err != nil {
		t.Fatal(err)
	}
	b[0] = valueVersion + 1
	if err := v.parse("entry", []byte("key"), b); err == nil || errors.Is(err, driver.ErrCorrupt) || !strings.Contains(err.Error(), "a later version of this program") {
		t.Errorf("%v", err)
	}
}

package record

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/sharing"
)

// A control document that was written before numbers could be invalidated is read.
func TestTheControlDocumentsOfBefore(t *testing.T) {
	c := control{rev: 3, sharing: sharing.Default(), sensitive: true, cleared: []string{"cis2/1"}, members: []PersonID{"p2"}}
	b := c.encode()
	b[0], b = 1, b[:len(b)-1]
	got, err := decodeControl(b, 3)
	if diff := cmp.Diff(c, got, cmp.AllowUnexported(control{})); diff != "" || err != nil {
		t.Error(err, diff)
	}
	c.invalidated = true
	got, err = decodeControl(c.encode(), 3)
	if diff := cmp.Diff(c, got, cmp.AllowUnexported(control{})); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

package sharing

import (
	"fmt"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/packed"
)

// form is the newest version of a choice's stored form.
const form = 1

// AppendBinary appends the choice's stored form, which DecodeBinary reads. Times
// are kept to the microsecond.
func (c Choice) AppendBinary(dst []byte) ([]byte, error) {
	dst = append(dst, form, byte(c.Tier))
	dst = packed.AppendTime(dst, c.Since)
	dst = packed.AppendString(dst, c.By)
	dst = packed.AppendUint(dst, uint64(len(c.Windows)))
	for _, w := range c.Windows {
		dst = packed.AppendString(dst, string(w.Org))
		dst = packed.AppendString(dst, w.Appointment)
		dst = packed.AppendTime(dst, w.From)
		dst = packed.AppendTime(dst, w.To)
	}
	return dst, nil
}

// DecodeBinary reads what AppendBinary wrote, and nothing after it. With an error
// comes the zero Choice, which shares nothing; so does a tier that this program
// does not know.
func DecodeBinary(b []byte) (Choice, error) {
	r, _ := packed.NewReader(b, form)
	c := Choice{Tier: Tier(r.Byte()), Since: r.Time(), By: r.String()}
	if n := r.Len(); n > 0 {
		c.Windows = make([]Window, 0, n)
		for range n {
			c.Windows = append(c.Windows, Window{Org: nhs.ODS(r.String()), Appointment: r.String(), From: r.Time(), To: r.Time()})
		}
	}
	err := r.Close()
	if err == nil && c.Tier >= endTier {
		err = packed.ErrVersion
	}
	if err != nil {
		return Choice{}, fmt.Errorf("sharing choice: %w", err)
	}
	return c, nil
}

package partner

import (
	"bytes"
	"fmt"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Versions of the stored forms.
const (
	agreementForm = 1
	clientForm    = 1
)

// AppendBinary appends the agreement's stored form. Times are kept to the
// microsecond.
func (a Agreement) AppendBinary(dst []byte) ([]byte, error) {
	dst = append(dst, agreementForm)
	dst = packed.AppendString(dst, string(a.Org))
	dst = packed.AppendString(dst, a.Name)
	dst = append(dst, byte(a.Kind))
	dst = packed.AppendUint(dst, uint64(a.Read))
	dst = packed.AppendUint(dst, uint64(a.Contribute))
	dst = packed.AppendTime(dst, a.DSPT)
	dst = packed.AppendTime(dst, a.Signed)
	dst = packed.AppendTime(dst, a.Ends)
	return packed.AppendBool(dst, a.Suspended), nil
}

// UnmarshalBinary reads what AppendBinary wrote. After an error the agreement is
// zero, and allows nothing.
func (a *Agreement) UnmarshalBinary(b []byte) error {
	r, _ := packed.NewReader(b, agreementForm)
	read := Agreement{
		Org:        nhs.ODS(r.String()),
		Name:       r.String(),
		Kind:       Kind(r.Byte()),
		Read:       section.Set(r.Uint()) & section.All,
		Contribute: section.Set(r.Uint()) & section.All,
		DSPT:       r.Time(),
		Signed:     r.Time(),
		Ends:       r.Time(),
		Suspended:  r.Bool(),
	}
	if err := r.Close(); err != nil {
		*a = Agreement{}
		return fmt.Errorf("partner: agreement: %w", err)
	}
	*a = read
	return nil
}

// AppendBinary appends the client's stored form.
func (c Client) AppendBinary(dst []byte) ([]byte, error) {
	dst = append(dst, clientForm)
	dst = packed.AppendString(dst, c.ID)
	dst = packed.AppendString(dst, string(c.Org))
	dst = append(dst, byte(c.Kind))
	dst = packed.AppendString(dst, c.Name)
	dst = packed.AppendBool(dst, c.Revoked)
	dst = packed.AppendBytes(dst, c.JWKS)
	dst = appendList(dst, c.Certs)
	return appendList(dst, c.Allow), nil
}

// UnmarshalBinary reads what AppendBinary wrote. After an error the client is
// zero, and nobody.
func (c *Client) UnmarshalBinary(b []byte) error {
	r, _ := packed.NewReader(b, clientForm)
	read := Client{
		ID:      r.String(),
		Org:     nhs.ODS(r.String()),
		Kind:    ClientKind(r.Byte()),
		Name:    r.String(),
		Revoked: r.Bool(),
		JWKS:    bytes.Clone(r.Raw()),
		Certs:   readList(&r),
		Allow:   readList(&r),
	}
	if err := r.Close(); err != nil {
		*c = Client{}
		return fmt.Errorf("partner: client: %w", err)
	}
	if len(read.JWKS) == 0 {
		read.JWKS = nil
	}
	*c = read
	return nil
}

func appendList(dst []byte, list []string) []byte {
	dst = packed.AppendUint(dst, uint64(len(list)))
	for _, s := range list {
		dst = packed.AppendString(dst, s)
	}
	return dst
}

func readList(r *packed.Reader) []string {
	n := r.Len()
	if n == 0 {
		return nil
	}
	list := make([]string, 0, n)
	for range n {
		list = append(list, r.String())
	}
	return list
}

// appendVersion appends the form of an agreement in its history.
func appendVersion(dst []byte, v Version) []byte {
	body, _ := v.Agreement.AppendBinary(nil)
	dst = packed.AppendTime(append(dst, agreementForm), v.At)
	return packed.AppendBytes(packed.AppendString(dst, v.By), body)
}

func decodeVersion(b []byte) (Version, error) {
	r, _ := packed.NewReader(b, agreementForm)
	v := Version{At: r.Time(), By: r.String()}
	body := r.Raw()
	if err := r.Close(); err != nil {
		return Version{}, fmt.Errorf("partner: version: %w", err)
	}
	return v, v.Agreement.UnmarshalBinary(body)
}

package record

import (
	"context"
	"fmt"
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

const controlFormat = 2 // 1 had no mark of an invalidated number

// control is all that decides about a person, in one document: a change of any of
// it is one compare-and-swap, and holds for every request begun after it.
type control struct {
	rev         uint64 // 0: the person is not known
	sharing     sharing.Choice
	restricted  bool
	sensitive   bool
	invalidated bool       // the NHS number is no longer valid
	cleared     []string   // ids of the callers who may see a sensitive person
	joinedTo    PersonID   // the record goes on there
	members     []PersonID // records that were joined to this one
}

func (c *control) known() bool { return c.rev != 0 }

func (c *control) encode() []byte {
	b := append(make([]byte, 0, 64), controlFormat)
	choice, _ := c.sharing.AppendBinary(nil) // its error is always nil
	b = packed.AppendBytes(b, choice)
	b = packed.AppendBool(b, c.restricted)
	b = packed.AppendBool(b, c.sensitive)
	b = packed.AppendUint(b, uint64(len(c.cleared)))
	for _, id := range c.cleared {
		b = packed.AppendString(b, id)
	}
	b = packed.AppendString(b, string(c.joinedTo))
	b = packed.AppendUint(b, uint64(len(c.members)))
	for _, m := range c.members {
		b = packed.AppendString(b, string(m))
	}
	return packed.AppendBool(b, c.invalidated)
}

func decodeControl(b []byte, rev uint64) (control, error) {
	r, format := packed.NewReader(b, controlFormat)
	if format > controlFormat {
		return control{}, fmt.Errorf("record: control document: %w", packed.ErrVersion)
	}
	c := control{rev: rev}
	var err error
	if c.sharing, err = sharing.DecodeBinary(r.Raw()); err != nil {
		return control{}, fmt.Errorf("record: control document: %w", err)
	}
	c.restricted, c.sensitive = r.Bool(), r.Bool()
	for range r.Len() {
		c.cleared = append(c.cleared, r.String())
	}
	c.joinedTo = PersonID(r.String())
	for range r.Len() {
		c.members = append(c.members, PersonID(r.String()))
	}
	if format > 1 {
		c.invalidated = r.Bool()
	}
	if err := r.Close(); err != nil {
		return control{}, fmt.Errorf("record: control document: %w", err)
	}
	return c, nil
}

func controlRef(p PersonID) driver.Ref {
	return driver.Ref{Collection: controls, Partition: string(p), ID: controlID}
}

func (c *control) op(p PersonID) driver.Op {
	kind := driver.Replace
	if c.rev == 0 {
		kind = driver.Insert
	}
	return driver.Op{Kind: kind, Doc: driver.Doc{Ref: controlRef(p), Rev: c.rev, Body: c.encode()}}
}

// clears reports whether the caller has the right to see a sensitive person.
func (c *control) clears(caller string) bool { return slices.Contains(c.cleared, caller) }

// control reads a person's control document; a person who is not known has the
// zero control.
func (r *Records) control(ctx context.Context, p PersonID) (c control, err error) {
	var bad error
	err = r.o.Store.Get(ctx, []driver.Ref{controlRef(p)}, func(d *driver.Doc) bool {
		c, bad = decodeControl(d.Body, d.Rev)
		return true
	})
	if err == nil {
		err = bad
	}
	return c, err
}

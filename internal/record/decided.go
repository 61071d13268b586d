package record

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Decided is what decided about a person from a moment on, and who set it.
type Decided struct {
	At          time.Time
	By          string
	Person      PersonID // whose: of a joined record, one of several
	Sharing     sharing.Choice
	Restricted  bool
	Sensitive   bool
	Invalidated bool
	JoinedTo    PersonID
}

const decidedFormat = 1

// decided writes down what c says, beside the change of it. It is named by the
// revision that was changed, and inserted: nothing replaces it, ever.
func (c *control) decided(p PersonID, at time.Time, by string) driver.Op {
	b := packed.AppendTime([]byte{decidedFormat}, at)
	b = packed.AppendString(b, by)
	b = packed.AppendBytes(b, c.encode())
	ref := driver.Ref{Collection: decisions, Partition: string(p), ID: fmt.Sprintf("%016x", c.rev)}
	return driver.Op{Kind: driver.Insert, Doc: driver.Doc{Ref: ref, Body: b}}
}

func decodeDecided(p PersonID, b []byte) (Decided, error) {
	r, _ := packed.NewReader(b, decidedFormat)
	at, by := r.Time(), r.String()
	c, bad := decodeControl(r.Raw(), 0)
	if err := cmp.Or(r.Close(), bad); err != nil {
		return Decided{}, fmt.Errorf("record: what was decided: %w", err)
	}
	return Decided{At: at, By: by, Person: p, Sharing: c.sharing, Restricted: c.restricted, Sensitive: c.sensitive,
		Invalidated: c.invalidated, JoinedTo: c.joinedTo}, nil
}

// SharingHistory returns all that was ever set about a person, and about those who
// are joined to them, the oldest first. It is an event too.
func (r *Records) SharingHistory(ctx context.Context, by identity.Caller, p PersonID, requestID string) ([]Decided, error) {
	var members []PersonID
	err := r.administer(ctx, by, p, access.Administer, "sharing history shown", requestID, func(p PersonID, c *control) error {
		members = append([]PersonID{p}, c.members...)
		return errNoChange
	})
	if err != nil {
		return nil, err
	}
	var all []Decided
	for _, m := range members {
		var bad error
		_, err := r.o.Store.Find(ctx, driver.Query{Collection: decisions, Partition: string(m)}, func(d *driver.Doc) bool {
			var x Decided
			if x, bad = decodeDecided(m, d.Body); bad != nil {
				return false
			}
			all = append(all, x)
			return true
		})
		if err := cmp.Or(err, bad); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(all, func(a, b Decided) int { return a.At.Compare(b.At) })
	return all, nil
}

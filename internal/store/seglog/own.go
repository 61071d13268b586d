package seglog

import (
	"context"
	"fmt"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// owned is a handle of an owner.
type owned struct {
	*Log
	owner uint64
}

var _ driver.Log = owned{}

// Own returns a handle that alone may append from now on. The empty append waits for the
// batch under way, which may hold records of the owner before; what waits behind it is
// refused when its turn comes.
func (l *Log) Own(ctx context.Context) (driver.Log, error) {
	o := owned{l, l.owner.Add(1)}
	if _, err := o.Append(ctx); err != nil {
		return nil, err
	}
	return o, nil
}

// Append implements driver.Log.
func (o owned) Append(ctx context.Context, records ...[]byte) (uint64, error) {
	return o.append(ctx, o.owner, records)
}

func (l *Log) fenced() error {
	return fmt.Errorf("%w: %w: log %s", driver.ErrUnavailable, driver.ErrFenced, l.name())
}

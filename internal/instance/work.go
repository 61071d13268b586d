package instance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Do does a piece of work that one instance at a time should do, unless another has it.
// The lease bounds how long the work of one that was killed lies: after it another does
// it, so f must bear being done again.
func (m *Member) Do(ctx context.Context, work string, lease time.Duration, f func(ctx context.Context) error) (done bool, err error) {
	ref := driver.Ref{Collection: collection, Partition: "work-" + work, ID: "lease"}
	rev, mine, err := m.take(ctx, ref, lease)
	if err != nil || !mine {
		return false, err
	}
	err = f(ctx)
	free := driver.Op{Kind: driver.Delete, Doc: driver.Doc{Ref: ref, Rev: rev}}
	given := m.o.Store.Commit(context.WithoutCancel(ctx), ref.Partition, []driver.Op{free})
	if _, conflict := errors.AsType[*driver.ConflictError](given); conflict {
		given = nil // it took longer than the lease, and another has it
	}
	return true, errors.Join(err, given)
}

// take takes a lease that is free or ran out. Whoever had it in an opening of the store
// before this one is gone.
func (m *Member) take(ctx context.Context, ref driver.Ref, life time.Duration) (rev uint64, mine bool, err error) {
	now := m.o.Now()
	var held string
	err = m.o.Store.Get(ctx, []driver.Ref{ref}, func(d *driver.Doc) bool {
		held, rev = string(d.Body), d.Rev
		return true
	})
	if err != nil {
		return 0, false, err
	}
	until, opening, _ := strings.Cut(held, " ")
	if at, err := time.Parse(time.RFC3339Nano, until); err == nil && now.Before(at) && opening == m.o.Opening {
		return 0, false, nil
	}
	op := driver.Op{Kind: driver.Replace, Doc: driver.Doc{Ref: ref, Rev: rev, Body: fmt.Appendf(nil, "%s %s", now.Add(life).UTC().Format(time.RFC3339Nano), m.o.Opening)}}
	if rev == 0 {
		op.Kind = driver.Insert
	}
	err = m.o.Store.Commit(ctx, ref.Partition, []driver.Op{op})
	if _, conflict := errors.AsType[*driver.ConflictError](err); conflict {
		return 0, false, nil
	}
	return rev + 1, err == nil, err
}

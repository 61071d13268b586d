package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// VerifyAll verifies the logs of all instances, and that none of those is missing, or
// shorter, which a checkpoint of another instance names: a log that vanished with all its
// checkpoints shows, as long as those of one other instance are left. exist lists the logs
// that are there; of says what to verify of each.
func VerifyAll(ctx context.Context, exist func(context.Context) ([]Extent, error), of func(ctx context.Context, instance string) (Verification, error)) (map[string]Report, error) {
	logs, err := exist(ctx)
	if err != nil {
		return nil, err
	}
	reports := map[string]Report{}
	for _, x := range logs {
		v, err := of(ctx, x.Instance)
		if err != nil {
			return reports, err
		}
		if reports[x.Instance], err = Verify(ctx, v); err != nil {
			return reports, err
		}
	}
	logs, err = exist(ctx) // what was signed meanwhile was there before
	if err == nil {
		compare(reports, logs)
	}
	return reports, err
}

// compare adds to the reports what is missing of the logs that checkpoints name.
func compare(reports map[string]Report, logs []Extent) {
	have := map[string]uint64{}
	for _, x := range logs {
		have[x.Instance] = x.Events
	}
	most, by := extents{}, map[string]string{}
	for _, signer := range slices.Sorted(maps.Keys(reports)) {
		for name, events := range reports[signer].others {
			if events > most[name] {
				most[name], by[name] = events, signer
			}
		}
	}
	for name, signed := range most {
		r := reports[name]
		events, there := have[name]
		f := Finding{Truncated, events, signed, fmt.Sprintf("the log ends, but instance %s signed that it had %d events", by[name], signed)}
		if !there {
			f = Finding{Vanished, 0, signed, fmt.Sprintf("the log is not there, but instance %s signed that it had %d events", by[name], signed)}
		}
		if events < signed && !slices.ContainsFunc(r.Findings, gone) {
			r.Findings = append(r.Findings, f)
			reports[name] = r
		}
	}
}

// gone reports whether a finding says already that the end of a log, or all of it, is
// no longer there.
func gone(f Finding) bool { return f.Kind == Truncated || f.Kind == Vanished }

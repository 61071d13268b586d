package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Each instance has a log of its own, which it alone appends to. All of them together
// are the ledger: whoever reads it reads them all, also those of instances that run no
// longer.

// Part is the log of one instance.
type Part struct {
	Instance string
	Log      driver.Log // as long as it was when it was asked for, or longer
}

// Logs lists and opens the logs of a store; a driver.Engine does.
type Logs interface {
	Logs(ctx context.Context) ([]string, error)
	Log(ctx context.Context, name string) (driver.Log, error)
}

// Parts opens the ledger's logs in a store, by name, to be read.
func Parts(ctx context.Context, s Logs) ([]Part, error) {
	names, err := s.Logs(ctx)
	if err != nil {
		return nil, fmt.Errorf("ledger: list the logs: %w", err)
	}
	slices.Sort(names)
	var parts []Part
	for _, name := range names {
		instance, ok := strings.CutPrefix(name, LogName(""))
		if !ok {
			continue
		}
		log, err := s.Log(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("ledger of instance %s: %w", instance, err)
		}
		parts = append(parts, Part{instance, log})
	}
	return parts, nil
}

// parts returns the logs of all instances, this one's first.
func (l *Ledger) parts(ctx context.Context) ([]Part, error) {
	all := []Part{l.part()}
	if l.o.Logs == nil {
		return all, nil
	}
	found, err := Parts(ctx, l.o.Logs)
	for _, p := range found {
		if p.Instance != l.o.Instance {
			all = append(all, p)
		}
	}
	return all, err
}

func (l *Ledger) part() Part { return Part{l.o.Instance, l.o.Log} }

// of returns the log of an instance, "" being this one.
func (l *Ledger) of(ctx context.Context, instance string) (Part, error) {
	if instance == "" || instance == l.o.Instance {
		return l.part(), nil
	}
	all, err := l.parts(ctx)
	if err != nil {
		return Part{}, err
	}
	if i := slices.IndexFunc(all, func(p Part) bool { return p.Instance == instance }); i >= 0 {
		return all[i], nil
	}
	return Part{}, errs.New(errs.NotFound, "there is no ledger of an instance of that name")
}

// Extent is how many events the log of an instance has.
type Extent struct {
	Instance string
	Events   uint64
}

// others returns what a checkpoint says of the other instances' logs. One that was named
// before goes on to be named, whether it is still there or not; if not, that is logged,
// and Missing told.
func (l *Ledger) others(ctx context.Context, before *Checkpoint) []Extent {
	most := extents{}
	if before != nil {
		most.add(before.Others)
	}
	all, err := l.Extents(ctx)
	if err != nil {
		l.o.Logger.Warn("ledger checkpoint names the other instances as the one before did", "error", err)
	}
	missing := 0
	for name, events := range most {
		if err == nil && !slices.ContainsFunc(all, func(x Extent) bool { return x.Instance == name }) {
			l.o.Logger.Error("the ledger of another instance is not there any more: look with dcr ledger verify", "instance", name, "events", events)
			missing++
		}
	}
	if err == nil && l.o.Missing != nil {
		l.o.Missing(missing)
	}
	most.add(all)
	delete(most, l.o.Instance)
	return most.list()
}

// extents are how many events the log of each instance has, at least.
type extents map[string]uint64

// add takes over the logs that have more. One without events is not worth naming.
func (m extents) add(all []Extent) {
	for _, x := range all {
		if x.Events > m[x.Instance] {
			m[x.Instance] = x.Events
		}
	}
}

// list is in order of names.
func (m extents) list() []Extent {
	var all []Extent
	for _, name := range slices.Sorted(maps.Keys(m)) {
		all = append(all, Extent{name, m[name]})
	}
	return all
}

// Extents returns those of all instances, this one's first.
func (l *Ledger) Extents(ctx context.Context) ([]Extent, error) {
	all, err := l.parts(ctx)
	return ExtentsOf(all), err
}

// ExtentsOf returns how long logs are now.
func ExtentsOf(parts []Part) []Extent {
	out := make([]Extent, len(parts))
	for i, p := range parts {
		out[i] = Extent{p.Instance, p.Log.Len()}
	}
	return out
}

// ReadOf is Read in the log of an instance, "" being this one.
func (l *Ledger) ReadOf(ctx context.Context, instance string, from uint64, visit func(seq uint64, e Event) bool) error {
	p, err := l.of(ctx, instance)
	if err != nil {
		return err
	}
	return p.read(ctx, from, visit)
}

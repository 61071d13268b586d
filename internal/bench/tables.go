package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// table measures every kind of work beside its ceiling, the two in turn.
func (p plan) table(ctx context.Context, out io.Writer, s *service, b *bare) error {
	fmt.Fprintf(out, "\n%d people x %d resources, warm, median of %d runs of %s. Ceiling: bare fiber, the same bytes, one durable append.\n\n", p.people, p.perPerson, p.runs, p.seconds)
	fmt.Fprintln(out, "| work | connections | per second | p50 | p99 | ceiling | ratio | memory MB |")
	fmt.Fprintln(out, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for i, w := range s.works {
		if p.only != "" && p.only != w.name {
			continue
		}
		for _, n := range p.conns {
			memory := s.Peak()
			var ours, theirs []result
			for range p.runs {
				r, err := load(ctx, w, n, p.seconds)
				if err != nil {
					return err
				}
				c, err := load(ctx, b.works[i], n, p.seconds)
				if err != nil {
					return err
				}
				ours, theirs = append(ours, r), append(theirs, c)
			}
			r, c := median(ours), median(theirs)
			fmt.Fprintf(out, "| %s | %d | %.0f | %s | %s | %.0f | %.2f | %d |\n", w.name, n, r.perSecond, round(r.p50), round(r.p99), c.perSecond, r.perSecond/c.perSecond, memory())
		}
	}
	return nil
}

func round(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }

// flat compares the cost of a request among few people and among many.
func (p plan) flat(ctx context.Context, out io.Writer, small, large *service) error {
	fmt.Fprintf(out, "\nRate at 16 connections with %d people and with %d:\n\n| work | few | many | ratio |\n| --- | ---: | ---: | ---: |\n", small.County.Len(), large.County.Len())
	for i, w := range large.works {
		if p.only != "" && p.only != w.name {
			continue
		}
		var few, many []result
		for range p.runs {
			a, err := load(ctx, small.works[i], 16, p.seconds)
			if err != nil {
				return err
			}
			b, err := load(ctx, w, 16, p.seconds)
			if err != nil {
				return err
			}
			few, many = append(few, a), append(many, b)
		}
		a, b := median(few), median(many)
		fmt.Fprintf(out, "| %s | %.0f | %.0f | %.2f |\n", w.name, a.perSecond, b.perSecond, b.perSecond/a.perSecond)
	}
	return nil
}

// restart measures a start with the ledger that the run has made, and then the
// same work with nothing of the data file in memory.
func (p plan) restart(ctx context.Context, out io.Writer, s *service) error {
	if err := s.Stop(); err != nil {
		return err
	}
	ready, err := s.Start(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nReady %s after the start, with the ledger of this run.\n", round(ready))
	fmt.Fprintf(out, "\nCold: the data file not in memory at the start of each, 16 connections, first %s:\n\n| work | per second | p50 | p99 |\n| --- | ---: | ---: | ---: |\n", p.seconds)
	for _, w := range s.works {
		if p.only != "" && p.only != w.name {
			continue
		}
		if err := s.Stop(); err != nil {
			return err
		}
		if err := forget(filepath.Join(s.Data(), "dcr.db")); err != nil {
			return err
		}
		if _, err := s.Start(ctx); err != nil {
			return err
		}
		r, err := load(ctx, w, 16, p.seconds)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "| %s | %.0f | %s | %s |\n", w.name, r.perSecond, round(r.p50), round(r.p99))
	}
	return nil
}

// forget takes a file out of the page cache.
func forget(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}

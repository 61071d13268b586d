// Command bench measures the whole service over HTTP: dcrd as its own process, with
// token, decision and durable ledger on, beside the ceiling of the same run, a
// bare fiber handler that serves the same bytes after one durable append. Server,
// client and store share the machine. With -growth it compares sizes of the record
// instead. It prints the tables of docs/benchmarks.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/testkit/dcrd"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// plan is what a run measures.
type plan struct {
	people, perPerson int
	seconds           time.Duration
	runs              int
	dir               string
	only              string
	conns             []int
	growth            []int // sizes to compare, instead
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 3 && args[0] == "ceiling" {
		return ceiling(ctx, args[1], args[2])
	}
	var p plan
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&p.people, "people", 1000, "people in the record")
	flags.IntVar(&p.perPerson, "resources", 195, "resources of each")
	flags.DurationVar(&p.seconds, "time", time.Second, "length of one measurement")
	flags.IntVar(&p.runs, "runs", 5, "measurements, of which the median is told")
	flags.StringVar(&p.dir, "dir", "var/bench", "folder on the disk to measure; what it held is removed")
	flags.StringVar(&p.only, "only", "", "measure only the workload of that name")
	conns := flags.String("connections", "1,16,64", "numbers of connections, separated by commas")
	growth := flags.String("growth", "", "instead, compare these numbers of people, separated by commas, at 16 connections")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var err error
	if p.conns, err = counts("connections", *conns); err != nil {
		return err
	}
	if *growth != "" {
		if p.growth, err = counts("growth", *growth); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(p.dir); err != nil {
		return err
	}
	if p.dir, err = filepath.Abs(p.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	return p.measure(ctx, out)
}

// counts reads numbers separated by commas.
func counts(flag, list string) ([]int, error) {
	var out []int
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-%s: %q is not a number from 1", flag, s)
		}
		out = append(out, n)
	}
	return out, nil
}

// measure does the whole of it: a small county first, for the cost of a request
// where there is little, then the large one.
func (p plan) measure(ctx context.Context, out io.Writer) error {
	if err := dcrd.Build(ctx, p.dir, "dcrd"); err != nil {
		return err
	}
	if len(p.growth) > 0 {
		return p.grow(ctx, out)
	}
	small, err := p.begin(ctx, "small", min(10, p.people))
	if err != nil {
		return err
	}
	defer func() { _ = small.Close() }()
	large, err := p.begin(ctx, "large", p.people)
	if err != nil {
		return err
	}
	defer func() { _ = large.Close() }()
	bare, err := startCeiling(ctx, p.dir, large.works)
	if err != nil {
		return err
	}
	defer bare.stop()
	if err := p.table(ctx, out, large, bare); err != nil {
		return err
	}
	if err := p.flat(ctx, out, small, large); err != nil {
		return err
	}
	return p.restart(ctx, out, large)
}

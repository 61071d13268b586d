// Command bench measures the whole service over HTTP: dcrd as its own process, with
// token, decision and durable ledger on, beside the ceiling of the same run, a
// bare fiber handler that serves the same bytes after one durable append. Server,
// client and store share the machine. It prints the tables of docs/benchmarks.md.
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
	if err := flags.Parse(args); err != nil {
		return err
	}
	for s := range strings.SplitSeq(*conns, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return fmt.Errorf("-connections: %q is not a number of connections", s)
		}
		p.conns = append(p.conns, n)
	}
	if err := os.RemoveAll(p.dir); err != nil {
		return err
	}
	dir, err := filepath.Abs(p.dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	p.dir = dir
	return p.measure(ctx, out)
}

// measure does the whole of it: a small county first, for the cost of a request
// where there is little, then the large one.
func (p plan) measure(ctx context.Context, out io.Writer) error {
	binary, err := build(ctx, p.dir)
	if err != nil {
		return err
	}
	small, err := p.begin(ctx, binary, "small", min(10, p.people))
	if err != nil {
		return err
	}
	defer func() { _ = small.stop() }()
	large, err := p.begin(ctx, binary, "large", p.people)
	if err != nil {
		return err
	}
	defer func() { _ = large.stop() }()
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

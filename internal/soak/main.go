// Command soak wears the whole service: dcrd as its own process under ten times the
// county's peak, with sources that send early, late and twice, people who change
// their sharing choice, and a kill -9 every minute. At the end nothing that was
// acknowledged may be missing, nobody may have been shown who chose not to be, the
// ledger has to verify, and the record has to be the same as after an undisturbed
// run of the same messages. A short run is a test of this package.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/testkit/dcrd"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := command(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// plan is what a run does.
type plan struct {
	dir               string
	people, perPerson int
	length, kill      time.Duration
	reads, messages   float64 // a second
	choices           float64
	readers, lanes    int
	seed              uint64
	bounds            bool // judge durations and memory too
}

// standard is ten times the peak of a county of 800,000 people.
func standard() plan {
	return plan{people: 1000, perPerson: 195, length: 30 * time.Minute, kill: time.Minute, reads: 120, messages: 50, choices: 2, readers: 24, lanes: 10, seed: 1, bounds: true}
}

func command(ctx context.Context, args []string, out io.Writer) error {
	p := standard()
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.StringVar(&p.dir, "dir", "var/soak", "folder to work in; what it held is removed")
	flags.IntVar(&p.people, "people", p.people, "people in the record")
	flags.IntVar(&p.perPerson, "resources", p.perPerson, "resources of each at the start")
	flags.DurationVar(&p.length, "time", p.length, "how long to go on")
	flags.DurationVar(&p.kill, "kill", p.kill, "kill dcrd every so often; 0: never, which shows what one process's memory does")
	flags.Float64Var(&p.reads, "reads", p.reads, "professionals' requests a second")
	flags.Float64Var(&p.messages, "messages", p.messages, "messages of sources a second")
	flags.Float64Var(&p.choices, "choices", p.choices, "changes of sharing choices a second")
	flags.Uint64Var(&p.seed, "seed", p.seed, "of what is sent and asked")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := os.RemoveAll(p.dir); err != nil {
		return err
	}
	return p.run(ctx, out)
}

// run does all of it. The error says that something failed; out has what.
func (p plan) run(ctx context.Context, out io.Writer) (err error) {
	if p.dir, err = filepath.Abs(p.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	if err := dcrd.Build(ctx, p.dir, "dcrd", "dcr"); err != nil {
		return err
	}
	s, err := p.begin(ctx, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.service.Close()) }()
	fresh, err := s.prepare(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fresh.Stop()) }()
	if err := s.wear(ctx); err != nil {
		return err
	}
	if err := s.check(ctx, fresh); err != nil {
		return err
	}
	return s.report()
}

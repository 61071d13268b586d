// Command dcrd is the server: the API for people and for source systems, the feeds
// and the ledger, as configured by the environment and a file (docs/config.md).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/obs"
	"github.com/dorsetcarerecord/dcr/internal/server"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if os.Getenv("GOMAXPROCS") == "" {
		// A goroutine that waits for the disk holds its processor until the runtime
		// takes it away, in its own time: so there are as many again (ADR 30).
		runtime.GOMAXPROCS(2 * runtime.GOMAXPROCS(0))
	}
	if err := run(ctx, os.Args[1:], os.Environ(), os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "dcrd:", err)
		os.Exit(1)
	}
}

// run serves until ctx is done. It logs to stderr.
func run(ctx context.Context, args, environ []string, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("dcrd", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("config", "", "file of KEY=value lines; the environment wins (see docs/config.md)")
	check := flags.Bool("check", false, "report every mistake in the configuration, and end")
	flags.Usage = func() {
		fmt.Fprintf(stderr, "dcrd serves the Dorset Care Record.\n\nUsage: dcrd [-config FILE] [-check]\n\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, err := config.Load(*file, environ)
	if err != nil || *check {
		return err
	}
	out := obs.NewWriter(stderr)
	defer func() { err = errors.Join(err, out.Close()) }()
	s, err := server.Start(ctx, server.Options{Config: c, Log: obs.NewLogger(out, slog.LevelInfo).Handler(), Version: server.Version()})
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

// Command dcr-sim plays the outside world for development and demonstrations: a
// synthetic county whose practices, hospitals and councils send their people's
// history over real HTTPS, and the issuer of its professionals' tokens.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run does what the arguments say and returns the exit code: 0, 1 failed, 2 used
// wrongly.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := rootCommand(stdout, stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil, ctx.Err() != nil:
		return 0
	case isUsage(err):
		fmt.Fprintf(stderr, "dcr-sim: %v\nTry: dcr-sim --help\n", err)
		return 2
	}
	fmt.Fprintf(stderr, "dcr-sim: %v\n", err)
	return 1
}

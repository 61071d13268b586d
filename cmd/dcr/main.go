// Command dcr is the operator's tool: it talks to the dcrd that runs on a data
// folder over its local socket, and opens the store itself where none runs.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{in: os.Stdin, out: os.Stdout, errs: os.Stderr, environ: os.Environ()}
	a.open = a.connect
	os.Exit(run(ctx, a, os.Args[1:]))
}

// run does what the arguments say and returns the exit code: 0, 1 failed, 2 used
// wrongly.
func run(ctx context.Context, a *app, args []string) int {
	root := a.rootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(a.errs, "dcr: interrupted")
		return 1
	case errors.As(err, new(usageError)):
		fmt.Fprintf(a.errs, "dcr: %v\nTry: dcr --help\n", err)
		return 2
	}
	fmt.Fprintf(a.errs, "dcr: %v\n", words(err))
	return 1
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/server"
)

// app is one call of the tool.
type app struct {
	in        io.Reader
	out, errs io.Writer
	environ   []string

	config string // file; "" is that of the environment
	data   string // folder; "" is that of the configuration
	json   bool

	// open gives the operations; fresh allows that there is no store yet. A field, so
	// that tests need no server.
	open func(ctx context.Context, fresh bool) (ops operator.Operations, done func() error, err error)
}

// usageError is a mistake in the command line.
type usageError struct{ error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// words are what an error says to the operator.
func words(err error) string {
	e, ok := errs.As(err)
	if !ok {
		return err.Error()
	}
	text := e.Error()
	if e.Path != "" {
		text = e.Path + ": " + text
	}
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	return text
}

const rootLong = `dcr is the operator's tool of the Dorset Care Record.

It speaks with the dcrd that runs on the data folder over the socket in it, which
only the account of dcrd may use. Where none runs it opens the store itself. The
folder is found as dcrd finds it: --data, else DCR_DATA in the environment or the
configuration file (--config or DCR_CONFIG), else var/data.

NHS numbers are never given as arguments: what stands on a command line is seen by
everybody on the machine (ps) and stays in the shell's history. They are asked for,
or read from a file or standard input (--number-file).

Exit codes: 0 done, 1 failed, 2 used wrongly.`

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use: "dcr", Short: "Operate a Dorset Care Record", Long: rootLong,
		Example:       "  dcr status\n  dcr partners list\n  dcr people sharing set none\n  dcr backup /backup/dcr.tar",
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetOut(a.out)
	root.SetErr(a.errs)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.CompletionOptions.DisableDefaultCmd = true
	f := root.PersistentFlags()
	f.StringVar(&a.config, "config", "", "configuration file of dcrd (default DCR_CONFIG)")
	f.StringVar(&a.data, "data", "", "data folder of dcrd (default as configured)")
	f.BoolVar(&a.json, "json", false, "print JSON for programs rather than text for people")
	root.AddCommand(a.statusCommand(), a.partnersCommand(), a.clientsCommand(), a.peopleCommand(), a.feedsCommand(), a.loadCommand(),
		a.ledgerCommand(), a.checkCommand(), a.backupCommand(), a.restoreCommand(), a.migrateCommand(), a.versionCommand())
	finish(root)
	return root
}

// finish makes groups print their help, and mistakes in arguments mistakes in use.
func finish(c *cobra.Command) {
	if c.HasSubCommands() {
		c.RunE = func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("%s has no command %q", c.CommandPath(), args[0])
			}
			return c.Help()
		}
		c.Args = cobra.ArbitraryArgs
	}
	check := c.Args
	if check == nil {
		check = cobra.NoArgs
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return usage("%s: %w", c.CommandPath(), err)
		}
		return nil
	}
	for _, sub := range c.Commands() {
		finish(sub)
	}
}

// settings are the configuration with what the command line says.
func (a *app) settings() (*config.Config, error) {
	environ := a.environ
	if a.data != "" {
		environ = append(environ[:len(environ):len(environ)], "DCR_DATA="+a.data)
	}
	return config.Load(a.config, environ)
}

// folder is the data folder; it may be known though the configuration has
// mistakes.
func (a *app) folder() (string, error) {
	if a.data != "" {
		return a.data, nil
	}
	c, err := a.settings()
	if err != nil {
		return "", err
	}
	return c.Data, nil
}

// connect finds the running server, or opens the store.
func (a *app) connect(ctx context.Context, fresh bool) (operator.Operations, func() error, error) {
	folder, err := a.folder()
	if err != nil {
		return nil, nil, err
	}
	client, err := operator.Dial(ctx, folder)
	if err == nil {
		return client, client.Close, nil
	}
	if !errors.Is(err, operator.ErrNotRunning) {
		return nil, nil, err
	}
	c, err := a.settings()
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(filepath.Join(folder, storeFile)); err != nil && !fresh && c.MongoDB.URI == "" {
		return nil, nil, fmt.Errorf("no dcrd is running on %s, and there is no store in it: is this the right folder? (see --data and --config)", folder)
	}
	s, err := server.OpenOffline(ctx, server.Options{Config: c, Log: slog.NewTextHandler(a.errs, &slog.HandlerOptions{Level: slog.LevelWarn}), Version: server.Version()})
	if err != nil {
		return nil, nil, err
	}
	return s.Operations(), func() error { return s.Stop(context.WithoutCancel(ctx)) }, nil
}

// storeFile is what makes a folder a store.
const storeFile = "dcr.db"

// with runs f with the operations.
func (a *app) with(c *cobra.Command, f func(ctx context.Context, ops operator.Operations) error) error {
	return a.withStore(c, false, f)
}

func (a *app) withStore(c *cobra.Command, fresh bool, f func(ctx context.Context, ops operator.Operations) error) error {
	ops, done, err := a.open(c.Context(), fresh)
	if err != nil {
		return err
	}
	return errors.Join(f(c.Context(), ops), done())
}

// print prints what a program wants as JSON, or what people want as a table.
func (a *app) print(told any, table func(w io.Writer)) error {
	if a.json {
		if err := json.MarshalWrite(a.out, told, json.Deterministic(true), jsontext.WithIndent("  ")); err != nil {
			return err
		}
		_, err := fmt.Fprintln(a.out)
		return err
	}
	w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	table(w)
	return w.Flush()
}

// say tells people what was done, on standard error.
func (a *app) say(format string, args ...any) { fmt.Fprintf(a.errs, format+"\n", args...) }

// done says what holds from now on, unless it failed.
func (a *app) done(err error, format string, args ...any) error {
	if err == nil {
		a.say(format, args...)
	}
	return err
}

// terminal is where a bar can be drawn: standard error, if somebody watches it.
func (a *app) terminal() io.Writer {
	if f, ok := a.errs.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return f
		}
	}
	return io.Discard
}

// bar returns the progress of something in bytes, on standard error; a total of -1
// is not known.
func (a *app) bar(what string, total int64) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total, progressbar.OptionSetWriter(a.terminal()), progressbar.OptionSetDescription(what), progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish())
}

// follow returns a bar's end as operator.Progress, whatever it counts.
func (a *app) follow(what string, bytes bool) (progress operator.Progress, done func()) {
	bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(a.terminal()), progressbar.OptionSetDescription(what), progressbar.OptionShowBytes(bytes),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish())
	var known int64
	progress = func(n, total int64) {
		if total > 0 && total != known {
			known = total
			bar.ChangeMax64(total)
		}
		_ = bar.Set64(n) // what cannot be drawn is not worth failing for
	}
	return progress, func() { _ = bar.Finish() }
}

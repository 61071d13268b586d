package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/server"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show what is running",
		Long: `status shows the version and instance that runs, since when, and how many partners,
clients and ledger events there are. Where none runs it says so, and exits with 1: it
never opens the store itself, so that it can be asked while a dcrd starts.`,
		Example: "  dcr status\n  dcr status --json",
		RunE: func(c *cobra.Command, _ []string) error {
			folder, err := a.folder()
			if err != nil {
				return err
			}
			client, err := operator.Dial(c.Context(), folder)
			if errors.Is(err, operator.ErrNotRunning) {
				return fmt.Errorf("no dcrd is running on %s", folder)
			}
			if err != nil {
				return err
			}
			defer func() { _ = client.Close() }()
			s, err := client.Status(c.Context())
			if err != nil {
				return err
			}
			return a.print(s, func(w io.Writer) {
				fmt.Fprintf(w, "version\t%s\ninstance\t%s\nstarted\t%s\npartners\t%d, %d of them live\nclients\t%d\nledger\t%d events\n",
					s.Version, s.Instance, s.Started.Format(time.RFC3339), s.Partners, s.Live, s.Clients, s.Events)
			})
		},
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of this tool", Long: "version prints the version of this tool. dcr status shows that of the server.",
		Example: "  dcr version",
		RunE: func(*cobra.Command, []string) error {
			return a.print(map[string]string{"version": server.Version()}, func(w io.Writer) { fmt.Fprintln(w, server.Version()) })
		},
	}
}

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Read the whole store and verify it",
		Long: `check reads all documents and logs and verifies their checksums, and that indexes and
documents agree. A server goes on meanwhile. The first fault is named, and the exit
code is 1: restore from a backup then. dcr ledger verify verifies the ledger's content.`,
		Example: "  dcr check",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c, func(ctx context.Context, ops operator.Operations) error {
				progress, done := a.follow("checking", true)
				err := ops.Check(ctx, progress)
				done()
				if err != nil {
					return err
				}
				return a.print(map[string]bool{"ok": true}, func(w io.Writer) { fmt.Fprintln(w, "the store is whole") })
			})
		},
	}
}

func (a *app) backupCommand() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "backup FILE", Short: "Copy the whole store while it is in use", Args: cobra.ExactArgs(1),
		Long: `backup writes the store to a tar file ("-" is standard output): all documents as of one
moment, and the logs up to then or later. A server goes on meanwhile. The file holds
people's records: keep it encrypted.

It does not hold the ledger's key (ledger.key, unless configured elsewhere) nor the
checkpoints: keep copies of these apart, or a restored ledger cannot be verified. At the
end it says what was written, on standard error if the backup is on standard output.`,
		Example: "  dcr backup /backup/dcr.tar\n  dcr backup - | age -r KEY > dcr.tar.age",
	}
	c.Flags().BoolVar(&force, "force", false, "replace the file if there is one")
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.with(c, func(ctx context.Context, ops operator.Operations) error {
			progress, done := a.follow("backup", true)
			b := backedUp{File: args[0]}
			var err error
			if b.File == "-" {
				to := &counter{to: a.out}
				err = ops.Backup(ctx, to, progress)
				b.Bytes = to.n
			} else {
				b.Bytes, err = backupTo(ctx, ops, b.File, force, progress)
			}
			done()
			switch {
			case err != nil:
				return err
			case b.File == "-":
				a.say("dcr: %s", b)
				return nil
			}
			return a.print(b, func(w io.Writer) { fmt.Fprintln(w, b) })
		})
	}
	return c
}

// backedUp is what was written.
type backedUp struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
}

func (b backedUp) String() string {
	to := b.File
	if to == "-" {
		to = "standard output"
	}
	return fmt.Sprintf("backed up to %s: %d bytes, without the ledger's key and checkpoints: keep those apart", to, b.Bytes)
}

// counter counts what is written.
type counter struct {
	to io.Writer
	n  int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.n += int64(n)
	return n, err
}

// backupTo writes the file under another name first: a file of this name is a whole
// backup. It returns its size.
func backupTo(ctx context.Context, ops operator.Operations, name string, force bool, progress operator.Progress) (int64, error) {
	if _, err := os.Stat(name); err == nil && !force {
		return 0, fmt.Errorf("%s is there already: name another file, or use --force", name)
	}
	part := name + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	to := &counter{to: operator.Steady(f)}
	err = errors.Join(ops.Backup(ctx, to, progress), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		return 0, errors.Join(err, os.Remove(part))
	}
	return to.n, nil
}

func (a *app) restoreCommand() *cobra.Command {
	var trust bool
	c := &cobra.Command{
		Use: "restore FILE", Short: "Put a backup into an empty data folder", Args: cobra.ExactArgs(1),
		Long: `restore puts a backup ("-" is standard input) into the data folder, which must be empty
or not exist, and then reads it whole to verify it. Start dcrd on it afterwards.

Put the ledger's key and its .pub file back beside it before dcrd starts. What was
looked at after the backup is missing in the restored ledger, and the checkpoints show
it: dcrd says so and what to do when it starts.`,
		Example: "  dcr restore /backup/dcr.tar --data /var/lib/dcr-new",
	}
	c.Flags().BoolVar(&trust, "no-check", false, "do not read the restored store to verify it")
	c.RunE = func(c *cobra.Command, args []string) error {
		folder, err := a.folder()
		if err != nil {
			return err
		}
		if set, err := a.settings(); err == nil && set.MongoDB.URI != "" && a.data == "" {
			return errors.New("the record is kept by MongoDB: restore it with what MongoDB has (docs/guides/mongodb.md, Backup), or name an empty folder with --data")
		}
		if client, err := operator.Dial(c.Context(), folder); err == nil {
			return errors.Join(fmt.Errorf("a dcrd is running on %s: restore into another folder", folder), client.Close())
		}
		if err := a.restore(args[0], folder); err != nil {
			return err
		}
		if !trust {
			if err := a.checkFolder(c.Context(), folder); err != nil {
				return fmt.Errorf("what was restored is not whole: %w", err)
			}
		}
		a.say("dcr: restored into %s", folder)
		return nil
	}
	return c
}

func (a *app) restore(name, folder string) error {
	in, total := a.in, int64(-1)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil {
			total = info.Size()
		}
		in = f
	}
	bar := a.bar("restoring", total)
	defer func() { _ = bar.Finish() }()
	return bolt.Restore(io.TeeReader(in, bar), folder)
}

func (a *app) checkFolder(ctx context.Context, folder string) error {
	engine, err := bolt.Open(folder, store.Specs(server.Specs()...), bolt.Options{})
	if err != nil {
		return err
	}
	progress, done := a.follow("checking", true)
	defer done()
	return errors.Join(engine.Check(ctx, progress), engine.Close())
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/instance"
	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/server"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
	"github.com/dorsetcarerecord/dcr/internal/store/migrate"
)

const migrateLong = `migrate moves the whole record (documents, ledger, inbox) from the store in the data
folder to MongoDB (--to mongodb), or from MongoDB into the data folder (--to embedded).
Both are found in dcrd's configuration: DCR_DATA, and DCR_MONGODB_URI_FILE with
DCR_MONGODB_DATABASE (docs/guides/mongodb.md tells how to make a database ready).

Before: back the source up. Stop every dcrd on it; while one runs, migrate refuses.
The target must be empty: a database with nothing of anybody else in it, or a data
folder without dcr.db and logs (the ledger's key and checkpoints stay where they are).

Meanwhile: documents keep their revisions, log records their numbers. The source is
read and its content never changed, but it is marked: from the first moment on no dcrd
starts on it, nor on the target until it is whole. If migrate is interrupted or killed,
run the same command again: it goes on where it was. To stay with the source instead,
run it once with --abandon; what was copied has to be removed by hand.

At the end both sides are read whole and must have the same digest, which is printed.
Only then the target is the record.

After --to mongodb, start dcrd with the same configuration. After --to embedded, take
DCR_MONGODB_URI_FILE (or DCR_MONGODB_URI) out of it first. dcr ledger verify shows that
every checkpoint still holds. Keep the source until you are sure, then delete it: it
holds people's records.`

// side is one of the two stores.
type side struct {
	name string // for people
	open func(context.Context, *config.Config, server.EngineOptions) (driver.Mover, error)
}

func (a *app) migrateCommand() *cobra.Command {
	var to string
	var abandon bool
	c := &cobra.Command{
		Use: "migrate --to mongodb|embedded", Short: "Move the record to MongoDB, or back",
		Long: migrateLong, Example: "  dcr migrate --to mongodb\n  dcr migrate --to embedded\n  dcr migrate --to mongodb --abandon",
	}
	c.Flags().StringVar(&to, "to", "", "where the record is to be: mongodb or embedded")
	c.Flags().BoolVar(&abandon, "abandon", false, "give the migration up and make the source the record again; what was done on the target since is lost")
	c.RunE = func(c *cobra.Command, _ []string) error {
		set, err := a.settings()
		if err != nil {
			return err
		}
		embedded := side{"the folder " + filepath.Clean(set.Data), server.OpenEmbedded}
		mongodb := side{"the MongoDB database " + set.MongoDB.Database, server.OpenMongoDB}
		switch to {
		case "mongodb":
			return a.migrate(c.Context(), set, embedded, mongodb, abandon)
		case "embedded":
			return a.migrate(c.Context(), set, mongodb, embedded, abandon)
		}
		return usage("dcr migrate: say where the record is to be: --to mongodb, or --to embedded")
	}
	return c
}

// patience is how many times longer than usual an operation may take: one is a page of documents, and
// nobody waits for an answer.
const patience = 6

func (a *app) migrate(ctx context.Context, set *config.Config, from, to side, abandon bool) error {
	if set.MongoDB.URI == "" {
		return errors.New("no MongoDB is configured: set DCR_MONGODB_URI_FILE (docs/guides/mongodb.md)")
	}
	if err := stopped(ctx, set.Data); err != nil {
		return err
	}
	set.MongoDB.Timeout *= patience
	source, err := from.open(ctx, set, server.EngineOptions{})
	if err != nil {
		return fmt.Errorf("open %s: %w", from.name, err)
	}
	if abandon {
		return errors.Join(a.abandon(ctx, source, from), source.Close())
	}
	target, err := to.open(ctx, set, server.EngineOptions{})
	if err != nil {
		return errors.Join(fmt.Errorf("open %s: %w", to.name, err), source.Close())
	}
	return errors.Join(a.move(ctx, migrate.Options{From: source, To: target, FromName: from.name, ToName: to.name,
		Specs: store.Specs(server.Specs()...), Now: time.Now}), target.Close(), source.Close())
}

// stopped refuses while a dcrd runs on the data folder.
func stopped(ctx context.Context, folder string) error {
	client, err := operator.Dial(ctx, folder)
	if errors.Is(err, operator.ErrNotRunning) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(fmt.Errorf("a dcrd is running on %s: stop it first", folder), client.Close())
}

func (a *app) abandon(ctx context.Context, source driver.Mover, from side) error {
	other, err := migrate.Abandon(ctx, source)
	if err != nil {
		return err
	}
	a.say("dcr: %s is the record again. What was copied to %s is not: remove it, and run no dcrd on it", from.name, other)
	return nil
}

func (a *app) move(ctx context.Context, o migrate.Options) error {
	if _, locked := o.From.(driver.Exclusive); !locked {
		o.Alone = func(ctx context.Context) error { return alone(ctx, o.From) }
	}
	var stage migrate.Stage
	progress, done := operator.Progress(func(int64, int64) {}), func() {}
	o.Progress = func(now migrate.Stage, n, total int64) {
		if now != stage {
			done()
			stage = now
			progress, done = a.follow(string(now), false)
		}
		progress(n, total)
	}
	r, err := migrate.Run(ctx, o)
	done() // of the last stage
	if err != nil {
		return err
	}
	told := map[string]any{"from": o.FromName, "to": o.ToName, "digest": r.Digest.String(), "resumed": r.Resumed, "before": r.Before}
	return a.print(told, func(w io.Writer) {
		if r.Before {
			fmt.Fprintln(w, "this was done before, and nothing was done now")
		}
		fmt.Fprintf(w, "moved from\t%s, which no dcrd starts on any more\nthe record is\t%s: run dcrd on it from now on\ndigest of both\t%s\n", o.FromName, o.ToName, r.Digest)
	})
}

// alone refuses while another dcrd has a lease on the store. It joins as an instance for a moment,
// which shows the others; those killed lately count until their leases end.
func alone(ctx context.Context, e driver.Mover) error {
	m, err := instance.Join(ctx, instance.Options{Store: e, Name: "dcr-migrate", Now: time.Now})
	if err != nil {
		return err
	}
	var alive []string
	for _, other := range m.Others() {
		if !other.Gone {
			alive = append(alive, other.Name)
		}
	}
	if err := m.Leave(ctx); err != nil {
		return err
	}
	if len(alive) > 0 {
		return fmt.Errorf("a dcrd runs on this store (%s): stop every one of them; one that was killed counts for %s more", strings.Join(alive, ", "), instance.Life)
	}
	return nil
}

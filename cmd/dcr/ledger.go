package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/server"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

func (a *app) ledgerCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "ledger", Short: "The access ledger: who looked, asked and was refused",
		Long: `Every decision about a record is in the ledger before its answer leaves. It is a
Merkle log with signed checkpoints: what was changed, cut or put in shows.`,
		Example: "  dcr ledger show --last 20\n  dcr ledger person\n  dcr ledger verify",
	}
	c.AddCommand(a.ledgerShow(), a.ledgerPerson(), a.ledgerProof(), a.ledgerCheck(), a.ledgerVerify())
	return c
}

func (a *app) printEvents(told any, events []operator.LedgerEvent) error {
	return a.print(told, func(w io.Writer) {
		for _, e := range events {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", e.Instance, e.Seq, e.Time.Format(time.RFC3339), e.Outcome, e.Words)
		}
	})
}

func (a *app) ledgerShow() *cobra.Command {
	var from uint64
	var limit, last int
	var instance string
	c := &cobra.Command{
		Use: "show", Short: "Show events in plain words",
		Long:    "show prints events of the ledger in plain words, of each instance in their order; with --json in all their parts.",
		Example: "  dcr ledger show --last 20\n  dcr ledger show --from 1000 --limit 50 --json",
	}
	c.Flags().Uint64Var(&from, "from", 0, "number of the first event")
	c.Flags().IntVar(&limit, "limit", 50, "events at most (1,000 at a time)")
	c.Flags().IntVar(&last, "last", 0, "only so many of the newest")
	c.Flags().StringVar(&instance, "instance", "", "only of this instance")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return a.with(c, func(ctx context.Context, ops operator.Operations) error {
			st, err := ops.Status(ctx)
			if err != nil {
				return err
			}
			events := []operator.LedgerEvent{}
			for _, x := range st.Ledgers {
				if instance != "" && x.Instance != instance {
					continue
				}
				if last > 0 {
					from, limit = x.Events-min(x.Events, uint64(last)), last
				}
				part, err := ops.Ledger(ctx, x.Instance, from, limit)
				if err != nil {
					return err
				}
				events = append(events, part...)
			}
			return a.printEvents(events, events)
		})
	}
	return c
}

func (a *app) ledgerPerson() *cobra.Command {
	var limit int
	var cursor string
	c := &cobra.Command{
		Use: "person", Short: "Show the events about a person",
		Long:    "person prints the events about a person, the newest first. With --json it says where the next page begins (--after).",
		Example: "  dcr ledger person --limit 20",
	}
	c.Flags().IntVar(&limit, "limit", 50, "events at most (1,000 at a time)")
	c.Flags().StringVar(&cursor, "after", "", "go on where an earlier page ended")
	return a.person(c, onePerson, func(ctx context.Context, ops operator.Operations, n []nhs.Number) error {
		page, err := ops.Accesses(ctx, n[0], cursor, limit)
		if err != nil {
			return err
		}
		return a.printEvents(page, page.Events)
	})
}

func (a *app) ledgerProof() *cobra.Command {
	var instance string
	c := &cobra.Command{
		Use: "proof SEQ", Short: "Print the proof that an event is in the ledger", Args: cobra.ExactArgs(1),
		Long: `proof prints, as JSON, what shows to whoever has the ledger's public key that an event
is in it: the hashed data, the audit path (RFC 6962) and the signed checkpoint. What it
says is read, and checked, by "dcr ledger check", anywhere.`,
		Example: "  dcr ledger proof 1234 > proof.json",
		RunE: func(c *cobra.Command, args []string) error {
			seq, err := strconv.ParseUint(args[0], 10, 64)
			if err != nil {
				return usage("an event's number has digits only")
			}
			return a.with(c, func(ctx context.Context, ops operator.Operations) error {
				proof, err := ops.Proof(ctx, instance, seq)
				if err != nil {
					return err
				}
				text, err := proof.Proof.Encode()
				if err != nil {
					return err
				}
				_, err = a.out.Write(text)
				return err
			})
		},
	}
	c.Flags().StringVar(&instance, "instance", "", "whose log the event is in (default the one that is asked)")
	return c
}

// ledgerFiles are where a verification finds what it needs, as far as the command
// line says.
type ledgerFiles struct {
	keys        []string
	checkpoints []string
}

func (a *app) ledgerVerify() *cobra.Command {
	var f ledgerFiles
	c := &cobra.Command{
		Use: "verify", Short: "Verify the whole ledger",
		Long: `verify computes the ledger anew from its log and compares it with every signed
checkpoint. It names the first event that is not as it was signed, and exits with 1 if
anything does not hold. Checkpoints name the logs of all instances: one that is not
there any more, or shorter, shows by those of another.

It needs no server, no configuration and no secret: the folder (or a restored backup
of it), the public key, and the checkpoints, best those of a copy kept elsewhere. If a
dcrd runs on the folder, it is asked to verify itself. Where MongoDB is configured, the
ledgers in its database are verified; with --data, those of the folder.`,
		Example: "  dcr ledger verify\n  dcr ledger verify --data /restored --key /safe/ledger.key.pub --checkpoints /mnt/elsewhere/checkpoints",
	}
	c.Flags().StringArrayVar(&f.keys, "key", nil, "public key of a ledger; may be repeated, one for each instance (default ledger.key.pub in the data folder, or as configured)")
	c.Flags().StringArrayVar(&f.checkpoints, "checkpoints", nil, "folder of checkpoints; may be repeated (default as configured)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		progress, done := a.follow("verifying", false)
		reports, err := a.verify(c.Context(), f, progress)
		done()
		if err != nil {
			return err
		}
		if err := a.print(reports, func(w io.Writer) { printReports(w, reports) }); err != nil {
			return err
		}
		for _, r := range reports {
			if !r.OK {
				return errors.New("the ledger does not hold")
			}
		}
		return nil
	}
	return c
}

// verify verifies the ledger of every instance in the folder, or asks the server
// that runs on it.
func (a *app) verify(ctx context.Context, f ledgerFiles, progress operator.Progress) (map[string]operator.LedgerReport, error) {
	folder, err := a.folder()
	if err != nil {
		return nil, err
	}
	if client, err := operator.Dial(ctx, folder); err == nil {
		defer func() { _ = client.Close() }()
		return client.VerifyLedger(ctx, progress)
	}
	engine, err := a.ledgerStore(ctx, folder)
	if err != nil {
		return nil, err
	}
	c := a.verification(folder, f)
	keys, err := publicKeys(&c, f.keys)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	reports, err := verifyAll(ctx, engine, &c, keys, progress)
	return reports, errors.Join(err, engine.Close())
}

// ledgerStore opens the store whose ledger is verified, one that was moved too: MongoDB if that
// is configured, unless the command line names a folder.
func (a *app) ledgerStore(ctx context.Context, folder string) (driver.Engine, error) {
	if set, err := a.settings(); err == nil && set.MongoDB.URI != "" && a.data == "" {
		return server.OpenMongoDB(ctx, set, server.EngineOptions{})
	}
	if _, err := os.Stat(filepath.Join(folder, storeFile)); err != nil {
		return nil, fmt.Errorf("there is no store in %s: is this the right folder? (see --data)", folder)
	}
	return server.OpenEmbedded(ctx, &config.Config{Data: folder}, server.EngineOptions{})
}

// publicKeys reads those that are named, or that of the folder if it has one.
func publicKeys(c *config.Config, files []string) ([]note.Verifier, error) {
	own := server.LedgerKeyFile(c) + ".pub"
	if _, err := os.Stat(own); err == nil && len(files) == 0 {
		files = []string{own}
	}
	return server.PublicKeys(files...)
}

func verifyAll(ctx context.Context, engine driver.Engine, c *config.Config, keys []note.Verifier, progress operator.Progress) (map[string]operator.LedgerReport, error) {
	exist := func(ctx context.Context) ([]ledger.Extent, error) {
		parts, err := ledger.Parts(ctx, engine)
		return ledger.ExtentsOf(parts), err
	}
	found, err := ledger.VerifyAll(ctx, exist, func(ctx context.Context, instance string) (ledger.Verification, error) {
		v, err := server.Verification(ctx, c, engine, instance, keys)
		v.Progress = func(done, total uint64) { progress(int64(done), int64(total)) }
		return v, err
	})
	if err == nil && len(found) == 0 {
		err = errors.New("there is no ledger in this folder")
	}
	return operator.ReportsOf(found), err
}

// verification is where key and checkpoints lie: as the command line says, else as
// configured, else where dcrd would put them. A configuration with mistakes is no
// hindrance.
func (a *app) verification(folder string, f ledgerFiles) config.Config {
	c := config.Config{Data: folder, Checkpoints: []string{filepath.Join(filepath.Dir(folder), "checkpoints")}}
	if set, err := a.settings(); err == nil {
		c = *set
	}
	if len(f.checkpoints) > 0 {
		c.Checkpoints = f.checkpoints
	}
	return c
}

func printReports(w io.Writer, reports map[string]operator.LedgerReport) {
	for _, instance := range slices.Sorted(maps.Keys(reports)) {
		r := reports[instance]
		state := "holds"
		if !r.OK {
			state = "DOES NOT HOLD"
		}
		fmt.Fprintf(w, "ledger of %s: %s\n", instance, state)
		fmt.Fprintf(w, "  events\t%d (%d retired)\n  checkpoints compared\t%d\n  signed for\t%d events\n  root\t%s\n", r.Events, r.Retired, r.Checkpoints, r.Signed, r.Root)
		for _, f := range r.Findings {
			fmt.Fprintf(w, "  finding\t%s\n", f)
		}
		for _, b := range r.BadCheckpoints {
			fmt.Fprintf(w, "  checkpoint\t%s\n", b)
		}
	}
}

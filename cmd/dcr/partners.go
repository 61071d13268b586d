package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
)

func (a *app) partnersCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "partners", Short: "Sharing agreements of organisations",
		Long: `An organisation takes part only under a sharing agreement, which is held here as
data: what its professionals may read, what its sources may send, how long it and
its DSPT status hold. When it lapses or is suspended, its professionals read nothing
and its sources send nothing from the next request on.`,
		Example: "  dcr partners list\n  dcr partners import partners.json\n  dcr partners suspend R0D",
	}
	c.AddCommand(a.partnersList(), a.partnersPut(), a.partnersImport(), a.partnersSuspend(true), a.partnersSuspend(false))
	return c
}

func (a *app) partnersList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the agreements",
		Long: "list shows every agreement, by ODS code: kind, name, what may be read and sent, until when it holds,\nand its state today: live, suspended, lapsed (it or the DSPT status has ended) or not begun.\nWith --json it prints what dcr partners import reads.", Example: "  dcr partners list\n  dcr partners list --json > partners.json",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c, func(ctx context.Context, ops operator.Operations) error {
				list, err := ops.Agreements(ctx)
				if err != nil {
					return err
				}
				return a.print(operator.Partners{Agreements: list}, func(w io.Writer) {
					now := time.Now()
					fmt.Fprintln(w, "ORG\tKIND\tNAME\tREAD\tCONTRIBUTE\tSIGNED\tENDS\tDSPT\tSTATE")
					for _, g := range list {
						fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", g.Org, g.Kind, g.Name, g.Read, g.Contribute, g.Signed, g.Ends, g.DSPT, g.State(now))
					}
				})
			})
		},
	}
}

func (a *app) partnersPut() *cobra.Command {
	var g operator.Agreement
	var org, read, contribute, dspt, signed, ends string
	c := &cobra.Command{
		Use: "put", Short: "Make or replace an agreement",
		Long: `put makes the agreement of an organisation, or replaces it; the earlier one stays in
its history. What waited in the quarantine for the agreement is tried again.

Sections are named with spaces between them, or all: demographics contacts alerts
allergies problems medicines immunisations results appointments encounters letters
care-plans social-care about-me contributions.`,
		Example: "  dcr partners put --org R0D --kind acute --name 'University Hospitals Dorset' --read all --contribute 'results letters encounters' \\\n" +
			"    --signed 2026-04-01 --ends 2029-03-31 --dspt 2027-06-30",
	}
	f := c.Flags()
	f.StringVar(&org, "org", "", "ODS code")
	f.StringVar(&g.Name, "name", "", "name of the organisation")
	f.StringVar(&g.Kind, "kind", "", "gp, acute, community, council, hospice, neighbour or programme")
	f.StringVar(&read, "read", "", "sections that its professionals may read, or all")
	f.StringVar(&contribute, "contribute", "", "sections that its sources may send, or all")
	f.StringVar(&signed, "signed", "", "day on which it was signed")
	f.StringVar(&ends, "ends", "", "day on which it ends")
	f.StringVar(&dspt, "dspt", "", "day until which the DSPT status holds")
	for _, name := range []string{"org", "name", "kind", "signed", "ends", "dspt"} {
		required(c, name)
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
		var err error
		if g.Org, err = nhs.ParseODS(org); err != nil {
			return usage("--org: %s", words(err))
		}
		if err := errors.Join(parse("read", read, &g.Read, operator.ParseSections), parse("contribute", contribute, &g.Contribute, operator.ParseSections),
			parse("signed", signed, &g.Signed, operator.ParseDay), parse("ends", ends, &g.Ends, operator.ParseDay), parse("dspt", dspt, &g.DSPT, operator.ParseDay)); err != nil {
			return err
		}
		return a.with(c, func(ctx context.Context, ops operator.Operations) error {
			return a.done(ops.PutAgreement(ctx, g), "the agreement of %s is %s until %s", g.Org, g.State(time.Now()), g.Ends)
		})
	}
	return c
}

// parse reads a flag's text; what is wrong with it is a mistake in use.
func parse[T any](flag, text string, to *T, read func(string) (T, error)) error {
	v, err := read(text)
	if err != nil {
		return usage("--%s: %s", flag, words(err))
	}
	*to = v
	return nil
}

func (a *app) partnersImport() *cobra.Command {
	var fresh bool
	c := &cobra.Command{
		Use: "import FILE", Short: "Put agreements and register clients from a file", Args: cobra.ExactArgs(1),
		Long: `import reads a JSON file of agreements and clients ("-" is standard input), as
dcr partners list --json and dcr clients list --json print them and dcr-sim pki
writes one. What is there already stays; what differs is replaced. Nothing is
changed if anything in the file is wrong.`,
		Example: "  dcr partners import partners.json\n  dcr --config var/sim/dcrd.env partners import --create var/sim/partners.json",
	}
	c.Flags().BoolVar(&fresh, "create", false, "make the store if there is none yet")
	c.RunE = func(c *cobra.Command, args []string) error {
		b, err := a.readFile(args[0])
		if err != nil {
			return err
		}
		p, err := operator.ParsePartners(b)
		if err != nil {
			return err
		}
		return a.withStore(c, fresh, func(ctx context.Context, ops operator.Operations) error {
			done, err := ops.Import(ctx, p)
			if err != nil {
				return err
			}
			return a.print(done, func(w io.Writer) {
				fmt.Fprintf(w, "%d agreements and %d clients changed, %d unchanged\n", done.AgreementsChanged, done.ClientsChanged, done.Unchanged)
			})
		})
	}
	return c
}

func (a *app) partnersSuspend(suspend bool) *cobra.Command {
	c := &cobra.Command{
		Use: "suspend ORG", Short: "Suspend an agreement at once", Args: cobra.ExactArgs(1),
		Long:    "suspend makes an organisation's agreement allow nothing from the next request on, until dcr partners resume.",
		Example: "  dcr partners suspend R0D",
	}
	if !suspend {
		c.Use, c.Short, c.Example = "resume ORG", "Let a suspended agreement hold again", "  dcr partners resume R0D"
		c.Long = "resume ends the suspension of an organisation's agreement. What waited in the quarantine for it is tried again."
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		org, err := nhs.ParseODS(args[0])
		if err != nil {
			return usage("%s", words(err))
		}
		holds := map[bool]string{true: "allows nothing from now on", false: "is not suspended any more"}[suspend]
		return a.with(c, func(ctx context.Context, ops operator.Operations) error {
			return a.done(ops.Suspend(ctx, org, suspend), "the agreement of %s %s", org, holds)
		})
	}
	return c
}

// required marks a flag; its absence is a mistake in use.
func required(c *cobra.Command, name string) {
	before := c.PreRunE
	c.PreRunE = func(c *cobra.Command, args []string) error {
		if before != nil {
			if err := before(c, args); err != nil {
				return err
			}
		}
		if !c.Flags().Changed(name) {
			return usage("%s needs --%s", c.CommandPath(), name)
		}
		return nil
	}
	c.Flags().Lookup(name).Usage += " (required)"
}

func (a *app) readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(a.in)
	}
	return os.ReadFile(name)
}

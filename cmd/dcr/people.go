package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
)

const numberHelp = `

The NHS number is asked for, or read from --number-file ("-" is standard input), one
a line. It is not an argument: those are seen by everybody on the machine (ps).`

func (a *app) peopleCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "people", Short: "What decides about a person's record",
		Long:    "people sets what decides about a person's record: the sharing choice, restricted and sensitive marks, joined records. Each is an event in the ledger." + numberHelp,
		Example: "  dcr people sharing show\n  dcr people sharing set none\n  dcr people restrict\n  dcr people join",
	}
	sharing := &cobra.Command{
		Use: "sharing", Short: "A person's sharing choice",
		Long:    "sharing shows and sets a person's sharing choice: share, emergency-only or none." + numberHelp,
		Example: "  dcr people sharing show\n  dcr people sharing set emergency-only",
	}
	sharing.AddCommand(a.sharingShow(), a.sharingSet())
	c.AddCommand(sharing, a.restrict(), a.sensitive(), a.invalidate(), a.join(), a.split(), a.code())
	return c
}

// person makes a command about people, whose numbers it asks for by the prompts.
func (a *app) person(c *cobra.Command, prompts []string, do func(ctx context.Context, ops operator.Operations, n []nhs.Number) error) *cobra.Command {
	var file string
	c.Flags().StringVar(&file, "number-file", "", `file with the NHS number, one a line ("-": standard input; default: ask)`)
	c.Long += numberHelp
	c.RunE = func(c *cobra.Command, _ []string) error {
		numbers, err := a.numbers(file, prompts)
		if err != nil {
			return err
		}
		return a.with(c, func(ctx context.Context, ops operator.Operations) error { return do(ctx, ops, numbers) })
	}
	return c
}

// numbers reads as many NHS numbers as there are prompts.
func (a *app) numbers(file string, prompts []string) ([]nhs.Number, error) {
	lines, err := a.lines(file, prompts, "%d NHS numbers are needed, one a line; there are %d")
	if err != nil {
		return nil, err
	}
	numbers := make([]nhs.Number, len(lines))
	for i, line := range lines {
		if numbers[i], err = nhs.ParseNumber(line); err != nil {
			return nil, err
		}
	}
	return numbers, nil
}

// lines reads as many lines as there are prompts; missing says that some are not there.
func (a *app) lines(file string, prompts []string, missing string) ([]string, error) {
	in, asked := a.in, false
	switch {
	case file != "" && file != "-":
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	case file == "":
		asked = true
	}
	scan := bufio.NewScanner(in)
	var lines []string
	for _, prompt := range prompts {
		if asked {
			fmt.Fprintf(a.errs, "%s: ", prompt)
		}
		if !scan.Scan() {
			return nil, usage(missing, len(prompts), len(lines))
		}
		lines = append(lines, strings.TrimSpace(scan.Text()))
	}
	return lines, nil
}

var onePerson = []string{"NHS number"}

func (a *app) restrict() *cobra.Command {
	var off bool
	c := &cobra.Command{Use: "restrict", Short: "Mark a person as restricted",
		Long: `restrict marks a person as restricted (PDS code R): address, telephone, contacts, GP
and pharmacy are left out for everybody, and the person is found by number only.`,
		Example: "  dcr people restrict\n  dcr people restrict --off"}
	c.Flags().BoolVar(&off, "off", false, "take the mark away")
	return a.person(c, onePerson, func(ctx context.Context, ops operator.Operations, n []nhs.Number) error {
		return a.done(ops.SetRestricted(ctx, n[0], !off), "the person is %s from now on", marked("restricted", !off))
	})
}

func (a *app) sensitive() *cobra.Command {
	var s operator.Sensitivity
	var off bool
	c := &cobra.Command{Use: "sensitive", Short: "Mark a person as sensitive",
		Long: `sensitive marks the record of staff or of a protected person. To all but the callers
named with --clear the person is then unknown. The list replaces an earlier one.`,
		Example: "  dcr people sensitive --clear cis2/555123456789\n  dcr people sensitive --off"}
	c.Flags().BoolVar(&off, "off", false, "take the mark away")
	c.Flags().StringArrayVar(&s.Cleared, "clear", nil, "caller who may see the record, as the ledger names them; may be repeated")
	return a.person(c, onePerson, func(ctx context.Context, ops operator.Operations, n []nhs.Number) error {
		if off && len(s.Cleared) > 0 {
			return usage("--off and --clear do not go together")
		}
		s.Sensitive = !off
		return a.done(ops.SetSensitive(ctx, n[0], s), "the person is %s from now on", marked("sensitive", s.Sensitive))
	})
}

func (a *app) invalidate() *cobra.Command {
	var undo bool
	c := &cobra.Command{Use: "invalidate", Short: "Mark a person's NHS number as no longer valid",
		Long: `invalidate marks an NHS number as no longer valid. Nobody finds the person any more, and
to read their record is a 404 with the code INVALIDATED_RESOURCE. Nothing is removed,
and what sources send is still taken. Of joined records it is about all: split first.`,
		Example: "  dcr people invalidate\n  dcr people invalidate --undo"}
	c.Flags().BoolVar(&undo, "undo", false, "the number is valid after all")
	return a.person(c, onePerson, func(ctx context.Context, ops operator.Operations, n []nhs.Number) error {
		return a.done(ops.SetInvalidated(ctx, n[0], !undo), "the number is %s from now on", marked("invalid", !undo))
	})
}

// marked says whether a mark holds.
func marked(as string, holds bool) string {
	if holds {
		return "marked as " + as
	}
	return "not marked as " + as
}

func (a *app) join() *cobra.Command {
	c := &cobra.Command{Use: "join", Short: "Make two records read as one",
		Long: `join makes the record of one number go on in that of another, under the stricter of
their sharing choices. Nothing is moved; dcr people split undoes it. Two numbers are
needed: the record to be joined, then the one that survives.`,
		Example: "  dcr people join\n  dcr people join --number-file numbers"}
	return a.person(c, []string{"NHS number of the record to be joined", "NHS number of the record that survives"},
		func(ctx context.Context, ops operator.Operations, n []nhs.Number) error {
			return a.done(ops.Join(ctx, n[0], n[1]), "the first record is read as part of the second from now on")
		})
}

func (a *app) split() *cobra.Command {
	c := &cobra.Command{Use: "split", Short: "Take a joined record out again",
		Long: `split takes a record that was joined to another out of it again. Both sharing choices
stay as strict as they are. Two numbers are needed: the record that survived, then
the one to be taken out.`,
		Example: "  dcr people split"}
	return a.person(c, []string{"NHS number of the record that survived", "NHS number of the record to be taken out"},
		func(ctx context.Context, ops operator.Operations, n []nhs.Number) error {
			return a.done(ops.Split(ctx, n[0], n[1]), "the two records are read by themselves from now on")
		})
}

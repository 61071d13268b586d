package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

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
	c.AddCommand(sharing, a.restrict(), a.sensitive(), a.join(), a.split())
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
	lines := bufio.NewScanner(in)
	var numbers []nhs.Number
	for _, prompt := range prompts {
		if asked {
			fmt.Fprintf(a.errs, "%s: ", prompt)
		}
		if !lines.Scan() {
			return nil, usage("%d NHS numbers are needed, one a line; there are %d", len(prompts), len(numbers))
		}
		n, err := nhs.ParseNumber(strings.TrimSpace(lines.Text()))
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

var onePerson = []string{"NHS number"}

func (a *app) sharingShow() *cobra.Command {
	c := &cobra.Command{Use: "show", Short: "Show a sharing choice",
		Long:    "show prints a person's sharing choice as it stands, since when, and by whom it was made.",
		Example: "  dcr people sharing show\n  dcr people sharing show --number-file - < number"}
	return a.person(c, onePerson, func(ctx context.Context, ops operator.Operations, n []nhs.Number) error {
		choice, err := ops.Sharing(ctx, n[0])
		if err != nil {
			return err
		}
		return a.print(choice, func(w io.Writer) {
			fmt.Fprintf(w, "%s", choice.Tier)
			if !choice.Since.IsZero() {
				fmt.Fprintf(w, ", since %s, by %s", choice.Since.Format(time.RFC3339), choice.By)
			}
			fmt.Fprintln(w)
			for _, win := range choice.Windows {
				org := string(win.Org)
				if org == "" {
					org = "every organisation"
				}
				fmt.Fprintf(w, "  shared with %s from %s to %s\n", org, win.From.Format(time.RFC3339), win.To.Format(time.RFC3339))
			}
		})
	})
}

func (a *app) sharingSet() *cobra.Command {
	var windows []string
	c := &cobra.Command{Use: "set TIER", Short: "Set a sharing choice", Args: cobra.ExactArgs(1),
		Long: `set sets a person's sharing choice. It holds for every request that begins after
this command has ended:

  share           professionals with a relationship see the record (the default)
  emergency-only  only by break-glass in an emergency or for safeguarding
  none            sealed: no professional at all

A window shares for a while though the tier says otherwise, with one organisation
or all. Windows set before are replaced.`,
		Example: "  dcr people sharing set none\n  dcr people sharing set emergency-only --window R0D,2026-11-02T09:00:00Z,2026-11-03T09:00:00Z"}
	c.Flags().StringArrayVar(&windows, "window", nil, "ORG,FROM,TO (ORG may be *; times as of RFC 3339); may be repeated")
	var choice operator.Choice
	a.person(c, onePerson, func(ctx context.Context, ops operator.Operations, n []nhs.Number) error {
		return ops.SetSharing(ctx, n[0], choice)
	})
	set := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		switch args[0] {
		case "share", "emergency-only", "none":
		default:
			return usage("the sharing choice is one of share, emergency-only and none")
		}
		choice = operator.Choice{Tier: args[0]}
		for _, text := range windows {
			win, err := parseWindow(text)
			if err != nil {
				return err
			}
			choice.Windows = append(choice.Windows, win)
		}
		return set(c, args)
	}
	return c
}

func parseWindow(text string) (operator.Window, error) {
	var w operator.Window
	part := strings.Split(text, ",")
	if len(part) != 3 {
		return w, usage("--window is ORG,FROM,TO")
	}
	var err error
	if part[0] != "*" {
		if w.Org, err = nhs.ParseODS(part[0]); err != nil {
			return w, usage("--window: %s", words(err))
		}
	}
	for i, to := range []*time.Time{&w.From, &w.To} {
		if *to, err = time.Parse(time.RFC3339, part[i+1]); err != nil {
			return w, usage("--window: a time is written as 2026-11-02T09:00:00Z")
		}
	}
	return w, nil
}

func (a *app) restrict() *cobra.Command {
	var off bool
	c := &cobra.Command{Use: "restrict", Short: "Mark a person as restricted",
		Long: `restrict marks a person as restricted (PDS code R): address, telephone, contacts, GP
and pharmacy are left out for everybody, and the person is found by number only.`,
		Example: "  dcr people restrict\n  dcr people restrict --off"}
	c.Flags().BoolVar(&off, "off", false, "take the mark away")
	return a.person(c, onePerson, func(ctx context.Context, ops operator.Operations, n []nhs.Number) error {
		return ops.SetRestricted(ctx, n[0], !off)
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
		return ops.SetSensitive(ctx, n[0], s)
	})
}

func (a *app) join() *cobra.Command {
	c := &cobra.Command{Use: "join", Short: "Make two records read as one",
		Long: `join makes the record of one number go on in that of another, under the stricter of
their sharing choices. Nothing is moved; dcr people split undoes it. Two numbers are
needed: the record to be joined, then the one that survives.`,
		Example: "  dcr people join\n  dcr people join --number-file numbers"}
	return a.person(c, []string{"NHS number of the record to be joined", "NHS number of the record that survives"},
		func(ctx context.Context, ops operator.Operations, n []nhs.Number) error {
			return ops.Join(ctx, n[0], n[1])
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
			return ops.Split(ctx, n[0], n[1])
		})
}

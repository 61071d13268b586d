package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
)

func (a *app) sharingShow() *cobra.Command {
	var history bool
	c := &cobra.Command{Use: "show", Short: "Show a sharing choice",
		Long: `show prints a person's sharing choice as it stands, since when, and by whom it was made;
with --history all choices and marks that were ever set, the oldest first.`,
		Example: "  dcr people sharing show\n  dcr people sharing show --history --number-file - < number"}
	c.Flags().BoolVar(&history, "history", false, "all that was ever set, not only what stands")
	return a.person(c, onePerson, func(ctx context.Context, ops operator.Operations, n []nhs.Number) error {
		if history {
			return a.sharingHistory(ctx, ops, n[0])
		}
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
			printWindows(w, choice)
		})
	})
}

func printWindows(w io.Writer, choice operator.Choice) {
	for _, win := range choice.Windows {
		org := string(win.Org)
		if org == "" {
			org = "every organisation"
		}
		until := "to " + win.To.Format(time.RFC3339)
		if win.Appointment != "" {
			until = "until after appointment " + win.Appointment
		}
		fmt.Fprintf(w, "  shared with %s from %s %s\n", org, win.From.Format(time.RFC3339), until)
	}
}

// sharingHistory prints a line for each time that something was set, with all that
// held from then on.
func (a *app) sharingHistory(ctx context.Context, ops operator.Operations, n nhs.Number) error {
	all, err := ops.SharingHistory(ctx, n)
	if err != nil {
		return err
	}
	return a.print(all, func(w io.Writer) {
		for _, d := range all {
			fmt.Fprintf(w, "%s  %s  %s", d.At.Format(time.RFC3339), d.By, d.Choice.Tier)
			for _, mark := range []struct {
				on    bool
				words string
			}{{d.Restricted, "restricted"}, {d.Sensitive, "sensitive"}, {d.Invalidated, "number invalidated"}, {d.JoinedTo != "", "joined to another record"}} {
				if mark.on {
					fmt.Fprintf(w, ", %s", mark.words)
				}
			}
			fmt.Fprintln(w)
			printWindows(w, d.Choice)
		}
		if len(all) == 0 {
			fmt.Fprintln(w, "nothing was ever set")
		}
	})
}

func (a *app) sharingSet() *cobra.Command {
	var windows, appointments []string
	c := &cobra.Command{Use: "set TIER", Short: "Set a sharing choice", Args: cobra.ExactArgs(1),
		Long: `set sets a person's sharing choice, and prints what holds from then on. It holds for
every request that begins after this command has ended:

  share           professionals with a relationship see the record (the default)
  emergency-only  only by break-glass in an emergency or for safeguarding
  none            sealed: no professional at all

A window shares for a while though the tier says otherwise, with one organisation
or all; a window for an appointment from now until 24 hours after it, also when it is
moved, and not at all once it is cancelled. Windows set before are replaced.`,
		Example: "  dcr people sharing set none\n  dcr people sharing set emergency-only --window R0D,2026-11-02T09:00:00Z,2026-11-03T09:00:00Z\n  dcr people sharing set none --window-appointment paaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb,R0D"}
	c.Flags().StringArrayVar(&windows, "window", nil, "ORG,FROM,TO (ORG may be *; times as of RFC 3339); may be repeated")
	c.Flags().StringArrayVar(&appointments, "window-appointment", nil, "ID or ID,ORG: the appointment's id in the record; may be repeated")
	var choice operator.Choice
	a.person(c, onePerson, func(ctx context.Context, ops operator.Operations, n []nhs.Number) error {
		if err := ops.SetSharing(ctx, n[0], choice); err != nil {
			return err
		}
		return a.print(choice, func(w io.Writer) {
			fmt.Fprintf(w, "the sharing choice is %s from now on\n", choice.Tier)
			printWindows(w, choice)
		})
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
		for _, text := range appointments {
			id, org, one := strings.Cut(text, ",")
			win := operator.Window{Appointment: id}
			if one {
				var err error
				if win.Org, err = nhs.ParseODS(org); err != nil {
					return usage("--window-appointment: %s", words(err))
				}
			}
			if id == "" {
				return usage("--window-appointment is ID or ID,ORG")
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

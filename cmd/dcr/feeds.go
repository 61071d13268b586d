package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/dorsetcarerecord/dcr/internal/operator"
)

func (a *app) feedsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "feeds", Short: "What sources send",
		Long:    "feeds looks after what sources send. What cannot be applied is in quarantine, with its reason; nothing is lost.",
		Example: "  dcr feeds quarantine list",
	}
	q := &cobra.Command{
		Use: "quarantine", Short: "What could not be applied, and why",
		Long: `What could not be applied waits in its source's quarantine and is released by itself
when what was missing arrives: the person's demographics, an agreement, another
object. What only people can mend is replayed or discarded here.`,
		Example: "  dcr feeds quarantine list uhd-epr\n  dcr feeds quarantine show uhd-epr main.42\n  dcr feeds quarantine replay uhd-epr",
	}
	q.AddCommand(a.quarantineList(), a.quarantineShow(), a.quarantineReplay(), a.quarantineDiscard())
	c.AddCommand(q)
	return c
}

func (a *app) quarantineList() *cobra.Command {
	var state string
	var limit int
	c := &cobra.Command{
		Use: "list [SOURCE]", Short: "List what is in quarantine", Args: cobra.MaximumNArgs(1),
		Long:    "list shows what is in a source's quarantine, or in everybody's, the newest first. It shows nothing of what was sent.",
		Example: "  dcr feeds quarantine list\n  dcr feeds quarantine list uhd-epr --state released --limit 200",
	}
	c.Flags().StringVar(&state, "state", "pending", "pending, released or discarded")
	c.Flags().IntVar(&limit, "limit", 100, "items of each source at most (0: all)")
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.with(c, func(ctx context.Context, ops operator.Operations) error {
			sources, err := sourcesOf(ctx, ops, args)
			if err != nil {
				return err
			}
			var all []operator.QuarantineItem
			for _, s := range sources {
				items, err := quarantineOf(ctx, ops, s, state, limit)
				if err != nil {
					return err
				}
				all = append(all, items...)
			}
			return a.print(all, func(w io.Writer) {
				fmt.Fprintln(w, "SOURCE\tID\tSINCE\tTYPE\tCODE\tTRIES\tREASON")
				for _, it := range all {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", it.Source, it.ID, it.Since.Format(time.DateTime), it.Type, it.Code, it.Tries, it.Words)
				}
			})
		})
	}
	return c
}

// sourcesOf is the source named, or all that are registered.
func sourcesOf(ctx context.Context, ops operator.Operations, args []string) ([]string, error) {
	if len(args) > 0 {
		return args[:1], nil
	}
	clients, err := ops.Clients(ctx)
	if err != nil {
		return nil, err
	}
	var sources []string
	for _, c := range clients {
		if c.Kind == "feed" {
			sources = append(sources, c.ID)
		}
	}
	return sources, nil
}

func quarantineOf(ctx context.Context, ops operator.Operations, source, state string, limit int) (all []operator.QuarantineItem, err error) {
	for cursor := ""; ; {
		page, err := ops.Quarantine(ctx, operator.QuarantineQuery{Source: source, State: state, Cursor: cursor, Limit: 200})
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if limit > 0 && len(all) >= limit {
			return all[:limit], nil
		}
		if page.Next == "" {
			return all, nil
		}
		cursor = page.Next
	}
}

func (a *app) quarantineShow() *cobra.Command {
	var body bool
	c := &cobra.Command{
		Use: "show SOURCE ID", Short: "Show an item and what is wrong with it", Args: cobra.ExactArgs(2),
		Long: `show prints an item of a source's quarantine: why it is there, where in the message,
and what would release it. With --message the message is printed as it was sent: it is
somebody's record, for the eyes of whoever has to mend it.`,
		Example: "  dcr feeds quarantine show uhd-epr main.42\n  dcr feeds quarantine show uhd-epr main.42 --message > message.json",
	}
	c.Flags().BoolVar(&body, "message", false, "print the message as it was sent, and nothing else")
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.with(c, func(ctx context.Context, ops operator.Operations) error {
			q, err := ops.Quarantined(ctx, args[0], args[1])
			if err != nil {
				return err
			}
			if body {
				_, err := a.out.Write(append([]byte(q.Text), q.Base64...))
				return err
			}
			q.Text, q.Base64 = "", nil
			return a.print(q, func(w io.Writer) { showItem(w, q) })
		})
	}
	return c
}

func showItem(w io.Writer, q operator.Quarantined) {
	it := q.Item
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	line("id", it.ID)
	line("source", it.Source)
	line("state", it.State)
	line("received", q.Received.Format(time.RFC3339))
	line("message", q.Key)
	if it.Entry >= 0 {
		line("entry", fmt.Sprintf("%d (%s)", it.Entry, it.Type))
	}
	line("code", it.Code)
	line("reason", it.Words)
	line("waits for", it.Await)
	if it.Tries > 0 {
		line("tried", fmt.Sprintf("%d times", it.Tries))
	}
	for _, i := range it.Issues {
		text := i.Path + ": " + i.Text
		if i.Rule != "" {
			text += " (rule " + i.Rule + ")"
		}
		line("issue", text)
	}
}

func (a *app) quarantineReplay() *cobra.Command {
	return &cobra.Command{
		Use: "replay SOURCE [ID]", Short: "Try again", Args: cobra.RangeArgs(1, 2),
		Long:    "replay tries an item again, or all that is pending of a source, in the order in which it was received.",
		Example: "  dcr feeds quarantine replay uhd-epr main.42\n  dcr feeds quarantine replay uhd-epr",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c, func(ctx context.Context, ops operator.Operations) error {
				id := ""
				if len(args) > 1 {
					id = args[1]
				}
				n, err := ops.Replay(ctx, args[0], id)
				if err != nil {
					return err
				}
				return a.print(map[string]int{"released": n}, func(w io.Writer) { fmt.Fprintf(w, "%d released\n", n) })
			})
		},
	}
}

func (a *app) quarantineDiscard() *cobra.Command {
	return &cobra.Command{
		Use: "discard SOURCE ID", Short: "Give an item up", Args: cobra.ExactArgs(2),
		Long:    "discard gives a pending item up: it is tried no more. The inbox keeps the message.",
		Example: "  dcr feeds quarantine discard uhd-epr main.42",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c, func(ctx context.Context, ops operator.Operations) error { return ops.Discard(ctx, args[0], args[1]) })
		},
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/feeds/fhirbundle"
	"github.com/dorsetcarerecord/dcr/internal/operator"
)

// loadReport is what became of the files of a load.
type loadReport struct {
	Files    int                        `json:"files"`
	Repeated int                        `json:"repeated"` // known already, byte for byte
	Total    operator.Counts            `json:"total"`
	Types    map[string]operator.Counts `json:"types"`
	Reasons  map[string]int             `json:"reasons,omitempty"` // of what went to quarantine, by code
	Words    map[string]string          `json:"words,omitempty"`   // an example of each
	Refused  map[string]string          `json:"refused,omitempty"` // files of which nothing was kept
}

func (a *app) loadCommand() *cobra.Command {
	var source string
	var demo bool
	c := &cobra.Command{
		Use: "load PATH...", Short: "Load files of FHIR bundles", Args: cobra.MinimumNArgs(1),
		Long: `load takes files, and folders of .json files however deep, of FHIR R4 bundles as if the
named source had sent them, under its agreement: through the inbox, in the order of
their names. What cannot be applied is in the source's quarantine. To load the same
again changes nothing.

A person becomes known by a practice: load what practices send before what hospitals
send, though what came too early is released by itself.

With --demo, people without an NHS number are given one of the 999 range, which is
nobody's, made of the id of their Patient: always the same. It is for synthetic people.`,
		Example: "  dcr load --source gp-z99001 bundles/\n  dcr load --source gp-z99001 --demo synthea/*.json",
	}
	c.Flags().StringVar(&source, "source", "", "client id of the source that they count as")
	c.Flags().BoolVar(&demo, "demo", false, "give people without an NHS number one of the 999 range")
	required(c, "source")
	c.RunE = func(c *cobra.Command, args []string) error {
		files, err := fhirbundle.Files(args...)
		if err != nil {
			return err
		}
		if len(files) == 0 {
			return fmt.Errorf("there are no .json files in %v", args)
		}
		return a.with(c, func(ctx context.Context, ops operator.Operations) error {
			r, err := a.load(ctx, ops, source, demo, files)
			// What was loaded before an error is loaded, and told.
			if len(r.Types) > 0 || err == nil {
				err = errors.Join(err, a.print(r, r.print))
			}
			if err == nil && len(r.Refused) > 0 {
				err = fmt.Errorf("%d of %d files were refused", len(r.Refused), r.Files)
			}
			return err
		})
	}
	return c
}

// load sends the files one after the other: what comes first is known to what
// follows.
func (a *app) load(ctx context.Context, ops operator.Operations, source string, demo bool, files []string) (*loadReport, error) {
	r := &loadReport{Types: map[string]operator.Counts{}, Reasons: map[string]int{}, Words: map[string]string{}, Refused: map[string]string{}}
	bar := a.bar("loading", sizeOf(files))
	defer func() { _ = bar.Finish() }()
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			return r, err
		}
		size := len(body)
		if demo {
			body = fhirbundle.Demo(body)
		}
		r.Files++
		done, err := ops.Load(ctx, source, body)
		switch errs.KindOf(err) {
		case errs.Invalid, errs.TooLarge, errs.Unprocessable, errs.Unsupported:
			r.Refused[name] = words(err)
		default:
			if err != nil {
				return r, fmt.Errorf("%s: %w", name, err)
			}
			r.add(done)
		}
		_ = bar.Add(size)
	}
	return r, nil
}

func sizeOf(files []string) (total int64) {
	for _, name := range files {
		if info, err := os.Stat(name); err == nil {
			total += info.Size()
		}
	}
	return total
}

func (r *loadReport) add(l operator.Loaded) {
	if l.Repeated {
		r.Repeated++
	}
	for typ, c := range l.Types {
		r.Types[typ] = r.Types[typ].Add(c)
		r.Total = r.Total.Add(c)
	}
	for _, h := range l.Held {
		r.Reasons[h.Code]++
		r.Words[h.Code] = h.Words
	}
}

func (r *loadReport) print(w io.Writer) {
	fmt.Fprintf(w, "%d files, %d of them known already\n", r.Files, r.Repeated)
	fmt.Fprintln(w, "TYPE\tAPPLIED\tUNCHANGED\tQUARANTINED\tIGNORED")
	for _, typ := range slices.Sorted(maps.Keys(r.Types)) {
		printCounts(w, typ, r.Types[typ])
	}
	printCounts(w, "all", r.Total)
	for _, code := range slices.Sorted(maps.Keys(r.Reasons)) {
		fmt.Fprintf(w, "quarantined %d: %s: %s\n", r.Reasons[code], code, r.Words[code])
	}
	for _, name := range slices.Sorted(maps.Keys(r.Refused)) {
		fmt.Fprintf(w, "refused %s: %s\n", name, r.Refused[name])
	}
}

func printCounts(w io.Writer, name string, c operator.Counts) {
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\n", name, c.Applied, c.Unchanged, c.Held, c.Ignored)
}

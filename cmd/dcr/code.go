package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
)

// code makes an activation code, as the programme office does.
func (a *app) code() *cobra.Command {
	var file string
	c := &cobra.Command{Use: "code", Short: "Make an activation code for a person",
		Long: `code makes an activation code, by which a person opens an account of their own, and
prints it with the address where it is entered. Hand it over in person, to somebody whose
identity document you saw: whoever has it, the number and the birth date reads the record.
It counts once, for two weeks; codes made before for the person stop counting. If they have
an account it is a recovery code: somebody of the programme office, who saw the document
too, must vouch for it on the page that is printed.

The NHS number and the date of birth are asked for, or read from --person-file, one a
line ("-" is standard input). They are not arguments: those are seen by everybody on the
machine (ps).`,
		Example: "  dcr people code\n  dcr people code --person-file person", Args: cobra.NoArgs}
	c.Flags().StringVar(&file, "person-file", "", `file with the NHS number and, in the next line, the date of birth ("-": standard input; default: ask)`)
	c.RunE = func(c *cobra.Command, _ []string) error {
		lines, err := a.lines(file, []string{"NHS number", "Date of birth, such as 1950-02-03"}, "%d lines are needed, the NHS number and the date of birth; there are %d")
		if err != nil {
			return err
		}
		n, err := nhs.ParseNumber(lines[0])
		if err != nil {
			return err
		}
		return a.with(c, func(ctx context.Context, ops operator.Operations) error {
			made, err := ops.ActivationCode(ctx, n, lines[1])
			if err != nil {
				return err
			}
			if made.Recovery {
				a.say("The person has an account: before this code counts, somebody of the programme office must vouch for it, on the page of staff.")
			}
			return a.print(made, func(w io.Writer) {
				fmt.Fprintf(w, "code\t%s\npage\t%s\nlink\t%s\nuntil\t%s\n", made.Code, made.Page, made.URL, made.Expires.Format("2006-01-02"))
				if made.Recovery {
					fmt.Fprintf(w, "vouch\t%s\n", vouchPage(made))
				}
			})
		})
	}
	return c
}

// vouchPage is where a recovery code is vouched for by somebody who saw the person too.
func vouchPage(made operator.ActivationCode) string {
	return strings.TrimSuffix(made.Page, "/enrol") + "/staff/codes/" + made.ID + "/vouch"
}

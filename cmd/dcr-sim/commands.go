package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/dorsetcarerecord/dcr/internal/seed"
)

// usageError is a mistake in the command line.
type usageError struct{ error }

func isUsage(err error) bool { return errors.As(err, new(usageError)) }

func rootCommand(stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "dcr-sim",
		Short: "Play the outside world for a dcrd in development",
		Long: `dcr-sim makes a synthetic county and plays its part against a dcrd: sources that
send, an issuer of professionals' tokens. Nobody in it is real: NHS numbers are of
the 999 range, telephone numbers of those kept for drama.

Never point it at a dcrd that holds real people.`,
		Example:       "  dcr-sim pki --dir var/sim && dcrd --config var/sim/dcrd.env &\n  dcr-sim run --dir var/sim\n  dcr-sim token --dir var/sim --user gp-z99001-clinician-1",
		SilenceErrors: true, SilenceUsage: true,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(pkiCommand(), runCommand(stderr), tokenCommand(), usersCommand(), peopleCommand())
	for _, c := range append(root.Commands(), root) {
		c.Args = noArguments
	}
	root.CompletionOptions.DisableDefaultCmd = true
	return root
}

func noArguments(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case c.HasSubCommands():
		return usageError{fmt.Errorf("there is no command %q", args[0])}
	}
	return usageError{fmt.Errorf("%q is not expected: this command takes flags only", args[0])}
}

func dirFlag(c *cobra.Command, dir *string) {
	c.Flags().StringVar(dir, "dir", "var/sim", "folder of the county: keys, certificates and settings")
}

// settingsFlags are what a county is made with; they count when it is made.
func settingsFlags(c *cobra.Command, s *settings, force *bool) {
	f := c.Flags()
	f.Uint64Var(&s.Seed, "seed", 1, "seed of the county: the same seed makes the same county")
	f.IntVar(&s.People, "people", 100, "how many people there are")
	f.IntVar(&s.PerPerson, "per-person", 0, "resources of each person (0: about 195, more for older people)")
	f.StringVar(&s.API, "api", "127.0.0.1:8080", "address of dcrd's API")
	f.StringVar(&s.Sources, "sources", "127.0.0.1:8443", "address of dcrd's listener for sources")
	f.StringVar(&s.Ops, "ops", "127.0.0.1:9090", "address of dcrd's metrics and health")
	f.StringVar(&s.Issuer, "issuer", "127.0.0.1:9000", "address on which the issuer of tokens listens")
	f.StringVar(&s.NHSLogin, "nhs-login", "127.0.0.1:9001", "address on which NHS login is played")
	f.StringVar(&s.Data, "data", "var/data", "data folder of dcrd, for the settings written for it")
	f.BoolVar(force, "force", false, "make the county anew, with new keys, though there is one in the folder")
}

func pkiCommand() *cobra.Command {
	var dir string
	var s settings
	var force bool
	c := &cobra.Command{
		Use:   "pki",
		Short: "Make the keys, certificates and settings of a county",
		Long: `pki makes what dcrd and the county's sources need before either starts:

  ca.pem, server.pem, server.key   for dcrd's listener for sources
  clients/                         a client certificate or a signing key per source
  partners.json                    agreements and clients: dcr partners import
  roles.map                        which role code is which role
  dcrd.env                         the settings of a dcrd that goes with them
  staff-client.key, nhs-login-client.key   of dcrd, to log people in
  issuer.key, nhs-login.key, county.json   for dcr-sim itself

A county that is there already is left as it is.`,
		Example: "  dcr-sim pki --dir var/sim --people 1000",
	}
	dirFlag(c, &dir)
	settingsFlags(c, &s, &force)
	c.RunE = func(c *cobra.Command, _ []string) error {
		made, err := prepare(dir, s, force, time.Now())
		if err == nil && made {
			fmt.Fprintf(c.ErrOrStderr(), "dcr-sim: a county of %d people is ready in %s\n", s.People, dir)
		}
		return err
	}
	return c
}

func runCommand(stderr io.Writer) *cobra.Command {
	var dir string
	var s settings
	var force bool
	var o sending
	c := &cobra.Command{
		Use:   "run",
		Short: "Issue tokens and send the county's history, then new events",
		Long: `run starts the issuer of tokens and plays NHS login, sends every person's history from all their
sources, and then now and then a new result or appointment, until it is stopped. It
waits for dcrd where that is not up yet. To send again changes nothing in the record.

The folder is made as by pki if it is not there. The flags that describe the county
count only then.`,
		Example: "  dcr-sim run --dir var/sim\n  dcr-sim run --dir var/sim --rate 50 --trickle 2s",
	}
	dirFlag(c, &dir)
	settingsFlags(c, &s, &force)
	f := c.Flags()
	f.IntVar(&o.workers, "workers", 8, "people whose history is sent at the same time")
	f.Float64Var(&o.rate, "rate", 0, "messages a second at most (0: as fast as dcrd takes them)")
	f.IntVar(&o.from, "from", 0, "number of the person to begin with")
	f.DurationVar(&o.trickle, "trickle", 15*time.Second, "time between new events once the history is sent (0: none)")
	f.BoolVar(&o.noHistory, "no-history", false, "send no history, only new events")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if o.workers < 1 || o.rate < 0 || o.trickle < 0 || o.from < 0 {
			return usageError{errors.New("--workers must be at least 1, --rate, --trickle and --from not below 0")}
		}
		if _, err := prepare(dir, s, force, time.Now()); err != nil {
			return err
		}
		return play(c.Context(), dir, o, stderr)
	}
	return c
}

func tokenCommand() *cobra.Command {
	var dir, user string
	c := &cobra.Command{
		Use:   "token",
		Short: "Print a token of a professional",
		Long: `token asks the issuer of a running dcr-sim for a token and prints it: good for
15 minutes. See dcr-sim users for who there is.`,
		Example: "  curl -H \"Authorization: Bearer $(dcr-sim token --user gp-z99001-clinician-1)\" http://127.0.0.1:8080/fhir/R4/...",
	}
	dirFlag(c, &dir)
	c.Flags().StringVar(&user, "user", "", "who signs in, as dcr-sim users lists them (required)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if user == "" {
			return usageError{errors.New("--user is missing: dcr-sim users lists who there is")}
		}
		s, err := readSettings(dir)
		if err != nil {
			return err
		}
		resp, err := http.Post(s.issuerURL()+"/token?user="+url.QueryEscape(user), "", nil)
		if err != nil {
			return fmt.Errorf("the issuer does not answer; is dcr-sim running? (%w)", err)
		}
		defer resp.Body.Close()
		var told struct {
			Token string `json:"access_token"`
			Words string `json:"error_description"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&told); err != nil || told.Token == "" {
			return fmt.Errorf("the issuer gives no token: %s %s", resp.Status, told.Words)
		}
		_, err = fmt.Fprintln(c.OutOrStdout(), told.Token)
		return err
	}
	return c
}

func usersCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:     "users",
		Short:   "List the professionals who can log in",
		Long:    "users lists the county's professionals: the name to log in with, who they are, their role and where they work.",
		Example: "  dcr-sim users --dir var/sim | grep clinician",
	}
	dirFlag(c, &dir)
	c.RunE = func(c *cobra.Command, _ []string) error {
		s, err := readSettings(dir)
		if err != nil {
			return err
		}
		out := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
		for _, p := range s.county().Professionals() {
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", p.User, p.Name(), p.Role, p.Org.Name)
		}
		return out.Flush()
	}
	return c
}

func peopleCommand() *cobra.Command {
	var dir string
	var n, from int
	c := &cobra.Command{
		Use:     "people",
		Short:   "List some of the county's people",
		Long:    "people lists synthetic people: NHS number, birth date, name, and who knows them, the practice first.",
		Example: "  dcr-sim people --count 5",
	}
	dirFlag(c, &dir)
	c.Flags().IntVar(&n, "count", 10, "how many to list")
	c.Flags().IntVar(&from, "from", 0, "number of the person to begin with")
	c.RunE = func(c *cobra.Command, _ []string) error {
		s, err := readSettings(dir)
		if err != nil {
			return err
		}
		county := s.county()
		out := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
		for i := max(0, from); i < min(county.Len(), from+n); i++ {
			p := county.Person(i)
			fmt.Fprintf(out, "%s\t%s\t%s %s\t%s\n", p.Number.Digits(), p.BirthDate(), p.Given[0], p.Family, sourcesOf(&p))
		}
		return out.Flush()
	}
	return c
}

func sourcesOf(p *seed.Person) string {
	text := ""
	for i, s := range p.Sources() {
		if i > 0 {
			text += " "
		}
		text += s
	}
	return text
}

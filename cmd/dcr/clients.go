package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
)

func (a *app) clientsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "clients", Short: "Systems registered under an agreement",
		Long: `A client is a system of a partner: a feed, which sends, or a clinical system, which
reads for named users. It proves itself by a client certificate, of which the
fingerprint is registered, or by assertions signed with a key, of which the public
half is registered (SMART Backend Services).`,
		Example: "  dcr clients list\n  dcr clients register --id uhd-epr --org R0D --kind feed --name 'Patient record' --cert uhd.pem\n  dcr clients revoke uhd-epr",
	}
	c.AddCommand(a.clientsList(), a.clientsRegister(), a.clientsRevoke())
	return c
}

func (a *app) clientsList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the clients",
		Long:    "list shows every client, revoked ones too. With --json it prints what dcr partners import reads.",
		Example: "  dcr clients list",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c, func(ctx context.Context, ops operator.Operations) error {
				list, err := ops.Clients(ctx)
				if err != nil {
					return err
				}
				return a.print(operator.Partners{Clients: list}, func(w io.Writer) {
					fmt.Fprintln(w, "ID\tORG\tKIND\tNAME\tBY\tSTATE")
					for _, cl := range list {
						fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", cl.ID, cl.Org, cl.Kind, cl.Name, credentials(cl), map[bool]string{true: "revoked", false: "live"}[cl.Revoked])
					}
				})
			})
		},
	}
}

func credentials(c operator.Client) string {
	var by []string
	if n := len(c.Certs); n > 0 {
		by = append(by, fmt.Sprintf("certificate (%d)", n))
	}
	if len(c.JWKS) > 0 {
		by = append(by, "signing key")
	}
	return strings.Join(by, ", ")
}

func (a *app) clientsRegister() *cobra.Command {
	var cl operator.Client
	var org, jwks string
	var certs []string
	c := &cobra.Command{
		Use: "register", Short: "Register a client",
		Long: `register adds a client of an organisation that has an agreement. Give at least one
certificate (a PEM file, or its SHA-256 fingerprint in hex) or a JWKS file with public
keys for ES384 or RS384. To change keys or names of a client, use dcr partners import.`,
		Example: "  dcr clients register --id uhd-epr --org R0D --kind feed --name 'Patient record' --cert uhd.pem\n" +
			"  dcr clients register --id uhd-portal --org R0D --kind clinical-system --name 'Portal' --jwks portal.jwks",
	}
	f := c.Flags()
	f.StringVar(&cl.ID, "id", "", "client id: 3 to 64 lower-case letters, digits, dots and dashes")
	f.StringVar(&org, "org", "", "ODS code of its organisation")
	f.StringVar(&cl.Kind, "kind", "", "feed or clinical-system")
	f.StringVar(&cl.Name, "name", "", "name for people to read")
	f.StringVar(&jwks, "jwks", "", "file with its public keys (JSON Web Key Set)")
	f.StringArrayVar(&certs, "cert", nil, "certificate: PEM file or fingerprint; may be repeated")
	f.StringArrayVar(&cl.Allow, "allow", nil, "validation rule that it may break (docs/validation.md); may be repeated")
	for _, name := range []string{"id", "org", "kind", "name"} {
		required(c, name)
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
		var err error
		if cl.Org, err = nhs.ParseODS(org); err != nil {
			return usage("--org: %s", words(err))
		}
		for _, cert := range certs {
			fingerprint, err := fingerprintOf(cert)
			if err != nil {
				return err
			}
			cl.Certs = append(cl.Certs, fingerprint)
		}
		if jwks != "" {
			if cl.JWKS, err = a.readFile(jwks); err != nil {
				return err
			}
		}
		return a.with(c, func(ctx context.Context, ops operator.Operations) error {
			return a.done(ops.RegisterClient(ctx, cl), "%s is registered for %s", cl.ID, cl.Org)
		})
	}
	return c
}

// fingerprintOf takes a fingerprint as it is, and makes that of a PEM file.
func fingerprintOf(text string) (string, error) {
	if plain := strings.ReplaceAll(text, ":", ""); len(plain) == hex.EncodedLen(sha256.Size) {
		if _, err := hex.DecodeString(plain); err == nil {
			return text, nil
		}
	}
	b, err := os.ReadFile(text)
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != "CERTIFICATE" {
		return "", fmt.Errorf("%s holds no certificate (PEM)", text)
	}
	sum := sha256.Sum256(block.Bytes)
	return hex.EncodeToString(sum[:]), nil
}

func (a *app) clientsRevoke() *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "End a client for good", Args: cobra.ExactArgs(1),
		Long:    "revoke ends a client at its next request, and for good: to come back it is registered anew under another id.",
		Example: "  dcr clients revoke uhd-epr",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c, func(ctx context.Context, ops operator.Operations) error {
				return a.done(ops.RevokeClient(ctx, args[0]), "%s is revoked, for good", args[0])
			})
		},
	}
}

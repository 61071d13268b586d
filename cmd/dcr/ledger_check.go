package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dorsetcarerecord/dcr/internal/ledger"
)

// maxProof bounds a file that is said to be a proof: the largest event, its path
// and a checkpoint are far below.
const maxProof = 256 << 10

func (a *app) ledgerCheck() *cobra.Command {
	var key string
	c := &cobra.Command{
		Use: "check FILE", Short: "Check the proof of one event", Args: cobra.ExactArgs(1),
		Long: `check verifies a proof that the service gave ("dcr ledger proof", or a resident's page of
who looked) and says in plain words what the event was. It needs no server, no network
and no secret: the file ("-" is standard input), and the ledger's public key from a
place that you trust. Without --key it shows only that the file agrees with itself.
It exits with 1 if anything does not hold.`,
		Example: "  dcr ledger check proof.json --key ledger.key.pub\n  dcr ledger proof 1234 | dcr ledger check -",
	}
	c.Flags().StringVar(&key, "key", "", "file of the ledger's public key (ledger.key.pub)")
	c.RunE = func(_ *cobra.Command, args []string) error {
		text, err := a.proofText(args[0])
		if err != nil {
			return err
		}
		public := ""
		if key != "" {
			b, err := os.ReadFile(key)
			if err != nil {
				return err
			}
			if public = strings.TrimSpace(string(b)); public == "" {
				return errors.New("the file of the public key is empty")
			}
		}
		checked, err := ledger.CheckPortable(text, public)
		if err != nil {
			return fmt.Errorf("the proof does not hold: %w", err)
		}
		told := toldOf(checked)
		return a.print(told, func(w io.Writer) { told.write(w) })
	}
	return c
}

func (a *app) proofText(file string) ([]byte, error) {
	in := a.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxProof+1))
	if err == nil && len(text) > maxProof {
		err = errors.New("this is no proof: it is far too long")
	}
	return text, err
}

// checkedProof is what a proof that holds shows.
type checkedProof struct {
	Instance string    `json:"instance"`
	Seq      uint64    `json:"seq"`
	Time     time.Time `json:"time,omitzero"`
	Words    string    `json:"words"`
	Request  string    `json:"request,omitzero"`
	Retired  bool      `json:"retired,omitzero"`
	Size     uint64    `json:"signed_events"`
	Signed   time.Time `json:"signed_at"`
	Key      string    `json:"key"`
	Trusted  bool      `json:"key_given"`
}

func toldOf(c ledger.Checked) checkedProof {
	told := checkedProof{Instance: c.Instance, Seq: c.Seq, Time: c.Event.Time, Request: c.Event.Request, Retired: c.Retired,
		Size: c.Checkpoint.Size, Signed: c.Checkpoint.Time, Key: c.Key, Trusted: c.Trusted,
		Words: "What it said was removed from the ledger; that it took place still shows."}
	if !c.Retired {
		told.Words = ledger.Words(c.Event, nil)
	}
	return told
}

func (p checkedProof) write(w io.Writer) {
	fmt.Fprintf(w, "event %d of the ledger of %s: holds\n", p.Seq, p.Instance)
	if !p.Time.IsZero() {
		fmt.Fprintf(w, "  when\t%s\n", p.Time.Format(time.RFC3339))
	}
	fmt.Fprintf(w, "  what\t%s\n", p.Words)
	if p.Request != "" {
		fmt.Fprintf(w, "  request\t%s\n", p.Request)
	}
	fmt.Fprintf(w, "  signed\t%s, with all %d events up to then\n", p.Signed.Format(time.RFC3339), p.Size)
	by := "by the key that you gave"
	if !p.Trusted {
		by = "only by the key that the file itself names: compare it with the one that the service published"
	}
	fmt.Fprintf(w, "  key\t%s\n  checked\t%s\n", p.Key, by)
}

package ledger

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// PortableFormat names the form of a proof that leaves the service. What it means
// is written in docs/ledger-format.md; it is changed by giving it another number.
const PortableFormat = "dcr-ledger-proof/1"

// Portable is the proof of one event as a person keeps it, hands it on and has it
// checked, years from now and by whomever: a JSON document of these members in
// this order.
type Portable struct {
	Format     string   `json:"format"`
	Instance   string   `json:"instance"` // whose log
	Seq        uint64   `json:"seq"`
	Key        string   `json:"key"`            // the ledger's public key; whoever checks knows it from elsewhere
	Leaf       []byte   `json:"leaf"`           // the event's hash
	Data       []byte   `json:"data,omitempty"` // what was hashed; none if the payload was retired
	Path       [][]byte `json:"path"`           // RFC 6962, from the leaf up
	Checkpoint string   `json:"checkpoint"`     // the signed note
}

// Portable returns the proof in its portable form.
func (p Proof) Portable() Portable {
	first, _, _ := strings.Cut(string(p.Checkpoint), "\n")
	out := Portable{Format: PortableFormat, Instance: strings.TrimPrefix(first, origin), Seq: p.Seq, Key: p.Key,
		Leaf: p.Leaf[:], Data: p.Data, Path: make([][]byte, 0, len(p.Path)), Checkpoint: string(p.Checkpoint)}
	for i := range p.Path {
		out.Path = append(out.Path, p.Path[i][:])
	}
	return out
}

// Encode writes the document, without white space but for a line break at its end.
func (p Portable) Encode() ([]byte, error) {
	b, err := json.Marshal(p)
	return append(b, '\n'), err
}

// Checked is what a proof that holds shows.
type Checked struct {
	Instance   string
	Seq        uint64
	Event      Event
	Retired    bool        // the payload is gone: that there was an event is all that is shown
	Checkpoint *Checkpoint // which signs for it
	Key        string      // that it was checked with
	Trusted    bool        // the key was given by whoever checks, not by the document alone
}

// CheckPortable verifies a document offline. public is the ledger's public key as
// whoever checks has it; "" takes the key that the document names, which shows
// only that the document agrees with itself. Every byte counts: what is written in
// another way than Encode does it, but for white space between members, is refused.
func CheckPortable(text []byte, public string) (Checked, error) {
	p, err := decodePortable(text)
	if err != nil {
		return Checked{}, err
	}
	key, err := p.key(public)
	if err != nil {
		return Checked{}, err
	}
	proof, err := p.proof()
	if err != nil {
		return Checked{}, err
	}
	c, err := OpenCheckpoint(proof.Checkpoint, note.VerifierList(key))
	if err != nil {
		return Checked{}, fmt.Errorf("the checkpoint does not hold: %w", err)
	}
	if err := strictNote(proof.Checkpoint, note.VerifierList(key)); err != nil {
		return Checked{}, err
	}
	if c.Instance != p.Instance {
		return Checked{}, errors.New("the checkpoint is not of the instance that the document names")
	}
	e, whole, err := proof.Check(note.VerifierList(key))
	if err != nil {
		return Checked{}, fmt.Errorf("the event is not what was signed: %w", err)
	}
	return Checked{Instance: p.Instance, Seq: p.Seq, Event: e, Retired: !whole, Checkpoint: c, Key: p.Key, Trusted: public != ""}, nil
}

func decodePortable(text []byte) (Portable, error) {
	var p Portable
	if err := json.Unmarshal(text, &p, json.RejectUnknownMembers(true)); err != nil {
		return p, fmt.Errorf("this is not a proof of the ledger, or it was cut or changed: %w", err)
	}
	if p.Format != PortableFormat {
		return p, fmt.Errorf("the format is not %s: if a later version of this program wrote it, check it with that one", PortableFormat)
	}
	compact := jsontext.Value(bytes.Clone(text))
	again, err := json.Marshal(p)
	if err = errors.Join(err, compact.Compact()); err != nil || !bytes.Equal(again, compact) {
		return p, errors.New("the document is not written as the ledger writes it: something in it was changed")
	}
	return p, nil
}

// key returns the key to check with.
func (p Portable) key(public string) (note.Verifier, error) {
	if public = strings.TrimSpace(public); public != "" && public != p.Key {
		return nil, errors.New("the document names another public key than the one given: it is not from that ledger, or was changed")
	}
	v, err := note.NewVerifier(p.Key)
	if err != nil {
		return nil, errors.New("the public key cannot be read: it was changed")
	}
	// The reader of keys takes more than one way of writing the same one.
	if !strings.HasPrefix(p.Key, fmt.Sprintf("%s+%08x+", v.Name(), v.KeyHash())) || v.Name() != Origin(p.Instance) {
		return nil, errors.New("the public key is not that of the instance that the document names")
	}
	return v, nil
}

func (p Portable) proof() (Proof, error) {
	out := Proof{Seq: p.Seq, Data: p.Data, Checkpoint: []byte(p.Checkpoint)}
	if len(p.Leaf) != tlog.HashSize {
		return out, errors.New("the leaf is not a hash")
	}
	out.Leaf = tlog.Hash(p.Leaf)
	for i, h := range p.Path {
		if len(h) != tlog.HashSize {
			return out, fmt.Errorf("hash %d of the path is not a hash", i)
		}
		out.Path = append(out.Path, tlog.Hash(h))
	}
	return out, nil
}

// strictNote refuses a note that says the same as another with other bytes:
// signatures that nobody checks, and base64 with bits that count for nothing.
func strictNote(text []byte, keys note.Verifiers) error {
	n, err := note.Open(text, keys)
	if err != nil {
		return err
	}
	if len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 {
		return errors.New("the checkpoint carries signatures that are not the ledger's")
	}
	if _, err := base64.StdEncoding.Strict().DecodeString(n.Sigs[0].Base64); err != nil {
		return errors.New("the checkpoint's signature is not written as the ledger writes it: it was changed")
	}
	return nil
}

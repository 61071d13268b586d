package account

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Passkey is a passkey of an account.
type Passkey struct {
	ID         string             // opaque; made of the credential's id
	Number     uint64             // among the account's: what its sessions name
	Credential passkey.Credential // LastUsed to the minute

	rev uint64
}

// maxName is the length of a passkey's name, in characters.
const maxName = 60

// tidied returns c with a name that can be shown.
func tidied(c passkey.Credential) (passkey.Credential, error) {
	name := c.Name
	if name == "" {
		name = passkey.DefaultName(c)
	}
	var err error
	c.Name, err = tidyName(name)
	return c, err
}

func tidyName(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	switch n := utf8.RuneCountInString(name); {
	case !utf8.ValidString(name):
		return "", &errs.Error{Kind: errs.Invalid, Path: "name", Message: "The name has characters that cannot be read."}
	case n == 0 || n > maxName:
		return "", &errs.Error{Kind: errs.Invalid, Path: "name", Message: "Give the passkey a name of at most 60 characters."}
	}
	return name, nil
}

func passkeyID(credential []byte) string {
	sum := sha256.Sum256(credential)
	return "k" + idEncoding.EncodeToString(sum[:10])
}

func passkeyRef(account, id string) store.Ref {
	return store.Ref{Collection: passkeys, Partition: account, ID: id}
}

// claimOf is what is claimed of a credential id.
func claimOf(credential []byte) string { return base64.RawURLEncoding.EncodeToString(credential) }

func (k *Passkey) op(account string) (store.Op, error) {
	body, err := k.Credential.MarshalBinary()
	if err != nil {
		return store.Op{}, err
	}
	b := packed.AppendUint(append(make([]byte, 0, 16+len(body)), form), k.Number)
	return write(store.Doc{Ref: passkeyRef(account, k.ID), Rev: k.rev, Body: packed.AppendBytes(b, body)}), nil
}

func (k *Passkey) deletion(account string) store.Op {
	return store.Op{Kind: store.Delete, Doc: store.Doc{Ref: passkeyRef(account, k.ID), Rev: k.rev}}
}

func decodePasskey(d *store.Doc) (Passkey, error) {
	r, _ := packed.NewReader(d.Body, form)
	k := Passkey{ID: d.ID, rev: d.Rev, Number: r.Uint()}
	body := r.Raw()
	err := r.Close()
	if err == nil {
		err = k.Credential.UnmarshalBinary(body)
	}
	if err != nil {
		return Passkey{}, unreadable("a passkey", err)
	}
	return k, nil
}

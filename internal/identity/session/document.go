package session

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// document is a session as it is stored.
type document struct {
	account, id string
	rev         uint64
	native      bool
	epoch       uint64 // the account's when it began
	passkey     uint64 // by which it began
	device      string
	began       time.Time
	used        time.Time // to the minute
	access      [32]byte  // hashes of the tokens' secrets

	// Of native apps.
	counter                              uint32    // how often the tokens were renewed
	turned                               time.Time // when they were last
	refresh, accessBefore, refreshBefore [32]byte
}

func ref(accountID, id string) store.Ref {
	return store.Ref{Collection: sessions, Partition: accountID, ID: id}
}

// form is the newest version of the stored forms.
const form = 1

// doc returns the session's document, which goes away when the session must have ended.
func (d *document) doc(absolute time.Duration) store.Doc {
	b := packed.AppendBool(append(make([]byte, 0, 256), form), d.native)
	b = packed.AppendString(packed.AppendUint(packed.AppendUint(b, d.epoch), d.passkey), d.device)
	b = packed.AppendBytes(packed.AppendTime(packed.AppendTime(b, d.began), d.used), d.access[:])
	if d.native {
		b = packed.AppendTime(packed.AppendUint(b, uint64(d.counter)), d.turned)
		for _, h := range []*[32]byte{&d.refresh, &d.accessBefore, &d.refreshBefore} {
			b = packed.AppendBytes(b, h[:])
		}
	}
	return store.Doc{Ref: ref(d.account, d.id), Rev: d.rev, Body: b, Expires: d.began.Add(absolute)}
}

func decode(doc *store.Doc) (document, error) {
	r, _ := packed.NewReader(doc.Body, form)
	d := document{account: doc.Partition, id: doc.ID, rev: doc.Rev, native: r.Bool(), epoch: r.Uint(), passkey: r.Uint()}
	d.device, d.began, d.used = r.String(), r.Time(), r.Time()
	whole := hash(&r, &d.access)
	if d.native {
		d.counter, d.turned = uint32(r.Uint()), r.Time()
		for _, h := range []*[32]byte{&d.refresh, &d.accessBefore, &d.refreshBefore} {
			whole = hash(&r, h) && whole
		}
	}
	err := r.Close()
	if err == nil && !whole {
		err = packed.ErrTruncated
	}
	if err != nil {
		return document{}, fmt.Errorf("session document: %w", err)
	}
	return d, nil
}

// hash reads a hash, and reports whether it has the length of one.
func hash(r *packed.Reader, into *[32]byte) bool {
	b := r.Raw()
	return copy(into[:], b) == len(into) && len(b) == len(into)
}

// Prefixes of tokens: so that they are known for what they are, and found by tools that
// look for secrets where they do not belong.
const (
	accessPrefix  = "dcrs_"
	refreshPrefix = "dcrr_"
)

const (
	idLen     = 17
	secretLen = 32
	bodyLen   = 4 + secretLen // the counter, then the secret
	tokenLen  = len(accessPrefix) + 2*idLen + bodyLen/3*4
)

// token is what a token says.
type token struct {
	prefix           string
	account, session string
	counter          uint32
	secret           [secretLen]byte
}

func (t token) text() string {
	var body [bodyLen]byte
	binary.BigEndian.PutUint32(body[:], t.counter)
	copy(body[4:], t.secret[:])
	return t.prefix + t.account + t.session + base64.RawURLEncoding.EncodeToString(body[:])
}

// parse reads a token. That it can be read says nothing about whether it counts.
func parse(text, prefix string) (t token, ok bool) {
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok || len(text) != tokenLen {
		return token{}, false
	}
	t = token{prefix: prefix, account: rest[:idLen], session: rest[idLen : 2*idLen]}
	var body [bodyLen]byte
	n, err := base64.RawURLEncoding.Decode(body[:], []byte(rest[2*idLen:]))
	if err != nil || n != bodyLen || !account.IsID(t.account) || !isID(t.session) {
		return token{}, false
	}
	t.counter = binary.BigEndian.Uint32(body[:])
	copy(t.secret[:], body[4:])
	return t, true
}

// isID reports whether s has the form of a session's id.
func isID(s string) bool {
	return len(s) == idLen && s[0] == 's' && account.IsID("a"+s[1:])
}

package account

import (
	"bytes"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Staff is a member of staff who made a code or vouched for it.
type Staff struct {
	ID   string // as identity.Caller has it
	Name string
	Org  nhs.ODS
}

// Operator reports whether it is an operator, by dcr: for the programme office.
func (s Staff) Operator() bool { return s.Org == programmeOffice }

// codeState is what was decided about a code. Stored: add at the end.
type codeState uint8

const (
	_ codeState = iota
	codeOpen
	codeUsed
	codeRevoked
)

// activation is a code as its account's partition knows it. What decides whether it
// counts is here, but for the wrong tries.
type activation struct {
	selector string
	rev      uint64
	state    codeState
	recovery bool // there was an account: two members of staff must vouch
	person   string
	by       Staff
	second   Staff // who vouched too
	made     time.Time
	vouched  time.Time
	expires  time.Time
	ended    time.Time // when it was used or revoked
}

// codeKept is how long a code is kept for the lists after it expired.
const codeKept = 90 * 24 * time.Hour

// counts reports whether the code can be used now, by itself.
func (c *activation) counts(now time.Time) bool {
	return c.valid(now) && (!c.recovery || c.second.ID != "")
}

// waits reports whether all that the code lacks is a second member of staff.
func (c *activation) waits(now time.Time) bool {
	return c.valid(now) && c.recovery && c.second.ID == ""
}

func (c *activation) valid(now time.Time) bool { return c.state == codeOpen && now.Before(c.expires) }

func activationRef(account, selector string) store.Ref {
	return store.Ref{Collection: activations, Partition: account, ID: selector}
}

func (c *activation) op(account string) store.Op {
	b := packed.AppendBool([]byte{form, byte(c.state)}, c.recovery)
	for _, s := range []string{c.person, c.by.ID, c.by.Name, string(c.by.Org), c.second.ID, c.second.Name, string(c.second.Org)} {
		b = packed.AppendString(b, s)
	}
	for _, t := range []time.Time{c.made, c.vouched, c.expires, c.ended} {
		b = packed.AppendTime(b, t)
	}
	return write(store.Doc{Ref: activationRef(account, c.selector), Rev: c.rev, Body: b, Expires: c.expires.Add(codeKept)})
}

func decodeActivation(d *store.Doc) (activation, error) {
	r, _ := packed.NewReader(d.Body, form)
	c := activation{selector: d.ID, rev: d.Rev, state: codeState(r.Byte()), recovery: r.Bool()}
	var org, second string
	for _, s := range []*string{&c.person, &c.by.ID, &c.by.Name, &org, &c.second.ID, &c.second.Name, &second} {
		*s = r.String()
	}
	c.by.Org, c.second.Org = nhs.ODS(org), nhs.ODS(second)
	for _, t := range []*time.Time{&c.made, &c.vouched, &c.expires, &c.ended} {
		*t = r.Time()
	}
	if err := r.Close(); err != nil {
		return activation{}, unreadable("an activation", err)
	}
	return c, nil
}

// guarded is what the partition of a selector holds: what a code is checked against,
// and the wrong tries. For selectors that no code has there are decoys, which are read
// and written in the same way.
type guarded struct {
	ref      store.Ref
	rev      uint64
	account  string
	verifier []byte // keyed hash of selector, secret, account and date of birth
	tries    uint64
	touched  time.Time
	expires  time.Time
}

func guardedRef(selector string) store.Ref {
	return store.Ref{Collection: secrets, Partition: selector, ID: one}
}

func (g *guarded) op() store.Op {
	b := packed.AppendBytes(append(make([]byte, 0, 96), form), g.verifier)
	b = packed.AppendUint(packed.AppendString(b, g.account), g.tries)
	b = packed.AppendTime(packed.AppendTime(b, g.touched), g.expires)
	d := store.Doc{Ref: g.ref, Rev: g.rev, Body: b}
	if g.account != "" {
		d.Expires = g.expires.Add(codeKept)
	}
	return write(d)
}

func decodeGuarded(d *store.Doc) (guarded, error) {
	r, _ := packed.NewReader(d.Body, form)
	g := guarded{ref: d.Ref, rev: d.Rev, verifier: bytes.Clone(r.Raw()), account: r.String(), tries: r.Uint(), touched: r.Time(), expires: r.Time()}
	if err := r.Close(); err != nil {
		return guarded{}, unreadable("an activation code", err)
	}
	return g, nil
}

package feeds

import (
	"bytes"
	"cmp"
	"fmt"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/packed"
)

// Versions of the stored forms.
const (
	messageForm = 1
	keyForm     = 1
	ticketForm  = 1
)

// appendMessage appends the inbox's record of m: a header, then the bytes sent.
func appendMessage(dst []byte, m *Message) []byte {
	dst = append(dst, messageForm)
	for _, s := range []string{m.Format, m.Media, m.Source, string(m.Org), m.Key} {
		dst = packed.AppendString(dst, s)
	}
	dst = packed.AppendBytes(dst, m.Hash[:])
	dst = packed.AppendBool(dst, m.Reused)
	dst = packed.AppendTime(dst, m.Time)
	dst = packed.AppendTime(dst, m.Received)
	return packed.AppendBytes(dst, m.Body)
}

// readMessage reads what appendMessage wrote, copying the bytes.
func readMessage(instance string, seq uint64, b []byte) (*Message, error) {
	r, _ := packed.NewReader(b, messageForm)
	m := &Message{Instance: instance, Seq: seq, Format: r.String(), Media: r.String(), Source: r.String(), Org: nhs.ODS(r.String()), Key: r.String()}
	hash := r.Raw()
	m.Reused, m.Time, m.Received = r.Bool(), r.Time(), r.Time()
	m.Body = bytes.Clone(r.Raw())
	if err := r.Close(); err != nil {
		return nil, fmt.Errorf("feeds: inbox record %d: %w", seq, err)
	}
	if len(hash) != len(m.Hash) {
		return nil, fmt.Errorf("feeds: inbox record %d: %w", seq, packed.ErrTruncated)
	}
	copy(m.Hash[:], hash)
	return m, nil
}

// known is what the inbox remembers by a message's key.
type known struct {
	hash     [32]byte
	instance string
	seq      uint64
	received time.Time
}

func appendKnown(dst []byte, m *Message) []byte {
	dst = append(dst, keyForm)
	dst = packed.AppendBytes(dst, m.Hash[:])
	dst = packed.AppendString(dst, m.Instance)
	dst = packed.AppendUint(dst, m.Seq)
	return packed.AppendTime(dst, m.Received)
}

func readKnown(b []byte) (k known, err error) {
	r, _ := packed.NewReader(b, keyForm)
	hash := r.Raw()
	k.instance, k.seq, k.received = r.String(), r.Uint(), r.Time()
	if err := r.Close(); err != nil {
		return known{}, fmt.Errorf("feeds: message key: %w", err)
	}
	if len(hash) != len(k.hash) {
		return known{}, fmt.Errorf("feeds: message key: %w", packed.ErrTruncated)
	}
	copy(k.hash[:], hash)
	return k, nil
}

// ticket names a message that waits.
type ticket struct {
	source, instance string
	seq              uint64
}

// compare orders by the order in which an inbox received them.
func (t ticket) compare(u ticket) int {
	return cmp.Or(cmp.Compare(t.instance, u.instance), cmp.Compare(t.seq, u.seq), cmp.Compare(t.source, u.source))
}

func appendTicket(dst []byte, m *Message) []byte {
	dst = append(dst, ticketForm)
	dst = packed.AppendString(dst, m.Source)
	dst = packed.AppendString(dst, m.Instance)
	return packed.AppendUint(dst, m.Seq)
}

func readTicket(b []byte) (t ticket, err error) {
	r, _ := packed.NewReader(b, ticketForm)
	t = ticket{source: r.String(), instance: r.String(), seq: r.Uint()}
	if err := r.Close(); err != nil {
		return ticket{}, fmt.Errorf("feeds: waiting message: %w", err)
	}
	return t, nil
}

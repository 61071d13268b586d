package record

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// An entry is stored as one value: an envelope, which decides what is read and
// whether it matches, then the resource's JSON as it is served. The envelope is a
// fixed part, then strings, then tokens; it is read in place, without decoding.
const (
	envelopeFormat = 1

	atFlags    = 1
	atSection  = 2
	atSecurity = 3
	atTime     = 4  // source time of the state
	atMessage  = 12 // message's time
	atReceived = 20
	atLow      = 28 // clinical date, both bounds of its precision
	atHigh     = 36
	atSeq      = 44 // number of the message in the inbox
	atIDText   = 52 // where in the JSON the text of id begins
	atLens     = 56 // lengths of the strings, two bytes each, then the number of tokens
	fixedLen   = atLens + 2*(nStrings+1)

	tokenLen = 17 // parameter, hash of system, hash of code
)

// Strings of an envelope, in order.
const (
	strType = iota
	strVersion
	strSource
	strSourceID
	strVia // the source's id of the Patient by which it came to this person
	strMessage
	strOrgs // ODS codes that the entry ties to the person, separated by spaces
	nStrings
)

// Flags of an envelope.
const (
	flagDeleted  = 1 << iota // the source deleted it
	flagMoved                // the source moved it to another person: to all, it was never here
	flagUndated              // its date orders it, and is not what a search by date means
	flagTold                 // the flags below, and links among the tokens, are told
	flagInError              // its source says that it was never so
	flagDelicate             // a label says so: see delicate
)

// order says which of two states of a source object is the later: by source time,
// then the message's time, then its key (RULES 8).
type order struct {
	time, message int64 // Unix microseconds
	key           string
}

func (o order) after(p order) bool {
	if o.time != p.time {
		return o.time > p.time
	}
	if o.message != p.message {
		return o.message > p.message
	}
	return o.key > p.key
}

// state is what an envelope is made of.
type state struct {
	flags     byte
	section   section.Section
	security  Sensitivity
	order     order
	received  time.Time
	low, high time.Time
	seq       uint64
	strings   [nStrings]string // strMessage is order.key
	tokens    []byte
	id        string // as it stands in json
	json      []byte
}

// encode returns the stored value.
func (s *state) encode() []byte {
	s.strings[strMessage] = s.order.key
	n := fixedLen + len(s.tokens) + len(s.json)
	for _, t := range s.strings {
		n += len(t)
	}
	b := make([]byte, fixedLen, n)
	b[0], b[atFlags], b[atSection], b[atSecurity] = envelopeFormat, s.flags, byte(s.section), byte(s.security)
	putInt := func(at int, v int64) { binary.BigEndian.PutUint64(b[at:], uint64(v)) }
	putInt(atTime, s.order.time)
	putInt(atMessage, s.order.message)
	putInt(atReceived, s.received.UnixMicro())
	putInt(atLow, s.low.UnixMicro())
	putInt(atHigh, s.high.UnixMicro())
	binary.BigEndian.PutUint64(b[atSeq:], s.seq)
	for i, t := range s.strings {
		binary.BigEndian.PutUint16(b[atLens+2*i:], uint16(len(t)))
		b = append(b, t...)
	}
	binary.BigEndian.PutUint16(b[atLens+2*nStrings:], uint16(len(s.tokens)/tokenLen))
	b = append(b, s.tokens...)
	binary.BigEndian.PutUint32(b[atIDText:], uint32(idText(s.json, s.id)))
	return append(b, s.json...)
}

// idText returns where the text of the top-level id begins: an entry's own id is a
// whole string nowhere else.
func idText(json []byte, id string) int {
	return bytes.Index(json, []byte(`"`+id+`"`)) + 1
}

// keys are the index keys of the entry.
func (s *state) keys() [][]driver.Value {
	return [][]driver.Value{{driver.Num(int64(s.section)), driver.At(s.low)}}
}

// envelope reads a stored value in place.
type envelope []byte

// open checks that b is an envelope that this program knows.
func open(b []byte) (envelope, error) {
	if len(b) > 0 && b[0] > envelopeFormat {
		return nil, fmt.Errorf("record: an entry: %w", packed.ErrVersion)
	}
	if len(b) < fixedLen || b[0] != envelopeFormat {
		return nil, fmt.Errorf("record: an entry's envelope is malformed: %w", driver.ErrCorrupt)
	}
	e := envelope(b)
	if e.jsonAt() > len(b) {
		return nil, fmt.Errorf("record: an entry's envelope is cut off: %w", driver.ErrCorrupt)
	}
	return e, nil
}

func (e envelope) has(flag byte) bool       { return e[atFlags]&flag != 0 }
func (e envelope) section() section.Section { return section.Section(e[atSection]) }
func (e envelope) int(at int) int64         { return int64(binary.BigEndian.Uint64(e[at:])) }
func (e envelope) len(i int) int            { return int(binary.BigEndian.Uint16(e[atLens+2*i:])) }
func (e envelope) time(at int) time.Time    { return time.UnixMicro(e.int(at)).UTC() }

// str returns a string of the envelope, in place.
func (e envelope) str(i int) []byte {
	at := fixedLen
	for j := range i {
		at += e.len(j)
	}
	return e[at : at+e.len(i)]
}

func (e envelope) tokensAt() int {
	at := fixedLen
	for j := range nStrings {
		at += e.len(j)
	}
	return at
}

func (e envelope) jsonAt() int    { return e.tokensAt() + tokenLen*e.len(nStrings) }
func (e envelope) tokens() []byte { return e[e.tokensAt():e.jsonAt()] }
func (e envelope) json() []byte   { return e[e.jsonAt():] }

func (e envelope) order() order {
	return order{time: e.int(atTime), message: e.int(atMessage), key: string(e.str(strMessage))}
}

// reordered returns a copy that carries o: the same state, said again later.
func (e envelope) reordered(o order) []byte {
	head := e.tokensAt() - e.len(strOrgs) - e.len(strMessage)
	b := make([]byte, 0, len(e)+len(o.key))
	b = append(b, e[:head]...)
	b = append(b, o.key...)
	b = append(b, e[head+e.len(strMessage):]...)
	binary.BigEndian.PutUint64(b[atTime:], uint64(o.time))
	binary.BigEndian.PutUint64(b[atMessage:], uint64(o.message))
	binary.BigEndian.PutUint16(b[atLens+2*strMessage:], uint16(len(o.key)))
	return b
}

// withID returns the JSON with another id in the place of the entry's own, which
// is what a person's Patient is served as.
func (e envelope) withID(dst []byte, id string) []byte {
	json, at := e.json(), int(binary.BigEndian.Uint32(e[atIDText:]))
	if at == 0 {
		return append(dst, json...)
	}
	end := at + bytes.IndexByte(json[at:], '"')
	dst = append(dst, json[:at]...)
	dst = append(dst, id...)
	return append(dst, json[end:]...)
}

// Sensitivity says from whom an entry is withheld (RULES 0). Stored: add at the
// end.
type Sensitivity uint8

// Sensitivities.
const (
	Normal      Sensitivity = iota
	ThirdParty              // withheld from the person and their carers
	SeriousHarm             // withheld from the person and their carers
	StaffOnly               // safeguarding and violence alerts: never the person's or carers' to see
)

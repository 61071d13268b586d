package ledger

import (
	"encoding/binary"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// An event is encoded in the Protocol Buffers wire format: half the size of JSON,
// written without allocation, and any tool of that world lists its fields without
// a schema (protoc --decode_raw). Fields are in ascending order, empty ones left
// out, unknown ones passed over, so that an old tool reads what a newer server
// wrote. Numbers are never used again for something else.
const (
	fTime     = 1 // int64, microseconds since 1970 UTC
	fRequest  = 2
	fKind     = 3 // identity.Kind
	fCaller   = 4
	fName     = 5
	fRole     = 6 // identity.Role
	fOrg      = 7
	fClient   = 8
	fOnBehalf = 9
	fAction   = 10 // access.Action
	fOutcome  = 11 // access.Outcome
	fBasis    = 12 // access.Basis
	fPerson   = 13
	fSections = 14 // section.Set, a bit for each
	fWhat     = 15
)

// Wire types.
const (
	wireVarint = 0
	wire64     = 1
	wireBytes  = 2
	wire32     = 5
)

const errEvent fault = "the event is not encoded as this program knows it"

func appendEvent(b []byte, e *Event) []byte {
	if !e.Time.IsZero() {
		b = binary.AppendUvarint(append(b, fTime<<3|wireVarint), uint64(e.Time.UnixMicro()))
	}
	b = appendText(b, fRequest, e.Request)
	b = appendNumber(b, fKind, uint64(e.Kind))
	b = appendText(b, fCaller, e.Caller)
	b = appendText(b, fName, e.Name)
	b = appendNumber(b, fRole, uint64(e.Role))
	b = appendText(b, fOrg, string(e.Org))
	b = appendText(b, fClient, e.Client)
	b = appendText(b, fOnBehalf, e.OnBehalf)
	b = appendNumber(b, fAction, uint64(e.Action))
	b = appendNumber(b, fOutcome, uint64(e.Outcome))
	b = appendNumber(b, fBasis, uint64(e.Basis))
	b = appendText(b, fPerson, e.Person)
	b = appendNumber(b, fSections, uint64(e.Sections))
	return appendText(b, fWhat, e.What)
}

func appendText(b []byte, field byte, s string) []byte {
	if s == "" {
		return b
	}
	b = binary.AppendUvarint(append(b, field<<3|wireBytes), uint64(len(s)))
	return append(b, s...)
}

func appendNumber(b []byte, field byte, n uint64) []byte {
	if n == 0 {
		return b
	}
	return binary.AppendUvarint(append(b, field<<3|wireVarint), n)
}

// decodeEvent allocates once: the texts of the event share one string.
func decodeEvent(payload []byte) (Event, error) {
	var e Event
	text := string(payload)
	err := eachField(payload, func(field, n uint64, from, to int) error {
		s := text[from:to]
		switch field {
		case fTime:
			e.Time = time.UnixMicro(int64(n)).UTC()
		case fRequest:
			e.Request = s
		case fCaller:
			e.Caller = s
		case fName:
			e.Name = s
		case fOrg:
			e.Org = nhs.ODS(s)
		case fClient:
			e.Client = s
		case fOnBehalf:
			e.OnBehalf = s
		case fPerson:
			e.Person = s
		case fWhat:
			e.What = s
		default:
			return e.setNumber(field, n)
		}
		return nil
	})
	return e, err
}

func (e *Event) setNumber(field, n uint64) error {
	limit := uint64(0xff)
	if field == fSections {
		limit = 0xffff_ffff
	}
	if field <= fWhat && n > limit {
		return errEvent
	}
	switch field {
	case fKind:
		e.Kind = identity.Kind(n)
	case fRole:
		e.Role = identity.Role(n)
	case fAction:
		e.Action = access.Action(n)
	case fOutcome:
		e.Outcome = access.Outcome(n)
	case fBasis:
		e.Basis = access.Basis(n)
	case fSections:
		e.Sections = section.Set(n)
	}
	return nil
}

// personOf finds the person of an encoded event without decoding the rest.
func personOf(payload []byte) (person []byte, err error) {
	err = eachField(payload, func(field, _ uint64, from, to int) error {
		if field == fPerson {
			person = payload[from:to]
		}
		return nil
	})
	return person, err
}

// numeric are the fields that hold a number.
const numeric = 1<<fTime | 1<<fKind | 1<<fRole | 1<<fAction | 1<<fOutcome | 1<<fBasis | 1<<fSections

// eachField calls f for each field: with its number, or with where its text lies.
func eachField(b []byte, f func(field, n uint64, from, to int) error) error {
	last := uint64(0)
	for at := 0; at < len(b); {
		tag, w := binary.Uvarint(b[at:])
		if w <= 0 || tag>>3 <= last {
			return errEvent
		}
		last, at = tag>>3, at+w
		n, from, to := uint64(0), at, at
		switch tag & 7 {
		case wireVarint:
			n, w = binary.Uvarint(b[at:])
			at += w
		case wireBytes:
			n, w = binary.Uvarint(b[at:])
			if w <= 0 || n > uint64(len(b)-at-w) {
				return errEvent
			}
			from = at + w
			to = from + int(n)
			at, n = to, 0
		case wire64:
			at += 8
		case wire32:
			at += 4
		default:
			return errEvent
		}
		if w <= 0 || at > len(b) {
			return errEvent
		}
		if last <= fWhat && (tag&7 == wireVarint) != (numeric&(1<<last) != 0) || last <= fWhat && tag&7 != wireVarint && tag&7 != wireBytes {
			return errEvent
		}
		if err := f(last, n, from, to); err != nil {
			return err
		}
	}
	return nil
}

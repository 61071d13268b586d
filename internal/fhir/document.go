package fhir

import (
	"bytes"
	"fmt"
	"log/slog"
	"strconv"
)

// Document is one parsed JSON object. It is immutable, safe for use by many
// goroutines, and refers into the bytes given to Parse, which must not change.
type Document struct {
	b    []byte
	tape []entry
}

// entry is one value of a document. Values lie in the tape in the order of
// their first byte, so that a container is followed by what it holds.
type entry struct {
	start, end uint32 // the value's bytes
	key        uint32 // where the member's name begins, after its quote; 0 for elements and the root
	next       uint32 // the entry after this value and all that it holds
	keyLen     uint8
	kind       Kind
	flags      uint8
}

// Flags of an entry.
const (
	escaped uint8 = 1 << iota // a string with an escape in it
)

// SyntaxError says why bytes are no document. It never quotes them.
type SyntaxError struct {
	Offset int    // the first byte that is wrong
	Path   string // the value it lies in, as Node.Where writes it
	Reason string
}

func (e *SyntaxError) Error() string {
	s := "not a FHIR JSON document: " + e.Reason + " (byte " + strconv.Itoa(e.Offset)
	if e.Path != "" {
		s += ", in " + e.Path
	}
	return s + ")"
}

// Parse reads one JSON object, strictly: RFC 8259 in valid UTF-8, no member
// twice, no escapes in names, nothing before or after, within the limits. Its
// error is always a *SyntaxError.
func Parse(b []byte) (*Document, error) {
	if err := tooLong(b); err != nil {
		return nil, err
	}
	s := scanner{b: b, tape: make([]entry, 0, tapeSize(b))}
	return s.parse()
}

func tooLong(b []byte) error {
	if len(b) > MaxBytes {
		return &SyntaxError{Offset: MaxBytes, Reason: fmt.Sprintf("it is longer than %d bytes", MaxBytes)}
	}
	return nil
}

func (s *scanner) parse() (*Document, error) {
	if !s.document() {
		return nil, &SyntaxError{Offset: s.pos, Path: s.where(), Reason: s.reason}
	}
	return &Document{b: s.b, tape: s.tape}, nil
}

// Parser parses many documents that are needed together, such as those of one
// request. It makes room for them in one piece rather than for each, which is much of
// what parsing costs; so each of them keeps others in memory too. The zero Parser is
// ready; it is for one goroutine at a time.
type Parser struct {
	room []entry  // its length is taken
	open []uint32 // the scanner's, between two documents
}

// parserRoom is how many values room is made for at a time: 20 KB.
const parserRoom = 1 << 10

// Parse is the function Parse.
func (p *Parser) Parse(b []byte) (*Document, error) {
	if err := tooLong(b); err != nil {
		return nil, err
	}
	size, from := tapeSize(b), len(p.room)
	if cap(p.room)-from < size {
		p.room, from = make([]entry, 0, max(size, parserRoom)), 0
	}
	s := scanner{b: b, tape: p.room[from : from : from+size], open: p.open[:0]}
	d, err := s.parse()
	p.open = s.open
	if err != nil {
		return nil, err
	}
	n := len(d.tape)
	d.tape = d.tape[:n:n]
	p.room = p.room[:from+n]
	return d, nil
}

// ParseFeed is Parse for sources that put a byte order mark before the object.
// Offsets count from after the mark.
func ParseFeed(b []byte) (*Document, error) {
	return Parse(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")))
}

// tapeSize is an upper bound of the values in b, cheaply: each is the first in
// its container or follows a comma.
func tapeSize(b []byte) int {
	n := 1 + bytes.Count(b, []byte{','}) + bytes.Count(b, []byte{'{'}) + bytes.Count(b, []byte{'['})
	return min(n, MaxNodes, len(b)/2+1)
}

// Root returns the document's object.
func (d *Document) Root() Node {
	if d == nil || len(d.tape) == 0 {
		return Node{}
	}
	return Node{d: d}
}

// Format prints a document's type and size and nothing that it holds.
func (d *Document) Format(f fmt.State, _ rune) {
	if d == nil {
		fmt.Fprint(f, "document absent")
		return
	}
	fmt.Fprintf(f, "%s document of %d bytes", knownType(d.Root().Type()), len(d.b))
}

// LogValue is what Format prints.
func (d *Document) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(d)) }

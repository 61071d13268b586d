package fhir

import (
	"fmt"
	"iter"
	"log/slog"
	"unicode/utf16"
	"unicode/utf8"
)

// Kind is what JSON calls the type of a value. The zero Kind is that of a Node
// that is absent.
type Kind uint8

// Kinds of value.
const (
	Absent Kind = iota
	Object
	Array
	String
	Number
	Bool
	Null
)

var kindNames = [...]string{"absent", "object", "array", "string", "number", "boolean", "null"}

func (k Kind) String() string { return kindNames[k] }

// Node is a value in a Document. The zero Node is absent, and every method is
// safe on it: what is read from an absent value is absent.
type Node struct {
	d *Document
	i uint32
}

func (n Node) entry() *entry { return &n.d.tape[n.i] }

// Exists reports whether the value is there; null is there.
func (n Node) Exists() bool { return n.d != nil }

// Kind returns the kind of the value.
func (n Node) Kind() Kind {
	if n.d == nil {
		return Absent
	}
	return n.entry().kind
}

// Get returns the member of an object by its name.
func (n Node) Get(name string) Node {
	if n.Kind() != Object {
		return Node{}
	}
	t, end := n.d.tape, n.entry().next
	for i := n.i + 1; i < end; i = t[i].next {
		if e := &t[i]; int(e.keyLen) == len(name) && string(n.d.b[e.key:int(e.key)+len(name)]) == name {
			return Node{n.d, i}
		}
	}
	return Node{}
}

// Path follows names from member to member, taking the first element of every
// array on its way and at its end.
func (n Node) Path(names ...string) Node {
	for _, name := range names {
		n = n.first().Get(name)
	}
	return n.first()
}

func (n Node) first() Node {
	if n.Kind() == Array {
		return n.At(0)
	}
	return n
}

// At returns the element i of an array.
func (n Node) At(i int) Node {
	if i < 0 {
		return Node{}
	}
	for e := range n.Each() {
		if i == 0 {
			return e
		}
		i--
	}
	return Node{}
}

// Len returns how many elements an array or members an object has, else 0.
func (n Node) Len() int {
	if k := n.Kind(); k != Array && k != Object {
		return 0
	}
	count, t, end := 0, n.d.tape, n.entry().next
	for i := n.i + 1; i < end; i = t[i].next {
		count++
	}
	return count
}

// Each yields the elements of an array; of any other value, nothing.
func (n Node) Each() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		if n.Kind() != Array {
			return
		}
		t, end := n.d.tape, n.entry().next
		for i := n.i + 1; i < end; i = t[i].next {
			if !yield(Node{n.d, i}) {
				return
			}
		}
	}
}

// Members yields the members of an object in their order.
func (n Node) Members() iter.Seq2[string, Node] {
	return func(yield func(string, Node) bool) {
		if n.Kind() != Object {
			return
		}
		t, end := n.d.tape, n.entry().next
		for i := n.i + 1; i < end; i = t[i].next {
			m := Node{n.d, i}
			if !yield(string(m.name()), m) {
				return
			}
		}
	}
}

// name returns the name that the value has as a member, else nothing.
func (n Node) name() []byte {
	if n.d == nil {
		return nil
	}
	e := n.entry()
	return n.d.b[e.key : e.key+uint32(e.keyLen)]
}

// Text returns a JSON string decoded; of any other value, "". It is not called
// String so that no verb prints it by accident.
func (n Node) Text() string {
	if n.Kind() != String {
		return ""
	}
	e := n.entry()
	raw := n.d.b[e.start+1 : e.end-1]
	if e.flags&escaped == 0 {
		return string(raw)
	}
	return string(unescape(make([]byte, 0, len(raw)), raw))
}

// Is reports whether the value is the string s, without allocating.
func (n Node) Is(s string) bool {
	if n.Kind() != String {
		return false
	}
	if e := n.entry(); e.flags&escaped == 0 {
		return string(n.d.b[e.start+1:e.end-1]) == s
	}
	return n.Text() == s
}

// text is Text without a copy where there is no escape; not to be kept or changed.
func (n Node) text() []byte {
	if n.Kind() != String {
		return nil
	}
	e := n.entry()
	if e.flags&escaped == 0 {
		return n.d.b[e.start+1 : e.end-1]
	}
	return unescape(nil, n.d.b[e.start+1:e.end-1])
}

// Raw returns the exact bytes of the value; they must not be changed.
func (n Node) Raw() []byte {
	if n.d == nil {
		return nil
	}
	e := n.entry()
	return n.d.b[e.start:e.end:e.end]
}

// Offset returns where the value begins in the document's bytes.
func (n Node) Offset() int {
	if n.d == nil {
		return 0
	}
	return int(n.entry().start)
}

// Type returns the resourceType of a resource.
func (n Node) Type() string { return n.Get("resourceType").Text() }

// ID returns the id of a resource or an element.
func (n Node) ID() string { return n.Get("id").Text() }

// Format prints the kind of a value and nothing that it holds, whatever the verb.
func (n Node) Format(f fmt.State, _ rune) { fmt.Fprint(f, "(", n.Kind().String(), ")") }

// LogValue is what Format prints.
func (n Node) LogValue() slog.Value { return slog.StringValue("(" + n.Kind().String() + ")") }

// unescape appends raw, whose escapes the scanner has found right.
func unescape(dst, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '\\' {
			dst = append(dst, c)
			continue
		}
		i++
		switch raw[i] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, _ := hex4(raw[i-1:])
			i += 4
			if utf16.IsSurrogate(r) {
				r2, _ := hex4(raw[i+1:])
				r = utf16.DecodeRune(r, r2)
				i += 6
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, raw[i])
		}
	}
	return dst
}

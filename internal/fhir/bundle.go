package fhir

import (
	"fmt"
	"iter"
)

// Bundle is a view of a Bundle.
type Bundle struct{ Node }

// BundleType returns the type: transaction, batch, collection, message, ...
func (b Bundle) BundleType() string { return b.Get("type").Text() }

// Timestamp returns when the bundle was assembled, as written.
func (b Bundle) Timestamp() string { return b.Get("timestamp").Text() }

// Entry is one entry of a Bundle.
type Entry struct {
	Index       int
	Node        Node // the entry itself
	FullURL     string
	Resource    Node
	Method, URL string // of the request
	IfNoneExist string
	IfMatch     string
}

// Format prints the number and the type, and nothing of what the entry holds.
func (e Entry) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "(entry %d, a %s)", e.Index, knownType(e.Resource.Type()))
}

// Entries yields the entries, in order.
func (b Bundle) Entries() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		index := 0
		for n := range b.Get("entry").Each() {
			e := Entry{Index: index, Node: n}
			for name, m := range n.Members() {
				switch name {
				case "fullUrl":
					e.FullURL = m.Text()
				case "resource":
					e.Resource = m
				case "request":
					e.Method, e.URL = m.Get("method").Text(), m.Get("url").Text()
					e.IfNoneExist, e.IfMatch = m.Get("ifNoneExist").Text(), m.Get("ifMatch").Text()
				}
			}
			if !yield(e) {
				return
			}
			index++
		}
	}
}

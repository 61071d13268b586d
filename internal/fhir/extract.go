package fhir

import (
	"fmt"
	"time"
)

// Extracted is what an entry is found and ordered by.
type Extracted struct {
	Type   string
	Tokens []Token

	// Date and DateEnd are the bounds of the resource's clinical date: from Date
	// up to, not including, DateEnd. Zero means without a bound; both, undated. A
	// period that only ends has its end for both.
	Date, DateEnd time.Time
	// StandIn is set when the date is not that of the type's date parameter
	// (SearchParams) but stands in for it: right for ordering, no match for a search.
	StandIn bool
}

// Token is one code of a token search parameter, or what a date parameter spans.
type Token struct {
	Param        Param
	System, Code string
	Low, High    time.Time // as Extracted's; both zero for a code
}

// Dated reports whether the token is that of a date.
func (t Token) Dated() bool { return !t.Low.IsZero() || !t.High.IsZero() }

// MaxTokens is how many tokens are taken of one resource; a resource that has
// more is found by its first ones only.
const MaxTokens = 512

// Format prints the type of a resource, and nothing of what it holds.
func (x Extracted) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "(%d tokens of a %s)", len(x.Tokens), knownType(x.Type))
}

// Format prints the parameter, and not the code.
func (t Token) Format(f fmt.State, _ rune) { fmt.Fprint(f, "(", t.Param.String(), ")") }

// Extract reads a resource's search tokens and dates. What is malformed is not there.
func Extract(resource Node) Extracted {
	x := Extracted{Type: resource.Type()}
	row := definitions().index[x.Type]
	if row == nil {
		return x
	}
	x.Tokens = make([]Token, 0, 8)
	for _, t := range row.tokens {
		for _, path := range t.paths {
			along(resource, path, func(n Node) { x.Tokens = appendTokens(x.Tokens, t.param, n) })
		}
	}
	for _, t := range row.spans {
		for _, path := range t.paths {
			along(resource, path, func(n Node) { x.Tokens = appendSpan(x.Tokens, t.param, n) })
		}
	}
	x.dated(resource, row)
	return x
}

func (x *Extracted) dated(resource Node, row *index) {
	for i, paths := range [2][][]string{row.date, row.others} {
		for _, path := range paths {
			low, high, ok := spanAlong(resource, path)
			if !ok {
				continue
			}
			x.Date, x.DateEnd, x.StandIn = low, high, i == 1
			if end := resource.Get("end"); x.Type == "Appointment" && i == 0 && end.Exists() {
				if _, high, err := ParseDate(end.Text()); err == nil {
					x.DateEnd = high
				}
			}
			return
		}
	}
}

// along calls f for every value at the end of a path, through all elements of
// all lists on the way. A name may be the stem of a choice.
func along(n Node, path []string, f func(Node)) {
	switch {
	case n.Kind() == Array:
		for e := range n.Each() {
			along(e, path, f)
		}
	case len(path) == 0:
		if n.Exists() {
			f(n)
		}
	default:
		m := n.Get(path[0])
		if !m.Exists() {
			m = n.typed(path[0])
		}
		if m.Exists() {
			along(m, path[1:], f)
		}
	}
}

// typed returns the value of a choice element whose name ends in a type: not
// statusReason for status, nor what stands beside the value.
func (n Node) typed(stem string) Node {
	if n.Kind() != Object {
		return Node{}
	}
	t, end := n.d.tape, n.entry().next
	for i := n.i + 1; i < end; i = t[i].next {
		if int(t[i].keyLen) <= len(stem) {
			continue
		}
		name := Node{n.d, i}.name()
		if string(name[:len(stem)]) == stem && definitions().choices[string(name[len(stem):])] {
			return Node{n.d, i}
		}
	}
	return Node{}
}

// appendTokens appends the codes of a code, Coding, CodeableConcept, Identifier
// or boolean.
func appendTokens(ts []Token, p Param, n Node) []Token {
	if len(ts) == MaxTokens {
		return ts
	}
	switch n.Kind() {
	case String:
		return append(ts, Token{Param: p, Code: n.Text()})
	case Bool:
		return append(ts, Token{Param: p, Code: string(n.Raw())})
	case Object:
		if codings := n.Get("coding"); codings.Exists() {
			for c := range codings.Each() {
				ts = appendTokens(ts, p, c)
			}
			return ts
		}
		code := n.Get("code")
		if !code.Exists() {
			code = n.Get("value")
		}
		if code.Kind() == String {
			return append(ts, Token{Param: p, System: n.Get("system").Text(), Code: code.Text()})
		}
	}
	return ts
}

// appendSpan appends a date, each one of a list by itself.
func appendSpan(ts []Token, p Param, n Node) []Token {
	low, high, ok := span(n)
	if !ok || len(ts) == MaxTokens {
		return ts
	}
	return append(ts, Token{Param: p, Low: low, High: high})
}

// spanAlong returns the stretch from the earliest to the latest date at the path.
func spanAlong(n Node, path []string) (low, high time.Time, ok bool) {
	along(n, path, func(n Node) {
		l, h, is := span(n)
		if !is {
			return
		}
		if !ok || !low.IsZero() && l.Before(low) {
			low = l
		}
		if !ok || h.IsZero() || !high.IsZero() && h.After(high) {
			high = h
		}
		ok = true
	})
	return low, high, ok
}

// span returns the bounds of a date, a Period or a Timing.
func span(n Node) (low, high time.Time, ok bool) {
	switch n.Kind() {
	case String:
		low, high, err := ParseDate(n.Text())
		return low, high, err == nil
	case Object:
		if events := n.Get("event"); events.Exists() {
			return spanAlong(events, nil)
		}
		if bounds := n.Path("repeat", "boundsPeriod"); bounds.Exists() {
			return span(bounds)
		}
		low, _, err1 := ParseDate(n.Get("start").Text())
		end, high, err2 := ParseDate(n.Get("end").Text())
		switch {
		case err1 != nil && err2 != nil:
			return low, high, false
		case err1 != nil:
			low = end
		}
		return low, high, true
	}
	return low, high, false
}

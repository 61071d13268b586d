package fhir

import "bytes"

// untyped checks what every resource has, and of the rest that nothing is empty.
func (v *validator) untyped(n Node) {
	r := v.t.row(v.t.domain)
	for name, m := range n.Members() {
		if v.full() {
			return
		}
		if name == "resourceType" || name == "" {
			continue
		}
		if at := r.find(bytes.TrimPrefix([]byte(name), []byte("_")), 0); at >= 0 {
			if row := &r.rows[at]; name[0] == '_' && row.typ.primitive() {
				v.siblings(m, n.Get(row.name), row)
			} else {
				v.element(n, m, row)
			}
			continue
		}
		v.anything(m)
	}
}

// anything checks a value of which nothing is known but that it is FHIR. A null
// in a list may stand for what has extensions only.
func (v *validator) anything(n Node) {
	switch n.Kind() {
	case Null:
		v.structure(n, RuleNull, noNull)
	case String:
		if len(n.text()) == 0 {
			v.structure(n, RuleEmpty, "Leave out a text that is empty.")
		}
	case Array:
		if n.entry().next == n.i+1 {
			v.structure(n, RuleEmpty, "Leave out a list that is empty.")
		}
		for e := range n.Each() {
			if v.full() {
				return
			}
			if e.Kind() != Null {
				v.anything(e)
			}
		}
	case Object:
		if n.entry().next == n.i+1 {
			v.structure(n, RuleEmpty, emptyElement)
		}
		for name, m := range n.Members() {
			switch {
			case v.full():
				return
			case name == "extension" || name == "modifierExtension":
				v.element(n, m, &elementRow{name: name, typ: v.t.extension, many: true})
			default:
				v.anything(m)
			}
		}
	}
}

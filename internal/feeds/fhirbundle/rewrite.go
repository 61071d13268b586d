package fhirbundle

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// identified returns the resource with the references that unmet names turned into
// references by identifier; absent if there are none.
func (j *job) identified(e *entry) fhir.Node {
	unmet := func(literal string) bool { return j.unmet(e, literal) }
	if !slices.ContainsFunc(e.references(), func(r fhir.Reference) bool { return unmet(r.Literal) }) {
		return fhir.Node{}
	}
	w := rewriter{src: e.resource.Raw(), base: e.resource.Offset(), unmet: unmet}
	w.walk(e.resource)
	doc, err := fhir.Parse(append(w.dst, w.src[w.done:]...))
	if err != nil {
		return fhir.Node{} // not to be: then it stays as it was sent
	}
	return doc.Root()
}

// unmet reports whether a literal must not stay as it is: it is conditional and names
// nothing that we know, or would read as one of our ids, which a source must not
// write into a record. Only what we resolve ourselves leads to an entry.
func (j *job) unmet(e *entry, literal string) bool {
	if strings.IndexByte(literal, '?') >= 0 {
		if t := j.resolve(literal, ""); t.entry < 0 && t.query.value != "" {
			return j.found[t.query] == "" && j.number[t.query].via == ""
		}
	}
	return record.ReadsAsID(literal) && j.literal(e, fhir.Reference{Literal: literal}) == ""
}

// rewriter copies a resource, replacing members called reference on its way.
type rewriter struct {
	src, dst []byte
	base     int // offset of src in its document
	done     int // bytes of src that have been copied or replaced
	unmet    func(literal string) bool
}

func (w *rewriter) walk(n fhir.Node) {
	switch n.Kind() {
	case fhir.Array:
		for v := range n.Each() {
			w.walk(v)
		}
	case fhir.Object:
		if r := n.Get("reference"); r.Kind() == fhir.String && w.unmet(r.Text()) {
			w.replace(n, r)
			return
		}
		for _, v := range n.Members() {
			w.walk(v)
		}
	}
}

// replace puts type and identifier where reference stood. The member's name is the
// last one of its kind before its value: nothing but white space lies between.
func (w *rewriter) replace(object, reference fhir.Node) {
	from, to := reference.Offset()-w.base, reference.Offset()-w.base+len(reference.Raw())
	from = bytes.LastIndex(w.src[:from], []byte(`"reference"`))
	q, ok := conditional(reference.Text())
	if !ok {
		q.typ, q.value = fhir.SplitReference(reference.Text())
		q.value = cmp.Or(q.value, reference.Text())
	}
	var members []byte
	if q.typ != "" && !object.Get("type").Exists() {
		members = append(members, `"type":`...)
		members = append(fhir.AppendString(members, q.typ), ',')
	}
	if !object.Get("identifier").Exists() {
		members = append(members, `"identifier":{`...)
		if q.system != "" {
			members = append(fhir.AppendString(append(members, `"system":`...), q.system), ',')
		}
		members = append(fhir.AppendString(append(members, `"value":`...), q.value), '}', ',')
	}
	rest := bytes.TrimLeft(w.src[to:], " \t\r\n")
	last := len(rest) > 0 && rest[0] != ','
	w.dst = append(w.dst, w.src[w.done:from]...)
	switch {
	case len(members) > 0:
		w.dst = append(w.dst, members[:len(members)-1]...)
	case last: // take the comma before it away
		w.dst = bytes.TrimRight(w.dst, ", \t\r\n")
	default: // and the one after it
		to = len(w.src) - len(rest) + 1
	}
	w.done = to
}

package fhir

import (
	"bytes"
	"slices"
)

// refers checks where a Reference leads to.
func (v *validator) refers(n Node, targets []string) {
	ref := n.Get("reference")
	literal := ref.text()
	var to []byte
	switch {
	case len(literal) == 1 && literal[0] == '#':
		return // the resource that this one is contained in
	case len(literal) > 0 && literal[0] == '#':
		c, ok := v.inner[string(literal[1:])]
		if !ok {
			v.invariant(ref, "ref-1", "Contain the resource that is referred to by #, or refer to it in another way.")
			return
		}
		to = c.Get("resourceType").text()
	default:
		if to, _ = split(literal); len(to) == 0 && relative(literal) {
			v.value(ref, ruleValue+"reference", "Write a relative reference as the resource type, a slash and the id.")
			return
		}
	}
	if said := n.Get("type"); said.Exists() {
		if len(to) > 0 && string(to) != string(said.text()) && isType(said.text()) {
			v.value(said, ruleValue+"reference", "Give the type of the resource that reference names.")
		}
		if len(to) == 0 {
			to = said.text()
		}
	}
	if len(to) > 0 && targets != nil && !slices.Contains(targets, string(to)) && isType(to) {
		v.structure(n, RuleTarget, "Refer to a resource that may be here: %s.", list(targets))
	}
}

// relative reports whether a literal reference is no URL, URN or query.
func relative(literal []byte) bool {
	return len(literal) > 0 && bytes.IndexByte(literal, ':') < 0 && bytes.IndexByte(literal, '?') < 0
}

// byID returns contained resources by their ids.
func byID(contained Node) map[string]Node {
	ids := map[string]Node{}
	for c := range contained.Each() {
		if id := c.Get("id").Text(); id != "" {
			ids[id] = c
		}
	}
	return ids
}

// contained checks what holds of contained resources beyond their own type.
func (v *validator) contained(n, all Node) {
	links := v.localLinks(n, all)
	for c := range all.Each() {
		if v.full() {
			return
		}
		if c.Kind() != Object {
			continue
		}
		id := c.Get("id")
		if !id.Exists() {
			v.issue(c, SeverityError, "required", RuleRequired, "Give a contained resource an id, to refer to it by.")
			continue
		}
		if v.inner[id.Text()] != c {
			v.value(id, ruleValue+"id", "Give each contained resource an id of its own.")
		}
		if c.Get("contained").Exists() {
			v.invariant(c, "dom-2", "Contain resources in the outer resource only.")
		}
		if m := c.Get("meta"); m.Get("versionId").Exists() || m.Get("lastUpdated").Exists() {
			v.invariant(m, "dom-4", "Leave versionId and lastUpdated out of a contained resource.")
		}
		if c.Path("meta", "security").Exists() {
			v.invariant(c.Get("meta"), "dom-5", "Put security labels on the outer resource.")
		}
		if _, ok := links[id.Text()]; !ok {
			v.invariant(c, "dom-3", "Refer to a contained resource, or leave it out.")
		}
	}
}

// localLinks returns the ids of the contained resources that something outside
// them refers to, or that refer to the outer resource.
func (v *validator) localLinks(n, all Node) map[string]struct{} {
	links := map[string]struct{}{}
	t, b := v.d.tape, v.d.b
	within := Node{} // the contained resource that i lies in
	for i, end := n.i+1, n.entry().next; i < end; i++ {
		if within.d != nil && i >= within.entry().next {
			within = Node{}
		}
		if within.d == nil && i > all.i && i < all.entry().next {
			within = Node{v.d, i}
		}
		e := &t[i]
		if e.kind != String || e.end-e.start < 3 || b[e.start+1] != '#' {
			continue
		}
		id := string(b[e.start+2 : e.end-1])
		switch own := within.Get("id").Text(); {
		case id == "" && own != "":
			links[own] = struct{}{}
		case id != own:
			links[id] = struct{}{}
		}
	}
	return links
}

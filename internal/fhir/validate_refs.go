package fhir

import (
	"bytes"
	"slices"
	"strings"
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
		c := v.containedBy(literal[1:])
		if !c.Exists() {
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

// containedBy returns the resource of that id that the root contains.
func (v *validator) containedBy(id []byte) Node {
	for c := range v.root.Get("contained").Each() {
		if bytes.Equal(c.Get("id").text(), id) {
			return c
		}
	}
	return Node{}
}

// contained checks what holds of contained resources beyond their own type.
func (v *validator) contained(n, all Node) {
	var ids [][]byte
	for c := range all.Each() {
		id := c.Get("id")
		switch {
		case c.Kind() != Object:
			continue
		case !id.Exists():
			v.issue(c, SeverityError, "required", RuleRequired, "Give a contained resource an id, to refer to it by.")
			continue
		case slices.ContainsFunc(ids, func(b []byte) bool { return bytes.Equal(b, id.text()) }):
			v.value(id, ruleValue+"id", "Give each contained resource an id of its own.")
		}
		ids = append(ids, bytes.Clone(id.text()))
		if c.Get("contained").Exists() {
			v.invariant(c, "dom-2", "Contain resources in the outer resource only.")
		}
		if m := c.Get("meta"); m.Get("versionId").Exists() || m.Get("lastUpdated").Exists() {
			v.invariant(m, "dom-4", "Leave versionId and lastUpdated out of a contained resource.")
		}
		if c.Path("meta", "security").Exists() {
			v.invariant(c.Get("meta"), "dom-5", "Put security labels on the outer resource.")
		}
		if !v.referred(n, c, id.text()) {
			v.invariant(c, "dom-3", "Refer to a contained resource, or leave it out.")
		}
	}
}

// referred reports whether something outside c in the resource n refers to c, or c to n.
func (v *validator) referred(n, c Node, id []byte) bool {
	t, b := v.d.tape, v.d.b
	for i, end := n.i+1, n.entry().next; i < end; i++ {
		e := &t[i]
		if e.kind != String || e.end-e.start < 3 || b[e.start+1] != '#' {
			continue
		}
		within := i >= c.i && i < c.entry().next
		text := b[e.start+2 : e.end-1]
		if within && len(text) == 0 || !within && bytes.Equal(text, id) {
			return true
		}
	}
	return false
}

// checkBundle checks what FHIR asks of Bundles as a whole.
func checkBundle(v *validator, n Node) {
	typ := n.Get("type").Text()
	if n.Get("total").Exists() && typ != "searchset" && typ != "history" {
		v.invariant(n, "bdl-1", "Give total in a searchset or a history only.")
	}
	wantRequest := typ == "batch" || typ == "transaction" || typ == "history"
	wantResponse := typ == "batch-response" || typ == "transaction-response" || typ == "history"
	urls := map[string]struct{}{}
	first := true
	for e := range n.Get("entry").Each() {
		if e.Get("search").Exists() && typ != "searchset" {
			v.invariant(e, "bdl-2", "Give search in the entries of a searchset only.")
		}
		if e.Get("request").Exists() != wantRequest {
			v.invariant(e, "bdl-3", "Give request in every entry of a batch, a transaction or a history, and in no other Bundle.")
		}
		if e.Get("response").Exists() != wantResponse {
			v.invariant(e, "bdl-4", "Give response in every entry of a batch-response, a transaction-response or a history, and in no other Bundle.")
		}
		if first {
			v.firstEntry(n, e, typ)
		}
		first = false
		v.fullURL(e, typ, urls)
	}
	if typ == "document" {
		v.document(n)
	}
	v.links(n)
}

// links refuses a relation that a Bundle gives two links of.
func (v *validator) links(n Node) {
	seen := map[string]bool{}
	for l := range n.Get("link").Each() {
		switch r := l.Get("relation").Text(); r {
		case "self", "first", "previous", "prev", "next", "last":
			if seen[r] {
				v.value(l, ruleValue+"link", "Give one link of each relation.")
			}
			seen[r] = true
		}
	}
}

func (v *validator) firstEntry(n, e Node, typ string) {
	if typ == "document" && !e.Path("resource", "resourceType").Is("Composition") {
		v.invariant(n, "bdl-11", "Begin a document with its Composition.")
	}
	if typ == "message" && !e.Path("resource", "resourceType").Is("MessageHeader") {
		v.invariant(n, "bdl-12", "Begin a message with its MessageHeader.")
	}
}

func (v *validator) document(n Node) {
	if id := n.Get("identifier"); !id.Get("system").Exists() || !id.Get("value").Exists() {
		v.invariant(n, "bdl-9", "Give a document an identifier with a system and a value.")
	}
	if !n.Get("timestamp").Exists() {
		v.invariant(n, "bdl-10", "Give a document its timestamp.")
	}
}

// fullURL checks an entry's fullUrl against its resource and the other entries.
func (v *validator) fullURL(e Node, typ string, urls map[string]struct{}) {
	full := e.Get("fullUrl")
	if !full.Exists() {
		return
	}
	url, res := full.Text(), e.Get("resource")
	key := url
	if version := e.Path("resource", "meta", "versionId").Text(); version != "" {
		key += " " + version
	}
	if _, twice := urls[key]; twice && typ != "history" {
		v.invariant(full, "bdl-7", "Give each entry a fullUrl of its own, or each version its versionId.")
	}
	urls[key] = struct{}{}
	switch {
	case strings.HasPrefix(url, "urn:"):
		if strings.HasPrefix(url, "urn:uuid:") && !uuid([]byte(strings.ToLower(url))) {
			v.value(full, ruleValue+"uuid", "%s", hints[pUUID])
		}
	case !strings.Contains(url, ":"):
		v.value(full, RuleFullURL, "Write fullUrl as a URL with its host, or as a URN.")
	default:
		resourceType, id := SplitReference(url)
		if own := res.Get("id").Text(); resourceType != "" && own != "" && (own != id || resourceType != res.Type()) {
			// Official examples do this: told, not refused.
			v.issue(full, SeverityWarning, "value", RuleFullURL, "Let fullUrl end with the type and the id of the entry's resource.")
		}
	}
}

// checkCoding asks for a system that means the same wherever it is read.
func checkCoding(v *validator, n Node) {
	if s := n.Get("system"); s.Kind() == String && bytes.IndexByte(s.text(), ':') < 0 {
		v.value(s, ruleValue+"system", "Write the system of a code as an absolute URI.")
	}
}

func checkBundleEntry(v *validator, n Node) {
	if !n.Get("resource").Exists() && !n.Get("request").Exists() && !n.Get("response").Exists() {
		v.invariant(n, "bdl-5", "Give an entry a resource, a request or a response.")
	}
	if strings.Contains(n.Get("fullUrl").Text(), "/_history/") {
		v.invariant(n, "bdl-8", "Leave the version out of fullUrl.")
	}
}

package fhir

import (
	"bytes"
	"strings"
)

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
		if id := e.Path("resource", "id"); typ == "searchset" && !id.Exists() && e.Get("resource").Exists() && !e.Path("resource", "resourceType").Is("OperationOutcome") {
			v.issue(e, SeverityError, "required", RuleRequired, "Give each resource in a searchset its id.")
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

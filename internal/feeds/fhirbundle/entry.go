package fhirbundle

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// entry is one entry of the Bundle at hand.
type entry struct {
	index     int
	fullURL   string
	resource  fhir.Node
	typ       string
	sourceID  string
	person    record.PersonID
	about     record.PersonID // the person it claims to be about, though it may be held
	via       string          // the source's id of the Patient that says so
	refs      []fhir.Reference
	refsRead  bool
	directory bool
	deleted   bool
	ignored   bool   // says something about the message, nothing for the record
	skipped   bool   // of an entry that this application leaves alone
	existing  string // id of the entry there is already, which ifNoneExist leaves as it is
	noneExist query
	held      *feeds.Held
	applied   record.Applied
}

// live reports whether the entry is still to be applied.
func (e *entry) live() bool { return e.held == nil && !e.ignored && !e.skipped }

// hold keeps the entry from being applied; the first reason counts.
func (e *entry) hold(h feeds.Held) {
	if e.held != nil {
		return
	}
	h.Entry, h.Type = e.index, e.typ
	e.held = &h
}

func (e *entry) fault(code, words string) { e.hold(feeds.Held{Code: code, Words: words, Fault: true}) }

// readEntries reads the frames of the entries and indexes them.
func (j *job) readEntries() {
	list := j.root.Get("entry")
	j.entries = make([]entry, list.Len())
	j.byURL, j.byRef = make(map[string]int, len(j.entries)), make(map[string]int, len(j.entries))
	i := 0
	for n := range list.Each() {
		e := &j.entries[i]
		e.index = i
		j.readEntry(e, n)
		if j.only != nil && !contains(j.only, i) {
			e.skipped = true
		}
		if e.fullURL != "" {
			j.byURL[e.fullURL] = i
		}
		if e.typ != "" && e.sourceID != "" && !e.deleted {
			j.byRef[e.typ+"/"+e.sourceID] = i
		}
		i++
	}
}

func (j *job) readEntry(e *entry, n fhir.Node) {
	e.fullURL = n.Get("fullUrl").Text()
	e.resource = n.Get("resource")
	e.typ = e.resource.Type()
	j.readBase(e)
	if r := n.Get("request"); r.Exists() && (j.kind == "transaction" || j.kind == "batch") {
		j.readRequest(e, r)
	} else if !e.resource.Exists() {
		e.fault(InvalidRequest, "the entry has no resource")
	}
	if e.typ == "MessageHeader" || e.typ == "OperationOutcome" {
		e.ignored = true
	}
	e.directory = record.IsDirectoryType(e.typ)
	if e.sourceID == "" && e.held == nil {
		e.sourceID = j.name(e)
	}
	e.sourceID = bounded(e.sourceID)
}

// bounded keeps what a source can make a name of short, as it becomes part of keys.
func bounded(name string) string {
	const most = 128
	if len(name) <= most {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return "h-" + hex.EncodeToString(sum[:20])
}

// readBase notes the base of the sender's absolute URLs.
func (j *job) readBase(e *entry) {
	typ, id := fhir.SplitReference(e.fullURL)
	if j.base == "" && id != "" && typ == e.typ && strings.Contains(e.fullURL, "://") {
		j.base = strings.TrimSuffix(e.fullURL, typ+"/"+id)
	}
}

// readRequest reads what a transaction or batch asks to be done with an entry.
// Whatever it says, a resource is taken as the state of the source's object.
func (j *job) readRequest(e *entry, r fhir.Node) {
	target := strings.TrimPrefix(r.Get("url").Text(), "/")
	path, rawQuery, conditional := strings.Cut(target, "?")
	typ, id, _ := strings.Cut(path, "/")
	switch r.Get("method").Text() {
	case "POST":
		if id != "" || conditional || typ != e.typ {
			e.fault(InvalidRequest, "the url of a POST must be the type of the resource")
			return
		}
		if s := r.Get("ifNoneExist").Text(); s != "" {
			e.noneExist, _ = readQuery(typ, strings.TrimPrefix(s, "?"))
		}
	case "PUT":
		j.readPut(e, typ, id, rawQuery, conditional)
	case "DELETE":
		if conditional || !fhir.IsType(typ) || !fhir.ValidID(id) {
			e.fault(MethodNotTaken, "only a DELETE of Type/id is taken")
			return
		}
		e.typ, e.sourceID, e.deleted, e.resource = typ, id, true, fhir.Node{}
	default:
		e.fault(MethodNotTaken, "sources send with POST, PUT and DELETE; to read, use the API for clinical systems")
	}
}

func (j *job) readPut(e *entry, typ, id, rawQuery string, conditional bool) {
	own := e.resource.ID()
	switch {
	case typ != e.typ:
		e.fault(InvalidRequest, "the url of a PUT must begin with the type of the resource")
	case conditional && own == "":
		q, ok := readQuery(typ, rawQuery)
		if !ok {
			e.fault(InvalidRequest, "a conditional PUT is taken by identifier=system|value only")
			return
		}
		e.sourceID = q.system + "|" + q.value
	case conditional:
	case !fhir.ValidID(id) || own != "" && own != id:
		e.fault(InvalidRequest, "the url of a PUT must be Type/id with the id of the resource")
	default:
		e.sourceID = id
	}
}

// name is what the source calls the object: by its id, else the entry's fullUrl,
// else an identifier. What has none of them is a new object with each message.
func (j *job) name(e *entry) string {
	if id := e.resource.ID(); id != "" {
		return id
	}
	if id, ok := strings.CutPrefix(e.fullURL, "urn:uuid:"); ok {
		return id
	}
	if typ, id := fhir.SplitReference(e.fullURL); typ == e.typ && id != "" {
		return id
	}
	identifier := e.resource.Path("identifier")
	if v := identifier.Get("value").Text(); v != "" {
		return identifier.Get("system").Text() + "|" + v
	}
	sum := sha256.Sum256([]byte(j.m.Key + " " + strconv.Itoa(e.index)))
	return "m-" + hex.EncodeToString(sum[:12])
}

func instant(n fhir.Node) time.Time {
	t, err := time.Parse(time.RFC3339, n.Text())
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// query is a conditional reference by identifier: Type?identifier=system|value.
type query struct{ typ, system, value string }

func (q query) String() string { return q.typ + "?identifier=" + q.system + "|" + q.value }

// conditional reads a conditional reference; ok is false if it asks for anything
// but one identifier.
func conditional(literal string) (q query, ok bool) {
	typ, raw, found := strings.Cut(literal, "?")
	if !found || !fhir.IsType(typ) {
		return query{}, false
	}
	return readQuery(typ, raw)
}

func readQuery(typ, raw string) (q query, ok bool) {
	text, ok := strings.CutPrefix(raw, "identifier=")
	if !ok || strings.Contains(text, "&") {
		return query{}, false
	}
	if text, err := url.QueryUnescape(text); err == nil {
		system, value, bar := strings.Cut(text, "|")
		if !bar {
			system, value = "", system
		}
		return query{typ, system, value}, value != ""
	}
	return query{}, false
}

// queriesFor returns the queries by identifier that mean the resource: with the
// identifier's system, and without.
func queriesFor(typ string, resource fhir.Node) []query {
	var out []query
	add := func(n fhir.Node) {
		if value := n.Get("value").Text(); value != "" {
			out = append(out, query{typ, n.Get("system").Text(), value}, query{typ, "", value})
		}
	}
	identifier := resource.Get("identifier")
	for n := range identifier.Each() {
		add(n)
	}
	add(identifier)
	return out
}

func contains(sorted []int, i int) bool {
	_, found := slices.BinarySearch(sorted, i)
	return found
}

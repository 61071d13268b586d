package fhirbundle

import (
	"bytes"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// binaryType is how sources send a letter itself, beside the entry that tells of it.
const binaryType = "Binary"

// embed makes the Binaries of the Bundle part of the entries whose attachments lead to
// them, and ignores them otherwise: a document is about whom its entry is about, and is
// read, withheld and replaced together with it. A Binary that no entry leads to stays
// what it is.
func (j *job) embed() {
	named := map[string]int{} // how many Binaries have a name
	for i := range j.entries {
		if e := &j.entries[i]; e.typ == binaryType {
			named[e.fullURL]++
			named[binaryType+"/"+e.sourceID]++
		}
	}
	if len(named) == 0 {
		return
	}
	room := DefaultLimit
	for i := range j.entries {
		e := &j.entries[i]
		if e.typ == binaryType || !e.resource.Exists() {
			continue
		}
		w := embedder{j: j, named: named, src: e.resource.Raw(), base: e.resource.Offset(), room: room}
		if !w.walk(e.resource) || !e.live() {
			continue
		}
		doc, err := fhir.Parse(append(w.dst, w.src[w.done:]...))
		if err != nil || w.room < 0 {
			e.hold(feeds.Held{Code: record.CodeTooMany, Fault: true, Words: "the Bundle is too large with each document in the entries that lead to it: send it in parts"})
			continue
		}
		e.resource, room = doc.Root(), w.room
	}
}

// embedder copies a resource, putting data where an attachment has the url of a Binary.
type embedder struct {
	j        *job
	named    map[string]int
	src, dst []byte
	base     int // offset of src in its document
	done     int // bytes of src that have been copied or replaced
	room     int // for how many bytes of data there is room yet; below 0: for none, and nothing more is put
}

// walk reports whether it put any.
func (w *embedder) walk(n fhir.Node) (found bool) {
	switch n.Kind() {
	case fhir.Array:
		for v := range n.Each() {
			found = w.walk(v) || found
		}
	case fhir.Object:
		if url := n.Get("url"); url.Kind() == fhir.String && !n.Get("data").Exists() {
			if b := w.binary(url.Text()); b != nil {
				b.ignored = true
				w.put(n, url, b.resource)
				return true
			}
		}
		for _, v := range n.Members() {
			found = w.walk(v) || found
		}
	}
	return found
}

// binary returns the Binary with data that a literal means, if that is in the Bundle and
// no other there has the name: it might be another person's document.
func (w *embedder) binary(literal string) *entry {
	t := w.j.resolve(literal, binaryType)
	if t.entry < 0 || t.typ != binaryType {
		return nil
	}
	b := &w.j.entries[t.entry]
	name := binaryType + "/" + b.sourceID
	if literal == b.fullURL {
		name = literal
	}
	if b.held != nil || w.named[name] > 1 || b.resource.Get("data").Kind() != fhir.String {
		return nil
	}
	return b
}

// put writes the data, and the content type where the attachment tells none, in place
// of the url: between its name and its value there is only white space.
func (w *embedder) put(attachment, url, binary fhir.Node) {
	data := binary.Get("data").Raw()
	if w.room -= len(data); w.room < 0 {
		return
	}
	value := url.Offset() - w.base
	w.dst = append(w.dst, w.src[w.done:bytes.LastIndex(w.src[:value], []byte(`"url"`))]...)
	if contentType := binary.Get("contentType"); !attachment.Get("contentType").Exists() && contentType.Kind() == fhir.String {
		w.dst = append(append(append(w.dst, `"contentType":`...), contentType.Raw()...), ',')
	}
	w.dst = append(append(w.dst, `"data":`...), data...)
	w.done = value + len(url.Raw())
}

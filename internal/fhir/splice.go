package fhir

import (
	"slices"
	"time"
)

// Edits are what Splice changes. The zero Edits changes nothing.
type Edits struct {
	ID   string         // the new id; empty keeps the one there is
	Meta []byte         // the whole JSON value of meta; nil keeps the one there is
	Refs map[int]string // new text of the string value that begins at the offset: see Reference
	Drop []string       // top-level members left out, each with its _sibling; never resourceType
}

// patch is a stretch of the document that something else takes the place of.
type patch struct {
	from, to int
	text     string // written as a JSON string
}

// Splice appends the resource's bytes with the edits made; everything else is
// byte for byte as it was sent. An id or meta that is missing is put after
// resourceType. Offsets in Refs that are not those of a string in the resource
// are ignored.
func Splice(dst []byte, resource Node, e Edits) []byte {
	if resource.Kind() != Object {
		return append(dst, resource.Raw()...)
	}
	if e.ID == "" && e.Meta == nil && len(e.Refs) == 0 && len(e.Drop) == 0 {
		return append(dst, resource.Raw()...)
	}
	var space [16]patch
	s := splicer{dst: dst, b: resource.d.b, e: e, patches: refPatches(space[:0], resource, e.Refs)}
	s.object(resource)
	return s.dst
}

// refPatches returns the patches of the references in the resource, in order.
func refPatches(ps []patch, resource Node, refs map[int]string) []patch {
	if len(refs) == 0 {
		return nil
	}
	start, end := resource.Offset(), resource.Offset()+len(resource.Raw())
	for offset, text := range refs {
		if offset <= start || offset >= end {
			continue
		}
		if n := resource.d.at(offset); n.Kind() == String {
			ps = append(ps, patch{from: offset, to: offset + len(n.Raw()), text: text})
		}
	}
	slices.SortFunc(ps, func(a, b patch) int { return a.from - b.from })
	return ps
}

// at returns the value that begins at the offset.
func (d *Document) at(offset int) Node {
	i, ok := slices.BinarySearchFunc(d.tape, offset, func(e entry, offset int) int { return int(e.start) - offset })
	if !ok {
		return Node{}
	}
	return Node{d, uint32(i)}
}

type splicer struct {
	dst     []byte
	b       []byte
	e       Edits
	patches []patch
	begun   bool // a member has been written
}

// object writes the resource's own members; what lies deeper is only patched.
func (s *splicer) object(resource Node) {
	start, end := resource.Offset(), resource.Offset()+len(resource.Raw())
	hasID, hasMeta := s.e.ID == "", s.e.Meta == nil
	last := start + 1 // the end of what came before
	lead := -1        // white space before the first member
	anchored := resource.Get("resourceType").Exists()
	s.dst = append(s.dst, '{')
	if !anchored {
		s.missing(resource, hasID, hasMeta)
	}
	for name, v := range resource.Members() {
		from := int(v.entry().key) - 1
		if lead < 0 {
			lead = from
		}
		to := v.Offset() + len(v.Raw())
		if s.drops(name) {
			last = to
			continue
		}
		switch {
		case s.begun && last > start+1:
			s.dst = append(s.dst, s.b[last:from]...)
		case s.begun:
			s.dst = append(append(s.dst, ','), s.b[start+1:lead]...)
		default:
			s.dst = append(s.dst, s.b[start+1:lead]...)
		}
		s.begun = true
		s.dst = append(s.dst, s.b[from:v.Offset()]...)
		switch {
		case name == "id" && s.e.ID != "":
			s.dst = AppendString(s.dst, s.e.ID)
		case name == "meta" && s.e.Meta != nil:
			s.dst = append(s.dst, s.e.Meta...)
		default:
			s.copy(v.Offset(), to)
		}
		if name == "resourceType" {
			s.missing(resource, hasID, hasMeta)
		}
		last = to
	}
	s.dst = append(s.dst, s.b[last:end]...)
}

// missing writes the id and the meta that are asked for and not there.
func (s *splicer) missing(resource Node, hasID, hasMeta bool) {
	if !hasID && !resource.Get("id").Exists() {
		s.dst = AppendString(append(s.comma(), `"id":`...), s.e.ID)
	}
	if !hasMeta && !resource.Get("meta").Exists() {
		s.dst = append(append(s.comma(), `"meta":`...), s.e.Meta...)
	}
}

func (s *splicer) comma() []byte {
	if s.begun {
		return append(s.dst, ',')
	}
	s.begun = true
	return s.dst
}

func (s *splicer) drops(name string) bool {
	if name == "resourceType" || name == "id" && s.e.ID != "" || name == "meta" && s.e.Meta != nil {
		return false
	}
	for _, d := range s.e.Drop {
		if name == d || len(name) == len(d)+1 && name[0] == '_' && name[1:] == d {
			return true
		}
	}
	return false
}

// copy writes the document's bytes from..to with the patches that lie in them.
func (s *splicer) copy(from, to int) {
	for len(s.patches) > 0 && s.patches[0].from < from {
		s.patches = s.patches[1:] // in a member that was left out or replaced
	}
	for len(s.patches) > 0 && s.patches[0].from < to {
		p := s.patches[0]
		s.dst = AppendString(append(s.dst, s.b[from:p.from]...), p.text)
		from, s.patches = p.to, s.patches[1:]
	}
	s.dst = append(s.dst, s.b[from:to]...)
}

// Meta returns the value of meta for an entry of the record: what the sender's
// meta holds (profiles, security labels, tags, extensions) with the version, the
// time and the source in place of the sender's. An empty source leaves it out.
func Meta(old Node, versionID string, lastUpdated time.Time, source string) []byte {
	dst := make([]byte, 0, 96+len(versionID)+len(source)+len(old.Raw()))
	dst = AppendString(append(dst, `{"versionId":`...), versionID)
	dst = append(AppendInstant(append(dst, `,"lastUpdated":"`...), lastUpdated), '"')
	if source != "" {
		dst = AppendString(append(dst, `,"source":`...), source)
	}
	for name, v := range old.Members() {
		switch name {
		case "versionId", "_versionId", "lastUpdated", "_lastUpdated", "source", "_source":
			continue
		}
		dst = append(AppendString(append(dst, ','), name), ':')
		dst = append(dst, v.Raw()...)
	}
	return append(dst, '}')
}

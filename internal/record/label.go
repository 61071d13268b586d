package record

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

// linkParam is the parameter of a token that is no code: the hash of an entry that
// this one is about or made of, see links. No search parameter has that number.
const linkParam = 0xff

// namedParam is that of a token which holds an identifier, where this one names such
// an entry by no more than that.
const namedParam = 0xfe

// maxLinks bounds the links of one entry.
const maxLinks = 1000

// label writes into the envelope what decides whether the person themself sees the
// entry, so that reading it needs no look into the resource.
func (f *fold) label(s *state, o *object) {
	s.security = sensitivity(o.Resource)
	s.flags |= labels(o.Resource)
	entries, names := f.links(o)
	for _, entry := range entries[:min(len(entries), maxLinks)] {
		s.tokens = append(s.tokens, linkParam)
		s.tokens = binary.BigEndian.AppendUint64(s.tokens, hash(entry))
		s.tokens = binary.BigEndian.AppendUint64(s.tokens, 0)
	}
	for _, name := range names[:min(len(names), maxLinks)] {
		s.tokens = append(s.tokens, namedParam)
		s.tokens = binary.BigEndian.AppendUint64(s.tokens, name.system)
		s.tokens = binary.BigEndian.AppendUint64(s.tokens, name.value)
	}
}

// name is an identifier that a source gave to something, by its hashes.
type name struct{ source, system, value uint64 }

// labels returns the flags that a resource's own words set.
func labels(resource fhir.Node) byte {
	flags := byte(flagTold)
	if inError(resource) {
		flags |= flagInError
	}
	if delicate(resource) {
		flags |= flagDelicate
	}
	return flags
}

// inError reports whether the source has said that this was never so.
func inError(resource fhir.Node) bool {
	const wrong = "entered-in-error"
	for _, name := range [...]string{"status", "docStatus", "lifecycleStatus"} {
		if resource.Get(name).Is(wrong) {
			return true
		}
	}
	for coding := range resource.Path("verificationStatus").Get("coding").Each() {
		if coding.Get("code").Is(wrong) {
			return true
		}
	}
	return false
}

// eachLabel calls f for the code of every security label: in meta, and of a document
// its own.
func eachLabel(resource fhir.Node, f func(code string)) {
	for label := range resource.Path("meta").Get("security").Each() {
		f(label.Get("code").Text())
	}
	for concept := range resource.Get("securityLabel").Each() {
		for coding := range concept.Get("coding").Each() {
			f(coding.Get("code").Text())
		}
	}
}

// delicate reports whether a label says that this is about HIV, another sexually
// transmitted infection or a genetic disease (HL7's sensitivity codes).
func delicate(resource fhir.Node) (is bool) {
	eachLabel(resource, func(code string) { is = is || code == "HIV" || code == "STD" || code == "GDIS" })
	return is
}

// sensitivity reads the labels of RULES 0: our own, and those of HL7 that say that
// the person is not to be told (NOPAT), or not before a physician has told them
// (TBOO). Whatever system a label is of: a sender who uses such a word means it.
func sensitivity(resource fhir.Node) Sensitivity {
	s := Normal
	eachLabel(resource, func(code string) {
		switch code {
		case "staff-only", "NOPAT":
			s = max(s, StaffOnly)
		case "serious-harm", "TBOO":
			s = max(s, SeriousHarm)
		case "third-party":
			s = max(s, ThirdParty)
		}
	})
	return s
}

// linking lists where the types that may tell what another entry holds name it: a
// report its results, a panel its members, a document the report that it is of.
var linking = map[string][][]string{
	"DiagnosticReport":  {{"result"}, {"imagingStudy"}, {"media", "link"}},
	"Observation":       {{"hasMember"}},
	"DocumentReference": {{"context", "related"}},
}

// links returns the entries that an object names in those places, and the
// identifiers by which it names those that it does not name otherwise.
func (f *fold) links(o *object) (entries []string, names []name) {
	return linksOf(o.Type, o.Resource, f.c.Source.ID, o.Refs)
}

func linksOf(typ string, resource fhir.Node, source string, refs map[int]string) (entries []string, names []name) {
	for _, path := range linking[typ] {
		eachReference(resource, path, func(reference fhir.Node) {
			literal := reference.Get("reference")
			text := refs[literal.Offset()]
			if text == "" {
				text = literal.Text()
			}
			if entry := linked(text, source); entry != "" {
				entries = append(entries, entry)
			} else if id := reference.Get("identifier"); id.Get("value").Text() != "" {
				names = append(names, name{hash(source), hash(id.Get("system").Text()), hash(id.Get("value").Text())})
			}
		})
	}
	return entries, names
}

// linked returns the entry that a reference leads to: one of ours, or by the
// source's own name of it.
func linked(reference, source string) string {
	reference, _, _ = strings.Cut(reference, "/_history/")
	typ, id, ok := strings.Cut(reference, "/")
	if !ok || strings.Contains(id, "/") {
		return ""
	}
	if _, entry, ok := SplitID(id); ok && entry != "" {
		return entry
	}
	return entryOf(source, typ, id)
}

// eachReference calls f for every reference at the path, through lists.
func eachReference(n fhir.Node, path []string, f func(reference fhir.Node)) {
	if n.Kind() == fhir.Array {
		for e := range n.Each() {
			eachReference(e, path, f)
		}
		return
	}
	if len(path) > 0 {
		eachReference(n.Get(path[0]), path[1:], f)
		return
	}
	if n.Kind() == fhir.Object {
		f(n)
	}
}

// told returns the flags and links of an entry; of one that was kept before they
// were written into envelopes, from its resource.
func (e envelope) told() (flags byte, links []uint64, names []name) {
	if e.has(flagTold) {
		for tokens := e.tokens(); len(tokens) >= tokenLen; tokens = tokens[tokenLen:] {
			switch system, code := tokenHashes(tokens); tokens[0] {
			case linkParam:
				links = append(links, system)
			case namedParam:
				names = append(names, name{hash(string(e.str(strSource))), system, code})
			}
		}
		return e[atFlags], links, names
	}
	doc, err := fhir.Parse(bytes.Clone(e.json()))
	if err != nil { // cannot be: it was parsed when it came
		return e[atFlags] | flagInError, nil, nil
	}
	entries, names := linksOf(string(e.str(strType)), doc.Root(), string(e.str(strSource)), nil)
	for _, entry := range entries {
		links = append(links, hash(entry))
	}
	return e[atFlags] | labels(doc.Root()), links, names
}

// wrong reports whether the entry was entered in error.
func (e envelope) wrong() bool {
	if e.has(flagTold) {
		return e.has(flagInError)
	}
	if !bytes.Contains(e.json(), []byte("entered-in-error")) {
		return false
	}
	flags, _, _ := e.told()
	return flags&flagInError != 0
}

// sensitivity is from whom the entry is withheld.
func (e envelope) sensitivity() Sensitivity {
	s := Sensitivity(e[atSecurity])
	if s != Normal || e.has(flagTold|flagDeleted) || !bytes.Contains(e.json(), []byte("TBOO")) && !bytes.Contains(e.json(), []byte(`"securityLabel"`)) {
		return s
	}
	// Kept before these labels were read.
	if doc, err := fhir.Parse(bytes.Clone(e.json())); err == nil {
		return sensitivity(doc.Root())
	}
	return StaffOnly
}

func tokenHashes(token []byte) (system, code uint64) {
	return binary.BigEndian.Uint64(token[1:]), binary.BigEndian.Uint64(token[9:])
}

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

// maxLinks bounds the links of one entry.
const maxLinks = 1000

// label writes into the envelope what decides whether the person themself sees the
// entry, so that reading it needs no look into the resource.
func (f *fold) label(s *state, o *object) {
	s.security = sensitivity(o.Resource)
	s.flags |= labels(o.Resource)
	for i, entry := range f.links(o) {
		if i == maxLinks {
			return
		}
		s.tokens = append(s.tokens, linkParam)
		s.tokens = binary.BigEndian.AppendUint64(s.tokens, hash(entry))
		s.tokens = binary.BigEndian.AppendUint64(s.tokens, 0)
	}
}

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
	for _, name := range [...]string{"status", "lifecycleStatus"} {
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

// links returns the entries that an object names in those places.
func (f *fold) links(o *object) []string {
	var out []string
	for _, path := range linking[o.Type] {
		eachReference(o.Resource, path, func(literal fhir.Node) {
			text := o.Refs[literal.Offset()]
			if text == "" {
				text = literal.Text()
			}
			if entry := linked(text, f.c.Source.ID); entry != "" {
				out = append(out, entry)
			}
		})
	}
	return out
}

// linked returns the entry that a reference leads to: one of ours, or by the
// source's own name of it.
func linked(reference, source string) string {
	typ, id, ok := strings.Cut(reference, "/")
	if !ok || strings.Contains(id, "/") {
		return ""
	}
	if _, entry, ok := SplitID(id); ok && entry != "" {
		return entry
	}
	return entryOf(source, typ, id)
}

// eachReference calls f for the literal of every reference at the path, through
// lists.
func eachReference(n fhir.Node, path []string, f func(literal fhir.Node)) {
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
	if literal := n.Get("reference"); literal.Kind() == fhir.String {
		f(literal)
	}
}

// told returns the flags and links of an entry; of one that was kept before they
// were written into envelopes, from its resource.
func (e envelope) told() (flags byte, links []uint64) {
	if e.has(flagTold) {
		for tokens := e.tokens(); len(tokens) >= tokenLen; tokens = tokens[tokenLen:] {
			if tokens[0] == linkParam {
				to, _ := tokenHashes(tokens)
				links = append(links, to)
			}
		}
		return e[atFlags], links
	}
	doc, err := fhir.Parse(bytes.Clone(e.json()))
	if err != nil { // cannot be: it was parsed when it came
		return e[atFlags] | flagInError, nil
	}
	source := string(e.str(strSource))
	for _, path := range linking[string(e.str(strType))] {
		eachReference(doc.Root(), path, func(literal fhir.Node) {
			if entry := linked(literal.Text(), source); entry != "" {
				links = append(links, hash(entry))
			}
		})
	}
	return e[atFlags] | labels(doc.Root()), links
}

// wrong reports whether the entry was entered in error.
func (e envelope) wrong() bool {
	if e.has(flagTold) {
		return e.has(flagInError)
	}
	if !bytes.Contains(e.json(), []byte("entered-in-error")) {
		return false
	}
	flags, _ := e.told()
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

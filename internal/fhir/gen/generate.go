package main

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"
)

const header = `# Written by internal/fhir/gen from the official R4 (4.0.1) definitions (CC0). Do not edit.
#
# codes <value set> <system, - for that of a bare code> <code>...
# type <name> <base, - for none>       then its own elements, one a line:
#	<name> <min> <max> <type>[><targets>][@<codes>]...      =<type> is the content of another element
# search <type> <parameter> <kind> <element>...
# compartment <type> <element>...      elements that put a resource in a patient's compartment
`

// generate returns the table's text.
func generate(dir string) ([]byte, error) {
	d, err := read(dir)
	if err != nil {
		return nil, err
	}
	g := generator{definitions: d, codes: map[string]string{}, elements: map[string][]element{}}
	for _, s := range d.structures {
		if s.Derivation != "constraint" && s.Kind != "primitive-type" {
			g.elements[s.ID] = s.Snapshot.Element
		}
	}
	g.types()
	if g.err != nil {
		return nil, g.err
	}
	var out bytes.Buffer
	out.WriteString(header)
	for _, name := range sorted(g.codes) {
		fmt.Fprintf(&out, "codes %s %s\n", name, g.codes[name])
	}
	out.Write(g.out.Bytes())
	g.out.Reset()
	g.search()
	g.compartment()
	out.Write(g.out.Bytes())
	return out.Bytes(), nil
}

type generator struct {
	definitions
	out      bytes.Buffer
	codes    map[string]string // by value set: system and codes
	elements map[string][]element
	err      error
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// types writes every type and, as a type of its own, every element that has
// elements within.
func (g *generator) types() {
	slices.SortFunc(g.structures, func(a, b structure) int { return strings.Compare(a.ID, b.ID) })
	for _, s := range g.structures {
		if _, ok := g.elements[s.ID]; !ok {
			continue
		}
		base := s.BaseDefinition[strings.LastIndexByte(s.BaseDefinition, '/')+1:]
		if g.elements[base] == nil {
			base = "-"
		}
		g.typ(s.ID, base, s.Snapshot.Element)
	}
}

func (g *generator) typ(name, base string, all []element) {
	fmt.Fprintf(&g.out, "type %s %s\n", name, base)
	var nested []string
	for _, e := range all {
		own, ok := strings.CutPrefix(e.Path, name+".")
		if !ok || strings.Contains(own, ".") || g.inherited(base, own) {
			continue
		}
		types := g.elementTypes(e)
		if slices.ContainsFunc(all, func(x element) bool { return strings.HasPrefix(x.Path, e.Path+".") }) {
			nested = append(nested, e.Path+" "+types)
			types = e.Path
		}
		fmt.Fprintf(&g.out, "\t%s %d %s %s\n", own, e.Min, e.Max, types)
	}
	for _, n := range nested {
		path, base, _ := strings.Cut(n, " ")
		g.typ(path, base, all)
	}
}

// inherited reports whether the base has the element. Extensions and other
// things that every element has are written once, at Element.
func (g *generator) inherited(base, own string) bool {
	return slices.ContainsFunc(g.elements[base], func(e element) bool { return e.Path == base+"."+own })
}

func (g *generator) elementTypes(e element) string {
	if e.ContentReference != "" {
		return "=" + strings.TrimPrefix(e.ContentReference, "#")
	}
	var all []string
	for _, t := range e.Type {
		name := t.Code
		for _, x := range t.Extension {
			if strings.HasSuffix(x.URL, "structuredefinition-fhir-type") {
				name = x.ValueURL
			}
		}
		switch {
		case e.Path == "Resource.id" || g.isResource(strings.TrimSuffix(e.Path, ".id")):
			name = "id"
		case name == "Reference":
			name += targets(t.TargetProfile)
		}
		all = append(all, name+g.binding(e, t.Code))
	}
	return strings.Join(all, " ")
}

func (g *generator) isResource(name string) bool {
	return slices.ContainsFunc(g.structures, func(s structure) bool { return s.ID == name && s.Kind == "resource" })
}

// targets writes the types that a reference may lead to; nothing for any.
func targets(profiles []string) string {
	var names []string
	for _, p := range profiles {
		name := p[strings.LastIndexByte(p, '/')+1:]
		if name == "Resource" {
			return ""
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return ""
	}
	return ">" + strings.Join(names, ",")
}

// binding writes the code set of a required binding, if the element is coded.
func (g *generator) binding(e element, typ string) string {
	if e.Binding == nil || e.Binding.Strength != "required" || typ != "code" && typ != "CodeableConcept" && typ != "Coding" {
		return ""
	}
	valueSet, _, _ := strings.Cut(e.Binding.ValueSet, "|")
	name := valueSet[strings.LastIndexByte(valueSet, '/')+1:]
	codes, ok := codesOf(name, e.Short)
	if !ok {
		g.err = fmt.Errorf("%s: the codes of %s cannot be told from %q; add them to codes.go", e.Path, name, e.Short)
		return ""
	}
	if codes == "" {
		return ""
	}
	system := "-"
	if typ != "code" {
		system = "http://terminology.hl7.org/CodeSystem/" + name
	}
	g.codes[name] = system + " " + codes
	return "@" + name
}

package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	asType    = regexp.MustCompile(`^\(?([A-Za-z.]+?)(?: as |\.as\()([A-Za-z]+)\)$`)
	resolves  = regexp.MustCompile(`\.where\(resolve\(\) is [A-Za-z]+\)$`)
	plainPath = regexp.MustCompile(`^[A-Za-z]+(\.[A-Za-z]+)+$`)
)

// search writes the parameters that are answered by element paths alone; an
// expression that needs more (where, exists, extension) is left out.
func (g *generator) search() {
	lines := map[string]bool{}
	for _, p := range g.params {
		if p.Type != "token" && p.Type != "date" && p.Type != "reference" {
			continue
		}
		for _, base := range p.Base {
			if !g.served(base) {
				continue
			}
			if paths := pathsOf(p.Expression, base); len(paths) > 0 {
				lines[fmt.Sprintf("search %s %s %s %s\n", base, p.Code, p.Type, strings.Join(paths, " "))] = true
			}
		}
	}
	for line := range strings.Lines(unlisted) {
		lines["search "+line] = true
	}
	for _, line := range sorted(lines) {
		g.out.WriteString(line)
	}
}

// served reports whether resources of the type are searched: those that have a
// definition, and of those without one the types of a patient's compartment.
func (g *generator) served(base string) bool {
	if g.elements[base] != nil {
		return true
	}
	for _, r := range g.patient.Resource {
		if r.Code == base && len(r.Param) > 0 {
			return true
		}
	}
	return false
}

// pathsOf returns the element paths of an expression that lie in the type, as
// JSON writes them where a choice is taken.
func pathsOf(expression, base string) (paths []string) {
	for part := range strings.SplitSeq(expression, "|") {
		part = resolves.ReplaceAllString(strings.TrimSpace(part), "")
		if m := asType.FindStringSubmatch(part); m != nil {
			part = m[1] + strings.ToUpper(m[2][:1]) + m[2][1:]
		}
		path, ok := strings.CutPrefix(part, base+".")
		if ok && plainPath.MatchString(part) && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

func (g *generator) compartment() {
	for _, r := range g.patient.Resource {
		var paths []string
		for _, name := range r.Param {
			for _, p := range g.params {
				if p.Code == name && slices.Contains(p.Base, r.Code) {
					paths = append(paths, pathsOf(p.Expression, r.Code)...)
				}
			}
		}
		slices.Sort(paths)
		if paths = slices.Compact(paths); len(paths) > 0 {
			fmt.Fprintf(&g.out, "compartment %s %s\n", r.Code, strings.Join(paths, " "))
		}
	}
}

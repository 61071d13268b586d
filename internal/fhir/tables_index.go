package fhir

import "strings"

// indexTypes derives, for every resource type of R4, what Extract reads and
// SearchParams tells.
func (t *table) indexTypes() {
	t.index = make(map[string]*index, len(resourceTypes()))
	for name := range resourceTypes() {
		x := &index{params: []SearchParam{{Name: "_id", Kind: TokenParam}}}
		t.index[name] = x
		if _, ok := t.compartments[name]; ok && name != "Patient" {
			x.params = append(x.params, SearchParam{Name: "patient", Kind: ReferenceParam})
		}
		date, dated := dates[name]
		x.others = date.others
		if !dated {
			x.others = anyDate
		}
		for _, row := range t.search[name] {
			if row.kind == string(DateParam) && dated && row.name == date.param {
				x.date = append(x.date, splitPaths(row.paths)...)
				x.params = append(x.params, SearchParam{Name: row.name, Kind: DateParam})
			}
		}
		for _, row := range t.search[name] {
			p, ok := ParseParam(row.name)
			kind := ParamKind(row.kind)
			switch {
			case !ok:
				continue
			case kind == TokenParam:
				x.tokens = append(x.tokens, tokenRow{p, splitPaths(row.paths)})
			case kind == DateParam && (!dated || row.name != date.param):
				x.spans = append(x.spans, tokenRow{p, splitPaths(row.paths)})
			default:
				continue
			}
			x.params = append(x.params, SearchParam{Name: row.name, Kind: kind, Param: p})
		}
	}
}

func splitPaths(paths []string) [][]string {
	all := make([][]string, len(paths))
	for i, p := range paths {
		all[i] = strings.Split(p, ".")
	}
	return all
}

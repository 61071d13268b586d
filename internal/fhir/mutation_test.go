package fhir

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestMutations makes one mistake at a time in good resources and counts how
// many of them are refused.
func TestMutations(t *testing.T) {
	made, refused := map[string]int{}, map[string]int{}
	var missed []string
	files := corpus(t, "hl7-r4-examples")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if verdict(files[name]) != "" {
			continue
		}
		var whole map[string]any
		decoder := json.NewDecoder(bytes.NewReader(files[name]))
		decoder.UseNumber()
		if err := decoder.Decode(&whole); err != nil {
			t.Fatal(err)
		}
		id, row := definitions().typeOf([]byte(whole["resourceType"].(string)))
		if row == nil || len(files[name]) > 10_000 {
			continue
		}
		m := mutator{whole: whole, try: func(kind, where string) {
			b, err := json.Marshal(whole)
			if err != nil {
				t.Fatal(err)
			}
			made[kind]++
			if verdict(b) != "" {
				refused[kind]++
			} else {
				missed = append(missed, kind+" "+name+" "+where)
			}
		}}
		m.object(whole, id, 0)
	}
	total, caught := 0, 0
	for _, kind := range slices.Sorted(maps.Keys(made)) {
		t.Logf("%-22s %6d made, %6d refused", kind, made[kind], refused[kind])
		total, caught = total+made[kind], caught+refused[kind]
	}
	t.Logf("%d of %d refused; the first that were not:\n%s", caught, total, strings.Join(missed[:min(len(missed), 40)], "\n"))
	if caught < total || total < 10_000 {
		t.Errorf("%d of %d mistakes refused; want all", caught, total)
	}
}

type mutator struct {
	whole map[string]any
	try   func(kind, where string)
}

// with tries a value in an object in place of the one there is.
func (m mutator) with(o map[string]any, name string, v any, kind, where string) {
	old, there := o[name]
	o[name] = v
	m.try(kind, where)
	if delete(o, name); there {
		o[name] = old
	}
}

// object makes the mistakes that can be made in an object of the type, and in
// the first of each of its parts.
func (m mutator) object(o map[string]any, id typeID, depth int) {
	r := definitions().row(id)
	where := r.name
	m.with(o, "madeUp", "x", "unknown member", where)
	for i := range r.rows {
		row := &r.rows[i]
		v, ok := o[row.name]
		if !ok {
			m.absent(o, r, row, where)
			continue
		}
		at := where + "." + row.name
		m.present(o, r, row, v, at)
		if list, ok := v.([]any); ok {
			v = list[0]
		}
		part, ok := v.(map[string]any)
		if !ok || row.typ.primitive() || depth > 3 || row.typ == definitions().resource {
			continue
		}
		m.object(part, row.typ, depth+1)
	}
}

// absent adds a second type to a choice that is made.
func (m mutator) absent(o map[string]any, r *typeRow, row *elementRow, where string) {
	if row.typ != pBoolean && row.typ != pString || !strings.HasSuffix(r.names[row.ordinal], "[x]") {
		return
	}
	for _, other := range r.rows {
		if other.ordinal == row.ordinal && o[other.name] != nil {
			var v any = "x"
			if row.typ == pBoolean {
				v = true
			}
			m.with(o, row.name, v, "two choices", where+"."+row.name)
			return
		}
	}
}

func (m mutator) present(o map[string]any, r *typeRow, row *elementRow, v any, at string) {
	if r.required&(1<<row.ordinal) != 0 && o["_"+row.name] == nil {
		delete(o, row.name)
		m.try("required dropped", at)
		o[row.name] = v
	}
	list, many := v.([]any)
	wrap := func(x any) any {
		if many {
			return []any{x}
		}
		return x
	}
	if many {
		m.with(o, row.name, list[0], "one for a list", at)
		m.with(o, row.name, []any{}, "empty list", at)
		v = list[0]
	} else {
		m.with(o, row.name, []any{v}, "list for one", at)
	}
	m.with(o, row.name, nil, "null", at)
	if !row.typ.primitive() {
		m.with(o, row.name, wrap("x"), "text for an object", at)
		m.with(o, row.name, wrap(map[string]any{}), "empty object", at)
		if ref, ok := v.(map[string]any); ok && row.typ == definitions().reference && row.targets != nil && ref["reference"] != nil {
			m.with(ref, "reference", "Linkage/1", "reference to no target", at)
			m.with(ref, "reference", "#none", "reference to nothing", at)
		}
		return
	}
	m.with(o, row.name, wrap(map[string]any{"a": 1}), "object for a value", at)
	if _, ok := v.(string); ok {
		m.with(o, row.name, wrap(json.Number("1")), "number for a text", at)
		m.with(o, row.name, wrap(""), "empty text", at)
	} else {
		m.with(o, row.name, wrap(fmt.Sprint(v)), "text for a value", at)
	}
	for kind, bad := range map[typeID]any{pDate: "2023-02-29", pDateTime: "2023-02-30", pInstant: "2023-02-03", pCode: " x ", pID: "a b",
		pURI: "a b", pPositiveInt: json.Number("0"), pUnsignedInt: json.Number("-1"), pInteger: json.Number("1.5"), pBase64Binary: "%%%",
		pXHTML: "<div>x", pOID: "1.2", pUUID: "x", pTime: "25:00:00", pDecimal: json.Number("1e99999"), pURL: "a b", pCanonical: "a b",
		pString: "\x00", pMarkdown: "\x01"} {
		if kind == row.typ {
			m.with(o, row.name, wrap(bad), "bad "+primitiveNames[kind], at)
		}
	}
	if row.codes != nil {
		m.with(o, row.name, wrap("made-up"), "bad code", at)
	}
}

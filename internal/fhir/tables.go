package fhir

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed definitions.txt
var definitionsText string

// definitions returns the table of types, read at first use (about a
// millisecond). It is never changed.
var definitions = sync.OnceValue(func() *table {
	t, err := readTable(definitionsText)
	if err != nil {
		panic("fhir: the embedded definitions are broken: " + err.Error()) // a test reads them
	}
	return t
})

// typeID is a primitive type, or firstType and more: an index into table.types.
type typeID uint16

// The primitive types.
const (
	_ typeID = iota
	pBase64Binary
	pBoolean
	pCanonical
	pCode
	pDate
	pDateTime
	pDecimal
	pID
	pInstant
	pInteger
	pMarkdown
	pOID
	pPositiveInt
	pString
	pTime
	pUnsignedInt
	pURI
	pURL
	pUUID
	pXHTML
	firstType
)

var primitiveNames = [...]string{"", "base64Binary", "boolean", "canonical", "code", "date", "dateTime", "decimal", "id", "instant", "integer",
	"markdown", "oid", "positiveInt", "string", "time", "unsignedInt", "uri", "url", "uuid", "xhtml"}

func (id typeID) primitive() bool { return id < firstType }

// table is the R4 definitions.
type table struct {
	types        []typeRow
	byName       map[string]typeID
	codes        map[string]*codeSet
	search       map[string][]searchRow
	compartments map[string][]string
	index        map[string]*index
	choices      map[string]bool // what the name of a choice may end in: DateTime, Period, ...

	element, extension, reference, resource, domain typeID
}

// typeRow is a type, or an element that has elements of its own.
type typeRow struct {
	name     string
	base     typeID
	rows     []elementRow
	names    []string // by ordinal; a choice has one: value[x]
	required uint64   // ordinals
	isRes    bool
	checks   []check
}

// elementRow is one member that an object of a type may have. A choice has a
// row for each of its types, all with the same ordinal.
type elementRow struct {
	name    string
	typ     typeID
	ordinal uint8
	many    bool
	codes   *codeSet // of a required binding
	targets []string // types that a reference may lead to; nil for any
}

// codeSet is a value set that an element must be of.
type codeSet struct {
	system string // "" for that of a bare code
	codes  []string
}

func (c *codeSet) has(code []byte) bool {
	for _, s := range c.codes {
		if s == string(code) {
			return true
		}
	}
	return false
}

// searchRow is a search parameter as the definitions have it.
type searchRow struct {
	name, kind string
	paths      []string
}

func (t *table) row(id typeID) *typeRow { return &t.types[id-firstType] }

// typeOf returns the type of a name, nil if there is no definition of it.
func (t *table) typeOf(name []byte) (typeID, *typeRow) {
	id, ok := t.byName[string(name)]
	if !ok || id.primitive() {
		return 0, nil
	}
	return id, t.row(id)
}

// find returns the row of a member's name, looking from the hint on, because
// senders mostly keep the order of the definitions.
func (r *typeRow) find(name []byte, hint int) int {
	n := len(r.rows)
	for i := hint; i < n; i++ {
		if s := r.rows[i].name; len(s) == len(name) && s == string(name) {
			return i
		}
	}
	for i := 0; i < hint && i < n; i++ {
		if s := r.rows[i].name; len(s) == len(name) && s == string(name) {
			return i
		}
	}
	return -1
}

func readTable(text string) (*table, error) {
	t := &table{byName: map[string]typeID{}, codes: map[string]*codeSet{}, search: map[string][]searchRow{}, compartments: map[string][]string{}}
	for i := pBase64Binary; i < firstType; i++ {
		t.byName[primitiveNames[i]] = i
	}
	t.number(text)
	var current *typeRow
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		var err error
		switch {
		case len(f) < 2 || line[0] == '#':
		case line[0] == '\t':
			err = t.addElement(current, f)
		case f[0] == "codes":
			set := &codeSet{system: strings.TrimPrefix(f[2], "-"), codes: f[3:]}
			t.codes[f[1]] = set
		case f[0] == "type":
			current, err = t.begin(f[1], f[2])
		case f[0] == "search":
			t.search[f[1]] = append(t.search[f[1]], searchRow{name: f[2], kind: f[3], paths: f[4:]})
		case f[0] == "compartment":
			t.compartments[f[1]] = f[2:]
		default:
			err = fmt.Errorf("%q is no entry", f[0])
		}
		if err != nil {
			return nil, err
		}
	}
	t.inherit()
	t.indexTypes()
	t.choices = make(map[string]bool, len(t.byName))
	for name := range t.byName {
		t.choices[strings.ToUpper(name[:1])+name[1:]] = true
	}
	return t, nil
}

// number gives every type its id, so that elements can name types further down.
func (t *table) number(text string) {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "type "); ok {
			name, _, _ := strings.Cut(rest, " ")
			t.byName[name] = firstType + typeID(len(t.types))
			t.types = append(t.types, typeRow{name: name, checks: checksOf(name)})
		}
	}
	t.element, t.extension, t.reference = t.byName["Element"], t.byName["Extension"], t.byName["Reference"]
	t.resource, t.domain = t.byName["Resource"], t.byName["DomainResource"]
}

func (t *table) begin(name, base string) (*typeRow, error) {
	r := t.row(t.byName[name])
	if base == "-" {
		return r, nil
	}
	var ok bool
	if r.base, ok = t.byName[base]; !ok {
		return nil, fmt.Errorf("type %s: no base %s", name, base)
	}
	return r, nil
}

// addElement reads: name min max type...
func (t *table) addElement(r *typeRow, f []string) error {
	if r == nil || len(f) < 4 {
		return fmt.Errorf("element %q is out of place", f[0])
	}
	ordinal := uint8(len(r.names))
	if ordinal > 60 {
		return fmt.Errorf("%s has too many elements", r.name)
	}
	r.names = append(r.names, f[0])
	if f[1] != "0" {
		r.required |= 1 << ordinal
	}
	stem, choice := strings.CutSuffix(f[0], "[x]")
	for _, spec := range f[3:] {
		spec, codes, _ := strings.Cut(strings.TrimPrefix(spec, "="), "@")
		spec, targets, _ := strings.Cut(spec, ">")
		row := elementRow{name: stem, ordinal: ordinal, many: f[2] != "1" && f[2] != "0", codes: t.codes[codes]}
		if row.typ = t.byName[spec]; row.typ == 0 || codes != "" && row.codes == nil {
			return fmt.Errorf("%s.%s: no type or codes %s", r.name, f[0], spec)
		}
		if targets != "" {
			row.targets = strings.Split(targets, ",")
		}
		if choice {
			row.name = stem + strings.ToUpper(spec[:1]) + spec[1:]
		}
		r.rows = append(r.rows, row)
	}
	return nil
}

// inherit puts the base's elements and checks before a type's own.
func (t *table) inherit() {
	done := make([]bool, len(t.types))
	var visit func(i int)
	visit = func(i int) {
		r := &t.types[i]
		if done[i] {
			return
		}
		done[i] = true
		if r.base == 0 {
			r.isRes = r.name == "Resource"
			return
		}
		visit(int(r.base - firstType))
		b := t.row(r.base)
		shift := uint8(len(b.names))
		rows := slices.Clone(b.rows)
		for _, row := range r.rows {
			row.ordinal += shift
			rows = append(rows, row)
		}
		r.rows, r.names = rows, append(slices.Clone(b.names), r.names...)
		r.required = r.required<<shift | b.required
		r.checks = append(slices.Clone(b.checks), r.checks...)
		r.isRes = b.isRes
	}
	for i := range t.types {
		visit(i)
	}
}

package driver

import (
	"fmt"
	"unicode/utf8"
)

// Schema is a set of checked specs. Engines hold one and check with it what they
// are given, so that all refuse the same things.
type Schema struct {
	specs  map[string]*Spec
	byName map[[2]string]int
}

// NewSchema checks specs.
func NewSchema(specs []Spec) (*Schema, error) {
	s := &Schema{specs: make(map[string]*Spec, len(specs)), byName: map[[2]string]int{}}
	for i := range specs {
		spec := specs[i]
		if !plainName(spec.Name) {
			return nil, fmt.Errorf("store: %q is no name for a collection: letters, digits, dashes and underscores", spec.Name)
		}
		if s.specs[spec.Name] != nil {
			return nil, fmt.Errorf("store: collection %s is declared twice", spec.Name)
		}
		for n, ix := range spec.Indexes {
			if err := s.addIndex(&spec, n, ix); err != nil {
				return nil, err
			}
		}
		if spec.Clustered != "" && s.Position(spec.Name, spec.Clustered) < 0 {
			return nil, fmt.Errorf("store: collection %s has no index %s to lie by", spec.Name, spec.Clustered)
		}
		s.specs[spec.Name] = &spec
	}
	return s, nil
}

func (s *Schema) addIndex(spec *Spec, n int, ix Index) error {
	if !plainName(ix.Name) || len(ix.Fields) == 0 {
		return fmt.Errorf("store: index %d of %s needs a name and fields", n, spec.Name)
	}
	if s.Position(spec.Name, ix.Name) >= 0 {
		return fmt.Errorf("store: index %s of %s is declared twice", ix.Name, spec.Name)
	}
	for _, f := range ix.Fields {
		if f.Kind != String && f.Kind != Int {
			return fmt.Errorf("store: index %s of %s has a field of no known type", ix.Name, spec.Name)
		}
	}
	s.byName[[2]string{spec.Name, ix.Name}] = n
	return nil
}

func plainName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// Spec returns the spec of that name, or nil.
func (s *Schema) Spec(name string) *Spec { return s.specs[name] }

// Specs visits all specs.
func (s *Schema) Specs(visit func(*Spec)) {
	for _, spec := range s.specs {
		visit(spec)
	}
}

// Position returns where in its spec the index is, or -1.
func (s *Schema) Position(collection, index string) int {
	if n, ok := s.byName[[2]string{collection, index}]; ok {
		return n
	}
	return -1
}

// CheckLogName refuses what cannot name a log.
func CheckLogName(name string) error {
	if !plainName(name) {
		return fmt.Errorf("store: %q is no name for a log: letters, digits and dashes", name)
	}
	return nil
}

// CheckRef refuses a reference over the limits or to no known collection.
func (s *Schema) CheckRef(r *Ref) (*Spec, error) {
	spec := s.specs[r.Collection]
	if spec == nil {
		return nil, fmt.Errorf("store: unknown collection %q", r.Collection)
	}
	if err := checkKey("partition", r.Partition); err != nil {
		return nil, err
	}
	return spec, checkKey("id", r.ID)
}

func checkKey(what, s string) error {
	switch {
	case s == "":
		return fmt.Errorf("store: empty %s", what)
	case len(s) > MaxKey:
		return fmt.Errorf("%w: a %s of %d bytes, %d are allowed", ErrTooLarge, what, len(s), MaxKey)
	case !utf8.ValidString(s):
		return fmt.Errorf("store: a %s that is not UTF-8", what)
	}
	return nil
}

// CheckCommit refuses a commit over the limits, one that names a document twice
// or another partition, and keys that do not fit their indexes.
func (s *Schema) CheckCommit(partition string, ops []Op) error {
	if len(ops) > MaxOps {
		return fmt.Errorf("%w: %d operations in a commit, %d are allowed", ErrTooLarge, len(ops), MaxOps)
	}
	size := 0
	for i := range ops {
		if ops[i].Doc.Partition != partition {
			return fmt.Errorf("store: operation %d is of another partition than its commit", i)
		}
		if err := s.checkOp(&ops[i]); err != nil {
			return err
		}
		size += len(ops[i].Doc.Body)
	}
	if size > MaxCommit {
		return fmt.Errorf("%w: %d bytes in a commit, %d are allowed", ErrTooLarge, size, MaxCommit)
	}
	return distinct(ops)
}

func (s *Schema) checkOp(op *Op) error {
	d := &op.Doc
	spec, err := s.CheckRef(&d.Ref)
	if err != nil {
		return err
	}
	if op.Kind < Insert || op.Kind > Reschedule {
		return fmt.Errorf("store: unknown operation %d", op.Kind)
	}
	if len(d.Body) > MaxBody {
		return fmt.Errorf("%w: a body of %d bytes in %s, %d are allowed", ErrTooLarge, len(d.Body), spec.Name, MaxBody)
	}
	if len(d.Due.Queue) > MaxKey {
		return fmt.Errorf("%w: the name of a queue", ErrTooLarge)
	}
	if op.Kind != Insert && op.Kind != Replace && op.Kind != Put {
		return nil
	}
	if len(d.Keys) != len(spec.Indexes) {
		return fmt.Errorf("store: %d keys for the %d indexes of %s", len(d.Keys), len(spec.Indexes), spec.Name)
	}
	for i, key := range d.Keys {
		if err := checkIndexKey(spec, &spec.Indexes[i], key); err != nil {
			return err
		}
	}
	return nil
}

func checkIndexKey(spec *Spec, ix *Index, key []Value) error {
	if key == nil {
		return nil
	}
	if len(key) != len(ix.Fields) {
		return fmt.Errorf("store: %d values for the %d fields of index %s of %s", len(key), len(ix.Fields), ix.Name, spec.Name)
	}
	size := 0
	for i := range key {
		if key[i].Kind != ix.Fields[i].Kind {
			return fmt.Errorf("store: value %d of index %s of %s has another type than its field", i, ix.Name, spec.Name)
		}
		size += 8 + len(key[i].S)
	}
	if size > MaxIndexKey {
		return fmt.Errorf("%w: a key of %d bytes in index %s of %s, %d are allowed", ErrTooLarge, size, ix.Name, spec.Name, MaxIndexKey)
	}
	return nil
}

func distinct(ops []Op) error {
	if len(ops) < 2 {
		return nil
	}
	type name struct{ collection, id string }
	seen := make(map[name]struct{}, len(ops))
	for i := range ops {
		n := name{ops[i].Doc.Collection, ops[i].Doc.ID}
		if _, twice := seen[n]; twice {
			return fmt.Errorf("store: operation %d names a document of %s a second time", i, n.collection)
		}
		seen[n] = struct{}{}
	}
	return nil
}

// CheckQuery refuses a query that no index answers, and returns the spec and the
// index (nil for the order of ids).
func (s *Schema) CheckQuery(q *Query) (*Spec, *Index, error) {
	spec := s.specs[q.Collection]
	if spec == nil {
		return nil, nil, fmt.Errorf("store: unknown collection %q", q.Collection)
	}
	if err := checkKey("partition", q.Partition); err != nil {
		return nil, nil, err
	}
	if len(q.After) > MaxIndexKey*2+MaxKey {
		return nil, nil, ErrCursor
	}
	if q.Index == "" {
		if len(q.Equal) > 0 || q.From != nil || q.To != nil {
			return nil, nil, fmt.Errorf("store: a condition without an index in %s", spec.Name)
		}
		return spec, nil, nil
	}
	n := s.Position(q.Collection, q.Index)
	if n < 0 {
		return nil, nil, fmt.Errorf("store: collection %s has no index %q", spec.Name, q.Index)
	}
	ix := &spec.Indexes[n]
	if len(q.After) > 0 {
		if rest, err := SkipKey(ix, q.After); err != nil || len(rest) == 0 {
			return nil, nil, ErrCursor
		}
	}
	return spec, ix, nil
}

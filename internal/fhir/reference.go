package fhir

// Reference is a FHIR Reference found in a resource. Its Node is the string of
// Reference.reference, whose Offset is the key for Edits.Refs; when there is
// only an identifier, it is the Reference object.
type Reference struct {
	Node
	Literal       string // what reference says: relative, absolute, urn:uuid:..., conditional (Type?query)
	Type          string // Reference.type, else the type that the literal names, else ""
	System, Value string // of Reference.identifier
}

// References returns all references in the value, in order, however deep; those
// to contained resources ("#x") are left out, those from them are not. What is
// no Reference element (a canonical, an attachment's url) is none.
func References(resource Node) []Reference {
	if resource.d == nil {
		return nil
	}
	var all []Reference
	t := resource.d.tape
	for i, end := resource.i, resource.entry().next; i < end; i++ {
		if t[i].kind != Object {
			continue
		}
		if r, ok := AsReference(Node{resource.d, i}); ok {
			all = append(all, r)
		}
	}
	return all
}

// AsReference reads an object as a Reference. It is one if it has a reference
// that is a string, or nothing but an identifier and what goes with it.
func AsReference(n Node) (r Reference, ok bool) {
	only, identified := true, false
	for i, t, end := n.i+1, n.d.tape, n.entry().next; i < end; i = t[i].next {
		m := Node{n.d, i}
		switch string(m.name()) {
		case "reference":
			if m.Kind() == String {
				r.Node, r.Literal = m, m.Text()
			}
		case "type":
			if m.Kind() == String {
				r.Type = m.Text()
			}
		case "identifier":
			identified = m.Kind() == Object
			r.System, r.Value = m.Get("system").Text(), m.Get("value").Text()
		case "id", "extension", "display", "_reference", "_type", "_display":
		default:
			only = false
		}
	}
	if r.Literal == "" {
		r.Node = n
		return r, only && identified
	}
	if r.Literal[0] == '#' {
		return Reference{}, false
	}
	if r.Type == "" {
		r.Type, _ = SplitReference(r.Literal)
	}
	return r, true
}

// SplitReference returns the type and the id that a literal reference names:
// of Patient/1, Patient/1/_history/2 and https://host/base/Patient/1, Patient
// and 1; of a conditional one (Patient?identifier=...) the type alone.
func SplitReference(literal string) (resourceType, id string) { return split(literal) }

func split[T string | []byte](s T) (resourceType, id T) {
	var none T
	var parts [3]int // where the last three parts begin, the last one first
	for i := range len(s) {
		switch s[i] {
		case '/':
			if string(s[parts[0]:i]) == "_history" && parts[0] > 0 {
				return named(s[:parts[0]-1], parts[2], parts[1])
			}
			parts = [3]int{i + 1, parts[0], parts[1]}
		case '?':
			if t := s[parts[0]:i]; isType(t) {
				return t, none
			}
			return none, none
		}
	}
	return named(s, parts[1], parts[0])
}

// named takes s apart, whose last two parts begin at these places.
func named[T string | []byte](s T, typeAt, idAt int) (resourceType, id T) {
	var none T
	if idAt == typeAt || !isType(s[typeAt:idAt-1]) || !validID(s[idAt:]) {
		return none, none
	}
	return s[typeAt : idAt-1], s[idAt:]
}

// ValidID reports whether s may be the id of a resource.
func ValidID(s string) bool { return validID(s) }

func validID[T string | []byte](s T) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.':
		default:
			return false
		}
	}
	return true
}

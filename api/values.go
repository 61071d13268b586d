package api

import (
	"slices"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

func (q *query) sort(value string) error {
	name, down := strings.CutPrefix(value, "-")
	if q.k.date == "" || name != q.k.date && name != "date" {
		return invalidAt("_sort", "Sorted is by the type's date only: date or -date.")
	}
	q.filters.Ascending = !down
	return nil
}

func (q *query) ids(value string) error {
	for id := range strings.SplitSeq(value, ",") {
		if len(id) > 64 || len(q.filters.IDs) == maxValues {
			return invalidAt("_id", "_id is at most 50 ids of at most 64 characters.")
		}
		q.filters.IDs = append(q.filters.IDs, id)
	}
	return nil
}

func (q *query) only(s *server, value string) error {
	for name := range strings.SplitSeq(value, ",") {
		k, ok := s.kinds[name]
		if !ok || k.directory || k.ledger {
			return invalidAt("_type", "A type is not one that a person's record holds; metadata lists them.")
		}
		if !slices.Contains(q.types, name) {
			q.types = append(q.types, name)
		}
	}
	return nil
}

// subject takes whose entries are asked for.
func (q *query) subject(s *server, p web.Pair) error {
	id := strings.TrimPrefix(p.Value, s.base+"/")
	id = strings.TrimPrefix(id, patientType+"/")
	if id == "" || len(id) > 64 || strings.ContainsAny(id, "/,|$") {
		return invalidAt("patient", "The patient is one id, with or without Patient/ before it.")
	}
	if q.person != "" && q.person != record.PersonID(id) {
		return invalidAt("patient", "A search is about one patient.")
	}
	if q.person == "" {
		q.person = record.PersonID(id)
		q.keep(web.Pair{Name: "patient", Value: id})
	}
	return nil
}

func (q *query) token(name string, id fhir.Param, values []string, not bool) error {
	f := record.TokenFilter{Param: id, Not: not, AnyOf: make([]record.TokenValue, 0, len(values))}
	for _, v := range values {
		system, code, both := cut(v)
		t := record.TokenValue{System: system, Code: code, AnyCode: both && code == ""}
		if !both {
			t = record.TokenValue{Code: unescaped(v), AnySystem: true}
		}
		if t.System == "" && t.Code == "" {
			return invalidAt(name, "A token is code, system|code, |code or system|.")
		}
		f.AnyOf = append(f.AnyOf, t)
	}
	q.filters.Tokens = append(q.filters.Tokens, f)
	return nil
}

func (q *query) date(name string, id fhir.Param, values []string) error {
	if len(values) > 1 {
		return invalidAt(name, "Give one date; a range is two parameters, ge and lt.")
	}
	prefix, text := "eq", values[0]
	if len(text) > 2 && text[0] >= 'a' && text[0] <= 'z' {
		prefix, text = text[:2], text[2:]
	}
	low, high, err := fhir.ParseDate(text)
	if err != nil || !strings.Contains(" eq ne lt gt ge le sa eb ", " "+prefix+" ") {
		return invalidAt(name, "A date is YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone, after eq ne lt gt ge le sa eb or nothing.")
	}
	q.filters.Dates = append(q.filters.Dates, record.DateFilter{Param: id, Prefix: prefix, Low: low, High: high})
	return nil
}

// split divides alternatives at the commas that no backslash protects.
func split(name, value string) ([]string, error) {
	if strings.IndexByte(value, ',') < 0 {
		return []string{value}, nil
	}
	var out []string
	start := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case ',':
			out = append(out, value[start:i])
			start = i + 1
		}
	}
	out = append(out, value[start:])
	if len(out) > maxValues || slices.Contains(out, "") {
		return nil, invalidAt(name, "A parameter has at most 50 alternatives, none of them empty.")
	}
	return out, nil
}

// cut divides a token at the bar that no backslash protects.
func cut(v string) (system, code string, both bool) {
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '|':
			return unescaped(v[:i]), unescaped(v[i+1:]), true
		}
	}
	return "", "", false
}

func unescaped(v string) string {
	if strings.IndexByte(v, '\\') < 0 {
		return v
	}
	out := make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) {
			i++
		}
		out = append(out, v[i])
	}
	return string(out)
}

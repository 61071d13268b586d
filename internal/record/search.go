package record

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Search visits the granted entries that s asks for, until visit returns false or
// s.Limit have been visited, and returns what continues after the last of them: ""
// when there are no more. Searches for one type come in order of the clinical date,
// those for all types section by section, each newest first.
func (v *View) Search(ctx context.Context, s Search, visit func(Entry) bool) (next string, err error) {
	spans := v.spans(s.Type)
	if len(spans) == 0 {
		return "", nil
	}
	patient, err := v.patient(ctx, s.Type)
	if err == nil {
		err = v.prepare(ctx, s.Type)
	}
	if err != nil {
		return "", err
	}
	q := scan{view: v, test: newTester(s), show: shower{view: v, patient: patient}, ascending: s.Ascending, limit: s.Limit, visit: visit}
	if s.Type != "" && len(spans) > 1 {
		return q.merged(ctx, spans, s.After)
	}
	return q.inTurn(ctx, spans, s.After)
}

// span is a stretch of one member's entries: sections lo to hi.
type span struct {
	member int
	lo, hi section.Section
}

// spans returns what may be read for a type, as few stretches as possible.
func (v *View) spans(typ string) []span {
	sections := v.grant.Sections
	if typ != "" {
		sections &= SectionsOf(typ)
	}
	var out []span
	for m := range v.members {
		last := -1
		for s := range sections.Each() {
			if typ == "" && last >= 0 && out[last].hi+1 == s {
				out[last].hi = s
				continue
			}
			out = append(out, span{m, s, s})
			last = len(out) - 1
		}
	}
	return out
}

// scan is one search under way.
type scan struct {
	view      *View
	test      tester
	show      shower
	ascending bool
	limit     int
	visit     func(Entry) bool
	visited   int
	full      bool // the limit was reached, and there is one more
}

// inTurn reads the spans one after the other; the cursor is the span and the
// store's own cursor in it.
func (q *scan) inTurn(ctx context.Context, spans []span, after string) (string, error) {
	at, cursor, err := parseCursor(after)
	if err != nil {
		return "", err
	}
	for _, sp := range spans {
		if after != "" && sp.before(at) {
			continue
		}
		var from []byte
		if after != "" && sp == at {
			from = cursor
		}
		last, err := q.span(ctx, sp, from)
		if err != nil {
			return "", err
		}
		if q.full {
			return last, nil
		}
	}
	return "", nil
}

func (sp span) before(o span) bool {
	return sp.member < o.member || sp.member == o.member && sp.lo < o.lo
}

// span visits what matches in one span. When the limit is reached it returns where
// to go on.
func (q *scan) span(ctx context.Context, sp span, from []byte) (string, error) {
	p := q.view.members[sp.member]
	lo, hi := driver.Num(int64(sp.lo)), driver.Num(int64(sp.hi)+1)
	query := driver.Query{Collection: entries, Partition: string(p), Index: bySection, Reverse: q.ascending, After: from}
	if sp.lo == sp.hi {
		query.Equal = []driver.Value{lo}
	} else {
		query.From, query.To = &lo, &hi
	}
	var fault error
	var stop []byte
	_, err := q.view.r.o.Store.Find(ctx, query, func(d *driver.Doc) bool {
		var e envelope
		if e, fault = open(d.Body); fault != nil {
			return false
		}
		if !q.wants(p, e, d.ID) {
			return true
		}
		if q.limit > 0 && q.visited == q.limit {
			q.full = true
			return false
		}
		more := q.visit(q.show.entry(p, e, d.ID))
		q.visited++
		if q.limit > 0 && q.visited == q.limit || !more {
			if stop, fault = cursorAt(e, d.ID); fault != nil {
				return false
			}
		}
		if !more {
			q.full = true
		}
		return more
	})
	if err == nil {
		err = fault
	}
	if err != nil {
		return "", err
	}
	if q.full {
		if stop == nil { // this span began when the limit had been reached
			stop = from
		}
		return formatCursor(sp, stop), nil
	}
	return "", nil
}

// cursorAt is the store's cursor behind an entry.
func cursorAt(e envelope, entry string) ([]byte, error) {
	return driver.Cursor(&sectionIndex, []driver.Value{driver.Num(int64(e.section())), driver.Num(e.int(atLow))}, entry)
}

// wants reports whether the entry is one to visit. Of all the Patients that sources
// sent, a search shows the one that is the person's.
func (q *scan) wants(p PersonID, e envelope, entry string) bool {
	if !q.view.grant.Sections.Has(e.section()) || q.view.own.hides(e, entry, true) || q.view.own.cameSince(e, entry) {
		return false
	}
	id := ""
	if e.section() == section.Demographics && string(e.str(strType)) == patientType {
		if p != q.view.members[0] || entry != q.show.patient {
			return false
		}
		id = string(p)
	} else if q.test.ids != nil {
		id = string(p) + "-" + entry
	}
	return q.test.matches(e, id)
}

// formatCursor and parseCursor carry a place between two pages. The API seals it to
// the caller and the query, so that nobody else can go on from there.
func formatCursor(sp span, at []byte) string {
	b := []byte{byte(sp.member), byte(sp.lo), byte(sp.hi)}
	return base64.RawURLEncoding.EncodeToString(append(b, at...))
}

func parseCursor(s string) (span, []byte, error) {
	if s == "" {
		return span{}, nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) < 3 {
		return span{}, nil, badCursor()
	}
	return span{int(b[0]), section.Section(b[1]), section.Section(b[2])}, b[3:], nil
}

func badCursor() error {
	return errs.New(errs.Invalid, "This page link is not one of ours or has ended: search again.")
}

// match is an entry copied out for merging.
type match struct {
	date  int64
	id    string
	entry Entry
}

// merged reads several spans of one type as one, in order of the date. The cursor
// is the date and id of the last one visited.
func (q *scan) merged(ctx context.Context, spans []span, after string) (string, error) {
	from, err := parsePlace(after)
	if err != nil {
		return "", err
	}
	var found []match
	var end *match // behind it not all was collected
	for _, sp := range spans {
		var cut bool
		if found, cut, err = q.collect(ctx, sp, from, found); err != nil {
			return "", err
		}
		if last := len(found) - 1; cut && (end == nil || q.compare(found[last], *end) < 0) {
			end = &match{date: found[last].date, id: found[last].id}
		}
	}
	slices.SortFunc(found, q.compare)
	for i, m := range found {
		if q.limit > 0 && i == q.limit {
			return formatPlace(found[i-1]), nil
		}
		more := q.visit(m.entry)
		if !more && i+1 < len(found) || end != nil && q.compare(m, *end) == 0 {
			return formatPlace(m), nil
		}
	}
	return "", nil
}

// mostCollected is how many bytes of entries are copied from one span, roughly.
const mostCollected = 16 << 20

// compare orders as the index does: newest first, ties by id; or the opposite.
func (q *scan) compare(a, b match) int {
	c := 0
	switch {
	case a.date != b.date && a.date > b.date:
		c = -1
	case a.date != b.date:
		c = 1
	default:
		c = strings.Compare(a.id, b.id)
	}
	if q.ascending {
		return -c
	}
	return c
}

// collect copies the first matches of a span behind from: one more than the limit,
// so that it shows whether there is another page; cut, if they became too large
// before.
func (q *scan) collect(ctx context.Context, sp span, from *match, found []match) (all []match, cut bool, err error) {
	p := q.view.members[sp.member]
	query := driver.Query{Collection: entries, Partition: string(p), Index: bySection, Reverse: q.ascending,
		Equal: []driver.Value{driver.Num(int64(sp.lo))}}
	if from != nil {
		bound := driver.Num(from.date)
		if q.ascending {
			query.From = &bound
		} else {
			bound.N++
			query.To = &bound
		}
	}
	var fault error
	n, size := 0, 0
	_, err = q.view.r.o.Store.Find(ctx, query, func(d *driver.Doc) bool {
		var e envelope
		if e, fault = open(d.Body); fault != nil {
			return false
		}
		if !q.wants(p, e, d.ID) {
			return true
		}
		m := match{date: e.int(atLow), id: d.ID + string(p)}
		if from != nil && q.compare(m, *from) <= 0 {
			return true
		}
		m.entry = q.show.entry(p, e, d.ID)
		m.entry.Body, m.entry.envelope = slices.Clone(m.entry.Body), nil
		found = append(found, m)
		n++
		size += len(m.entry.Body)
		cut = size >= mostCollected
		return !cut && (q.limit == 0 || n <= q.limit)
	})
	if err == nil {
		err = fault
	}
	return found, cut, err
}

func formatPlace(m match) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(m.date))
	return base64.RawURLEncoding.EncodeToString(append(b, m.id...))
}

func parsePlace(s string) (*match, error) {
	if s == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) < 8 {
		return nil, badCursor()
	}
	return &match{date: int64(binary.BigEndian.Uint64(b)), id: string(b[8:])}, nil
}

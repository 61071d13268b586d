package own

import (
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Results is the page of test results and measurements.
type Results struct {
	Page
	Groups []ResultGroup `json:"groups"` // the latest first
}

// ResultGroup is the results of one report, or those of one day that belong to
// none.
type ResultGroup struct {
	Title   string   `json:"title"`
	When    Moment   `json:"when,omitzero"`
	Report  *Report  `json:"report,omitempty"`
	Results []Result `json:"results"`
}

// Result is one test, measurement or answer.
type Result struct {
	Item
	Kind   string `json:"kind"`          // of the filter: laboratory, vital-signs, imaging, ...
	Key    string `json:"key"`           // system|code: what Trend is asked for by
	When   Moment `json:"when,omitzero"` // taken or measured
	Issued Moment `json:"issued,omitzero"`
	// Value is in words with its unit: "7.4 mmol/L", "less than 0.5 mmol/L"; digits
	// as sent.
	Value   string   `json:"value,omitempty"`
	Number  string   `json:"number,omitempty"`
	Unit    string   `json:"unit,omitempty"`
	NoValue string   `json:"noValue,omitempty"` // why there is none
	Range   string   `json:"range,omitempty"`   // "Usual range: 4 to 11 mmol/L"
	Flag    Flag     `json:"flag,omitzero"`
	Parts   []Part   `json:"parts,omitempty"`  // "Systolic"
	Report  string   `json:"report,omitempty"` // id of the report that lists it
	By      []Person `json:"by,omitempty"`

	Provisional bool     `json:"provisional"` // may still change
	Corrected   bool     `json:"corrected"`
	Replaced    []Before `json:"replaced,omitempty"` // what a correction replaced, the latest first
}

// Part is one of several values of a result.
type Part struct {
	Title   string `json:"title"`
	Codes   []Code `json:"codes,omitempty"`
	Value   string `json:"value,omitempty"`
	Number  string `json:"number,omitempty"`
	Unit    string `json:"unit,omitempty"`
	NoValue string `json:"noValue,omitempty"`
	Range   string `json:"range,omitempty"`
	Flag    Flag   `json:"flag,omitzero"`
}

// Levels of a Flag, for how it is shown; never by colour alone.
const (
	LevelNormal   = "normal"
	LevelHigh     = "high"
	LevelLow      = "low"
	LevelAbnormal = "abnormal"
	LevelUrgent   = "urgent"
)

// Flag is how the laboratory marked a value; we judge none ourselves.
type Flag struct {
	Code  string `json:"code"`
	Words string `json:"words"` // "Higher than usual"
	Level string `json:"level"`
}

// Before is what a corrected result or report said before.
type Before struct {
	Value  string `json:"value"`
	Issued Moment `json:"issued,omitzero"`
	Says   string `json:"says"` // "It said 7.4 mmol/L before it was corrected."
}

// Results makes the page of test results and measurements. What a report lists
// stands with it; the rest, by day.
func (r *Reader) Results(entries []Entry, f Filter) Results {
	p := Results{Groups: []ResultGroup{}}
	s := newShelf(&p.Page, section.Results, f)
	var results []Result
	var reports []Report
	for e := range r.facts(&p.Page, section.Results, entries) {
		switch e.typ {
		case "Observation":
			if o := r.result(e); s.keep(o.When, kindValue(o.Kind), kindWords(o.Kind)) {
				results = append(results, o)
			}
		case "DiagnosticReport":
			if d := r.report(e); s.keep(d.When, kindValue(d.Kind), kindWords(d.Kind)) {
				reports = append(reports, d)
			}
		default:
			s.other(r, e)
		}
	}
	p.Groups = append(p.Groups, grouped(reports, results)...)
	latest(p.Groups, func(g *ResultGroup) Moment { return g.When })
	s.done(section.Results)
	return p
}

// grouped puts results to their reports, and the rest into groups by day, kind and
// source. A result that two reports list stands with the first.
func grouped(reports []Report, results []Result) []ResultGroup {
	groups := make([]ResultGroup, len(reports))
	group, order := map[string]int{}, map[string]int{} // by id of a result: its group, and its place there
	for i := range reports {
		d := &reports[i]
		groups[i] = ResultGroup{Title: d.Title, When: d.When, Report: d, Results: []Result{}}
		for j, id := range d.ResultIDs {
			if _, taken := group[id]; !taken {
				group[id], order[id] = i, j
			}
		}
	}
	type loose struct{ day, kind, source string }
	byDay := map[loose]int{}
	for _, o := range results {
		i, ok := group[o.ID]
		if ok {
			o.Report = groups[i].Report.ID
		} else {
			key := loose{o.When.date(), o.Kind, o.Source.Organisation}
			if i, ok = byDay[key]; !ok {
				i = len(groups)
				byDay[key] = i
				groups = append(groups, ResultGroup{Title: kindWords(o.Kind), When: o.When})
			}
		}
		groups[i].Results = append(groups[i].Results, o)
	}
	for i := range reports { // as the report lists them
		slices.SortStableFunc(groups[i].Results, func(a, b Result) int { return order[a.ID] - order[b.ID] })
	}
	return groups
}

// resultKinds are the categories of Observation and DiagnosticReport.
var resultKinds = map[string]string{
	"laboratory": "Laboratory tests", "LAB": "Laboratory tests", "CH": "Laboratory tests", "HM": "Laboratory tests",
	"MB": "Laboratory tests", "vital-signs": "Measurements", "vital-sign": "Measurements", "imaging": "X-rays and scans",
	"RAD": "X-rays and scans", "exam": "Examination", "survey": "Questions and scores", "social-history": "Lifestyle",
	"procedure": "Procedures", "therapy": "Therapy", "activity": "Activity", "EC": "Heart tracings",
	"PHY": "Reports by staff", "PAT": "Tissue samples", "SP": "Tissue samples", "CP": "Cell samples", "GE": "Genetic tests",
}

// sameKind are categories that are one kind.
var sameKind = map[string]string{"LAB": "laboratory", "CH": "laboratory", "HM": "laboratory", "MB": "laboratory", "RAD": "imaging", "vital-sign": "vital-signs", "SP": "PAT"}

func kindWords(kind string) string {
	if w, ok := resultKinds[kind]; ok {
		return w
	}
	return first(capital(kind), "Other results")
}

// kindValue is a kind as the value of a filter.
func kindValue(kind string) string {
	if _, ok := resultKinds[kind]; ok || kind == "other" {
		return kind
	}
	return opaque(kind)
}

// kindOf is the first category that has a name here, else that of the words sent.
func kindOf(n fhir.Node) string {
	for c := range n.Get("category").Each() {
		for coding := range c.Get("coding").Each() {
			code := coding.Get("code").Text()
			if _, ok := resultKinds[code]; ok {
				return first(sameKind[code], code)
			}
		}
	}
	if s := says(n.Get("category")); s != "" {
		return s
	}
	return "other"
}

func (r *Reader) result(e fact) Result {
	n := e.Resource
	o := Result{Item: r.item(e, n.Get("code")), Kind: kindOf(n), Key: keyOf(n.Get("code"))}
	o.When = r.when(e)
	o.Issued = r.moment(n.Get("issued"))
	v := r.reading(n)
	o.Value, o.Number, o.Unit, o.NoValue, o.Range, o.Flag = v.value, v.number, v.unit, v.noValue, v.usual, v.flag
	for c := range n.Get("component").Each() {
		o.Parts = append(o.Parts, r.part(c))
	}
	o.joinPressure(n)
	o.By = r.people(n, n.Get("performer"))
	o.Provisional, o.Corrected = settled(n)
	if status := n.Get("status"); status.Is("cancelled") {
		o.Value, o.Number, o.Flag, o.Parts, o.NoValue = "", "", Flag{}, nil, "The test was cancelled"
	}
	measured := o.Kind == "laboratory" || o.Kind == "vital-signs" // of others the code alone may be the finding
	if measured && o.Value == "" && o.NoValue == "" && len(o.Parts) == 0 && n.Get("hasMember").Len() == 0 {
		o.NoValue = "No value was sent"
	}
	if o.Corrected {
		o.Replaced = r.replaced(e, func(old fhir.Node) string { return first(r.reading(old).value, pressure(old)) })
	}
	return o
}

// settled reads from a status whether a result may still change, and whether it was
// changed after it was final.
func settled(n fhir.Node) (provisional, corrected bool) {
	switch n.Get("status").Text() {
	case "registered", "preliminary", "partial":
		return true, false
	case "amended", "corrected", "appended":
		return false, true
	}
	return false, false
}

func (r *Reader) part(c fhir.Node) Part {
	name := conceptOf(c.Get("code"))
	v := r.reading(c)
	return Part{
		Title: name.title, Codes: name.codes, Value: v.value, Number: v.number,
		Unit: v.unit, NoValue: v.noValue, Range: v.usual, Flag: v.flag,
	}
}

// joinPressure writes a blood pressure as one value: 128/82 mmHg.
func (o *Result) joinPressure(n fhir.Node) {
	if o.Value == "" {
		if o.Value = pressure(n); o.Value != "" {
			o.NoValue = ""
		}
	}
}

// The codes of the two parts of a blood pressure.
var (
	systolic  = []string{"8480-6", "72313002", "271649006"}
	diastolic = []string{"8462-4", "1091811000000102", "271650006"}
)

func pressure(n fhir.Node) string {
	var high, low, unit string
	for c := range n.Get("component").Each() {
		number, u, _ := quantityIn(c.Get("valueQuantity"))
		switch {
		case hasCode(c.Get("code"), systolic...):
			high, unit = number, u
		case hasCode(c.Get("code"), diastolic...):
			low = number
		}
	}
	if high == "" || low == "" {
		return ""
	}
	return high + "/" + low + " " + unit
}

// replaced tells what a corrected entry said before: of each earlier state that had
// another value.
func (r *Reader) replaced(e fact, value func(fhir.Node) string) []Before {
	if r.o.Earlier == nil {
		return nil
	}
	last := value(e.Resource)
	var out []Before
	for _, old := range r.o.Earlier(e.ID) {
		v := value(old)
		if v == "" || v == last || mistaken(old) {
			continue
		}
		last = v
		b := Before{Value: v, Issued: r.moment(old.Get("issued"))}
		b.Says = "Before it was corrected it said: " + v
		out = append(out, b)
	}
	return out
}

// keyOf names a test over time: its first coding.
func keyOf(code fhir.Node) string {
	coding := code.Get("coding").At(0)
	if c := coding.Get("code").Text(); c != "" {
		return coding.Get("system").Text() + "|" + c
	}
	return "|" + code.Get("text").Text()
}

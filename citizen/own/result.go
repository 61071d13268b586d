package own

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
	Range   string   `json:"range,omitempty"`   // "Usual range 4 to 11 mmol/L"
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

package own

// Trend is the values of one test over time, as points and as the geometry of a
// small line in an SVG of Width by Height.
type Trend struct {
	Key     string `json:"key"`
	Title   string `json:"title"`
	Meaning string `json:"meaning,omitempty"`
	Codes   []Code `json:"codes,omitempty"`
	Unit    string `json:"unit,omitempty"`
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	Lines   []Line `json:"lines"`
	// Band is the usual range that the latest value was reported with; zero where
	// there is none, or it lies outside the picture.
	Band Band `json:"band,omitzero"`
	// Says is the text equivalent: "5 values from March 2022 to May 2026. ..."
	Says string `json:"says"`
	// LeftOut counts values that are no number or have another unit: they are in
	// the list of results and not in the picture.
	LeftOut int `json:"leftOut"`
}

// Line is one line of a trend; of blood pressure there are two.
type Line struct {
	Name     string  `json:"name,omitempty"`
	Polyline string  `json:"polyline"` // points="..."; one point only when there is one value
	Points   []Point `json:"points"`   // the oldest first
}

// Point is one value.
type Point struct {
	ID    string  `json:"id"` // of the result
	When  Moment  `json:"when"`
	Value string  `json:"value"` // with unit
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	Flag  Flag    `json:"flag,omitzero"`
}

// Band is the usual range in the picture.
type Band struct {
	Y      float64 `json:"y"`
	Height float64 `json:"height"`
	Words  string  `json:"words"`
}

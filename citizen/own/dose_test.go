package own

import "testing"

func TestDose(t *testing.T) {
	for _, c := range []struct{ name, sent, dose string }{
		{"as written", `[{"text":"ONE TO BE TAKEN BD PRN","timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d"}}}]`, "ONE TO BE TAKEN BD PRN"},
		{"composed", `[{"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d","when":["PC"]}},"doseAndRate":[{"doseQuantity":{"value":500,"unit":"mg"}}],"route":{"coding":[{"system":"http://snomed.info/sct","code":"26643006"}]}}]`, "500 mg, twice a day, after food, by mouth"},
		{"every 12 hours", `[{"timing":{"repeat":{"frequency":1,"period":12,"periodUnit":"h"}},"asNeededBoolean":true}]`, "Every 12 hours, when needed"},
		{"two steps", `[{"text":"200mg on day 1"},{"text":"100mg daily"}]`, "200mg on day 1; then 100mg daily"},
		{"times of day", `[{"timing":{"repeat":{"dayOfWeek":["mon"],"timeOfDay":["09:30:00"]}}}]`, "On Mondays, at 9:30am"},
		{"nothing", `[{}]`, ""},
	} {
		var m Medicine
		m.dose(parse(t, `{"d":`+c.sent+`}`).Get("d"))
		if m.Dose != c.dose {
			t.Errorf("%s: %q, want %q", c.name, m.Dose, c.dose)
		}
	}
}

func TestAbbreviationsAreExplained(t *testing.T) {
	for _, c := range []struct {
		dose string
		want []Explanation
	}{
		{"1 BD PRN", []Explanation{{"BD", "twice a day"}, {"PRN", "when needed"}}},
		{"one tds and one ON", []Explanation{{"tds", "3 times a day"}, {"ON", "at night"}}},
		{"TAKE ONE ON MONDAY", nil},
		{"put on the skin", nil},
		{"bd, then bd", []Explanation{{"bd", "twice a day"}}},
		{"", nil},
	} {
		got := explain(c.dose)
		if len(got) != len(c.want) {
			t.Errorf("%q: %v", c.dose, got)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%q: %v", c.dose, got)
			}
		}
	}
}

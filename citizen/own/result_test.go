package own

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// hba1c makes an Observation.
func hba1c(id, status, date, value string) string {
	return `{"resourceType":"Observation","id":"` + id + `","status":"` + status + `","category":[{"coding":[{"code":"laboratory"}]}],
		"code":` + snomed("999791000000106", "Haemoglobin A1c level - IFCC standardised") + `,"effectiveDateTime":"` + date + `","issued":"` + date + `T10:00:00Z",
		"valueQuantity":{"value":` + value + `,"unit":"mmol/mol"},
		"interpretation":[{"coding":[{"code":"H"}]}],"referenceRange":[{"low":{"value":20,"unit":"mmol/mol"},"high":{"value":42,"unit":"mmol/mol"}}]}`
}

func TestResult(t *testing.T) {
	p := testReader(t).Results(made(t, section.Results, hba1c("1", "final", "2026-03-04", "48.0")), Filter{})
	o := p.Groups[0].Results[0]
	if o.Title != "HbA1c (average blood sugar)" || o.Value != "48.0 mmol/mol" || o.Range != "Usual range: 20 to 42 mmol/mol" {
		t.Errorf("%q %q %q", o.Title, o.Value, o.Range)
	}
	if o.Flag != (Flag{"H", "Higher than usual", LevelHigh}) || o.Corrected || o.Provisional {
		t.Errorf("%+v", o.Flag)
	}
	if g := p.Groups[0]; g.Title != "Laboratory tests" || g.When.Text != "4 March 2026" || g.Report != nil {
		t.Errorf("group %q of %q", g.Title, g.When)
	}
}

func TestCorrectedResultTellsWhatItReplaced(t *testing.T) {
	o := testOptions()
	o.Earlier = func(id string) []fhir.Node {
		if id != "1" {
			t.Errorf("asked for %q", id)
		}
		return []fhir.Node{
			parse(t, hba1c("1", "final", "2026-03-04", "84.0")), parse(t, hba1c("1", "preliminary", "2026-03-04", "84.0")),
			parse(t, hba1c("1", "entered-in-error", "2026-03-04", "99")),
		}
	}
	r := readerWith(t, o)
	got := r.Results(made(t, section.Results, hba1c("1", "corrected", "2026-03-04", "48.0")), Filter{}).Groups[0].Results[0]
	if !got.Corrected || got.Status.Words != "Corrected" || len(got.Replaced) != 1 {
		t.Fatalf("%+v", got)
	}
	if b := got.Replaced[0]; b.Says != "Before it was corrected it said: 84.0 mmol/mol" || b.Issued.Text != "4 March 2026 at 10am" {
		t.Errorf("%+v", b)
	}
}

func TestResultsStandWithTheirReport(t *testing.T) {
	report := `{"resourceType":"DiagnosticReport","id":"r","status":"final","category":[{"coding":[{"code":"LAB"}]}],"code":{"text":"Diabetes check"},
		"effectiveDateTime":"2026-03-04","result":[{"reference":"Observation/2"},{"reference":"Observation/1"}],"conclusion":"Raised.\nPlease repeat."}`
	entries := made(t, section.Results, hba1c("1", "final", "2026-03-04", "48"), report, hba1c("2", "final", "2026-03-04", "49"), hba1c("3", "final", "2025-03-04", "50"))
	p := testReader(t).Results(entries, Filter{})
	if len(p.Groups) != 2 || len(p.Groups[0].Results) != 2 || p.Groups[0].Results[0].Report != "r" || p.Groups[0].Results[0].ID != "2" || len(p.Groups[0].Report.Conclusion) != 2 {
		t.Fatalf("%+v", p.Groups)
	}
	p = testReader(t).Results(entries, Filter{Year: 2025})
	if p.Total != 4 || p.Shown != 1 || len(p.Groups) != 1 || p.Says != "Showing 1 of 4" || len(p.Years) != 2 || p.Years[0] != (Choice{"2026", "2026", 3}) {
		t.Errorf("%d of %d, %q, %v", p.Shown, p.Total, p.Says, p.Years)
	}
}

func TestCancelledResultHasNoValue(t *testing.T) {
	o := testReader(t).Results(made(t, section.Results, hba1c("1", "cancelled", "2026-03-04", "48")), Filter{}).Groups[0].Results[0]
	if o.Value != "" || o.Flag.Code != "" || o.NoValue != "The test was cancelled" {
		t.Errorf("%+v", o)
	}
}

func pressureOf(id, date string, high, low int) string {
	return fmt.Sprintf(`{"resourceType":"Observation","id":%q,"status":"final","category":[{"coding":[{"code":"vital-signs"}]}],
		"code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"effectiveDateTime":%q,"component":[
		{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":%d,"unit":"mmHg"}},
		{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":%d,"unit":"mmHg"}}]}`, id, date, high, low)
}

func TestTrend(t *testing.T) {
	entries := made(t, section.Results,
		hba1c("3", "final", "2026-03-04", "41"), hba1c("1", "final", "2024-03", "60"), hba1c("2", "final", "2025-03-04", "51"),
		hba1c("4", "preliminary", "2026-04-04", "70"))
	got, ok := testReader(t).Trend(entries, "http://snomed.info/sct|999791000000106")
	if !ok || len(got.Lines) != 1 || got.LeftOut != 1 {
		t.Fatalf("%t %+v", ok, got)
	}
	if want := "8,8 164,45.9 312,88"; !strings.HasPrefix(got.Lines[0].Polyline, "8,8 ") || !strings.HasSuffix(got.Lines[0].Polyline, " 312,88") {
		t.Errorf("%q, want about %q", got.Lines[0].Polyline, want)
	}
	want := "3 values from March 2024 to 4 March 2026. The latest is 41 mmol/mol (higher than usual); the one before was 51 mmol/mol. The lowest was 41 mmol/mol on 4 March 2026, the highest 60 mmol/mol in March 2024. 1 value could not be drawn: see the list."
	if got.Says != want {
		t.Errorf("%q", got.Says)
	}
	if got.Band.Height <= 0 || got.Band.Y+got.Band.Height > trendHeight {
		t.Errorf("%+v", got.Band)
	}
	if same, ok := testReader(t).TrendOf(entries, "2"); !ok || same.Says != want {
		t.Errorf("by the id of a result: %t, %q", ok, same.Says)
	}
	if _, ok = testReader(t).TrendOf(entries, "9"); ok {
		t.Error("there is a trend of a result that is not there")
	}
	if _, ok = testReader(t).Trend(entries, "http://loinc.org|1"); ok {
		t.Error("there is a trend of a test that was never done")
	}
}

func TestTrendOfBloodPressureHasTwoLines(t *testing.T) {
	entries := made(t, section.Results, pressureOf("1", "2025-01-01", 150, 90), pressureOf("2", "2026-01-01", 128, 82))
	r := testReader(t)
	if v := r.Results(entries, Filter{}).Groups[0].Results[0].Value; v != "128/82 mmHg" {
		t.Errorf("%q", v)
	}
	got, _ := r.Trend(entries, "http://loinc.org|85354-9")
	if len(got.Lines) != 2 || got.Lines[0].Name != "Systolic blood pressure" || len(got.Lines[1].Points) != 2 || got.Unit != "mmHg" {
		t.Errorf("%+v", got.Lines)
	}
	one, _ := r.Trend(entries[:1], "http://loinc.org|85354-9")
	if one.Says != "Systolic blood pressure: 1 value, 150 mmHg on 1 January 2025. Diastolic blood pressure: 1 value, 90 mmHg on 1 January 2025." {
		t.Errorf("%q", one.Says)
	}
}

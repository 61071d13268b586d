package own

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/section"
)

func prescription(id, intent, status, authored, basedOn string) string {
	base := ""
	if basedOn != "" {
		base = `"basedOn":[{"reference":"MedicationRequest/` + basedOn + `"}],`
	}
	return `{"resourceType":"MedicationRequest","id":"` + id + `","intent":"` + intent + `","status":"` + status + `","authoredOn":"` + authored + `",` + base + `
		"medicationReference":{"reference":"#m"},"contained":[{"resourceType":"Medication","id":"m","code":{"coding":[{"system":"https://dmd.nhs.uk","code":"1","display":"Ramipril 5mg capsules"}]}}],
		"requester":{"display":"Dr May"},"dosageInstruction":[{"text":"1 OD"}],"courseOfTherapyType":{"coding":[{"code":"continuous"}]}}`
}

// A practice sends a statement, the plan that it is based on, and each issue of that
// plan: to the resident it is one medicine.
func TestOneMedicineIsToldOnce(t *testing.T) {
	entries := made(t, section.Medicines,
		prescription("i1", "order", "completed", "2026-03-01", "plan"),
		prescription("plan", "plan", "active", "2025-01-01", ""),
		`{"resourceType":"MedicationStatement","id":"s","status":"active","basedOn":[{"reference":"MedicationRequest/plan"}],
			"medicationCodeableConcept":{"text":"Ramipril 5mg capsules"},"effectivePeriod":{"start":"2025-01-01"}}`,
		prescription("i2", "order", "completed", "2026-04-01", "plan"),
		prescription("alone", "order", "stopped", "2024-04-01", "not-here"))
	r := testReader(t)
	p := r.Medicines(entries, Filter{})
	if len(p.Current) != 1 || len(p.Past) != 1 || p.Total != 2 {
		t.Fatalf("%d current, %d past of %d", len(p.Current), len(p.Past), p.Total)
	}
	m := p.Current[0]
	if m.ID != "s" || m.LastIssued.Text != "1 April 2026" || m.By.Name != "Dr May" || m.Repeat != "Repeat prescription" || m.Dose != "1 OD" {
		t.Errorf("%+v", m)
	}
	if d := cmp.Diff([]string{"plan", "i1", "i2"}, m.Also); d != "" {
		t.Error(d)
	}
	if p.Past[0].Title != "Ramipril 5mg capsules" || p.Past[0].ID != "alone" {
		t.Errorf("%+v", p.Past[0])
	}
	s := r.Summary(entries, News{Sections: section.Of(section.Medicines)}).Sections[0]
	if s.Count != 1 || s.Total != 2 || s.Says != "1 current medicine; 1 past" {
		t.Errorf("%d of %d: %q", s.Count, s.Total, s.Says)
	}
}

func TestCurrentAndPastMedicines(t *testing.T) {
	for _, c := range []struct {
		status, end string
		current     bool
	}{
		{"active", "", true}, {"active", "2026-05-03", true}, {"active", "2026-05-02", false}, {"active", "2026-06", true},
		{"completed", "", false}, {"stopped", "", false}, {"not-taken", "", false}, {"intended", "", true}, {"unknown", "", true},
	} {
		end := ""
		if c.end != "" {
			end = `,"effectivePeriod":{"end":"` + c.end + `"}`
		}
		p := testReader(t).Medicines(made(t, section.Medicines, `{"resourceType":"MedicationStatement","id":"1","status":"`+c.status+`","medicationCodeableConcept":{"text":"x"}`+end+`}`), Filter{})
		if (len(p.Current) == 1) != c.current {
			t.Errorf("%s until %q: %d current, %d past", c.status, c.end, len(p.Current), len(p.Past))
		}
	}
}

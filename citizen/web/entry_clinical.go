package web

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/citizen/own"
)

// MedicineEntry is the page of one medicine.
func MedicineEntry(m own.Medicine) Entry {
	f := fields{}
	f.add("How to take it", dotted(m.Dose, asNeeded(m)))
	for _, x := range m.Explained {
		f.add("“"+x.Text+"” means", x.Words)
	}
	f.lines("For you", m.ForYou)
	f.add("What it is", m.Form)
	f.lines("Why you take it", m.Reasons)
	f.add("Kind", m.Repeat)
	f.add("Amount", m.Supply)
	f.add("Started", m.Started.Text)
	f.add("Last given out", m.LastIssued.Text)
	f.add("Ended", m.Ended.Text)
	f.add("Why it ended", m.Why)
	f.people("Prescribed by", m.By)
	e := newEntry(m.Item, "Medicines", f)
	if !m.Current && (m.Kind == own.MedicinePrescribed || m.Kind == own.MedicineStated) {
		e.Warnings = append(e.Warnings, "Your record says that you do not take this now.")
	}
	return e
}

// AllergyEntry is the page of one allergy.
func AllergyEntry(a own.Allergy) Entry {
	f := fields{}
	f.add("Kind", a.Kind)
	f.add("To what", a.To)
	f.add("Certain?", a.Certain)
	f.add("First noticed", a.Started.Text)
	f.add("Last happened", a.Last.Text)
	f.people("Written down by", a.By)
	e := newEntry(a.Item, "Allergies", f)
	if a.HighRisk {
		e.Flag = own.Flag{Words: first(a.Risk, "High risk"), Level: own.LevelUrgent}
	}
	for _, r := range a.Reactions {
		x := fields{}
		x.lines("What happened", r.What)
		x.add("To", r.To)
		x.add("How bad", r.Severity)
		x.add("When", r.When.Text)
		x.add("Note", r.Note)
		e.block(Block{Title: "Reaction", Fields: x})
	}
	if !a.Active {
		e.Warnings = append(e.Warnings, "Your record says that this is no longer so, or was ruled out.")
	}
	return e
}

// ProblemEntry is the page of one condition.
func ProblemEntry(p own.Problem) Entry {
	f := fields{}
	f.add("Started", first(p.Started.Text, p.Onset))
	f.add("Ended", p.Ended.Text)
	f.add("How bad", p.Severity)
	f.add("Certain?", p.Certain)
	f.lines("Where", p.Site)
	f.people("Written down by", p.By)
	return newEntry(p.Item, "Conditions", f)
}

// ProcedureEntry is the page of one operation or treatment.
func ProcedureEntry(p own.Procedure) Entry {
	f := fields{}
	f.add("When", dotted(p.When.Text, prefixed("until ", p.Until.Text)))
	f.lines("Why", p.Reasons)
	f.lines("Where on your body", p.Site)
	f.add("Where", p.Where)
	f.people("With", p.With...)
	f.add("How it went", p.Outcome)
	f.add("Why it was not done", p.Why)
	e := newEntry(p.Item, "Conditions", f)
	if !p.Done {
		e.Warnings = append(e.Warnings, "This was not done.")
	}
	return e
}

// FamilyEntry is the page of what a relative had.
func FamilyEntry(h own.FamilyHistory) Entry {
	f := fields{}
	f.add("Relative", h.Relation)
	f.lines("What they had", h.Conditions)
	return newEntry(h.Item, "Conditions", f)
}

// ResultEntry is the page of one test result. trend is nil where there is only
// this value.
func ResultEntry(r own.Result, trend *own.Trend) Entry {
	f := fields{}
	f.add("Usual range", strings.TrimPrefix(r.Range, "Usual range: "))
	f.add("Taken", r.When.Text)
	f.add("Told by the laboratory", r.Issued.Text)
	f.people("By", r.By...)
	if r.Report != "" {
		f = append(f, Field{Name: "Part of", Text: "a report", Href: EntryPath(r.Section, r.Report)})
	}
	e := newEntry(r.Item, "Test results", f)
	e.Lead, e.Flag = first(r.Value, r.NoValue), r.Flag
	parts := fields{}
	for _, p := range r.Parts {
		parts = append(parts, Field{Name: p.Title, Text: dotted(first(p.Value, p.NoValue), lowerFirst(p.Range)), Flag: p.Flag})
	}
	e.Blocks = append(blocksOf(Block{Title: "Values", Fields: parts}), e.Blocks...)
	e.Warnings = resultWarnings(r.Provisional, r.Corrected, r.Replaced)
	if trend != nil && len(trend.Lines) > 0 {
		e.Trend = trend
	}
	return e
}

// ReportEntry is the page of one report, with the results that it lists.
func ReportEntry(r own.Report, results []own.Result) Entry {
	f := fields{}
	f.add("Taken", r.When.Text)
	f.add("Written", r.Issued.Text)
	f.lines("Found", r.Findings)
	f.people("By", r.By...)
	e := newEntry(r.Item, "Test results", f)
	e.Blocks = append(blocksOf(
		Block{Title: "What it says", Text: r.Conclusion},
		Block{Title: "Results", Rows: rowsOf(results, resultRow)}), e.Blocks...)
	e.Documents = r.Documents
	e.Warnings = resultWarnings(r.Provisional, r.Corrected, r.Replaced)
	return e
}

func resultWarnings(provisional, corrected bool, replaced []own.Before) []string {
	var out []string
	if corrected {
		out = append(out, "This was corrected.")
	}
	for _, b := range replaced {
		out = append(out, b.Says)
	}
	if provisional {
		out = append(out, "This may still change: it is not the final result.")
	}
	return out
}

// ImmunisationEntry is the page of one vaccination.
func ImmunisationEntry(i own.Immunisation) Entry {
	f := fields{}
	f.add("When", first(i.When.Text, i.WhenText))
	f.lines("Against", i.Against)
	f.add("Dose", i.Dose)
	f.add("Name of the vaccine", i.Product)
	f.add("Batch", i.Batch)
	f.add("Where on your body", i.Site)
	f.add("Where", i.Where)
	f.people("By", i.With...)
	f.add("Why it was not given", i.Why)
	e := newEntry(i.Item, "Vaccinations", f)
	if !i.Done {
		e.Warnings = append(e.Warnings, "This vaccine was not given.")
	}
	return e
}

// AlertEntry is the page of one alert.
func AlertEntry(a own.Alert) Entry {
	f := fields{}
	f.lines("About", a.Category)
	f.add("How serious", a.Severity)
	f.add("Started", a.Started.Text)
	f.add("Ended", a.Ended.Text)
	f.people("Written down by", a.By)
	e := newEntry(a.Item, "Alerts", f)
	e.Blocks = append(blocksOf(Block{Title: "What it says", Text: a.Detail}), e.Blocks...)
	return e
}

func blocksOf(all ...Block) []Block {
	e := Entry{}
	for _, b := range all {
		e.block(b)
	}
	return e.Blocks
}

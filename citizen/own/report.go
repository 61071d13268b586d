package own

import (
	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

// Report is a report on tests or imaging.
type Report struct {
	Item
	Kind        string     `json:"kind"` // of the filter: laboratory, imaging, ...
	When        Moment     `json:"when,omitzero"`
	Issued      Moment     `json:"issued,omitzero"`
	Conclusion  []string   `json:"conclusion,omitempty"` // paragraphs
	Findings    []string   `json:"findings,omitempty"`   // coded conclusions
	By          []Person   `json:"by,omitempty"`
	Documents   []Document `json:"documents,omitempty"`
	ResultIDs   []string   `json:"resultIds,omitempty"`
	Provisional bool       `json:"provisional"`
	Corrected   bool       `json:"corrected"`
	Replaced    []Before   `json:"replaced,omitempty"`
}

func (r *Reader) report(e fact) Report {
	n := e.Resource
	d := Report{Item: r.item(e, n.Get("code")), Kind: kindOf(n)}
	d.When = r.when(e)
	d.Issued = r.moment(n.Get("issued"))
	d.Conclusion = paragraphs(n.Get("conclusion").Text())
	d.Findings = sayAll(n.Get("conclusionCode"))
	d.By = append(r.people(n, n.Get("performer")), r.people(n, n.Get("resultsInterpreter"))...)
	d.Documents = r.documents(n)
	for ref := range n.Get("result").Each() {
		if _, id := fhir.SplitReference(ref.Get("reference").Text()); id != "" {
			d.ResultIDs = append(d.ResultIDs, id)
		}
	}
	d.Provisional, d.Corrected = settled(n)
	if d.Corrected {
		d.Replaced = r.replaced(e, func(old fhir.Node) string { return old.Get("conclusion").Text() })
	}
	return d
}

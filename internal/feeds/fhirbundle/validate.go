package fhirbundle

import (
	"strconv"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

// manyIssues is near the number from which a report on a whole Bundle may have
// left some out.
const manyIssues = 40

// validate checks the Bundle. Entries with faults are held; it returns what is
// wrong with the Bundle itself.
func (j *job) validate() *feeds.Held {
	o := fhir.Options{Allow: j.from.Client.Allow}
	issues := fhir.Validate(j.root, o)
	if !fhir.Fatal(issues) {
		return nil
	}
	var own []feeds.Issue
	by := map[int][]feeds.Issue{}
	for _, is := range issues {
		if is.Severity != fhir.SeverityError {
			continue
		}
		if i, ok := entryOf(is.Path); ok && i < len(j.entries) {
			by[i] = append(by[i], issueOf(is))
			continue
		}
		own = append(own, issueOf(is))
	}
	if len(own) > 0 {
		return &feeds.Held{Code: InvalidResource, Words: "the Bundle itself is not valid FHIR R4", Issues: own, Fault: true}
	}
	for i := range j.entries {
		e := &j.entries[i]
		if len(issues) >= manyIssues && len(by[i]) == 0 && e.resource.Exists() {
			for _, is := range fhir.Validate(e.resource, o) {
				if is.Severity == fhir.SeverityError {
					by[i] = append(by[i], issueOf(is))
				}
			}
		}
		if len(by[i]) > 0 && !e.ignored {
			e.hold(feeds.Held{Code: InvalidResource, Words: "the entry is not valid FHIR R4", Issues: by[i], Fault: true})
		}
	}
	return nil
}

func issueOf(is fhir.Issue) feeds.Issue {
	return feeds.Issue{Code: is.Code, Path: is.Path, Text: is.Text, Rule: is.Rule}
}

// entryOf reads the index from a path like Bundle.entry[3].resource.status.
func entryOf(path string) (int, bool) {
	rest, ok := strings.CutPrefix(path, "Bundle.entry[")
	if !ok {
		return 0, false
	}
	digits, _, ok := strings.Cut(rest, "]")
	i, err := strconv.Atoi(digits)
	return i, ok && err == nil
}

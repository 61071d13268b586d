package main

import (
	"regexp"
	"strings"
)

// The definitions name value sets and do not list them. The short text of an
// element lists the codes of most ("draft | active | retired"); this table has
// those whose text does not, or not all.
var listed = map[string]string{
	"encounter-status":         "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown",
	"diagnostic-report-status": "registered partial preliminary final amended corrected appended cancelled entered-in-error unknown",
	"observation-status":       "registered preliminary final amended corrected cancelled entered-in-error unknown",
	"task-status": "draft requested received accepted rejected ready cancelled in-progress on-hold failed completed " +
		"entered-in-error",
	"item-type": "group display boolean decimal integer date dateTime time string text url choice open-choice attachment " +
		"reference quantity",
	"udi-entry-type":      "barcode rfid manual card self-reported unknown",
	"audit-event-action":  "C R U D E",
	"audit-event-outcome": "0 4 8 12",
	"network-type":        "1 2 3 4 5",
	"event-timing": "MORN MORN.early MORN.late NOON AFT AFT.early AFT.late EVE EVE.early EVE.late NIGHT PHS HS WAKE C CM CD CV " +
		"AC ACM ACD ACV PC PCM PCD PCV",
	"issue-type": "invalid structure required value invariant security login unknown expired forbidden suppressed processing " +
		"not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly business-rule " +
		"conflict transient lock-error no-store exception timeout incomplete throttled informational",
	"v3-ConfidentialityClassification": "U L M N R V",
	"FHIR-version": "0.01 0.05 0.06 0.11 0.0.80 0.0.81 0.0.82 0.4.0 0.5.0 1.0.0 1.0.1 1.0.2 1.1.0 1.4.0 1.6.0 1.8.0 3.0.0 3.0.1 " +
		"3.3.0 3.5.0 4.0.0 4.0.1",
}

// open are the value sets that are too large to list or have no end; the shape
// of their codes is all that is looked at.
var open = map[string]bool{"mimetypes": true, "currencies": true, "all-types": true, "resource-types": true}

var shortCodes = regexp.MustCompile(`^([A-Za-z0-9<>=!.-]+ \| )+[A-Za-z0-9<>=!.-]+`)

// codesOf returns the codes of a value set, "" if they are not listed.
func codesOf(valueSet, short string) (codes string, ok bool) {
	if open[valueSet] {
		return "", true
	}
	if codes, ok := listed[valueSet]; ok {
		return codes, true
	}
	codes = shortCodes.FindString(short)
	rest := strings.TrimSpace(strings.TrimPrefix(short, codes))
	if codes == "" || strings.HasPrefix(rest, "+") || strings.HasPrefix(rest, "|") {
		return "", false
	}
	return strings.ReplaceAll(codes, " | ", " "), true
}

package main

import (
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/operator"
)

// An item shows which rule was broken, for whoever may allow it.
func TestAnItemShowsItsRules(t *testing.T) {
	var b strings.Builder
	showItem(&b, operator.Quarantined{Item: operator.QuarantineItem{Entry: -1, Code: "INVALID_RESOURCE",
		Issues: []feeds.Issue{{Path: "Bundle.entry[0].resource", Text: "Give it.", Rule: "obs-6"}, {Path: "Bundle", Text: "Do."}}}})
	for _, want := range []string{"issue\tBundle.entry[0].resource: Give it. (rule obs-6)\n", "issue\tBundle: Do.\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in %q", want, b.String())
		}
	}
}

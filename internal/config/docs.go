package config

import (
	"fmt"
	"strings"
)

// Docs returns docs/config.md.
func Docs() string {
	var b strings.Builder
	b.WriteString("# Configuration of dcrd\n\n" +
		"Generated from `internal/config/settings.go` by `go test ./internal/config -update`.\n\n" +
		"Settings come from a file of `KEY=value` lines (`--config`, or `DCR_CONFIG` in the environment; `#` begins a comment) and from the\n" +
		"environment, which wins. dcrd reports every mistake at once and does not start with one; a setting that does not exist is a mistake.\n" +
		"Durations are written `30s`, `15m`, `12h`; sizes `512KiB`, `16MiB`.\n")
	group := ""
	for _, s := range settings() {
		if s.group != group {
			group = s.group
			fmt.Fprintf(&b, "\n## %s\n\n| setting | default | what it is |\n| --- | --- | --- |\n", group)
		}
		def := "-"
		if s.def != "" {
			def = "`" + s.def + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.key, def, strings.ReplaceAll(s.what, "|", `\|`))
	}
	return b.String()
}

package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the repository's folder, seen from this package.
const root = "../.."

var (
	named     = regexp.MustCompile("`([a-z][a-z0-9/-]*)\\.((?:Test|Fuzz)[A-Za-z0-9_]+)`")
	hazardRow = regexp.MustCompile(`(?m)^\| H\d+ \|.*$`)
)

// A hazard whose control no test holds is not controlled: every test that
// docs/security.md names must exist, and every row of the hazard log names one.
func TestHazardsNameTestsThatExist(t *testing.T) {
	text := read(t, filepath.Join(root, "docs", "security.md"))
	functions := map[string][]string{}
	for _, m := range named.FindAllStringSubmatch(text, -1) {
		pkg, test := m[1], m[2]
		if functions[pkg] == nil {
			functions[pkg] = testsOf(t, pkg)
		}
		if !slices.Contains(functions[pkg], test) {
			t.Errorf("docs/security.md names %s.%s, which does not exist", pkg, test)
		}
	}
	if len(functions) == 0 {
		t.Error("docs/security.md names no test")
	}
	rows := hazardRow.FindAllString(text, -1)
	if len(rows) == 0 {
		t.Error("docs/security.md has no hazard log")
	}
	for _, row := range rows {
		if !named.MatchString(row) {
			t.Errorf("no test in the row %.60s", row)
		}
	}
}

var testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)

// testsOf returns the tests of a package, whichever of its test files and build
// tags they are in.
func testsOf(t *testing.T, pkg string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pkg), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := []string{} // not nil: looked for
	for _, file := range files {
		for _, m := range testFunction.FindAllStringSubmatch(read(t, file), -1) {
			found = append(found, m[1])
		}
	}
	return found
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

package browser

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

// finding is what axe-core found wrong.
type finding struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

const runAxe = `axe.run(document, {iframes: false, resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`

// widths are those of a small phone (or a large screen at 400 % zoom), and of a desk.
func widths() []int64 { return []int64{320, 1280} }

// Look looks at the page that is open at two widths: nothing has to be scrolled
// sideways, axe-core finds nothing, what can be opened too, and the browser complains
// of nothing. What was seen is kept under var/screenshots. Where axe-core is not there
// (make browser) the rest is looked at.
func (b *Browser) Look(name string) {
	b.t.Helper()
	root := filepath.Join(Root(b.t), "var")
	axe, err := os.ReadFile(filepath.Join(root, "axe.min.js"))
	if err != nil {
		b.t.Log("axe-core is not there, and not asked: make browser")
	}
	shots := filepath.Join(root, "screenshots", b.Shots)
	b.must(os.MkdirAll(shots, 0o755))
	for _, width := range widths() {
		b.Do(chromedp.EmulateViewport(width, 700))
		wide := Eval[int64](b, `document.documentElement.scrollWidth`)
		if wide > width {
			b.t.Errorf("%s is %d px wide in a window of %d", name, wide, width)
		}
		shot := run(b, chromedp.FullScreenshot(100))
		b.must(os.WriteFile(filepath.Join(shots, fmt.Sprintf("%s-%d.png", name, width)), shot, 0o644))
		if len(axe) > 0 {
			b.axe(name, width, string(axe))
		}
	}
	b.Quiet()
}

// axe asks axe-core, with all that can be opened open, and shut again afterwards.
func (b *Browser) axe(name string, width int64, source string) {
	b.t.Helper()
	Eval[bool](b, `window.shut = [...document.querySelectorAll("details:not([open])")]; shut.forEach(d => d.open = true); true`)
	if !Eval[bool](b, `typeof axe === "object"`) {
		Eval[bool](b, source+"; true")
	}
	found := Eval[string](b, runAxe)
	Eval[bool](b, `shut.forEach(d => d.open = false); true`)
	var findings []finding
	b.must(json.Unmarshal([]byte(found), &findings))
	for _, f := range findings {
		for _, n := range f.Nodes {
			b.t.Errorf("%s at %d px: axe %s (%s): %s\n%s\n%s", name, width, f.ID, f.Impact, f.Help, n.HTML, n.FailureSummary)
		}
	}
}

// Shot keeps what is in the window.
func (b *Browser) Shot(name string) {
	b.t.Helper()
	shots := filepath.Join(Root(b.t), "var", "screenshots", b.Shots)
	b.must(os.MkdirAll(shots, 0o755))
	b.must(os.WriteFile(filepath.Join(shots, name+".png"), run(b, chromedp.CaptureScreenshot()), 0o644))
}

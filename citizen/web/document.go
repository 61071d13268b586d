package web

import "html/template"

// documentStyle is the style of the record as one document, which stands in it: the
// document is a file that a resident keeps, and loads nothing.
func documentStyle() (template.CSS, error) {
	b, err := files.ReadFile("assets/document.css")
	return template.CSS(b), err // ours, embedded
}

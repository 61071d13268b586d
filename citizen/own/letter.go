package own

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Letters is the page of letters and documents.
type Letters struct {
	Page
	Letters []Letter `json:"letters"` // the latest first
}

// Letter is a letter, a document, or a message in words.
type Letter struct {
	Item
	Kind      string     `json:"kind"` // what it is, "Discharge summary"; Page.Kinds has it as Words
	When      Moment     `json:"when,omitzero"`
	From      string     `json:"from,omitempty"` // author's organisation
	Authors   []Person   `json:"authors,omitempty"`
	About     string     `json:"about,omitempty"`
	Text      []string   `json:"text,omitempty"` // of a message that has no document
	Documents []Document `json:"documents,omitempty"`
	Replaced  bool       `json:"replaced"` // by a later one
}

// How a document may be shown.
const (
	ShowInline   = "inline"   // PDF or image, by the browser's own viewer
	ShowText     = "text"     // plain text, escaped, in a page of ours
	ShowSandbox  = "sandbox"  // HTML: in a frame that may run and load nothing, or as download
	ShowDownload = "download" // as file only
	ShowNone     = "none"     // its content is not in the record
)

// Document is one attachment of an entry. Its bytes are read by Content.
type Document struct {
	Index       int    `json:"index"` // within the entry
	Title       string `json:"title"`
	ContentType string `json:"contentType,omitempty"`
	Kind        string `json:"kind"` // "PDF", "Picture", "Word document"
	Size        int64  `json:"size,omitempty"`
	SizeWords   string `json:"sizeWords,omitempty"` // "120 KB"
	Created     Moment `json:"created,omitzero"`
	Language    string `json:"language,omitempty"`
	Show        string `json:"show"`
	Filename    string `json:"filename,omitempty"`
	Why         string `json:"why,omitempty"` // it cannot be shown
}

// Letters makes the page of letters and documents.
func (r *Reader) Letters(entries []Entry, f Filter) Letters {
	p := Letters{Letters: []Letter{}}
	s := newShelf(&p.Page, section.Letters, f)
	for e := range r.facts(&p.Page, section.Letters, entries) {
		switch e.typ {
		case "DocumentReference", "Composition", "Communication":
			if l := r.letter(e); s.keep(l.When, opaque(l.Kind), l.Kind) {
				p.Letters = append(p.Letters, l)
			}
		default:
			s.other(r, e)
		}
	}
	latest(p.Letters, func(l *Letter) Moment { return l.When })
	s.done(section.Letters)
	return p
}

func (r *Reader) letter(e fact) Letter {
	n := e.Resource
	l := Letter{Item: r.item(e, n.Get(codeElement(e.typ)))}
	l.Kind = l.Title
	l.When = r.when(e)
	l.Authors = r.people(n, n.Get("author"))
	l.From = r.nameOf(n, n.Get("custodian"))
	switch e.typ {
	case "DocumentReference":
		l.Documents = r.documents(n)
		l.About = n.Get("description").Text()
		l.Replaced = n.Get("status").Is("superseded")
	case "Composition":
		l.Title = first(n.Get("title").Text(), l.Title)
		var parts []string
		for s := range n.Get("section").Each() {
			parts = add(parts, s.Get("title").Text())
		}
		if len(parts) > 0 {
			l.About = "It has these parts: " + strings.Join(parts, ", ") + ". Their text is in the download of your record."
		}
	case "Communication":
		r.message(&l, n)
	}
	if l.From == "" {
		l.From = organisationOf(l.Authors, l.Source)
	}
	if len(l.Documents) > 0 {
		if t := l.Documents[0].Title; t != l.Documents[0].Kind && t != "" && t != l.Title {
			l.About = first(l.About, t)
		}
	}
	return l
}

// message reads a Communication: its words, and what is attached.
func (r *Reader) message(l *Letter, n fhir.Node) {
	if sender := r.person(n, n.Get("sender")); sender.Name != "" {
		l.Authors = append(l.Authors, sender)
	}
	if topic := says(n.Get("topic")); topic != "" {
		l.Title = topic
	}
	for p := range n.Get("payload").Each() {
		l.Text = append(l.Text, paragraphs(p.Get("contentString").Text())...)
	}
	l.Documents = r.documents(n)
}

// organisationOf is who a letter is from: the organisation of an author, else the
// source.
func organisationOf(authors []Person, s Source) string {
	for _, a := range authors {
		if a.Organisation != "" {
			return a.Organisation
		}
	}
	return s.Organisation
}

package web

import (
	"strconv"
	"strings"

	"github.com/dorsetcarerecord/dcr/citizen/own"
)

// Field is one line of what is known of an entry.
type Field struct {
	Name, Text string
	Lines      []string // instead of Text
	Href       string
	Phone      string // a number to call, and in Note what it is
	Note       string
	Flag       own.Flag
}

// Block is a part of an entry's page, with a heading of its own.
type Block struct {
	Title  string
	Text   []string // paragraphs
	Fields []Field
	Rows   []Row
}

// Entry is the page of one entry of the record. It is made by the functions that
// are named for what they show.
type Entry struct {
	Item      own.Item
	Section   string // title of the section, for the link back
	Lead      string // what matters most: the value of a result
	Flag      own.Flag
	Warnings  []string // what must be known before the rest is read
	Fields    []Field
	Blocks    []Block
	Trend     *own.Trend
	Documents []own.Document
}

func (Entry) template() string  { return "entry" }
func (p Entry) heading() string { return first(p.Item.Title, "Entry") }
func (p Entry) title() string   { return first(p.Section, "Your record") + ": details" }
func (p Entry) back() Link {
	return Link{SectionPath(p.Item.Section), first(p.Section, "Back to the list")}
}

// Provenance says where an entry comes from.
func (p Entry) Provenance() []Field {
	f := fields{}
	f.add("Sent by", p.Item.Source.Organisation)
	f.add("From the system", p.Item.Source.System)
	f.add("Written down there", p.Item.Recorded.Text)
	f.add("Came here", p.Item.Received.Text)
	return f
}

// Sent says what the sender wrote, where we say it otherwise.
func (p Entry) Sent() []Field {
	f := fields{}
	f.add("In their words", p.Item.Original)
	for _, c := range p.Item.Codes {
		f.add("Code", dotted(strings.TrimSpace(c.System+" "+c.Code), c.Display))
	}
	if p.Item.Status.Code != "" {
		f.add("Status", p.Item.Status.Code)
	}
	return f
}

// IndexOf is the number of a document as an address has it.
func (Entry) IndexOf(d own.Document) string { return strconv.Itoa(d.Index) }

// Framed reports whether a document is shown in a frame on the page.
func (Entry) Framed(d own.Document) bool { return d.Show == own.ShowSandbox || d.Show == own.ShowText }

// Picture reports whether a document is a picture that a page can show.
func (Entry) Picture(d own.Document) bool {
	return d.Show == own.ShowInline && strings.HasPrefix(d.ContentType, "image/")
}

// Opened reports whether the browser can show a document by itself: a PDF.
func (Entry) Opened(d own.Document) bool {
	return d.Show == own.ShowInline && !strings.HasPrefix(d.ContentType, "image/")
}

// Mistake is the page of an entry that was recorded by mistake. It tells no word of
// what it said.
func Mistake(m own.Mistake, section string) Entry {
	return Entry{
		Item:     own.Item{ID: m.ID, Type: m.Type, Section: m.Section, Title: "Recorded by mistake", Source: m.Source, Received: m.Received},
		Section:  section,
		Warnings: []string{m.Says},
	}
}

// fields are put together one by one; what is not known is left out.
type fields []Field

func (f *fields) add(name, text string) {
	if text != "" {
		*f = append(*f, Field{Name: name, Text: text})
	}
}

func (f *fields) lines(name string, lines []string) {
	switch len(lines) {
	case 0:
	case 1:
		f.add(name, lines[0])
	default:
		*f = append(*f, Field{Name: name, Lines: lines})
	}
}

func (f *fields) people(name string, people ...own.Person) {
	for _, p := range people {
		f.add(name, dotted(p.Name, p.Role, p.Organisation))
		for _, n := range p.Phones {
			f.phone("Phone", n, "")
		}
	}
}

func (f *fields) phone(name, number, note string) {
	if number != "" {
		*f = append(*f, Field{Name: name, Phone: number, Note: note})
	}
}

func (f *fields) place(name string, places ...own.Place) {
	for _, p := range places {
		var lines []string
		if p.Name != "" {
			lines = append(lines, p.Name)
		}
		f.lines(name, append(lines, p.Lines...))
		for _, n := range p.Phones {
			f.phone("Phone", n, "")
		}
	}
}

// newEntry begins the page of an item: its status and its notes are everybody's.
func newEntry(i own.Item, section string, f fields) Entry {
	if i.Status.Words != "" {
		f = append(fields{{Name: "Status", Text: i.Status.Words}}, f...)
	}
	e := Entry{Item: i, Section: section, Fields: f}
	if len(i.Notes) > 0 {
		e.Blocks = append(e.Blocks, Block{Title: "Notes", Text: i.Notes})
	}
	return e
}

func (p *Entry) block(b Block) {
	if len(b.Text)+len(b.Fields)+len(b.Rows) > 0 {
		p.Blocks = append(p.Blocks, b)
	}
}

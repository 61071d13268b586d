package own

// Letters is the page of letters and documents.
type Letters struct {
	Page
	Letters []Letter `json:"letters"` // the latest first
}

// Letter is a letter, a document, or a message in words.
type Letter struct {
	Item
	Kind      string     `json:"kind"` // of the filter: what it is, "Discharge summary"
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
	Binary      string `json:"binary,omitempty"` // id of the Binary that holds it
	Filename    string `json:"filename,omitempty"`
	Why         string `json:"why,omitempty"` // it cannot be shown
}

package own

import (
	"encoding/base64"
	"mime"
	"strconv"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

// form is how documents of a content type are called and shown.
type form struct{ kind, ext, show string }

// forms are the content types that are known. Whatever is not here is a download.
// SVG is no picture here: it may hold scripts.
var forms = map[string]form{
	"application/pdf":       {"PDF", "pdf", ShowInline},
	"image/jpeg":            {"Picture", "jpg", ShowInline},
	"image/png":             {"Picture", "png", ShowInline},
	"image/gif":             {"Picture", "gif", ShowInline},
	"image/webp":            {"Picture", "webp", ShowInline},
	"image/tiff":            {"Picture (TIFF)", "tif", ShowDownload},
	"image/svg+xml":         {"Drawing (SVG)", "svg", ShowDownload},
	"text/plain":            {"Text", "txt", ShowText},
	"text/html":             {"Web page", "html", ShowSandbox},
	"application/xhtml+xml": {"Web page", "html", ShowSandbox},
	"text/rtf":              {"Word processor document (RTF)", "rtf", ShowDownload},
	"application/rtf":       {"Word processor document (RTF)", "rtf", ShowDownload},
	"application/msword":    {"Word document", "doc", ShowDownload},
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": {"Word document", "docx", ShowDownload},
	"application/vnd.oasis.opendocument.text":                                 {"Word processor document", "odt", ShowDownload},
	"application/xml": {"Data file (XML)", "xml", ShowDownload},
	"text/xml":        {"Data file (XML)", "xml", ShowDownload},
	"text/csv":        {"Table (CSV)", "csv", ShowDownload},
}

// formOf finds the form of a content type, and the type without its parameters.
func formOf(contentType string) (form, string) {
	base, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		base = ""
	}
	if f, ok := forms[base]; ok {
		return f, base
	}
	return form{"File", "bin", ShowDownload}, base
}

// attachments returns the Attachments of a letter, a report or a message.
func attachments(n fhir.Node) []fhir.Node {
	var out []fhir.Node
	for _, list := range [...][2]string{{"content", "attachment"}, {"payload", "contentAttachment"}, {"presentedForm", ""}} {
		for c := range n.Get(list[0]).Each() {
			if list[1] != "" {
				c = c.Get(list[1])
			}
			if c.Kind() == fhir.Object {
				out = append(out, c)
			}
		}
	}
	return out
}

// documents reads the attachments of an entry.
func (r *Reader) documents(n fhir.Node) []Document {
	var out []Document
	for i, a := range attachments(n) {
		f, base := formOf(a.Get("contentType").Text())
		d := Document{
			Index: i, Title: first(a.Get("title").Text(), f.kind), ContentType: base, Kind: f.kind, Show: f.show,
			Created: r.moment(a.Get("creation")), Language: a.Get("language").Text(),
			Filename: "document-" + strconv.Itoa(i+1) + "." + f.ext,
		}
		d.Size, _ = strconv.ParseInt(digits(a.Get("size")), 10, 64)
		if data := a.Get("data"); data.Kind() == fhir.String {
			d.Size = dataSize(data)
		} else {
			d.Show, d.Why = ShowNone, "The document itself was not sent to us. You can ask "+first(r.nameOf(n, n.Get("custodian")), "the organisation that sent this entry")+" for it."
		}
		d.SizeWords = sizeWords(d.Size)
		out = append(out, d)
	}
	return out
}

// dataSize is how many bytes base64 data holds, read off its length.
func dataSize(data fhir.Node) int64 {
	raw := data.Raw()
	n := len(raw) - 2 // quotes
	if n < 4 {
		return 0
	}
	pad := 0
	for ; pad < 2 && raw[len(raw)-2-pad] == '='; pad++ {
	}
	return int64(n/4*3 - pad)
}

// sizeWords writes 120 KB.
func sizeWords(n int64) string {
	switch {
	case n <= 0:
		return ""
	case n < 1000:
		return strconv.FormatInt(n, 10) + " bytes"
	case n < 1_000_000:
		return strconv.FormatInt((n+999)/1000, 10) + " KB"
	}
	return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
}

// Content is the bytes of a document and how they may be sent: with exactly that
// content type, nosniff, and for anything but ShowInline and ShowText as attachment
// or under a sandbox without scripts.
type Content struct {
	ContentType string
	Filename    string
	Show        string
	Bytes       []byte
}

// ContentOf returns the document of that index in a letter, report or message.
// What does not begin as its content type does is only ever a download: a sender's
// label does not decide what a browser runs.
func ContentOf(entry fhir.Node, index int) (Content, error) {
	list := attachments(entry)
	if index < 0 || index >= len(list) {
		return Content{}, errs.New(errs.NotFound, "There is no such document.")
	}
	data, contentType := list[index].Get("data"), list[index].Get("contentType").Text()
	if data.Kind() != fhir.String || mistaken(entry) {
		return Content{}, errs.New(errs.NotFound, "The document itself was not sent to us.")
	}
	b, err := base64.StdEncoding.DecodeString(data.Text())
	if err != nil {
		return Content{}, errs.New(errs.NotFound, "The document arrived damaged. Ask whoever wrote it for it.")
	}
	f, base := formOf(contentType)
	c := Content{ContentType: base, Filename: "document-" + strconv.Itoa(index+1) + "." + f.ext, Show: f.show, Bytes: b}
	if !looksLike(base, b) {
		c.ContentType, c.Show = "application/octet-stream", ShowDownload
	}
	return c, nil
}

// looksLike reports whether bytes begin as those of the content type do, of the types
// that are shown inline.
func looksLike(contentType string, b []byte) bool {
	s := string(b[:min(len(b), 16)])
	switch contentType {
	case "application/pdf":
		return strings.HasPrefix(s, "%PDF-")
	case "image/jpeg":
		return strings.HasPrefix(s, "\xff\xd8\xff")
	case "image/png":
		return strings.HasPrefix(s, "\x89PNG\r\n\x1a\n")
	case "image/gif":
		return strings.HasPrefix(s, "GIF8")
	case "image/webp":
		return strings.HasPrefix(s, "RIFF") && len(s) > 11 && s[8:12] == "WEBP"
	}
	return contentType != ""
}

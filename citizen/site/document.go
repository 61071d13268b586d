package site

import (
	"mime"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/citizen/own"
	pages "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// document sends a letter as it was sent to us, to be shown in a frame of its page, as
// a picture, or by the browser's own viewer. What may not be shown is a file.
func (s *Site) document(v *visit) error {
	got, err := s.content(v)
	if err != nil {
		return err
	}
	switch got.Show {
	case own.ShowSandbox, own.ShowText:
		v.Set(fiber.HeaderContentSecurityPolicy, pages.LetterPolicy)
	case own.ShowInline:
		v.Set(fiber.HeaderContentSecurityPolicy, pages.FilePolicy)
	default:
		return sendFile(v, got.ContentType, got.Filename, got.Bytes)
	}
	return sendBytes(v, got.ContentType, got.Bytes)
}

func (s *Site) saveDocument(v *visit) error {
	got, err := s.content(v)
	if err != nil {
		return err
	}
	return sendFile(v, got.ContentType, got.Filename, got.Bytes)
}

func (s *Site) content(v *visit) (own.Content, error) {
	index, err := strconv.Atoi(v.Params("index"))
	if err != nil || index < 0 {
		return own.Content{}, access.Absent()
	}
	return s.o.Service.Document(v.ctx, v.caller, v.request, v.Params("section"), v.Params("id"), index)
}

// sendFile sends what is to be saved, and never shown in our name.
func sendFile(v *visit, media, name string, body []byte) error {
	if name == "" {
		name = "letter"
	}
	v.Set(fiber.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	v.Set(fiber.HeaderContentSecurityPolicy, pages.LetterPolicy)
	return sendBytes(v, media, body)
}

func sendBytes(v *visit, media string, body []byte) error {
	v.Set(fiber.HeaderContentType, media)
	v.Set(fiber.HeaderCacheControl, "no-store")
	v.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	v.Set("Cross-Origin-Resource-Policy", "same-origin")
	return v.Send(body)
}

// titleOf is a section as a heading.
func titleOf(name string) string {
	sec, err := section.Parse(name)
	if err != nil {
		return ""
	}
	return own.SectionTitle(sec)
}

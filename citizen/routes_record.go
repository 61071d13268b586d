package citizen

import (
	"net/http"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/citizen/own"
	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// answer writes what a use case returned.
func answer[T any](a *asked, got T, err error) error {
	if err != nil {
		return err
	}
	return web.WriteJSON(a.Ctx, http.StatusOK, got)
}

// readSummary is the first page.
//
//	@Summary	Read the summary of your record
//	@Tags		own record
//	@Security	resident
//	@Produce	json
//	@Success	200	{object}	own.Summary
//	@Failure	401,403,404,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/summary [get]
func (s *Service) readSummary(a *asked) error {
	got, err := s.Summary(a.call.Ctx, a.caller(), a.call.RequestID)
	return answer(a, got, err)
}

// readNews tells what has arrived, and how fresh the sources are.
//
//	@Summary		Read what has arrived and is not shown yet, and when each source was last heard
//	@Description	Some results wait so that somebody can talk to you first. Nothing of what they say is told.
//	@Tags			own record
//	@Security		resident
//	@Produce		json
//	@Success		200	{object}	citizen.News
//	@Failure		401,403,404,429,500,503	{object}	main.Problem
//	@Router			/citizen/v1/news [get]
func (s *Service) readNews(a *asked) error {
	got, err := s.News(a.call.Ctx, a.caller(), a.call.RequestID)
	return answer(a, got, err)
}

// filter reads the parameters of a filter.
func filter(year, kind string) (own.Filter, error) {
	f := own.Filter{Kind: kind}
	if year == "" {
		return f, nil
	}
	var err error
	if f.Year, err = strconv.Atoi(year); err != nil || f.Year < 1 || f.Year > 9999 {
		return f, errs.New(errs.Invalid, "year is a number such as 2026.")
	}
	return f, nil
}

// readTimeline is the record as one list.
//
//	@Summary	Read your record as one list, the latest first
//	@Tags		own record
//	@Security	resident
//	@Produce	json
//	@Param		year	query		int		false	"of the happening"
//	@Param		kind	query		string	false	"a section's name"
//	@Param		count	query		int		false	"1 to 100"	default(50)
//	@Param		cursor	query		string	false	"next of the page before"
//	@Success	200	{object}	citizen.Timeline
//	@Failure	400,401,403,404,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/timeline [get]
func (s *Service) readTimeline(a *asked) error {
	var year, kind string
	count, cursor, err := paging(a.Ctx, map[string]*string{"year": &year, "kind": &kind})
	if err != nil {
		return err
	}
	f, err := filter(year, kind)
	if err != nil {
		return err
	}
	got, err := s.Timeline(a.call.Ctx, a.caller(), a.call.RequestID, f, cursor, count)
	return answer(a, got, err)
}

// DetailList is what each source holds of the resident themself.
type DetailList struct {
	Details []own.Details `json:"details"`
} //	@name	DetailList

// readDetails tells what sources hold of the resident.
//
//	@Summary	Read your own details, as each source holds them
//	@Tags		own record
//	@Security	resident
//	@Produce	json
//	@Success	200	{object}	citizen.DetailList
//	@Failure	401,403,404,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/details [get]
func (s *Service) readDetails(a *asked) error {
	got, err := s.Details(a.call.Ctx, a.caller(), a.call.RequestID)
	return answer(a, DetailList{got}, err)
}

// readSection is one section.
//
//	@Summary		Read a section of your record
//	@Description	page is the section's model: medicines tell current from past, allergies "none known" from "nothing recorded", results what a correction replaced.
//	@Tags			own record
//	@Security		resident
//	@Produce		json
//	@Param			section	path		string	true	"demographics, contacts, alerts, allergies, problems, medicines, immunisations, results, appointments, encounters, letters, care-plans or social-care"
//	@Param			year	query		int		false	"of the entry's date"
//	@Param			kind	query		string	false	"value of one of the page's kinds"
//	@Success		200	{object}	citizen.Section
//	@Failure		400,401,403,404,429,500,503	{object}	main.Problem
//	@Router			/citizen/v1/sections/{section} [get]
func (s *Service) readSection(a *asked) error {
	var year, kind string
	if err := query(a.Ctx, map[string]*string{"year": &year, "kind": &kind}); err != nil {
		return err
	}
	f, err := filter(year, kind)
	if err != nil {
		return err
	}
	got, err := s.Section(a.call.Ctx, a.caller(), a.call.RequestID, a.Params("section"), f)
	return answer(a, got, err)
}

// readEntry is one entry.
//
//	@Summary	Read one entry of your record
//	@Tags		own record
//	@Security	resident
//	@Produce	json
//	@Param		id		path		string	true	"entry"
//	@Param		section	query		string	false	"the entry's section: no more than it is then asked for"
//	@Success	200	{object}	citizen.Entry
//	@Failure	400,401,403,404,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/entries/{id} [get]
func (s *Service) readEntry(a *asked) error {
	var section string
	if err := query(a.Ctx, map[string]*string{"section": &section}); err != nil {
		return err
	}
	got, err := s.Entry(a.call.Ctx, a.caller(), a.call.RequestID, section, a.Params("id"))
	return answer(a, got, err)
}

// readTrend is the values of one test.
//
//	@Summary	Read how the values of a test changed, by one of its results
//	@Tags		own record
//	@Security	resident
//	@Produce	json
//	@Param		id	path		string	true	"a result"
//	@Success	200	{object}	own.Trend
//	@Failure	401,403,404,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/entries/{id}/trend [get]
func (s *Service) readTrend(a *asked) error {
	got, err := s.Trend(a.call.Ctx, a.caller(), a.call.RequestID, a.Params("id"))
	return answer(a, got, err)
}

// readDocument sends a document.
//
//	@Summary		Read a document of an entry: a letter, a picture
//	@Description	Always as a file to be kept, unless it is a PDF, a picture of a common kind, or plain text.
//	@Tags			own record
//	@Security		resident
//	@Produce		octet-stream
//	@Param			id		path	string	true	"entry"
//	@Param			index	path	int		true	"of the entry's documents, from 0"
//	@Param			section	query	string	false	"the entry's section"
//	@Success		200	{file}	binary
//	@Failure		400,401,403,404,429,500,503	{object}	main.Problem
//	@Router			/citizen/v1/entries/{id}/documents/{index} [get]
func (s *Service) readDocument(a *asked) error {
	var section string
	if err := query(a.Ctx, map[string]*string{"section": &section}); err != nil {
		return err
	}
	index, err := strconv.Atoi(a.Params("index"))
	if err != nil {
		return access.Absent()
	}
	got, err := s.Document(a.call.Ctx, a.caller(), a.call.RequestID, section, a.Params("id"), index)
	if err != nil {
		return err
	}
	SendDocument(a.Ctx, got, false)
	return nil
}

// SendDocument answers with a document that a source sent: with exactly its content
// type, and as a file unless it is of a kind that runs nothing in a browser. Its bytes
// were written elsewhere; what they are called is not believed.
func SendDocument(c *fiber.Ctx, d own.Content, download bool) {
	h := &c.Context().Response.Header
	contentType := d.ContentType
	if d.Show == own.ShowText {
		contentType = fiber.MIMETextPlainCharsetUTF8
	}
	h.SetContentType(contentType)
	h.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	how := "attachment"
	if !download && (d.Show == own.ShowInline || d.Show == own.ShowText) {
		how = "inline"
	}
	h.Set(fiber.HeaderContentDisposition, how+`; filename="`+d.Filename+`"`)
	c.Context().Response.SetBodyRaw(d.Bytes)
}

// downloadFHIR sends the whole record to a machine.
//
//	@Summary		Download your whole record as a FHIR Bundle
//	@Description	After the action record.export was confirmed, and not in the day after a recovery.
//	@Tags			own record
//	@Security		resident
//	@Produce		application/fhir+json
//	@Success		200	{object}	main.Bundle
//	@Failure		401,403,404,429,500,503	{object}	main.Problem
//	@Router			/citizen/v1/record/fhir [get]
func (s *Service) downloadFHIR(a *asked) error {
	got, err := s.ExportFHIR(a.call.Ctx, a.caller(), a.call.RequestID)
	if err != nil {
		return err
	}
	SendExport(a.Ctx, "application/fhir+json; charset=utf-8", "record.json", got)
	return nil
}

// downloadHTML sends the whole record to a person.
//
//	@Summary		Download your whole record as a document to read and print
//	@Description	After the action record.export was confirmed, and not in the day after a recovery.
//	@Tags			own record
//	@Security		resident
//	@Produce		html
//	@Success		200	{string}	string
//	@Failure		401,403,404,429,500,503	{object}	main.Problem
//	@Router			/citizen/v1/record/document [get]
func (s *Service) downloadHTML(a *asked) error {
	got, err := s.ExportHTML(a.call.Ctx, a.caller(), a.call.RequestID)
	if err != nil {
		return err
	}
	SendExport(a.Ctx, fiber.MIMETextHTMLCharsetUTF8, "record.html", got)
	return nil
}

// SendExport answers with a copy of the record, as a file.
func SendExport(c *fiber.Ctx, contentType, name string, body []byte) {
	h := &c.Context().Response.Header
	h.SetContentType(contentType)
	h.Set(fiber.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	c.Context().Response.SetBodyRaw(body)
}

package api

import (
	"bytes"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Media types of FHIR: its own, and those that its clients send for it too.
const (
	mediaFHIR = "application/fhir+json"
	mediaJSON = "application/json"
	mediaForm = "application/x-www-form-urlencoded"
)

// acceptable refuses callers who do not take JSON.
func acceptable(ctx *fasthttp.RequestCtx) error {
	accept := ctx.Request.Header.Peek(fiber.HeaderAccept)
	switch string(accept) {
	case "", "*/*", mediaFHIR, mediaJSON:
		return nil
	}
	if web.Accepts(string(accept), mediaFHIR, mediaJSON) {
		return nil
	}
	return notAcceptable()
}

func notAcceptable() error {
	return errs.Coded(errs.Unsupported, codeNotAcceptable, "The record is given as "+mediaFHIR+" only.")
}

// format checks the value of _format, which says what Accept would.
func format(value string) error {
	media, _ := web.MediaType(value)
	// A plus sign that nobody escaped has become a blank.
	switch strings.ReplaceAll(media, " ", "+") {
	case "json", "text/json", mediaFHIR, mediaJSON:
		return nil
	}
	return notAcceptable()
}

// strictly reports whether the caller wants parameters that we do not know to be
// refused.
func strictly(ctx *fasthttp.RequestCtx) bool {
	prefer := ctx.Request.Header.Peek("Prefer")
	if len(prefer) == 0 {
		return false
	}
	for part := range bytes.FieldsFuncSeq(prefer, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		if string(part) == "handling=strict" {
			return true
		}
	}
	return false
}

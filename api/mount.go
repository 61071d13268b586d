package api

import (
	"github.com/gofiber/fiber/v2"
)

// interaction is something that FHIR lets one do: what is routed, and what the
// CapabilityStatement says.
type interaction struct {
	code         string // as FHIR names it; "" for a second way to the same, or an operation
	method, path string // below the base
	handler      fiber.Handler
	directory    bool // for types of the directory too
	ledger       bool // for the access ledger too
	op           string
}

// interactions are all that people's listener lets one do. The order is that of
// matching.
func (s *server) interactions() []interaction {
	return []interaction{
		{code: "read", method: fiber.MethodGet, path: "/:type/:id", handler: s.read, directory: true, ledger: true},
		{code: "vread", method: fiber.MethodGet, path: "/:type/:id/_history/:version", handler: s.vread},
		{code: "history-instance", method: fiber.MethodGet, path: "/:type/:id/_history", handler: s.history},
		{code: "search-type", method: fiber.MethodGet, path: "/:type", handler: s.search, ledger: true},
		{method: fiber.MethodPost, path: "/:type/_search", handler: s.searchPost},
		{method: fiber.MethodGet, path: "/Patient/:id/$everything", handler: s.everything, op: "everything"},
	}
}

// Routes that both listeners have, or that need nobody.
const (
	pathBase     = "/fhir/R4"
	pathMetadata = pathBase + "/metadata"
	pathSMART    = pathBase + "/.well-known/smart-configuration"
	pathToken    = "/oauth/token"
)

// mountPublic adds what anybody may ask; before the types, whose paths are wider.
func (s *server) mountPublic() {
	s.kinds = kindsOf()
	s.whole, s.versions = &kind{name: "$everything", bare: true}, &kind{name: "_history", bare: true}
	statement := s.capabilities()
	s.public(fiber.MethodGet, pathMetadata, s.metadata(statement))
	s.mountTokens()
}

func (s *server) mountTokens() {
	s.public(fiber.MethodGet, pathSMART, s.smartConfiguration())
	s.public(fiber.MethodPost, pathToken, s.token)
}

func (s *server) mountFHIR() {
	for _, i := range s.interactions() {
		s.protect(i.method, pathBase+i.path, i.handler)
	}
}

func (s *server) mountSources() {
	statement := s.sourceCapabilities()
	s.public(fiber.MethodGet, pathMetadata, s.metadata(statement))
	s.mountTokens()
	s.protect(fiber.MethodPost, pathBase, s.receive)
}

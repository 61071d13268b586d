// Command openapi writes docs/openapi/openapi.json of the annotations of the
// routes: swag makes Swagger 2.0 of them, and that is turned into OpenAPI 3.
//
//	@title			Dorset Care Record
//	@version		1
//	@description	One shared record: sources send, professionals read, under the person's sharing choice and the access ledger. FHIR R4; JSON only.
//	@license.name	Apache-2.0
//	@license.url	https://www.apache.org/licenses/LICENSE-2.0
//	@BasePath		/
//	@tag.name		record
//	@tag.description	Reading the record: for professionals and their clinical systems.
//	@tag.name		staff
//	@tag.description	What staff do beside reading: answering why their organisation looked, activation codes, recoveries.
//	@tag.name		residents
//	@tag.description	Residents' accounts: enrolling, logging in with a passkey, sessions, messages.
//	@tag.name		own record
//	@tag.description	What residents read of their own record, in plain words. Results that are not released yet are not in it, nor what is withheld from them.
//	@tag.name		who looked
//	@tag.description	Who looked at a resident's record, the proof of it, and asking why.
//	@tag.name		sources
//	@tag.description	Sending to the record: on the sources' listener.
//	@tag.name		about
//	@tag.description	What this server does, and how to get a token.
//	@securityDefinitions.apikey	bearer
//	@in				header
//	@name			Authorization
//	@description	Bearer and a token: of a professional's issuer, or of /oauth/token for a registered system, which names the user that it acts for by that user's own token in X-Acting-User. Sources may use a client certificate instead.
//	@securityDefinitions.apikey	resident
//	@in				header
//	@name			Authorization
//	@description	Bearer and the access token of a resident's app. A browser has the cookie __Host-dcr instead, and then each change must come from a page of ours.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/swaggo/swag"
)

func main() {
	root := flag.String("root", ".", "root of the repository")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, "openapi:", err)
		os.Exit(1)
	}
}

// file is what is written, below the root.
const file = "docs/openapi/openapi.json"

func run(root string) error {
	text, err := generate(root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, file), text, 0o644)
}

// generate returns the OpenAPI document of the annotations below root.
func generate(root string) ([]byte, error) {
	parser := swag.New(swag.SetDebugger(log.New(io.Discard, "", 0)))
	parser.ParseInternal = true
	dirs := []string{filepath.Join(root, "api"), filepath.Join(root, "professional"), filepath.Join(root, "citizen"), filepath.Join(root, "api/internal/openapi")}
	if err := parser.ParseAPIMultiSearchDir(dirs, "../api/internal/openapi/main.go", 1); err != nil {
		return nil, err
	}
	two, err := json.Marshal(parser.GetSwagger())
	if err != nil {
		return nil, err
	}
	var doc openapi2.T
	if err := json.Unmarshal(two, &doc); err != nil {
		return nil, err
	}
	three, err := openapi2conv.ToV3(&doc)
	if err != nil {
		return nil, err
	}
	// The token is a bearer token, which Swagger 2.0 cannot say.
	for _, name := range []string{"bearer", "resident"} {
		scheme := three.Components.SecuritySchemes[name]
		scheme.Value = openapi3.NewSecurityScheme().WithType("http").WithScheme("bearer").WithDescription(scheme.Value.Description)
	}
	three.Info.Contact = nil
	problems(three)
	loader := openapi3.NewLoader()
	if err := loader.ResolveRefsIn(three, nil); err != nil {
		return nil, err
	}
	if err := three.Validate(loader.Context); err != nil {
		return nil, err
	}
	raw, err := three.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// problems gives answers that are problem documents their media type: Swagger 2.0
// has one for all answers of a route.
func problems(doc *openapi3.T) {
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			for _, resp := range op.Responses.Map() {
				for _, media := range resp.Value.Content {
					if media.Schema != nil && media.Schema.Ref == "#/components/schemas/Problem" {
						resp.Value.Content = openapi3.Content{"application/problem+json": media}
						break
					}
				}
			}
		}
	}
}

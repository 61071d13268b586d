// Package fhir reads FHIR R4 JSON: strict parsing, structural validation by a
// table generated from the official definitions, small typed views, extraction
// of search tokens, splicing. No server, no store.
package fhir

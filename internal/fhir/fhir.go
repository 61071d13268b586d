// Package fhir reads FHIR R4 JSON: strict parsing, structural validation by a
// table generated from the official definitions, small typed views, extraction
// of search tokens, splicing. No server, no store.
//
// A Document refers into the bytes it was parsed from and a Node into its
// Document, so that what was sent stays as it was sent: decimals, extensions,
// order and white space. Nothing in this package prints what a resource holds:
// errors and issues name places and rules only.
package fhir

//go:generate go run ./gen

// Limits of a document. They bound what a sender can make the service hold.
const (
	MaxBytes = 32 << 20 // of one document
	MaxNodes = 1 << 20  // values in one document
	MaxDepth = 64       // objects and arrays inside each other
	maxName  = 255      // bytes of a member's name
)

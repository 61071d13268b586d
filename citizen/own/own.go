// Package own makes of the FHIR entries of a resident's record what the resident
// reads: models in plain words, for the pages and for /citizen/v1 alike. Pure: no
// store, no HTTP, no clock.
//
// Three rules hold throughout. What a source sent stays visible: its own words and
// codes stand beside ours, and where we have no plain words, theirs are shown. What
// is recorded as "none known" differs from "nothing recorded" (RULES 3). What was
// recorded by mistake is never shown as fact: of such an entry no clinical word is
// told, since it may well be about somebody else.
//
// Narrative (text.div) is never read. All text in the models is data; whoever puts
// it in a page escapes it.
package own

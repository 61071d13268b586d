// Package record is the shared record: entries, versions, provenance, merges.
// Open, which returns a View, is the only door for people; Apply the only one
// for feeds.
package record

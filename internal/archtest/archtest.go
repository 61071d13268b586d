// Package archtest keeps the import directions of docs/architecture.md true. It
// has nothing but a test: a package that is not in its table fails it, so that a
// new one is a decision.
package archtest

// Command gen writes definitions.txt, the table that package fhir validates and
// extracts by, from the official R4 definitions. Run it by go generate; its test
// fails when the committed table is not what it writes.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("gen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	from := flags.String("definitions", definitionsDir(), "folder with structuredefinitions.json.gz, searchparameters.json.gz and compartmentdefinition-patient.json (also DCR_FHIR_DEFINITIONS)")
	to := flags.String("out", "definitions.txt", "file to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	table, err := generate(*from)
	if err != nil {
		return err
	}
	return os.WriteFile(*to, table, 0o644)
}

// definitionsDir is where the definitions lie, seen from package fhir.
func definitionsDir() string {
	if dir := os.Getenv("DCR_FHIR_DEFINITIONS"); dir != "" {
		return dir
	}
	return "../../../shared/data/hl7-r4-definitions"
}

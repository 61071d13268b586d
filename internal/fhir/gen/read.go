package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// structure is what the table needs of a StructureDefinition.
type structure struct {
	ID, Kind, Type, BaseDefinition, Derivation string
	Snapshot                                   struct{ Element []element }
}

type element struct {
	Path, Short, Max string
	Min              int
	ContentReference string
	Base             struct{ Path string }
	Type             []elementType
	Binding          *struct{ Strength, ValueSet string }
}

type elementType struct {
	Code          string
	TargetProfile []string
	Extension     []struct{ URL, ValueURL string }
}

type searchParameter struct {
	Code, Type, Expression string
	Base                   []string
}

type compartment struct {
	Resource []struct {
		Code  string
		Param []string
	}
}

type definitions struct {
	structures []structure
	params     []searchParameter
	patient    compartment
}

func read(dir string) (d definitions, err error) {
	if err = decode(filepath.Join(dir, "structuredefinitions.json.gz"), &d.structures); err != nil {
		return d, err
	}
	if err = decode(filepath.Join(dir, "searchparameters.json.gz"), &d.params); err != nil {
		return d, err
	}
	return d, decode(filepath.Join(dir, "compartmentdefinition-patient.json"), &d.patient)
}

func decode(name string, into any) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := json.NewDecoder(r).Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

package fhirbundle

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// Files lists the .json files of folders, however deep, and single files, in order.
func Files(paths ...string) ([]string, error) {
	var files []string
	for _, p := range paths {
		err := filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && (name == p || strings.HasSuffix(name, ".json")) {
				files = append(files, name)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("list what to load: %w", err)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const suffix = ".checkpoint"

// LogName is the name that the log of an instance has in the store.
func LogName(instance string) string { return "ledger-" + instance }

func fileName(instance string, size uint64) string {
	return fmt.Sprintf("%s.%020d%s", LogName(instance), size, suffix)
}

// sizesIn lists the sizes of the checkpoints of an instance in a folder, in
// ascending order. The names tell, so that opening need not read them all.
func sizesIn(folder, instance string) ([]uint64, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var sizes []uint64
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), LogName(instance)+".")
		digits, isCheckpoint := strings.CutSuffix(digits, suffix)
		if !ok || !isCheckpoint {
			continue
		}
		if n, err := strconv.ParseUint(digits, 10, 63); err == nil {
			sizes = append(sizes, n)
		}
	}
	sort.Slice(sizes, func(i, j int) bool { return sizes[i] < sizes[j] })
	return sizes, nil
}

// lastOf returns the newest two checkpoints of an instance over all folders,
// newest first. A folder that is not there is made, a checkpoint that does not
// verify is an error: somebody has to look.
func lastOf(folders []string, instance string, keys note.Verifiers) ([]*Checkpoint, error) {
	where := map[uint64]string{}
	for _, folder := range folders {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, fmt.Errorf("make the checkpoint folder: %w", err)
		}
		sizes, err := sizesIn(folder, instance)
		if err != nil {
			return nil, fmt.Errorf("list the checkpoints: %w", err)
		}
		for _, n := range sizes[max(0, len(sizes)-2):] {
			if where[n] == "" {
				where[n] = folder
			}
		}
	}
	sizes := make([]uint64, 0, len(where))
	for n := range where {
		sizes = append(sizes, n)
	}
	sort.Slice(sizes, func(i, j int) bool { return sizes[i] > sizes[j] })
	var out []*Checkpoint
	for _, n := range sizes[:min(2, len(sizes))] {
		path := filepath.Join(where[n], fileName(instance, n))
		c, err := readCheckpoint(path, keys)
		if err != nil {
			return nil, err
		}
		if c.Size != n || c.Instance != instance {
			return nil, fmt.Errorf("checkpoint %s: it is not the one that its name says", path)
		}
		out = append(out, c)
	}
	return out, nil
}

func readCheckpoint(path string, keys note.Verifiers) (*Checkpoint, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the checkpoint: %w", err)
	}
	c, err := OpenCheckpoint(text, keys)
	if err != nil {
		return nil, fmt.Errorf("checkpoint %s: %w", path, err)
	}
	return c, nil
}

// save writes c to every folder.
func (c *Checkpoint) save(folders []string) error {
	var failed error
	for _, folder := range folders {
		if err := writeFile(filepath.Join(folder, fileName(c.Instance, c.Size)), c.Note, 0o644); err != nil {
			failed = errors.Join(failed, fmt.Errorf("write the checkpoint: %w", err))
		}
	}
	return failed
}

// supersedes reports whether c takes the place of the one before it, given the one
// before that: one stays for at most every events and for each day, so that they do
// not pile up while what lies between two of them stays narrow.
func (c *Checkpoint) supersedes(before, kept *Checkpoint, every uint64) bool {
	return kept != nil && before.Size != c.Size && c.Size-kept.Size <= every && before.Time.Truncate(day).Equal(c.Time.Truncate(day))
}

func (c *Checkpoint) remove(folders []string) error {
	var failed error
	for _, folder := range folders {
		err := os.Remove(filepath.Join(folder, fileName(c.Instance, c.Size)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, fmt.Errorf("remove a checkpoint that another took the place of: %w", err))
		}
	}
	return failed
}

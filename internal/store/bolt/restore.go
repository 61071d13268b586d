package bolt

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"go.etcd.io/bbolt"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
	"github.com/dorsetcarerecord/dcr/internal/store/seglog"
)

// Restore puts a backup into dir, which must be empty or not exist. It verifies that
// the backup is whole, that its logs open, and the checksum of every document; after an
// error dir is empty again. Engine.Check verifies the rest.
func Restore(r io.Reader, dir string) error {
	if err := emptyFolder(dir); err != nil {
		return err
	}
	found, m, err := extract(tar.NewReader(bufio.NewReaderSize(r, 1<<20)), dir)
	if err == nil {
		err = verify(found, m)
	}
	if err == nil {
		err = openLogs(dir, m)
	}
	if err == nil {
		err = verifyDocuments(filepath.Join(dir, dataFile+".part"))
	}
	if err == nil {
		// Last: without it the folder is no store.
		err = os.Rename(filepath.Join(dir, dataFile+".part"), filepath.Join(dir, dataFile))
	}
	if err == nil {
		err = syncTree(dir)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("restore: %w", err), empty(dir))
	}
	return nil
}

func emptyFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("restore: %s is not empty: name a folder that is, or a new one", dir)
	}
	return nil
}

// extract writes the files of the stream and returns what it found, and the manifest.
func extract(t *tar.Reader, dir string) (found map[string]listed, m *manifest, err error) {
	found = map[string]listed{}
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) && m != nil {
			return found, m, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%w: the backup is cut short or not a backup (%w)", driver.ErrCorrupt, err)
		}
		if m != nil {
			return nil, nil, fmt.Errorf("%w: the backup goes on after its end", driver.ErrCorrupt)
		}
		if h.Name == manifestFile {
			m = &manifest{}
			if err := json.NewDecoder(t).Decode(m); err != nil {
				return nil, nil, fmt.Errorf("%w: the list of the backup's files: %w", driver.ErrCorrupt, err)
			}
			continue
		}
		f, err := extractFile(t, h.Name, dir)
		if err != nil {
			return nil, nil, err
		}
		found[h.Name] = f
	}
}

func extractFile(r io.Reader, name, dir string) (listed, error) {
	target := filepath.Join(dir, filepath.FromSlash(name))
	switch log, file := path.Split(name); {
	case name == dataFile:
		target += ".part"
	case path.Dir(path.Clean(log)) == logsDir && path.Ext(file) == ".seg" && driver.CheckLogName(path.Base(log)) == nil && filepath.IsLocal(name):
	default:
		return listed{}, fmt.Errorf("%w: a backup has no file %q", driver.ErrCorrupt, name)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return listed{}, err
	}
	out, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return listed{}, err
	}
	defer out.Close()
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, hash), r)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return listed{}, fmt.Errorf("%w: the backup is cut short in %s", driver.ErrCorrupt, name)
	}
	if err != nil {
		return listed{}, fmt.Errorf("write %s: %w", name, err)
	}
	return listed{name, n, hex.EncodeToString(hash.Sum(nil))}, out.Sync()
}

func verify(found map[string]listed, m *manifest) error {
	if m.Format > formatVersion {
		return fmt.Errorf("the backup is of format %d, and this program knows up to %d: use a newer program", m.Format, formatVersion)
	}
	if len(found) != len(m.Files) || found[dataFile].Name == "" {
		return fmt.Errorf("%w: the backup has other files than it lists", driver.ErrCorrupt)
	}
	for _, f := range m.Files {
		if found[f.Name] != f {
			return fmt.Errorf("%w: %s of the backup is not as it was written", driver.ErrCorrupt, f.Name)
		}
	}
	return nil
}

// verifyDocuments verifies the pages of a data file and the checksums of its documents,
// also of collections that this program does not know.
func verifyDocuments(path string) error {
	db, err := openFile(path, true)
	if err != nil {
		return err
	}
	if err := pages(db); err != nil {
		return errors.Join(err, db.Close())
	}
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
			if !bytes.HasPrefix(name, []byte(docsPrefix)) {
				return nil
			}
			var v value
			return bucket.ForEach(func(key, b []byte) error { return v.parse(string(name[len(docsPrefix):]), key, b) })
		})
	})
	return errors.Join(err, db.Close())
}

// openLogs verifies that the logs open with the records they should have, and leaves
// the notes of their length.
func openLogs(dir string, m *manifest) error {
	if err := os.MkdirAll(filepath.Join(dir, logsDir), 0o700); err != nil {
		return err
	}
	for _, at := range m.Logs {
		l, err := seglog.Open(filepath.Join(dir, logsDir, at.Name), seglog.Options{})
		if err != nil {
			return err
		}
		n := l.Len()
		if err := l.Close(); err != nil {
			return err
		}
		if n != at.Records {
			return fmt.Errorf("%w: log %s of the backup has %d records and should have %d", driver.ErrCorrupt, at.Name, n, at.Records)
		}
	}
	return nil
}

// syncTree makes the folders durable; the files are.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		defer f.Close()
		return f.Sync()
	})
}

// empty takes what was restored away again; dir was empty before.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

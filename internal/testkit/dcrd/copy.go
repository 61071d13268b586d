package dcrd

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Copy makes another service in dir of the same county, partners, issuer and
// certificates, with a copy of all that this one has stored. This one is stopped
// meanwhile. Ids are the same in both.
func (s *Service) Copy(dir string, settings ...string) (*Service, error) {
	c := &Service{Dir: dir, binary: s.binary, County: s.County, Issuer: s.Issuer, authority: s.authority, certs: s.certs}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := errors.Join(copyTree(s.Data(), c.Data()), copyTree(s.Checkpoints(), c.Checkpoints())); err != nil {
		return nil, err
	}
	return c, c.configure(settings)
}

// copyTree copies folders and files with their modes, which are part of what dcrd
// checks of a key.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch target := filepath.Join(to, rel); {
		case d.IsDir():
			return os.MkdirAll(target, info.Mode().Perm())
		case info.Mode().IsRegular():
			return copyFile(path, target, info.Mode().Perm())
		}
		return nil
	})
}

func copyFile(from, to string, mode fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

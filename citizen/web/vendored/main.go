// Command vendored fetches what the web app and its tests take from others, at a
// pinned version and checksum, from the npm registry:
//
//	go run ./citizen/web/vendored nhsuk   writes citizen/web/assets/nhsuk.css, which is committed
//	go run ./citizen/web/vendored axe     writes var/axe.min.js, which the browser tests load and nobody commits
//
// The style sheet of nhsuk-frontend loads a font from another site. Our pages may
// make no such request, so every @font-face and every url() is taken out, and the
// font's name is replaced by fonts that the reader's device has.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// module is a file of a module of the registry.
type module struct {
	name, version string
	sum           string // SHA-512 of the archive, as the registry lists it
	file          string // in the archive
	to            string // in the repository
	change        func([]byte) ([]byte, error)
}

const nhsukVersion = "10.6.1"

func known(name string) (module, error) {
	switch name {
	case "nhsuk":
		return module{
			name: "nhsuk-frontend", version: nhsukVersion,
			sum:    "PZorqQZjZx/A26yJoskCL9z0ib6AtkAyF0o4K/RHr8zRrJyXrUOCnMbjy0VNXsGO4tfTNMwqlkwATKs4a0xayw==",
			file:   "package/dist/nhsuk/nhsuk-frontend-" + nhsukVersion + ".min.css",
			to:     "citizen/web/assets/nhsuk.css",
			change: strip,
		}, nil
	case "axe":
		return module{
			name: "axe-core", version: "4.14.1",
			sum:    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
			file:   "package/axe.min.js",
			to:     "var/axe.min.js",
			change: func(b []byte) ([]byte, error) { return b, nil },
		}, nil
	}
	return module{}, fmt.Errorf("%q is not known: nhsuk or axe", name)
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "vendored:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("say which: nhsuk or axe")
	}
	m, err := known(args[0])
	if err != nil {
		return err
	}
	raw, err := m.fetch()
	if err != nil {
		return err
	}
	out, err := m.change(raw)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(m.to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(m.to, out, 0o644)
}

// fetch returns the file out of the module's archive, if the archive is the one
// that was pinned.
func (m module) fetch() ([]byte, error) {
	client := &http.Client{Timeout: time.Minute}
	r, err := client.Get(fmt.Sprintf("https://registry.npmjs.org/%s/-/%s-%s.tgz", m.name, m.name, m.version))
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the registry answers %s", r.Status)
	}
	archive, err := io.ReadAll(io.LimitReader(r.Body, 16<<20))
	if err != nil {
		return nil, err
	}
	sum := sha512.Sum512(archive)
	if base64.StdEncoding.EncodeToString(sum[:]) != m.sum {
		return nil, fmt.Errorf("%s %s is not what was pinned", m.name, m.version)
	}
	return unpack(archive, m.file)
}

func unpack(archive []byte, file string) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if h.Name == file {
			return io.ReadAll(io.LimitReader(t, 4<<20))
		}
	}
}

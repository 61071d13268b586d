package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Key signs and checks checkpoints.
type Key struct {
	Signer   note.Signer
	Verifier note.Verifier
	Public   string // as note.NewVerifier reads it: give it to whoever verifies
}

// NewKey makes a key for an instance; secret is what ParseKey reads.
func NewKey(instance string, random io.Reader) (secret string, err error) {
	secret, _, err = note.GenerateKey(random, Origin(instance))
	return secret, err
}

// ParseKey reads a secret key as NewKey wrote it.
func ParseKey(secret string) (Key, error) {
	bad := errors.New("the ledger's key is not one that dcrd made (PRIVATE+KEY+...)")
	signer, err := note.NewSigner(strings.TrimSpace(secret))
	if err != nil {
		return Key{}, bad // without the cause, which may quote the key
	}
	parts := strings.SplitN(strings.TrimSpace(secret), "+", 5)
	seed, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return Key{}, bad
	}
	public, err := publicKey(signer.Name(), seed[1:])
	if err != nil {
		return Key{}, bad
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return Key{}, bad
	}
	return Key{Signer: signer, Verifier: verifier, Public: public}, nil
}

func publicKey(name string, seed []byte) (string, error) {
	return note.NewEd25519VerifierKey(name, ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey))
}

// LoadKey reads the key file of an instance, and makes it (mode 0600) if there is
// none. Beside it lies <file>.pub: the public key, for whoever verifies.
func LoadKey(file, instance string) (Key, error) {
	secret, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		text, err := NewKey(instance, rand.Reader)
		if err != nil {
			return Key{}, fmt.Errorf("make the ledger's key: %w", err)
		}
		secret = []byte(text + "\n")
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return Key{}, fmt.Errorf("make the folder of the ledger's key: %w", err)
		}
		if err := writeFile(file, secret, 0o600); err != nil {
			return Key{}, fmt.Errorf("write the ledger's key: %w", err)
		}
	} else if err != nil {
		return Key{}, fmt.Errorf("read the ledger's key: %w", err)
	}
	key, err := ParseKey(string(secret))
	if err != nil {
		return Key{}, fmt.Errorf("%s: %w", file, err)
	}
	if _, err := os.Stat(file + ".pub"); errors.Is(err, fs.ErrNotExist) {
		if err := writeFile(file+".pub", []byte(key.Public+"\n"), 0o644); err != nil {
			return Key{}, fmt.Errorf("write the ledger's public key: %w", err)
		}
	}
	return key, nil
}

// writeFile makes or replaces a file so that after a power cut either the old or
// the new one is there, whole.
func writeFile(path string, body []byte, mode fs.FileMode) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".tmp-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(body)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

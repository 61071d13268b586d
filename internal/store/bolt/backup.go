package bolt

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/store/seglog"
)

// A backup is a tar stream: the data file, the segments of the logs, and at the end a
// list of all with their checksums, so that a stream cut short is told from a whole
// one.
const manifestFile = "manifest.json"

type manifest struct {
	Format int        `json:"format"`
	Files  []listed   `json:"files"`
	Logs   []loggedAt `json:"logs"`
}

type listed struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

type loggedAt struct {
	Name    string `json:"name"`
	Records uint64 `json:"records"`
}

// backup is one under way.
type backup struct {
	ctx         context.Context
	tar         *tar.Writer
	manifest    manifest
	done, total int64
	tell        func(done, total int64)
}

// Backup implements driver.Backuper. The documents are taken first and the logs after
// them: a document may refer to a log record, which was durable before it, and so
// every record that a document of the copy refers to is in the copy.
func (e *Engine) Backup(ctx context.Context, w io.Writer, progress func(done, total int64)) error {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	tx, err := e.begin(ctx)
	if err != nil {
		return err
	}
	defer end(tx)
	_, logBytes, err := e.allLogs(ctx)
	if err != nil {
		return err
	}
	b := &backup{ctx: ctx, tar: tar.NewWriter(w), tell: progress, total: tx.Size() + logBytes, manifest: manifest{Format: formatVersion}}
	err = b.file(dataFile, tx.Size(), func(w io.Writer) error { return copyAround(tx, w) })
	if err != nil {
		return err
	}
	if err := tx.Rollback(); err != nil { // pages it held may be used again while the logs are copied
		return err
	}
	if err := e.backupLogs(b); err != nil {
		return err
	}
	return b.finish()
}

// allLogs opens every log there is and returns how many bytes they have.
func (e *Engine) allLogs(ctx context.Context) ([]*seglog.Log, int64, error) {
	names, err := e.Logs(ctx)
	if err != nil {
		return nil, 0, err
	}
	var logs []*seglog.Log
	size := int64(0)
	for _, name := range names {
		l, err := e.openLog(name)
		if err != nil {
			return nil, 0, err
		}
		parts, err := l.Parts()
		if err != nil {
			return nil, 0, err
		}
		for i := range parts {
			size += parts[i].Size
		}
		logs = append(logs, l)
	}
	return logs, size, nil
}

func (e *Engine) backupLogs(b *backup) error {
	names, err := e.Logs(b.ctx)
	if err != nil {
		return err
	}
	buf := make([]byte, pieceLen)
	for _, name := range names {
		l, err := e.openLog(name)
		if err != nil {
			return err
		}
		parts, err := l.Parts()
		if err != nil {
			return err
		}
		records := uint64(0)
		for i := range parts {
			records += parts[i].Records()
			err := b.file(path.Join(logsDir, name, parts[i].Name), parts[i].Size, func(w io.Writer) error {
				_, err := (&pieces{Writer: w, buf: buf}).ReadFrom(parts[i].Reader())
				return err
			})
			if err != nil {
				return err
			}
		}
		b.manifest.Logs = append(b.manifest.Logs, loggedAt{name, records})
	}
	return nil
}

// file adds a file whose bytes write gives.
func (b *backup) file(name string, size int64, write func(io.Writer) error) error {
	err := b.tar.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, Format: tar.FormatPAX, ModTime: time.Unix(0, 0)})
	if err != nil {
		return fmt.Errorf("back up %s: %w", name, err)
	}
	hash := sha256.New()
	if err := write(io.MultiWriter(b, hash)); err != nil {
		return fmt.Errorf("back up %s: %w", name, err)
	}
	b.manifest.Files = append(b.manifest.Files, listed{name, size, hex.EncodeToString(hash.Sum(nil))})
	return nil
}

// Write passes bytes on as long as nobody has given up, and tells how far it is.
func (b *backup) Write(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.tar.Write(p)
	b.done += int64(n)
	b.tell(min(b.done, b.total), b.total)
	return n, err
}

func (b *backup) finish() error {
	text, err := json.MarshalIndent(b.manifest, "", "  ")
	if err != nil {
		return err
	}
	err = b.tar.WriteHeader(&tar.Header{Name: manifestFile, Size: int64(len(text)), Mode: 0o600, Format: tar.FormatPAX, ModTime: time.Unix(0, 0)})
	if err != nil {
		return fmt.Errorf("back up the manifest: %w", err)
	}
	if _, err := b.tar.Write(text); err != nil {
		return fmt.Errorf("back up the manifest: %w", err)
	}
	b.tell(b.total, b.total)
	return b.tar.Close()
}

// Package bolt is the embedded engine: documents in one bbolt file, logs in segment
// files beside it. One committer makes many commits durable with one transaction.
package bolt

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
	"github.com/dorsetcarerecord/dcr/internal/store/seglog"
)

const (
	dataFile = "dcr.db"
	logsDir  = "logs"

	// Address space kept for the data file: as long as it fits, growing needs no new
	// mapping, for which a writer would wait for all readers.
	mapSize      = 64 << 30
	mapSizeSmall = 1 << 30
)

// Options of an engine. The zero value is right for production.
type Options struct {
	Now func() time.Time // the clock that documents expire by; time.Now
	Log seglog.Options

	// NoSync lets commits and appends return before they are durable. For tests of other
	// packages, which would otherwise wait for the disk.
	NoSync bool

	// Observe is told of each batch that was written, or could not be; it may be nil.
	Observe func(took time.Duration, err error)
}

// Engine is an open folder.
type Engine struct {
	dir         string
	now         func() time.Time
	db          *bbolt.DB
	schema      *driver.Schema
	collections map[string]*collection
	logOptions  seglog.Options
	observe     func(time.Duration, error)

	requests chan *request
	done     sync.WaitGroup
	closing  sync.RWMutex // held for reading while sending to requests
	closed   bool
	broken   atomic.Pointer[error] // why nothing can be written until a restart
	reserve  reserve
	ahead    *ahead
	opening  string

	logsMu sync.Mutex
	logs   map[string]*seglog.Log
}

var (
	_ driver.Engine    = (*Engine)(nil)
	_ driver.Backuper  = (*Engine)(nil)
	_ driver.Exclusive = (*Engine)(nil)
)

// Open opens the store in dir, making it if need be. One process at a time can.
func Open(dir string, specs []driver.Spec, opts Options) (*Engine, error) {
	schema, err := driver.NewSchema(specs)
	if err != nil {
		return nil, err
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if err := os.MkdirAll(filepath.Join(dir, logsDir), 0o700); err != nil {
		return nil, fmt.Errorf("store: make the data folder: %w", err)
	}
	opts.Log.NoSync = opts.Log.NoSync || opts.NoSync
	db, err := openFile(filepath.Join(dir, dataFile), opts.NoSync)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		dir: dir, now: opts.Now, db: db, schema: schema, collections: compile(schema), logOptions: opts.Log, observe: opts.Observe,
		requests: make(chan *request, 1024), opening: rand.Text(), logs: map[string]*seglog.Log{},
	}
	if err := e.prepare(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if !opts.NoSync {
		if e.reserve.file, err = os.OpenFile(db.Path(), os.O_WRONLY, 0o600); err != nil {
			return nil, errors.Join(fmt.Errorf("store: open the data file: %w", err), db.Close())
		}
	}
	if e.ahead, err = openAhead(db); err != nil {
		return nil, errors.Join(fmt.Errorf("store: map the data file: %w", err), e.reserve.close(), db.Close())
	}
	e.done.Go(e.commitLoop)
	return e, nil
}

func openFile(path string, noSync bool) (*bbolt.DB, error) {
	o := bbolt.Options{
		Timeout:         time.Second,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mapSize,
		NoSync:          noSync,
		NoGrowSync:      noSync,
		NoStatistics:    true,
	}
	db, err := bbolt.Open(path, 0o600, &o)
	if err != nil && errors.Is(err, errNoMemory) {
		o.InitialMmapSize = mapSizeSmall
		db, err = bbolt.Open(path, 0o600, &o)
	}
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("%w: %s is open in another process: a dcrd is running on this folder; talk to it, or stop it first", driver.ErrUnavailable, path)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%w: %s is not a whole store (%w); restore it from a backup", driver.ErrCorrupt, path, err)
	case err != nil:
		return nil, fmt.Errorf("store: open %s: %w", path, err)
	}
	return db, nil
}

// Close implements driver.Engine.
func (e *Engine) Close() error {
	e.closing.Lock()
	if e.closed {
		e.closing.Unlock()
		return nil
	}
	e.closed = true
	close(e.requests)
	e.closing.Unlock()
	e.done.Wait()
	var errs []error
	e.logsMu.Lock()
	for _, l := range e.logs {
		errs = append(errs, l.Close())
	}
	e.logsMu.Unlock()
	return errors.Join(append(errs, e.reserve.close(), e.db.Close(), e.ahead.close())...)
}

// Opening implements driver.Exclusive: while the data file is open, nobody else has it.
func (e *Engine) Opening() string { return e.opening }

// Log implements driver.Engine.
func (e *Engine) Log(ctx context.Context, name string) (driver.Log, error) {
	l, err := e.openLog(name)
	if err != nil {
		return nil, err // not l: a nil *seglog.Log is no nil driver.Log
	}
	return l, nil
}

// Own implements driver.Engine. Other processes are kept out by the lock of the data file.
func (e *Engine) Own(ctx context.Context, name string) (driver.Log, error) {
	l, err := e.openLog(name)
	if err != nil {
		return nil, err
	}
	return l.Own(ctx)
}

func (e *Engine) openLog(name string) (*seglog.Log, error) {
	if err := driver.CheckLogName(name); err != nil {
		return nil, err
	}
	e.closing.RLock()
	defer e.closing.RUnlock()
	if e.closed {
		return nil, driver.ErrClosed
	}
	e.logsMu.Lock()
	defer e.logsMu.Unlock()
	if l := e.logs[name]; l != nil {
		return l, nil
	}
	l, err := seglog.Open(filepath.Join(e.dir, logsDir, name), e.logOptions)
	if err != nil {
		return nil, err
	}
	e.logs[name] = l
	return l, nil
}

// Logs implements driver.Engine. A log whose folder is gone is listed as long as the
// note of its length is there, so that opening it tells of the loss.
func (e *Engine) Logs(context.Context) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(e.dir, logsDir))
	if err != nil {
		return nil, fmt.Errorf("store: list the logs: %w", err)
	}
	var names []string
	for _, f := range entries {
		if name, isNote := f.Name(), filepath.Ext(f.Name()) == ".len"; isNote {
			names = append(names, name[:len(name)-len(".len")])
		}
	}
	return names, nil
}

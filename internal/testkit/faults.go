package testkit

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// What of a store can be made to fail, beside its logs, which go by their names.
const (
	Documents = "documents" // committing them
	Reading   = "reading"   // documents and logs
)

// Faults stand between the service and the engine of its store.
type Faults struct {
	mu      sync.Mutex
	changed *sync.Cond
	fails   map[string]error
	hangs   map[string]chan struct{}
	alters  map[string]func([]byte) []byte
	calls   map[string]int
	waiting int
	dead    bool
}

func newFaults() *Faults {
	f := &Faults{fails: map[string]error{}, hangs: map[string]chan struct{}{}, alters: map[string]func([]byte) []byte{}, calls: map[string]int{}}
	f.changed = sync.NewCond(&f.mu)
	return f
}

// Fail makes a part of the store fail with err, as an engine would say it; nil heals.
func (f *Faults) Fail(part string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		err = errors.Join(driver.ErrUnavailable, err)
	}
	f.fails[part] = err
}

// Hang makes a part of the store answer nobody until release is called. Who waits
// until then is served.
func (f *Faults) Hang(parts ...string) (release func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	stuck := make(chan struct{})
	for _, p := range parts {
		f.hangs[p] = stuck
	}
	return sync.OnceFunc(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, p := range parts {
			delete(f.hangs, p)
		}
		close(stuck)
	})
}

// Await returns when n callers wait for what hangs.
func (f *Faults) Await(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.waiting < n {
		f.changed.Wait()
	}
}

// Alter changes what is read of a collection's bodies or a log's records. It must not
// change the bytes that it is given.
func (f *Faults) Alter(name string, change func([]byte) []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.alters[name] = change
}

var errKilled = errors.Join(driver.ErrUnavailable, errors.New("killed"))

// Calls returns how often each part of the store was called since it was last asked.
func (f *Faults) Calls() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := f.calls
	f.calls = map[string]int{}
	return calls
}

// kill ends all that reaches the store.
func (f *Faults) kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = true
}

// pass lets an operation on a part of the store through, sooner or later.
func (f *Faults) pass(ctx context.Context, part string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[part]++
	if f.dead {
		return errKilled
	}
	if stuck := f.hangs[part]; stuck != nil {
		f.waiting++
		f.changed.Broadcast()
		f.mu.Unlock()
		var err error
		select {
		case <-stuck:
		case <-ctx.Done():
			err = ctx.Err()
		}
		f.mu.Lock()
		f.waiting--
		if err != nil {
			return err
		}
	}
	return f.fails[part]
}

func (f *Faults) altered(name string, b []byte) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	if change := f.alters[name]; change != nil {
		return change(b)
	}
	return b
}

func (f *Faults) over(e driver.Engine) driver.Engine { return faulty{e, f} }

// faulty is an engine with faults.
type faulty struct {
	driver.Engine
	f *Faults
}

func (e faulty) look(visit driver.Visit) driver.Visit {
	return func(d *driver.Doc) bool {
		d.Body = e.f.altered(d.Collection, d.Body)
		return visit(d)
	}
}

func (e faulty) Get(ctx context.Context, refs []driver.Ref, visit driver.Visit) error {
	if err := e.f.pass(ctx, Reading); err != nil {
		return err
	}
	return e.Engine.Get(ctx, refs, e.look(visit))
}

func (e faulty) Find(ctx context.Context, q driver.Query, visit driver.Visit) ([]byte, error) {
	if err := e.f.pass(ctx, Reading); err != nil {
		return nil, err
	}
	return e.Engine.Find(ctx, q, e.look(visit))
}

func (e faulty) Due(ctx context.Context, queue string, before time.Time, limit int, visit driver.Visit) error {
	if err := e.f.pass(ctx, Reading); err != nil {
		return err
	}
	return e.Engine.Due(ctx, queue, before, limit, e.look(visit))
}

func (e faulty) Commit(ctx context.Context, partition string, ops []driver.Op) error {
	if err := e.f.pass(ctx, Documents); err != nil {
		return err
	}
	return e.Engine.Commit(ctx, partition, ops)
}

func (e faulty) Log(ctx context.Context, name string) (driver.Log, error) {
	l, err := e.Engine.Log(ctx, name)
	if err != nil {
		return nil, err
	}
	return faultyLog{l, name, e.f}, nil
}

func (e faulty) Own(ctx context.Context, name string) (driver.Log, error) {
	l, err := e.Engine.Own(ctx, name)
	if err != nil {
		return nil, err
	}
	return faultyLog{l, name, e.f}, nil
}

// Opening implements driver.Exclusive.
func (e faulty) Opening() string {
	if x, ok := e.Engine.(driver.Exclusive); ok {
		return x.Opening()
	}
	return ""
}

// Backup implements driver.Backuper.
func (e faulty) Backup(ctx context.Context, w io.Writer, progress func(done, total int64)) error {
	b, ok := e.Engine.(driver.Backuper)
	if !ok {
		return errors.ErrUnsupported
	}
	return b.Backup(ctx, w, progress)
}

type faultyLog struct {
	driver.Log
	name string
	f    *Faults
}

func (l faultyLog) Append(ctx context.Context, records ...[]byte) (uint64, error) {
	if err := l.f.pass(ctx, l.name); err != nil {
		return 0, err
	}
	return l.Log.Append(ctx, records...)
}

func (l faultyLog) Read(ctx context.Context, from uint64, visit func(uint64, []byte) bool) error {
	if err := l.f.pass(ctx, Reading); err != nil {
		return err
	}
	return l.Log.Read(ctx, from, func(n uint64, record []byte) bool { return visit(n, l.f.altered(l.name, record)) })
}

package mongo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// maxAppend is how many bytes one Append may have, as in the embedded engine.
const maxAppend = 64 << 20

// log is one that this process appends to, or only reads. Of a log that another process appends
// to, Len is what it was when it was last opened or read.
type log struct {
	logReader
	writer   int64         // tells its batches from another's
	requests chan *request // nil once it is closed
	closing  sync.RWMutex  // held for reading while sending to requests
	done     sync.WaitGroup
	length   atomic.Uint64
	fenced   atomic.Bool

	// Of the goroutine that appends:
	next   uint64 // where the next batch goes
	unsure bool   // the last batch may be there or not
	held   bool   // the place of the next batch is kept by an empty one of ours; see Own
}

type request struct {
	ctx     context.Context
	records [][]byte
	size    int
	first   uint64
	err     error
	done    chan struct{}
}

// Log implements driver.Engine. Opened again, a log that was lost to another writer is a new one
// that goes on where the other is.
func (e *Engine) Log(ctx context.Context, name string) (driver.Log, error) {
	if err := driver.CheckLogName(name); err != nil {
		return nil, err
	}
	leave, err := e.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	e.logsMu.Lock()
	defer e.logsMu.Unlock()
	if l := e.logs[name]; l != nil && !l.fenced.Load() {
		return l, readFault(ctx, "open log "+name, l.refresh(ctx))
	}
	if err := e.nameLog(ctx, name); err != nil {
		return nil, readFault(ctx, "open log "+name, err)
	}
	requests := make(chan *request)
	l := &log{logReader: logReader{e: e, name: name}, writer: rand.Int64(), requests: requests}
	if l.next, _, err = l.end(ctx); err != nil {
		return nil, readFault(ctx, "open log "+name, err)
	}
	l.length.Store(l.next)
	if lost := e.logs[name]; lost != nil {
		lost.close()
	}
	e.logs[name] = l
	l.done.Go(func() { l.loop(requests) })
	return l, nil
}

func (e *Engine) nameLog(ctx context.Context, name string) error {
	id := bson.D{{Key: fID, Value: name}}
	_, err := e.db.Collection(logsName).UpdateOne(ctx, id, bson.D{{Key: "$set", Value: bson.D{{Key: fLog, Value: name}}}}, options.UpdateOne().SetUpsert(true))
	if mongo.IsDuplicateKeyError(err) {
		return nil
	}
	return err
}

// Logs implements driver.Engine.
func (e *Engine) Logs(ctx context.Context) ([]string, error) {
	leave, err := e.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	names, err := e.logNames(ctx)
	return names, readFault(ctx, "list the logs", err)
}

func (e *Engine) logNames(ctx context.Context) (names []string, err error) {
	cur, err := e.db.Collection(logsName).Find(ctx, bson.D{}, options.Find().SetSort(bson.D{{Key: fID, Value: 1}}))
	if err != nil {
		return nil, err
	}
	for cur.Next(ctx) {
		if name, ok := cur.Current.Lookup(fID).StringValueOK(); ok {
			names = append(names, name)
		}
	}
	return names, done(ctx, cur)
}

// refresh looks how long the log is by now.
func (l *log) refresh(ctx context.Context) error {
	n, _, err := l.end(ctx)
	if err == nil {
		l.grow(n)
	}
	return err
}

func (l *log) grow(n uint64) {
	for {
		now := l.length.Load()
		if n <= now || l.length.CompareAndSwap(now, n) {
			return
		}
	}
}

// Len implements driver.Log.
func (l *log) Len() uint64 { return l.length.Load() }

// Read implements driver.Log.
func (l *log) Read(ctx context.Context, from uint64, visit func(n uint64, record []byte) bool) error {
	leave, err := l.e.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return readFault(ctx, "read log "+l.name, l.read(ctx, from, func(n uint64, record []byte) bool {
		l.grow(n + 1)
		return visit(n, record)
	}))
}

// Append implements driver.Log. Once it waits for its batch it is not interrupted.
func (l *log) Append(ctx context.Context, records ...[]byte) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	r := &request{ctx: ctx, records: records, done: make(chan struct{})}
	for _, rec := range records {
		if len(rec) > driver.MaxRecord {
			return 0, fmt.Errorf("%w: a record of %d bytes, %d are allowed", driver.ErrTooLarge, len(rec), driver.MaxRecord)
		}
		r.size += len(rec)
	}
	if r.size > maxAppend {
		return 0, fmt.Errorf("%w: %d bytes in one append, %d are allowed", driver.ErrTooLarge, r.size, maxAppend)
	}
	l.closing.RLock()
	if l.requests == nil {
		l.closing.RUnlock()
		if l.fenced.Load() {
			return 0, l.lost()
		}
		return 0, driver.ErrClosed
	}
	l.requests <- r
	l.closing.RUnlock()
	<-r.done
	return r.first, r.err
}

// close waits for the batch under way.
func (l *log) close() {
	l.closing.Lock()
	requests := l.requests
	l.requests = nil
	l.closing.Unlock()
	if requests != nil {
		close(requests)
	}
	l.done.Wait()
}

// loop takes what waits, writes it, and answers; while it writes the next batch gathers.
func (l *log) loop(requests <-chan *request) {
	for first := range requests {
		runtime.Gosched()
		batch := gather(requests, first)
		began := time.Now()
		ctx, cancel := l.e.own(context.Background())
		err := l.write(ctx, batch)
		cancel()
		l.e.observe(began, err)
		for _, r := range batch {
			if r.err == nil {
				r.err = err
			}
			close(r.done)
		}
	}
}

func gather(requests <-chan *request, first *request) []*request {
	batch := []*request{first}
	for size := first.size; size < maxPayload/2; {
		select {
		case r, ok := <-requests:
			if !ok {
				return batch
			}
			batch = append(batch, r)
			size += r.size
		default:
			return batch
		}
	}
	return batch
}

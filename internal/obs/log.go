// Package obs is how dcrd is seen from outside: its log, its metrics, whether it
// is alive and ready. Nothing in it names a person: routes, organisations and
// clients at most.
package obs

import (
	"io"
	"log/slog"
	"sync"
	"time"
)

// flushEvery is how long a log line may wait; flushAt, how many bytes may.
const (
	flushEvery = 100 * time.Millisecond
	flushAt    = 32 << 10
)

// Writer gathers log lines, so that a request does not pay for a system call. Lines
// are written after 100 ms at most, and at Close. A Writer that is full writes at
// once: nothing is dropped.
type Writer struct {
	mu     sync.Mutex
	out    io.Writer
	buf    []byte
	err    error
	closed bool

	stop chan struct{}
	done chan struct{}
}

// NewWriter returns a Writer to out. Close ends it.
func NewWriter(out io.Writer) *Writer {
	w := &Writer{out: out, buf: make([]byte, 0, flushAt+4<<10), stop: make(chan struct{}), done: make(chan struct{})}
	go w.flushes()
	return w
}

// NewLogger returns a logger of JSON lines.
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf = append(w.buf, p...)
	if len(w.buf) >= flushAt || w.closed {
		w.flush()
	}
	return len(p), nil
}

func (w *Writer) flush() {
	if len(w.buf) == 0 {
		return
	}
	if _, err := w.out.Write(w.buf); err != nil {
		w.err = err
	}
	w.buf = w.buf[:0]
}

func (w *Writer) flushes() {
	defer close(w.done)
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.mu.Lock()
			w.flush()
			w.mu.Unlock()
		case <-w.stop:
			return
		}
	}
}

// Close writes what is left and returns the last error of out. What is written
// after it is passed on at once.
func (w *Writer) Close() error {
	w.mu.Lock()
	first := !w.closed
	w.closed = true
	w.mu.Unlock()
	if first {
		close(w.stop)
	}
	<-w.done
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flush()
	return w.err
}

package operator

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// line is one line of an answer that tells how far it is: progress, and at the
// end what came out or what went wrong.
type line struct {
	Done  int64          `json:"done,omitzero"`
	Total int64          `json:"total,omitzero"`
	Ended bool           `json:"ended,omitzero"`
	Told  jsontext.Value `json:"told,omitzero"`
	Fault *fault         `json:"fault,omitzero"`
}

// tellEvery is how often progress is told.
const tellEvery = 100 * time.Millisecond

// progressive makes a handler of something that takes its time.
func progressive(do func(ctx context.Context, p Progress) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		out := http.NewResponseController(w)
		write := func(l line) {
			if b, err := json.Marshal(l); err == nil {
				_, _ = w.Write(append(b, '\n'))
				_ = out.Flush()
			}
		}
		var last time.Time
		told, err := do(r.Context(), func(done, total int64) {
			if now := time.Now(); now.Sub(last) >= tellEvery {
				last = now
				write(line{Done: done, Total: total})
			}
		})
		end := line{Ended: true}
		if err == nil {
			end.Told, err = json.Marshal(told)
		}
		if err != nil {
			f := faultOf(err)
			end.Fault = &f
		}
		write(end)
	})
}

// follow reads what progressive writes.
func follow(r io.Reader, progress Progress, told any) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxBody)
	for lines.Scan() {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return errs.Wrap(errs.Unavailable, err, "the server's answer broke off")
		}
		switch {
		case l.Fault != nil:
			return l.Fault.err()
		case l.Ended && told == nil:
			return nil
		case l.Ended:
			return json.Unmarshal(l.Told, told)
		case progress != nil:
			progress(l.Done, l.Total)
		}
	}
	return errs.Wrap(errs.Unavailable, lines.Err(), "the server's answer broke off")
}

// faultTrailer tells at the end of a stream of bytes that it is not whole.
const faultTrailer = "X-Dcr-Fault"

// endTrailer tells that it is.
const endTrailer = "X-Dcr-End"

// backup streams the tar. What goes wrong on the way is told in a trailer, and a
// stream without either trailer was cut.
func backup(ops Operations) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-tar")
		w.Header().Set("Trailer", faultTrailer+", "+endTrailer)
		if err := ops.Backup(r.Context(), w, func(int64, int64) {}); err != nil {
			if b, bad := json.Marshal(faultOf(err)); bad == nil {
				w.Header().Set(faultTrailer, string(b))
			}
			return
		}
		w.Header().Set(endTrailer, "whole")
	})
}

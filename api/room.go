package api

import (
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// rooms bounds how many bytes of large bodies are received at once, over all
// connections: room for a body is made when its head has come, before anybody is
// asked who sends it, so that a head alone costs as much as the body it promises.
type rooms struct {
	most int           // bytes
	life time.Duration // after which a body has come, or its connection has ended

	mu   sync.Mutex
	sum  int
	held map[*fasthttp.RequestHeader]room
}

// room is what one request has; none if it was refused any.
type room struct {
	bytes int
	until time.Time
}

func newRooms(most int, life time.Duration) *rooms {
	return &rooms{most: most, life: life, held: map[*fasthttp.RequestHeader]room{}}
}

// enter makes room for the body of a request, and reports whether there is any.
func (r *rooms) enter(h *fasthttp.RequestHeader, n int, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(h) // of a request before it, whose connection ended
	if r.sum+n > r.most {
		for h, x := range r.held {
			if x.until.Before(now) {
				r.drop(h)
			}
		}
	}
	if r.sum+n > r.most {
		r.held[h] = room{until: now.Add(r.life)}
		return false
	}
	r.sum += n
	r.held[h] = room{n, now.Add(r.life)}
	return true
}

// leave gives the room back once the request is answered. It reports whether there
// had been none.
func (r *rooms) leave(h *fasthttp.RequestHeader) (refused bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	x, ok := r.held[h]
	r.drop(h)
	return ok && x.bytes == 0
}

func (r *rooms) drop(h *fasthttp.RequestHeader) {
	r.sum -= r.held[h].bytes
	delete(r.held, h)
}

package web

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func TestLimiter(t *testing.T) {
	l := NewLimiter(10, 3)
	for i := range 3 {
		if after := l.Take("a", noon); after != 0 {
			t.Fatalf("request %d waits %v", i, after)
		}
	}
	if after := l.Take("a", noon); after != 100*time.Millisecond {
		t.Errorf("the fourth waits %v", after)
	}
	if after := l.Take("b", noon); after != 0 {
		t.Errorf("another caller waits %v", after)
	}
	if after := l.Take("a", noon.Add(100*time.Millisecond)); after != 0 {
		t.Errorf("after that, still %v", after)
	}
}

// Neither many keys one after the other nor many at one moment take memory without end.
func TestLimiterForgets(t *testing.T) {
	for name, step := range map[string]time.Duration{"one after the other": time.Second, "at one moment": 0} {
		l := NewLimiter(10, 3)
		for i := range 16 * maxBuckets * 2 {
			l.Take(fmt.Sprint(i), noon.Add(time.Duration(i)*step))
		}
		n := 0
		for i := range l.shards {
			n += len(l.shards[i].full)
		}
		if n > 16*maxBuckets {
			t.Errorf("%s: %d callers are remembered", name, n)
		}
	}
}

// tries makes attempts, and returns how many were let through.
func tries(a *Attempts, n int, address, subject string, succeed bool) (through int) {
	for range n {
		done, err := a.Begin(address, subject)
		if err == nil {
			through++
			done(succeed)
		} else if e, ok := errs.As(err); !ok || e.Kind != errs.RateLimited || e.After <= 0 {
			panic(err)
		}
	}
	return through
}

func TestAttempts(t *testing.T) {
	now := noon
	a := NewAttempts(DefaultAttempts(), func() time.Time { return now })
	if n := tries(a, 10_000, "hospital", "", true); n != 10_000 {
		t.Errorf("%d of 10,000 log-ins from one address", n)
	}
	for i := range 100 { // each of whose patients fails twice
		if n := tries(a, 2, "hospital", fmt.Sprint("patient", i), false); n != 2 {
			t.Errorf("patient %d tried %d times", i, n)
		}
	}
	if n := tries(a, 1000, "hospital", "", false); n > 100 || n < 80 {
		t.Errorf("then %d failures more", n)
	}
	if n := tries(a, 1, "elsewhere", "patient1", true); n != 1 {
		t.Error("an address that is limited limits its patients elsewhere")
	}
	now = now.Add(time.Minute)
	if n := tries(a, 1000, "hospital", "", false); n != 60 {
		t.Errorf("%d failures in the next minute", n)
	}

	through := 0
	for i := range 100 {
		through += tries(a, 1, fmt.Sprint("address", i), "mary", false)
	}
	if through != 20 {
		t.Errorf("%d tries at one account from many addresses", through)
	}
	if n := tries(a, 5, "address1", "tom", false); n != 5 {
		t.Errorf("%d at another", n)
	}
}

// Many attempts at once get no further than the budget.
func TestAttemptsAtOnce(t *testing.T) {
	a := NewAttempts(AttemptLimits{AddressPerMinute: 1, AddressBurst: 10, SubjectPerMinute: 1, SubjectBurst: 5}, func() time.Time { return noon })
	var wg sync.WaitGroup
	var mu sync.Mutex
	through := 0
	for range 50 {
		wg.Go(func() {
			if _, err := a.Begin("here", "mary"); err == nil {
				mu.Lock()
				defer mu.Unlock()
				through++
			}
		})
	}
	wg.Wait()
	if through != 5 {
		t.Errorf("%d", through)
	}
	if n := tries(NewAttempts(AttemptLimits{}, time.Now), 100, "x", "y", false); n != 100 {
		t.Errorf("without limits: %d", n)
	}
}

// Who asks for challenges and never answers one is stopped; a hospital that logs in is
// not.
func TestQuestionsAreLimitedByAddress(t *testing.T) {
	now := noon
	a := NewAttempts(DefaultAttempts(), func() time.Time { return now })
	asks := func(address string, n int) (through int) {
		for range n {
			if a.Admit(address) == nil {
				through++
			}
		}
		return through
	}
	if n := asks("flood", 50_000); n != 30_000 {
		t.Errorf("%d of a flood", n)
	}
	if n := asks("elsewhere", 100); n != 100 {
		t.Errorf("%d from elsewhere", n)
	}
	now = now.Add(time.Second)
	if n := asks("flood", 1000); n != 100 {
		t.Errorf("%d a second later", n)
	}
	for range 1000 { // a thousand patients log in
		if asks("hospital", 1) != 1 || tries(a, 1, "hospital", "", true) != 1 {
			t.Fatal("a hospital is refused")
		}
	}
}

// Package seed is a synthetic county: organisations, the people who work in
// them, residents with NHS numbers from the 999 range (never issued to anybody)
// and their histories as the FHIR R4 bundles that their practice, hospitals and
// council would send.
//
// The same seed, number of people and options make the same county byte for
// byte. Nothing here reads a clock: the county's day is passed in.
package seed

import (
	"iter"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// MaxPeople is how many people a county can have: a few fewer than there are
// valid NHS numbers in the 999 range.
const MaxPeople = 900_000

// typical is how many resources a person has when nothing else is asked for.
const typical = 195

// County is a synthetic county. It is safe for use by several goroutines.
type County struct {
	seed      uint64
	today     time.Time
	perPerson int // exactly so many resources; 0: as the person's age suggests
	orgs      []Organisation
	staff     []Professional
	numbers   []uint32 // the first nine digits' last six, by person
	practices []int    // indexes into orgs
}

// Option changes how a county is made.
type Option func(*County)

// Today sets the county's day; histories end there and appointments lie ahead
// of it. The default is 1 November 2026.
func Today(day time.Time) Option {
	return func(c *County) {
		y, m, d := day.UTC().Date()
		c.today = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
}

// PerPerson gives every person exactly n resources over all their sources, at
// least one. At 195, 20 of them are appointments and more than 50 observations.
func PerPerson(n int) Option { return func(c *County) { c.perPerson = max(n, 1) } }

// New makes the county of a seed. People beyond MaxPeople are not made.
func New(seed uint64, people int, options ...Option) *County {
	c := &County{seed: seed, today: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
	for _, o := range options {
		o(c)
	}
	people = max(0, min(people, MaxPeople))
	c.numbers = makeNumbers(seed, people)
	c.orgs = makeOrganisations(people)
	for i := range c.orgs {
		if c.orgs[i].practice {
			c.practices = append(c.practices, i)
		}
	}
	c.staff = makeStaff(c.rand(1<<40), c.orgs)
	return c
}

// Len returns how many people there are.
func (c *County) Len() int { return len(c.numbers) }

// Day returns the county's day, at midnight UTC.
func (c *County) Day() time.Time { return c.today }

// Organisations returns the organisations; the caller must not change them.
func (c *County) Organisations() []Organisation { return c.orgs }

// Professionals returns the people who work in the county's organisations; the
// caller must not change them.
func (c *County) Professionals() []Professional { return c.staff }

// Professional returns the professional who signs in as user.
func (c *County) Professional(user string) (Professional, bool) {
	for _, p := range c.staff {
		if p.User == user {
			return p, true
		}
	}
	return Professional{}, false
}

// All returns every bundle that the sources have to send: their directories,
// then person by person.
func (c *County) All() iter.Seq[SourceBundle] {
	return func(yield func(SourceBundle) bool) {
		for b := range c.Directory() {
			if !yield(b) {
				return
			}
		}
		for i := range c.Len() {
			for b := range c.Bundles(i) {
				if !yield(b) {
					return
				}
			}
		}
	}
}

// rand returns the generator of one stream of the county.
func (c *County) rand(stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(c.seed, 0x9e3779b97f4a7c15*(stream+1)))
}

// makeNumbers deals out NHS numbers 999 xxx xxx c: every six digits at most
// once, in an order that depends on the seed, leaving out those without a valid
// check digit.
func makeNumbers(seed uint64, n int) []uint32 {
	const all = 1_000_000
	r := rand.New(rand.NewPCG(seed, 0x6e6873))
	at, step := r.Uint32N(all), r.Uint32N(all/10)*10+7 // ends in 7, so it meets every number of 10^6
	numbers := make([]uint32, 0, n)
	for len(numbers) < n {
		if checkDigit(at) < 10 {
			numbers = append(numbers, at)
		}
		at = (at + step) % all
	}
	return numbers
}

// checkDigit returns the modulus 11 check digit of 999 and six digits; 10 is
// none.
func checkDigit(six uint32) uint32 {
	sum := uint32(9*10 + 9*9 + 9*8)
	for weight := uint32(2); weight <= 7; weight++ {
		sum += six % 10 * weight
		six /= 10
	}
	return (11 - sum%11) % 11
}

func number(six uint32) nhs.Number {
	return nhs.MustNumber(strconv.FormatUint(9_990_000_000+uint64(six)*10+uint64(checkDigit(six)), 10))
}

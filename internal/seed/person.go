package seed

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// Person is a resident.
type Person struct {
	Index     int
	Number    nhs.Number
	Title     string
	Given     []string
	Family    string
	Gender    string // FHIR administrative gender
	Birth     time.Time
	Line      string
	Town      string
	Postcode  string
	Phone     string
	Mobile    string
	Email     string
	Language  coded
	Practice  Organisation
	Hospital  Organisation
	Community Organisation // no Source: not known there
	Council   Organisation // no Source: not known there
}

// BirthDate returns the birth date as FHIR writes it.
func (p *Person) BirthDate() string { return p.Birth.Format(time.DateOnly) }

// Sources returns the client ids of the systems that send about the person, the
// practice first.
func (p *Person) Sources() []string {
	s := []string{p.Practice.Source, p.Hospital.Source}
	for _, o := range []Organisation{p.Community, p.Council} {
		if o.Source != "" {
			s = append(s, o.Source)
		}
	}
	return s
}

// Person returns the i-th person, counted from 0.
func (c *County) Person(i int) Person {
	return c.person(i, c.rand(uint64(i)))
}

func (c *County) person(i int, r *rand.Rand) Person {
	home := c.orgs[c.practices[i%len(c.practices)]]
	p := Person{
		Index: i, Number: number(c.numbers[i]), Family: pick(r, families[:]), Birth: birth(r), Town: home.Town,
		Line: fmt.Sprintf("%d %s", 1+r.IntN(180), pick(r, streets[:])), Language: pick(r, languages[:]),
		Practice: home, Hospital: c.orgs[orgWestHospital],
	}
	outward := home.Postcode[:len(home.Postcode)-4]
	p.Postcode = fmt.Sprintf("%s %d%s", outward, r.IntN(10), pick(r, inward[:]))
	// 01632 96xxxx and 07700 900xxx are numbers that Ofcom keeps for drama.
	p.Phone, p.Mobile = fmt.Sprintf("01632 96%04d", r.IntN(10_000)), fmt.Sprintf("07700 900%03d", r.IntN(1000))
	p.Email = fmt.Sprintf("resident%d@example.org", i+1)
	c.name(&p, r)
	if home.east {
		p.Hospital = c.orgs[orgEastHospital]
	}
	age := p.ageAt(c.today)
	if r.IntN(100) < 15+age/2 {
		p.Community = c.orgs[orgCommunity]
	}
	if r.IntN(100) < 5+max(0, age-50)/2 {
		p.Council = c.orgs[orgWestCouncil]
		if home.east {
			p.Council = c.orgs[orgEastCouncil]
		}
	}
	return p
}

func (c *County) name(p *Person, r *rand.Rand) {
	names := mensNames[:]
	p.Gender, p.Title = "male", "Mr"
	if r.IntN(100) < 51 {
		names = womensNames[:]
		p.Gender, p.Title = "female", pick(r, []string{"Mrs", "Ms", "Miss"})
	}
	p.Given = []string{pick(r, names)}
	if r.IntN(3) > 0 {
		p.Given = append(p.Given, pick(r, names))
	}
	if p.ageAt(c.today) < 16 {
		p.Title = ""
	}
}

// birth deals out ages as in a county with many older people. They are counted
// from a day of their own: the same person has the same birth date whichever
// the county's day is.
func birth(r *rand.Rand) time.Time {
	age := r.IntN(95)
	if r.IntN(100) < 25 {
		age = 65 + r.IntN(30)
	}
	return time.Date(2025-age, time.Month(1+r.IntN(12)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC)
}

func (p *Person) ageAt(day time.Time) int {
	age := day.Year() - p.Birth.Year()
	if day.YearDay() < p.Birth.YearDay() {
		age--
	}
	return age
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

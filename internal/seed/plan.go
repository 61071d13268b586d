package seed

import "math/rand/v2"

// plan is how many resources of each kind a person has. What a source that the
// person is not known to would send comes from their practice or hospital.
type plan struct {
	patients, related, allergies, conditions, medications, statements, immunisations int
	encounters, appointments, referrals, letters, carePlans, flags, episodes         int
	reports, observations                                                            int
}

// planFor shares out the resources of a person: fixed parts of the total, and
// what is left as observations.
func (c *County) planFor(p *Person, r *rand.Rand) plan {
	total := c.perPerson
	if total == 0 {
		total = max(typical/4, typical+(p.ageAt(c.today)-48)*2+r.IntN(61)-30)
	}
	left := total
	take := func(of int) int {
		n := min(left, of*total/typical)
		left -= n
		return n
	}
	l := plan{patients: min(left, len(p.Sources()))}
	left -= l.patients
	l.appointments, l.related, l.allergies, l.conditions = take(20), take(2), take(2), take(12)
	l.medications, l.statements, l.immunisations = take(26), take(3), take(12)
	l.encounters, l.referrals, l.letters = take(16), take(5), take(8)
	l.carePlans, l.flags, l.episodes, l.reports = take(2), take(1), take(1), take(12)
	l.observations = left
	if l.observations == 0 {
		l.observations, l.reports = l.reports, 0
	}
	return l
}

// part returns how many of n fall to the first of two sources that share them
// first to second.
func part(n, first, second int) (int, int) {
	a := (n*first + (first+second)/2) / (first + second)
	return a, n - a
}

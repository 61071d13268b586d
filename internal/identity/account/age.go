package account

import (
	"fmt"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// CodeUnderAge is the code of the refusal of a child's account.
const CodeUnderAge = "UNDER_AGE"

// ageRule is what holds from an age on: RULES 1 (NHS login; DAPB3051).
type ageRule struct {
	from  int
	words string
}

// underAge says, to those who are too young for an account of their own, who can help.
// The last row that holds counts.
var underAge = [...]ageRule{
	{0, "A child's record is seen through a parent or guardian: they can ask your GP practice for access."},
	{11, "You can ask your GP practice what your parents or guardians can see of your record, and have that changed. They can also tell you what is in it."},
}

// birthDate reads a date of birth as it is entered and stored: 2006-01-02.
func birthDate(s string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1850 {
		return time.Time{}, &errs.Error{Kind: errs.Invalid, Path: "birthDate", Message: "Enter the date of birth with year, month and day, such as 1957-03-27."}
	}
	return t, nil
}

// AgeOn returns how old somebody is on the day of now. Who was born on 29 February has
// their birthday on 1 March in other years.
func AgeOn(born, now time.Time) int {
	age := now.Year() - born.Year()
	birthday := time.Date(now.Year(), born.Month(), born.Day(), 0, 0, 0, 0, now.Location())
	if now.Before(birthday) {
		age--
	}
	return age
}

// oldEnough refuses an account to somebody who is too young for one of their own.
func (a *Accounts) oldEnough(born time.Time) error {
	age := AgeOn(born, a.o.Now().In(a.o.London))
	if age >= a.o.MinAge {
		return nil
	}
	words := underAge[0].words
	for _, r := range underAge {
		if age >= r.from {
			words = r.words
		}
	}
	return errs.Coded(errs.Unprocessable, CodeUnderAge, "%s", fmt.Sprintf("You can have an account of your own from the age of %d. %s", a.o.MinAge, words))
}

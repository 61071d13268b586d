package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/seed"
)

// lane is one sender of a hospital. It makes messages about some of the hospital's
// people, always the same ones for the same seed, and knows what the record has to
// say when all of them have come in.
type lane struct {
	source, base string
	prefix       string
	people       []seed.Person
	own          []*patient // by person: the Patient that the hospital's history has
	more         []*patient // further ones, which are corrected now and then
	objects      []*object
	began        time.Time
	r            *rand.Rand
	messages     int
	patients     int
	values       int
}

// patient is what the source calls a person.
type patient struct {
	id     string
	person int // index in the county
}

// object is an Observation of the source.
type object struct {
	id      string
	subject *patient
	value   int
	deleted bool
}

// step is how far apart the times of a lane's messages are.
const step = 100 * time.Millisecond

// next makes the next message, as a Bundle. Messages are made in the order of their
// times, in which nobody need send them.
func (l *lane) next() []byte {
	at := l.began.Add(time.Duration(l.messages) * step).UTC().Format("2006-01-02T15:04:05.000Z")
	l.messages++
	var entries []string
	switch k := l.r.IntN(100); {
	case k < 8:
		l.patients++
		p := &patient{fmt.Sprintf("%s-p%d", l.prefix, l.patients), l.somebody()}
		l.more = append(l.more, p)
		entries = []string{l.patient(p)}
	case k < 12 && len(l.more) > 0:
		p := l.more[l.r.IntN(len(l.more))]
		p.person = l.somebody()
		entries = []string{l.patient(p)}
	case k < 40 && l.live() != nil:
		o := l.live()
		entries = []string{l.observation(o, at)}
	case k < 50 && l.live() != nil:
		o := l.live()
		o.subject = l.subject()
		entries = []string{l.observation(o, at)}
	case k < 55 && l.live() != nil:
		o := l.live()
		o.deleted = true
		entries = []string{fmt.Sprintf(`{"request":{"method":"DELETE","url":"Observation/%s"}}`, o.id)}
	default:
		subject := l.subject()
		for range 1 + l.r.IntN(3)/2 {
			o := &object{id: fmt.Sprintf("%s-o%d", l.prefix, len(l.objects)), subject: subject}
			l.objects = append(l.objects, o)
			entries = append(entries, l.observation(o, at))
		}
	}
	return fmt.Appendf(nil, `{"resourceType":"Bundle","identifier":{"system":"%smessage","value":"%s-%d"},"type":"transaction","timestamp":"%s","entry":[%s]}`,
		l.base, l.prefix, l.messages, at, strings.Join(entries, ","))
}

// somebody is the county's index of one of the lane's people.
func (l *lane) somebody() int { return l.people[l.r.IntN(len(l.people))].Index }

// live is the object that the next change is about, if it was not deleted.
func (l *lane) live() *object {
	if len(l.objects) == 0 {
		return nil
	}
	if o := l.objects[l.messages*7919%len(l.objects)]; !o.deleted {
		return o
	}
	return nil
}

func (l *lane) subject() *patient {
	if len(l.more) > 0 && l.r.IntN(4) == 0 {
		return l.more[l.r.IntN(len(l.more))]
	}
	return l.own[l.r.IntN(len(l.own))]
}

func (l *lane) observation(o *object, at string) string {
	l.values++
	o.value = l.values
	updated := ""
	if o.value%2 == 0 {
		updated = fmt.Sprintf(`,"meta":{"lastUpdated":"%s"}`, at)
	}
	return fmt.Sprintf(`{"fullUrl":"%[1]sObservation/%[2]s","resource":{"resourceType":"Observation","id":"%[2]s"%[3]s,"identifier":[{"system":"%[4]s","value":"%[2]s"}],"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"718-7","display":"Haemoglobin [Mass/volume] in Blood"}],"text":"Haemoglobin"},"subject":{"reference":"Patient/%[5]s"},"effectiveDateTime":"2026-03-04T09:12:00+00:00","valueQuantity":{"value":%[6]d,"unit":"g/L","system":"http://unitsofmeasure.org","code":"g/L"}},"request":{"method":"PUT","url":"Observation/%[2]s"}}`,
		l.base, o.id, updated, identifiers, o.subject.id, o.value)
}

func (l *lane) patient(p *patient) string {
	who := &l.people[0]
	for i := range l.people {
		if l.people[i].Index == p.person {
			who = &l.people[i]
		}
	}
	return fmt.Sprintf(`{"fullUrl":"%[1]sPatient/%[2]s","resource":{"resourceType":"Patient","id":"%[2]s","identifier":[{"use":"official","system":"https://fhir.nhs.uk/Id/nhs-number","value":"%[3]s"}],"name":[{"use":"official","family":"%[4]s","given":["%[5]s"]}],"gender":"%[6]s","birthDate":"%[7]s"},"request":{"method":"PUT","url":"Patient/%[2]s"}}`,
		l.base, p.id, who.Number.Digits(), who.Family, who.Given[0], who.Gender, who.BirthDate())
}

// identifiers is the system of the identifiers by which objects of lanes are known.
const identifiers = "https://soak.example/object"

// expect adds what the record has to show: by person, the values by object.
func (l *lane) expect(into map[int]map[string]int) {
	for _, o := range l.objects {
		if o.deleted {
			continue
		}
		if into[o.subject.person] == nil {
			into[o.subject.person] = map[string]int{}
		}
		into[o.subject.person][o.id] = o.value
	}
}

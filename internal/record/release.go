package record

import (
	"time"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

// ResultKind is what sort of result an entry is, as far as it decides when the
// person sees it (RULES 3). The later one wins where codes say several.
type ResultKind uint8

// Kinds of result.
const (
	OtherResult ResultKind = iota // its codes are in no table
	Numbers                       // of a laboratory
	Imaging                       // pictures, and reports about them
	Delicate                      // histology, cytology, genetics, HIV and other sexual-health tests
)

// ParseResultKind returns the kind of that name.
func ParseResultKind(name string) (ResultKind, bool) {
	for k, n := range resultKinds {
		if n == name {
			return ResultKind(k), true
		}
	}
	return 0, false
}

var resultKinds = [...]string{"other", "numbers", "imaging", "delicate"}

func (k ResultKind) String() string { return resultKinds[min(int(k), len(resultKinds)-1)] }

// ReleaseRules say how long results wait before the person sees them, so that
// somebody can talk to them first. Professionals see all at once.
type ReleaseRules struct {
	Imaging    time.Duration
	Delicate   time.Duration
	Narrative  time.Duration // a report that is none of these, and brings no results of its own to go by
	Unfinished time.Duration // registered, partial or preliminary: at least that long, should it never be finished
	// Codes adds to what sort of result a code means, or changes it: "system|code".
	Codes map[string]ResultKind
}

// DefaultRelease are the numbers of RULES 3.
func DefaultRelease() ReleaseRules {
	const day = 24 * time.Hour
	return ReleaseRules{Imaging: 7 * day, Delicate: 21 * day, Narrative: 7 * day, Unfinished: 21 * day}
}

// ReleaseFacts are all that the release of an entry depends on.
type ReleaseFacts struct {
	Type       string // FHIR resource type
	Kind       ResultKind
	Unfinished bool      // its status is registered, partial or preliminary
	Results    bool      // a report that names the results that it is made of
	Received   time.Time // when this version of it came here
}

// Release says whether an entry is shown to the person at now and, if not, the
// latest moment at which it will be. It is counted from when this version was
// received: what a source says of times it may say late or wrongly, and a corrected
// result is news again.
func (r *ReleaseRules) Release(f ReleaseFacts, now time.Time) (shown bool, latest time.Time) {
	latest = f.Received.Add(r.wait(f))
	return !now.Before(latest), latest
}

func (r *ReleaseRules) wait(f ReleaseFacts) time.Duration {
	var wait time.Duration
	switch f.Kind {
	case Delicate:
		wait = r.Delicate
	case Imaging:
		wait = r.Imaging
	case Numbers, OtherResult:
		if f.Type == "DiagnosticReport" && (f.Kind == OtherResult || !f.Results) {
			wait = r.Narrative // histology comes as plain text in reports of a laboratory, too
		}
	}
	if f.Unfinished {
		wait = max(wait, r.Unfinished)
	}
	return wait
}

// longest is the longest that anything waits.
func (r *ReleaseRules) longest() time.Duration {
	return max(r.Imaging, r.Delicate, r.Narrative, r.Unfinished)
}

// releases are the rules made ready to compare with envelopes.
type releases struct {
	rules  ReleaseRules
	kinds  map[[2]uint64]ResultKind // by the hashes of system and code
	codes  [256]bool                // parameters whose tokens say what sort of result it is
	status byte
	named  byte            // the parameter of identifiers
	early  map[uint64]bool // hashes of the codes of status that are not final
	later  map[uint64]bool // of those that correct what was
}

func newReleases(rules ReleaseRules) *releases {
	r := &releases{rules: rules, kinds: make(map[[2]uint64]ResultKind, 256), early: map[uint64]bool{}, later: map[uint64]bool{}}
	for _, t := range resultCodes() {
		for _, system := range t.systems {
			for _, code := range t.codes {
				r.kinds[[2]uint64{hash(system), hash(code)}] = t.kind
			}
		}
	}
	for name, kind := range rules.Codes {
		system, code := cutCode(name)
		r.kinds[[2]uint64{hash(system), hash(code)}] = kind
	}
	for p := fhir.Param(1); p.String() != ""; p++ {
		switch p.String() {
		case "code", "category", "component-code", "type", "modality":
			r.codes[p] = true
		case "status":
			r.status = byte(p)
		case "identifier":
			r.named = byte(p)
		}
	}
	for _, code := range []string{"registered", "partial", "preliminary"} {
		r.early[hash(code)] = true
	}
	for _, code := range []string{"amended", "corrected", "appended"} {
		r.later[hash(code)] = true
	}
	return r
}

// corrects reports whether an entry's status says that it corrects what was.
func (r *releases) corrects(e envelope) bool {
	for tokens := e.tokens(); len(tokens) >= tokenLen; tokens = tokens[tokenLen:] {
		if _, code := tokenHashes(tokens); tokens[0] == r.status && r.later[code] {
			return true
		}
	}
	return false
}

// facts reads an envelope.
func (r *releases) facts(e envelope) ReleaseFacts {
	f := ReleaseFacts{Received: e.time(atReceived), Kind: kindOfType(e.str(strType))}
	switch string(e.str(strType)) { // without a copy
	case "DiagnosticReport":
		f.Type = "DiagnosticReport"
	case "Observation":
		f.Type = "Observation"
	}
	finishes := f.Type != "" || f.Kind == Imaging
	flags := e[atFlags]
	if flags&flagTold == 0 {
		var links []uint64
		var names []name
		flags, links, names = e.told()
		f.Results = len(links)+len(names) > 0
	}
	if flags&flagDelicate != 0 {
		f.Kind = Delicate
	}
	for tokens := e.tokens(); len(tokens) >= tokenLen; tokens = tokens[tokenLen:] {
		switch p := tokens[0]; {
		case p == linkParam, p == namedParam:
			f.Results = true
		case r.codes[p]:
			system, code := tokenHashes(tokens)
			f.Kind = max(f.Kind, r.kinds[[2]uint64{system, code}])
		case p == r.status && finishes:
			_, code := tokenHashes(tokens)
			f.Unfinished = f.Unfinished || r.early[code]
		}
	}
	return f
}

// kindOfType is what the type alone says.
func kindOfType(typ []byte) ResultKind {
	switch string(typ) {
	case "ImagingStudy", "Media":
		return Imaging
	case "MolecularSequence":
		return Delicate
	}
	return OtherResult
}

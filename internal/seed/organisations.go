package seed

import (
	"fmt"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
)

// peoplePerPractice is the size of a practice's list.
const peoplePerPractice = 8000

// Organisation is a partner of the county.
type Organisation struct {
	ODS      nhs.ODS
	Name     string
	Kind     partner.Kind
	Source   string // the client id of the system that sends for it; empty if none does
	Town     string
	Postcode string
	practice bool
	east     bool // serves the eastern half: hospitals and councils
}

// Base is the address under which the organisation's own FHIR server would be.
func (o Organisation) Base() string { return "https://" + o.Source + ".example/fhir/R4/" }

// Positions of the organisations that are always there.
const (
	orgEastHospital = iota
	orgWestHospital
	orgCommunity
	orgEastCouncil
	orgWestCouncil
	orgProgramme
	orgFixed
)

func makeOrganisations(people int) []Organisation {
	orgs := []Organisation{
		orgEastHospital: {ODS: "R0D", Name: "University Hospitals Dorset NHS Foundation Trust", Kind: partner.Acute, Source: "uhd-epr", Town: "Poole", Postcode: "BH15 2JB", east: true},
		orgWestHospital: {ODS: "RBD", Name: "Dorset County Hospital NHS Foundation Trust", Kind: partner.Acute, Source: "dch-epr", Town: "Dorchester", Postcode: "DT1 2JY"},
		orgCommunity:    {ODS: "RDY", Name: "Dorset HealthCare University NHS Foundation Trust", Kind: partner.Community, Source: "dhc-community", Town: "Poole", Postcode: "BH17 0RB"},
		orgEastCouncil:  {ODS: "X9BCP", Name: "BCP Council", Kind: partner.Council, Source: "bcp-council", Town: "Bournemouth", Postcode: "BH2 6DY", east: true},
		orgWestCouncil:  {ODS: "X9DOR", Name: "Dorset Council", Kind: partner.Council, Source: "dorset-council", Town: "Dorchester", Postcode: "DT1 1XJ"},
		orgProgramme:    {ODS: "X9DCR", Name: "Dorset Care Record Programme Office", Kind: partner.Programme, Town: "Dorchester", Postcode: "DT1 1XJ"},
	}
	practices := max(3, (people+peoplePerPractice-1)/peoplePerPractice)
	for i := range practices {
		t := towns[i%len(towns)]
		ods := fmt.Sprintf("Z99%03d", i+1)
		orgs = append(orgs, Organisation{
			ODS: nhs.ODS(ods), Name: practiceNames[i/len(towns)%len(practiceNames)](t.name), Kind: partner.GP,
			Source: "gp-" + strings.ToLower(ods), Town: t.name, Postcode: t.outward + " 9ZZ", practice: true, east: t.east,
		})
	}
	return orgs
}

// practiceNames name a town's first practice, its second and so on.
var practiceNames = [...]func(town string) string{
	func(t string) string { return t + " Medical Centre" },
	func(t string) string { return "The " + t + " Surgery" },
	func(t string) string { return t + " Health Partnership" },
	func(t string) string { return t + " Family Practice" },
}

// towns alternate between east and west, so that three practices cover both.
var towns = [...]struct {
	name, outward string
	east          bool
}{
	{"Bournemouth", "BH1", true}, {"Dorchester", "DT1", false}, {"Poole", "BH15", true}, {"Weymouth", "DT4", false},
	{"Christchurch", "BH23", true}, {"Bridport", "DT6", false}, {"Wimborne", "BH21", true}, {"Sherborne", "DT9", false},
	{"Ferndown", "BH22", true}, {"Blandford Forum", "DT11", false}, {"Verwood", "BH31", true}, {"Shaftesbury", "SP7", false},
	{"Swanage", "BH19", true}, {"Gillingham", "SP8", false}, {"Wareham", "BH20", true}, {"Lyme Regis", "DT7", false},
	{"Boscombe", "BH5", true}, {"Sturminster Newton", "DT10", false}, {"Parkstone", "BH14", true}, {"Portland", "DT5", false},
}

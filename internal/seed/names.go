package seed

// Names, streets and the like: common ones of England, put together at random.
var (
	families = [...]string{"Smith", "Jones", "Taylor", "Brown", "Williams", "Wilson", "Johnson", "Davies", "Patel", "Robinson", "Wright",
		"Thompson", "Evans", "Walker", "White", "Roberts", "Green", "Hall", "Wood", "Jackson", "Clarke", "Khan", "Hughes", "Edwards",
		"Hill", "Moore", "Harris", "Clark", "Lewis", "Turner", "Scott", "Cooper", "Ward", "Morris", "King", "Baker", "Harrison",
		"Morgan", "Allen", "Phillips", "Begum", "Watson", "Singh", "Mitchell", "Bailey", "Carter", "Young", "Kelly", "Adams", "Hardy",
		"Loveless", "Hammett", "Legg", "Samways", "Trevett", "Bartlett", "Fudge", "Meech", "Kowalski", "Nowak", "O'Brien", "Okafor",
		"Chen", "Nguyen", "Fernandes", "Popescu", "Szabó", "Müller", "Brontë", "Smith-Jones"}
	womensNames = [...]string{"Olivia", "Amelia", "Isla", "Ava", "Mia", "Ivy", "Lily", "Grace", "Freya", "Florence", "Margaret", "Susan",
		"Patricia", "Christine", "Linda", "Jean", "Dorothy", "Joan", "Sarah", "Emma", "Claire", "Helen", "Karen", "Nicola", "Rachel",
		"Aisha", "Priya", "Zofia", "Siân", "Chloë", "Mary", "Elizabeth", "Ruth", "Sheila", "Pauline", "Tess"}
	mensNames = [...]string{"Oliver", "George", "Arthur", "Noah", "Muhammad", "Leo", "Oscar", "Harry", "Archie", "Jack", "John", "David",
		"Peter", "Michael", "Alan", "Robert", "Brian", "Keith", "Andrew", "Mark", "Paul", "Stephen", "Ian", "Simon", "Darren", "Lee",
		"Rajesh", "Tomasz", "José", "Wei", "Thomas", "William", "James", "Gabriel", "Giles", "Angel"}
	streets = [...]string{"High Street", "Station Road", "Church Lane", "Mill Road", "Victoria Road", "The Avenue", "Manor Close",
		"Queens Road", "Alma Road", "Wareham Road", "Castle Street", "Orchard Way", "Chesil View", "Portland Terrace", "Heath Drive",
		"Purbeck Close", "Casterbridge Road", "Cerne Walk", "Stour Gardens", "Stour Terrace", "Spinney Close", "Quay Street"}
	languages = [...]coded{{"en", "English"}, {"en", "English"}, {"en", "English"}, {"en", "English"}, {"en", "English"},
		{"en", "English"}, {"pl", "Polish"}, {"pt", "Portuguese"}, {"bn", "Bengali"}, {"ro", "Romanian"}}
	inward = [...]string{"AB", "AD", "BJ", "DE", "EF", "GH", "HJ", "LN", "NP", "QR", "ST", "UW", "XY"}
)

package seed

// coded is a code of a system that the place of use names, with its words.
type coded struct{ code, display string }

// problem is a condition that people of the county have.
type problem struct {
	coded
	from   int   // the age from which it is seen
	acute  bool  // comes and goes, and may come again
	treats []int // indexes into medicines
}

// problems are SNOMED CT disorders.
var problems = [...]problem{
	{coded{"195662009", "Acute viral pharyngitis"}, 0, true, []int{mParacetamol}},
	{coded{"65363002", "Otitis media"}, 0, true, []int{mAmoxicillin, mParacetamol}},
	{coded{"10509002", "Acute bronchitis"}, 3, true, []int{mAmoxicillin}},
	{coded{"24079001", "Atopic dermatitis"}, 0, false, nil},
	{coded{"68566005", "Urinary tract infectious disease"}, 4, true, []int{mCiprofloxacin}},
	{coded{"195967001", "Asthma"}, 5, false, []int{mSalbutamol, mPrednisolone}},
	{coded{"36971009", "Sinusitis"}, 10, true, []int{mDoxycycline}},
	{coded{"37796009", "Migraine"}, 12, false, []int{mParacetamol, mAspirin300}},
	{coded{"84757009", "Epilepsy"}, 5, false, nil},
	{coded{"35489007", "Depressive disorder"}, 16, false, nil},
	{coded{"197480006", "Anxiety disorder"}, 16, false, nil},
	{coded{"193462001", "Insomnia"}, 18, false, nil},
	{coded{"9014002", "Psoriasis"}, 15, false, nil},
	{coded{"87522002", "Iron deficiency anaemia"}, 14, false, nil},
	{coded{"278860009", "Chronic low back pain"}, 25, false, []int{mParacetamol, mIbuprofen}},
	{coded{"414916001", "Obesity"}, 18, false, nil},
	{coded{"235595009", "Gastroesophageal reflux disease"}, 25, false, []int{mOmeprazole}},
	{coded{"40930008", "Hypothyroidism"}, 25, false, nil},
	{coded{"59621000", "Essential hypertension"}, 35, false, []int{mAmlodipine, mLisinopril}},
	{coded{"55822004", "Hyperlipidemia"}, 35, false, []int{mAtorvastatin}},
	{coded{"44054006", "Diabetes mellitus type 2"}, 35, false, []int{mMetformin}},
	{coded{"90560007", "Gout"}, 40, false, []int{mAllopurinol}},
	{coded{"69896004", "Rheumatoid arthritis"}, 30, false, []int{mMethotrexate}},
	{coded{"396275006", "Osteoarthritis"}, 45, false, []int{mParacetamol, mIbuprofen}},
	{coded{"13645005", "Chronic obstructive lung disease"}, 50, false, []int{mSalbutamol, mPrednisolone, mDoxycycline}},
	{coded{"53741008", "Coronary arteriosclerosis"}, 50, false, []int{mAtorvastatin, mLisinopril}},
	{coded{"49436004", "Atrial fibrillation"}, 55, false, []int{mWarfarin, mDigoxin}},
	{coded{"84114007", "Heart failure"}, 60, false, []int{mFurosemide, mSpironolactone, mLisinopril}},
	{coded{"64859006", "Osteoporosis"}, 60, false, nil},
	{coded{"709044004", "Chronic kidney disease"}, 55, false, nil},
	{coded{"233604007", "Pneumonia"}, 40, true, []int{mAmoxicillin, mDoxycycline}},
	{coded{"230690007", "Cerebrovascular accident"}, 60, true, []int{mAtorvastatin}},
	{coded{"52448006", "Dementia"}, 70, false, nil},
}

// medicine is something that is prescribed: the words of the prescription, and
// a code that says no more than they do.
type medicine struct {
	coded
	dmd    bool // a dm+d product; otherwise the SNOMED CT medicinal product
	text   string
	dose   string
	course bool // a course of some days, not a repeat
}

// Positions in medicines.
const (
	mParacetamol = iota
	mAmoxicillin
	mDoxycycline
	mCiprofloxacin
	mSalbutamol
	mPrednisolone
	mAspirin300
	mIbuprofen
	mOmeprazole
	mAmlodipine
	mLisinopril
	mAtorvastatin
	mMetformin
	mAllopurinol
	mMethotrexate
	mWarfarin
	mDigoxin
	mFurosemide
	mSpironolactone
)

var medicines = [...]medicine{
	mParacetamol:    {coded{"90332006", "Product containing paracetamol"}, false, "Paracetamol 500mg tablets", "One or two to be taken every four to six hours when needed, at most eight in 24 hours", false},
	mAmoxicillin:    {coded{"39732411000001106", "Amoxicillin 500mg capsules"}, true, "Amoxicillin 500mg capsules", "One to be taken three times a day for five days", true},
	mDoxycycline:    {coded{"41948311000001104", "Doxycycline 100mg capsules"}, true, "Doxycycline 100mg capsules", "Two to be taken on the first day, then one a day", true},
	mCiprofloxacin:  {coded{"39687811000001107", "Ciprofloxacin 500mg tablets"}, true, "Ciprofloxacin 500mg tablets", "One to be taken twice a day for seven days", true},
	mSalbutamol:     {coded{"91143003", "Product containing salbutamol"}, false, "Salbutamol 100micrograms/dose inhaler", "One or two puffs to be inhaled when needed", false},
	mPrednisolone:   {coded{"52388000", "Product containing prednisolone"}, false, "Prednisolone 5mg tablets", "Six to be taken each morning for five days", true},
	mAspirin300:     {coded{"329526003", "Aspirin 300mg dispersible tablets"}, true, "Aspirin 300mg dispersible tablets", "Two or three to be taken in water when a migraine begins", false},
	mIbuprofen:      {coded{"38268001", "Product containing ibuprofen"}, false, "Ibuprofen 400mg tablets", "One to be taken three times a day with food", false},
	mOmeprazole:     {coded{"25673006", "Product containing omeprazole"}, false, "Omeprazole 20mg gastro-resistant capsules", "One to be taken each morning", false},
	mAmlodipine:     {coded{"108537001", "Product containing amlodipine"}, false, "Amlodipine 5mg tablets", "One to be taken each morning", false},
	mLisinopril:     {coded{"108575001", "Product containing lisinopril"}, false, "Lisinopril 10mg tablets", "One to be taken each day", false},
	mAtorvastatin:   {coded{"108600003", "Product containing atorvastatin"}, false, "Atorvastatin 20mg tablets", "One to be taken each night", false},
	mMetformin:      {coded{"109081006", "Product containing metformin"}, false, "Metformin 500mg tablets", "One to be taken twice a day with meals", false},
	mAllopurinol:    {coded{"25246002", "Product containing allopurinol"}, false, "Allopurinol 100mg tablets", "One to be taken each day after food", false},
	mMethotrexate:   {coded{"68887009", "Product containing methotrexate"}, false, "Methotrexate 2.5mg tablets", "Four to be taken once a week, on the same day", false},
	mWarfarin:       {coded{"48603004", "Product containing warfarin"}, false, "Warfarin 1mg tablets", "To be taken as in the yellow book", false},
	mDigoxin:        {coded{"796001", "Product containing digoxin"}, false, "Digoxin 125microgram tablets", "One to be taken each morning", false},
	mFurosemide:     {coded{"81609008", "Product containing furosemide"}, false, "Furosemide 40mg tablets", "One to be taken each morning", false},
	mSpironolactone: {coded{"13929005", "Product containing spironolactone"}, false, "Spironolactone 25mg tablets", "One to be taken each day", false},
}

// allergies are SNOMED CT findings, with their FHIR category.
var allergies = [...]struct {
	coded
	category string
}{
	{coded{"91936005", "Allergy to penicillin"}, "medication"},
	{coded{"91935009", "Allergy to peanut"}, "food"},
	{coded{"91930004", "Allergy to egg"}, "food"},
	{coded{"417532002", "Allergy to fish"}, "food"},
	{coded{"91934008", "Allergy to nut"}, "food"},
	{coded{"300916003", "Latex allergy"}, "environment"},
	{coded{"418689008", "Allergy to grass pollen"}, "environment"},
}

var noKnownAllergy = coded{"716186003", "No known allergy"}

var reactions = [...]coded{{"271807003", "Eruption of skin"}, {"247472004", "Wheal"}, {"39579001", "Anaphylaxis"},
	{"422587007", "Nausea"}, {"422400008", "Vomiting"}, {"41291007", "Angioedema"}}

// vaccines are SNOMED CT vaccine products.
var vaccines = [...]struct {
	coded
	from int
}{
	{coded{"836377006", "Influenza virus antigen-containing vaccine product"}, 2},
	{coded{"1119349007", "Vaccine product containing only Severe acute respiratory syndrome coronavirus 2 messenger ribonucleic acid"}, 12},
	{coded{"836398006", "Streptococcus pneumoniae antigen-containing vaccine product"}, 0},
	{coded{"836382004", "Measles morbillivirus antigen-containing vaccine product"}, 1},
	{coded{"863911006", "Clostridium tetani antigen-containing vaccine product"}, 0},
	{coded{"836508001", "Bordetella pertussis and Clostridium tetani and Corynebacterium diphtheriae and Human poliovirus antigens-containing vaccine product"}, 0},
}

// specialty is a clinic's, with the treatment function's SNOMED CT code.
var specialties = [...]coded{{"394579002", "Cardiology"}, {"394583002", "Endocrinology"}, {"394584008", "Gastroenterology"},
	{"394591006", "Neurology"}, {"394594003", "Ophthalmology"}, {"394801008", "Trauma and orthopaedics"}, {"394810000", "Rheumatology"},
	{"394612005", "Urology"}, {"418112009", "Pulmonary medicine"}, {"394582007", "Dermatology"}, {"394811001", "Geriatric medicine"}}

var (
	generalPractice = coded{"394814009", "General practice"}
	districtNursing = coded{"", "District nursing"}
)

// relations are of v3-RoleCode.
var relations = [...]coded{{"SPS", "spouse"}, {"DAUC", "daughter"}, {"SONC", "son"}, {"SIB", "sibling"}, {"FRND", "unrelated friend"},
	{"MTH", "mother"}, {"FTH", "father"}}

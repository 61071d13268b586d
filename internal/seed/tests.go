package seed

// test is a measurement: its LOINC code, unit (UCUM) and reference range in
// tenths or so (the number of decimals is places).
type test struct {
	coded
	unit, shown string
	low, high   int
	places      int
}

// panel is a group of tests that a laboratory reports as one.
type panel struct {
	coded
	tests []test
}

var panels = [...]panel{
	{coded{"58410-2", "Complete blood count (hemogram) panel - Blood by Automated count"}, []test{
		{coded{"718-7", "Hemoglobin [Mass/volume] in Blood"}, "g/L", "g/L", 115, 165, 0},
		{coded{"6690-2", "Leukocytes [#/volume] in Blood by Automated count"}, "10*9/L", "10*9/L", 40, 110, 1},
		{coded{"777-3", "Platelets [#/volume] in Blood by Automated count"}, "10*9/L", "10*9/L", 150, 450, 0},
		{coded{"789-8", "Erythrocytes [#/volume] in Blood by Automated count"}, "10*12/L", "10*12/L", 380, 580, 2},
		{coded{"787-2", "MCV [Entitic volume] by Automated count"}, "fL", "fL", 800, 1000, 1},
	}},
	{coded{"24326-1", "Electrolytes 1998 panel - Serum or Plasma"}, []test{
		{coded{"2951-2", "Sodium [Moles/volume] in Serum or Plasma"}, "mmol/L", "mmol/L", 133, 146, 0},
		{coded{"2823-3", "Potassium [Moles/volume] in Serum or Plasma"}, "mmol/L", "mmol/L", 35, 53, 1},
		{coded{"22664-7", "Urea [Moles/volume] in Serum or Plasma"}, "mmol/L", "mmol/L", 25, 78, 1},
		{coded{"14682-9", "Creatinine [Moles/volume] in Serum or Plasma"}, "umol/L", "umol/L", 49, 104, 0},
	}},
	{coded{"24331-1", "Lipid 1996 panel - Serum or Plasma"}, []test{
		{coded{"14647-2", "Cholesterol [Moles/volume] in Serum or Plasma"}, "mmol/L", "mmol/L", 25, 50, 1},
		{coded{"14646-4", "Cholesterol in HDL [Moles/volume] in Serum or Plasma"}, "mmol/L", "mmol/L", 100, 220, 2},
		{coded{"14927-8", "Triglyceride [Moles/volume] in Serum or Plasma"}, "mmol/L", "mmol/L", 50, 170, 2},
	}},
	{coded{"24325-3", "Hepatic function 2000 panel - Serum or Plasma"}, []test{
		{coded{"1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma"}, "U/L", "U/L", 10, 50, 0},
		{coded{"6768-6", "Alkaline phosphatase [Enzymatic activity/volume] in Serum or Plasma"}, "U/L", "U/L", 30, 130, 0},
		{coded{"1751-7", "Albumin [Mass/volume] in Serum or Plasma"}, "g/L", "g/L", 35, 50, 0},
		{coded{"14631-6", "Bilirubin.total [Moles/volume] in Serum or Plasma"}, "umol/L", "umol/L", 3, 21, 0},
	}},
	{coded{"59261-8", "Hemoglobin A1c/Hemoglobin.total in Blood by IFCC protocol"}, []test{
		{coded{"59261-8", "Hemoglobin A1c/Hemoglobin.total in Blood by IFCC protocol"}, "mmol/mol", "mmol/mol", 20, 41, 0},
		{coded{"14749-6", "Glucose [Moles/volume] in Serum or Plasma"}, "mmol/L", "mmol/L", 39, 61, 1},
		{coded{"3016-3", "Thyrotropin [Units/volume] in Serum or Plasma"}, "m[IU]/L", "mIU/L", 27, 420, 2},
		{coded{"1988-5", "C reactive protein [Mass/volume] in Serum or Plasma"}, "mg/L", "mg/L", 0, 50, 1},
	}},
}

// vitals are vital signs; their ranges are the spread of values, not printed.
var vitals = [...]test{
	{coded{"8867-4", "Heart rate"}, "/min", "beats/min", 52, 104, 0},
	{coded{"9279-1", "Respiratory rate"}, "/min", "breaths/min", 12, 22, 0},
	{coded{"59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"}, "%", "%", 92, 100, 0},
	{coded{"8310-5", "Body temperature"}, "Cel", "degrees C", 358, 382, 1},
	{coded{"29463-7", "Body weight"}, "kg", "kg", 480, 1120, 1},
	{coded{"39156-5", "Body mass index (BMI) [Ratio]"}, "kg/m2", "kg/m2", 185, 360, 1},
}

// tobacco are the SNOMED CT answers to LOINC 72166-2.
var tobacco = [...]coded{{"266919005", "Never smoked tobacco"}, {"8517006", "Ex-smoker"}, {"77176002", "Smoker"}}

package web

// FieldError is what is wrong with one field of a form. Field is the field's name,
// and is empty where it is about the whole form.
type FieldError struct{ Field, Text string }

// Form is what every page with a form carries: what must be put right.
type Form struct{ Wrong []FieldError }

func (f Form) failed() []FieldError { return f.Wrong }

// Error returns what is wrong with a field, for templates.
func (f Form) Error(field string) string {
	for _, w := range f.Wrong {
		if w.Field == field {
			return w.Text
		}
	}
	return ""
}

package fhir

import "bytes"

// htmlElements are what FHIR allows in a narrative.
var htmlElements = map[string]struct{}{
	"a": {}, "abbr": {}, "acronym": {}, "address": {}, "area": {}, "b": {}, "bdo": {}, "big": {}, "blockquote": {}, "br": {}, "caption": {},
	"cite": {}, "code": {}, "col": {}, "colgroup": {}, "dd": {}, "del": {}, "dfn": {}, "div": {}, "dl": {}, "dt": {}, "em": {},
	"h1": {}, "h2": {}, "h3": {}, "h4": {}, "h5": {}, "h6": {}, "hr": {}, "i": {}, "img": {}, "ins": {}, "kbd": {}, "li": {}, "map": {},
	"ol": {}, "p": {}, "pre": {}, "q": {}, "s": {}, "samp": {}, "small": {}, "span": {}, "strike": {}, "strong": {}, "sub": {}, "sup": {},
	"table": {}, "tbody": {}, "td": {}, "tfoot": {}, "th": {}, "thead": {}, "tr": {}, "tt": {}, "u": {}, "ul": {}, "var": {},
	"center": {}, "font": {},
}

const maxTags = 128 // elements inside each other

// checkDiv looks at a narrative: one div of the XHTML namespace, well-formed,
// only formatting, nothing that runs, not empty. It returns what to do, "" if
// all is well. This is no sanitiser: we never render a source's narrative.
func checkDiv(s []byte) string {
	s = bytes.TrimSpace(s)
	if !bytes.HasPrefix(s, []byte("<div")) {
		return "Begin a narrative with <div xmlns=\"http://www.w3.org/1999/xhtml\">."
	}
	n := narrative{s: s}
	for n.pos < len(n.s) {
		if reason := n.next(); reason != "" {
			return reason
		}
	}
	if n.depth > 0 {
		return "Close every element of the narrative."
	}
	if !n.content {
		return emptyDiv
	}
	return ""
}

// emptyDiv is told as a warning: it hurts nobody, and official examples have it.
const emptyDiv = "Put some text into the narrative, or leave it out."

func (v *validator) narrative(n Node, text []byte) {
	switch reason := checkDiv(text); reason {
	case "":
	case emptyDiv:
		v.issue(n, SeverityWarning, "value", "txt-2", reason)
	default:
		v.value(n, RuleNarrative, "%s", reason)
	}
}

type narrative struct {
	s       []byte
	pos     int
	open    [maxTags][]byte
	depth   int
	content bool
}

// next reads the text up to a tag, and the tag.
func (n *narrative) next() string {
	if n.pos > 0 && n.depth == 0 {
		return "Let nothing follow the div of the narrative."
	}
	text, _, tag := bytes.Cut(n.s[n.pos:], []byte("<"))
	if !n.content && len(bytes.TrimSpace(text)) > 0 {
		n.content = true
	}
	if !entities(text) {
		return "Write & in a narrative as &amp;."
	}
	n.pos += len(text)
	if !tag {
		return ""
	}
	if bytes.HasPrefix(n.s[n.pos:], []byte("<!--")) {
		end := bytes.Index(n.s[n.pos+4:], []byte("-->"))
		if end < 0 {
			return "Close every comment of the narrative."
		}
		n.pos += 4 + end + 3
		return ""
	}
	return n.tag()
}

func (n *narrative) tag() string {
	rest := n.s[n.pos+1:]
	closing := len(rest) > 0 && rest[0] == '/'
	if closing {
		rest = rest[1:]
	}
	size := 0
	for size < len(rest) && (rest[size] >= 'a' && rest[size] <= 'z' || rest[size]-'0' <= 9) {
		size++
	}
	name := rest[:size]
	if _, ok := htmlElements[string(name)]; !ok {
		return "Use only the formatting elements of HTML, in lower case, in a narrative; write < as &lt;."
	}
	empty, xmlns, size2, reason := attributes(rest[size:])
	if reason != "" {
		return reason
	}
	n.pos = len(n.s) - len(rest) + size + size2
	switch {
	case closing:
		if n.depth == 0 || !bytes.Equal(n.open[n.depth-1], name) {
			return "Close every element of the narrative in its order."
		}
		n.depth--
	case n.depth == 0 && !xmlns:
		return "Begin a narrative with <div xmlns=\"http://www.w3.org/1999/xhtml\">."
	case empty:
		n.content = n.content || string(name) == "img"
	case n.depth == maxTags:
		return "Nest the elements of the narrative less deep."
	default:
		n.content = n.content || string(name) == "img"
		n.open[n.depth] = name
		n.depth++
	}
	return ""
}

// attributes reads a tag from after its name to its end.
func attributes(s []byte) (empty, xmlns bool, size int, reason string) {
	const wrong = "Write the attributes of a narrative as XHTML has them: name=\"value\"."
	i := 0
	for {
		for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\r' || s[i] == '\t') {
			i++
		}
		switch {
		case i < len(s) && s[i] == '>':
			return false, xmlns, i + 1, ""
		case i+1 < len(s) && s[i] == '/' && s[i+1] == '>':
			return true, xmlns, i + 2, ""
		}
		from := i
		for i < len(s) && (s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z' || s[i]-'0' <= 9 || s[i] == ':' || s[i] == '-' || s[i] == '_') {
			i++
		}
		name := s[from:i]
		for i < len(s) && s[i] == ' ' {
			i++
		}
		if len(name) == 0 || i >= len(s) || s[i] != '=' {
			return false, false, 0, wrong
		}
		for i++; i < len(s) && s[i] == ' '; i++ {
		}
		if i >= len(s) || s[i] != '"' && s[i] != '\'' {
			return false, false, 0, wrong
		}
		end := bytes.IndexByte(s[i+1:], s[i])
		if end < 0 {
			return false, false, 0, wrong
		}
		value := s[i+1 : i+1+end]
		i += end + 2
		if runs(name, value) {
			return false, false, 0, "Leave scripts, events and forms out of the narrative."
		}
		xmlns = xmlns || string(name) == "xmlns" && string(value) == "http://www.w3.org/1999/xhtml"
	}
}

// runs reports whether an attribute could make a browser do something.
func runs(name, value []byte) bool {
	if len(name) > 2 && (name[0] == 'o' || name[0] == 'O') && (name[1] == 'n' || name[1] == 'N') {
		return true
	}
	if len(value) == 0 || len(value) < len("javascript:") {
		return false
	}
	if string(name) != "href" && string(name) != "src" {
		return false
	}
	value = bytes.TrimSpace(value)
	return len(value) >= 11 && (bytes.EqualFold(value[:11], []byte("javascript:")) || bytes.EqualFold(value[:9], []byte("vbscript:")))
}

// entities reports whether every & begins an entity.
func entities(text []byte) bool {
	for {
		i := bytes.IndexByte(text, '&')
		if i < 0 {
			return true
		}
		text = text[i+1:]
		end := bytes.IndexByte(text[:min(len(text), 12)], ';')
		if end < 1 {
			return false
		}
		for _, c := range text[:end] {
			if c != '#' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c-'0' > 9 {
				return false
			}
		}
	}
}

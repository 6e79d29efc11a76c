package match

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"topicwire/aggregator/text"
)

const (
	maxQuery = 20_000 // characters
	maxDepth = 50
	maxNear  = 1000
)

type op uint8

const (
	opAnd op = iota
	opOr
	opNot
	opTerm    // a word, phrase or prefix in the text
	opCountry // an entity that is weighed
	opName    // the same, of the editor's vocabulary
	opMeta    // outlet, feed, tag, lang, author, url
	opNear
	opSentence
)

// node is a part of a compiled query.
type node struct {
	op     op
	kids   []*node
	term   string  // as the query writes it
	ids    []int32 // of terms: opTerm one, opName several
	fields uint8   // bit set of fields to look in
	code   code
	meta   string // the field of opMeta
	value  string // folded, of opMeta
	prefix bool
	near   int
}

const anyField = 1<<title | 1<<summary | 1<<body

var textFields = map[string]uint8{"title": 1 << title, "summary": 1 << summary, "body": 1 << body}

var allFields = []string{"title", "summary", "body", "outlet", "feed", "tag", "lang", "author", "url", "country"}

// parser reads a query by recursive descent.
type parser struct {
	in    []rune
	pos   int
	depth int
	vocab Vocabulary
	terms *terms
	// context of the group being read
	fields uint8
	meta   string
}

func compile(query string, v Vocabulary, t *terms) (*node, []string, error) {
	p := &parser{in: []rune(query), vocab: v, terms: t, fields: anyField}
	if len(p.in) > maxQuery {
		return nil, nil, &SyntaxError{Column: maxQuery + 1, Msg: "query is too long"}
	}
	p.space()
	if p.pos == len(p.in) {
		return nil, nil, &SyntaxError{Column: 1, Msg: "query is empty"}
	}
	n, err := p.or()
	if err != nil {
		return nil, nil, err
	}
	if p.space(); p.pos < len(p.in) {
		return nil, nil, p.fail(p.pos, fmt.Sprintf("unexpected %q", p.in[p.pos]))
	}
	return n, warnings(n), nil
}

func (p *parser) fail(at int, msg string, suggestion ...string) error {
	e := &SyntaxError{Column: at + 1, Msg: msg}
	if len(suggestion) > 0 {
		e.Suggestion = suggestion[0]
	}
	return e
}

func (p *parser) space() {
	for p.pos < len(p.in) && unicode.IsSpace(p.in[p.pos]) {
		p.pos++
	}
}

func (p *parser) peek() rune {
	if p.pos < len(p.in) {
		return p.in[p.pos]
	}
	return 0
}

// keyword takes an operator in capitals.
func (p *parser) keyword(w string) bool {
	p.space()
	end := p.pos + len(w)
	if end > len(p.in) || string(p.in[p.pos:end]) != w || end < len(p.in) && !unicode.IsSpace(p.in[end]) && p.in[end] != '(' {
		return false
	}
	p.pos = end
	return true
}

func (p *parser) or() (*node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(p.pos, "too many parentheses")
	}
	defer func() { p.depth-- }()
	n := &node{op: opOr}
	for {
		kid, err := p.and()
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, kid)
		if !p.keyword("OR") && !p.bar() {
			return single(n), nil
		}
	}
}

func (p *parser) bar() bool {
	if p.peek() != '|' {
		return false
	}
	p.pos++
	return true
}

func single(n *node) *node {
	if len(n.kids) == 1 {
		return n.kids[0]
	}
	return n
}

func (p *parser) and() (*node, error) {
	n := &node{op: opAnd}
	for {
		p.space()
		start := p.pos
		p.keyword("AND")
		p.space()
		if c := p.peek(); c == 0 || c == ')' || c == ',' || c == '|' || p.atOr() {
			if len(n.kids) == 0 || p.pos > start && string(p.in[start:p.pos]) != "" && strings.HasPrefix(string(p.in[start:p.pos]), "AND") {
				return nil, p.fail(p.pos, "a term is missing here")
			}
			return single(n), nil
		}
		kid, err := p.unary()
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, kid)
	}
}

func (p *parser) atOr() bool {
	at := p.pos
	ok := p.keyword("OR")
	p.pos = at
	return ok
}

func (p *parser) unary() (*node, error) {
	minus := p.peek() == '-' && p.pos+1 < len(p.in) && !unicode.IsSpace(p.in[p.pos+1])
	if minus {
		p.pos++
	} else if !p.keyword("NOT") {
		return p.primary()
	}
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(p.pos, "too many negations")
	}
	defer func() { p.depth-- }()
	p.space()
	if p.peek() == 0 {
		return nil, p.fail(p.pos, "a term is missing here")
	}
	kid, err := p.unary()
	if err != nil {
		return nil, err
	}
	return &node{op: opNot, kids: []*node{kid}}, nil
}

func (p *parser) primary() (*node, error) {
	switch p.peek() {
	case '(':
		return p.group()
	case '"', '“', '„', '«':
		return p.quoted()
	case '@':
		return p.name()
	}
	start := p.pos
	for p.pos < len(p.in) && !unicode.IsSpace(p.in[p.pos]) && !strings.ContainsRune(`():,"|`, p.in[p.pos]) {
		p.pos++
	}
	word := string(p.in[start:p.pos])
	switch {
	case p.peek() == ':' && word != "":
		return p.field(start, word)
	case p.peek() == '(' && (word == "same_sentence" || word == "near" || strings.HasPrefix(word, "near/")):
		return p.span(start, word)
	case word == "":
		return nil, p.fail(start, fmt.Sprintf("unexpected %q", p.peek()))
	case word == "near" || strings.HasPrefix(word, "near/"):
		return nil, p.fail(p.pos, word+" needs two terms in parentheses", "near/5(a, b)")
	}
	return p.term(start, word, false)
}

func (p *parser) group() (*node, error) {
	open := p.pos
	p.pos++
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.space(); p.peek() != ')' {
		return nil, p.fail(open, "this parenthesis is never closed")
	}
	p.pos++
	return n, nil
}

func (p *parser) quoted() (*node, error) {
	start := p.pos
	p.pos++
	for p.pos < len(p.in) && !strings.ContainsRune(`"”»`, p.in[p.pos]) && (p.in[start] != '„' || p.in[p.pos] != '“') {
		p.pos++
	}
	if p.pos == len(p.in) {
		return nil, p.fail(start, "this quotation mark is never closed")
	}
	phrase := string(p.in[start+1 : p.pos])
	p.pos++
	return p.term(start, phrase, true)
}

// term makes a word or phrase into a node, as the field of its group reads it.
func (p *parser) term(at int, word string, quoted bool) (*node, error) {
	if p.meta == "country" {
		return p.country(at, word)
	}
	phrase, prefix := strings.CutSuffix(word, "*")
	prefix = prefix && !quoted
	if p.meta != "" {
		value := fold(p.meta, phrase)
		if value == "" {
			return nil, p.fail(at, p.meta+": needs a value")
		}
		return &node{op: opMeta, meta: p.meta, value: value, prefix: prefix, term: p.meta + ":" + word}, nil
	}
	if prefix && len([]rune(phrase)) < 2 {
		return nil, p.fail(at, "a prefix needs two letters before the *")
	}
	id, ok := p.terms.add(phrase, prefix)
	if !ok {
		return nil, p.fail(at, fmt.Sprintf("no letters or digits in %q", word))
	}
	name := word
	if quoted {
		name = `"` + word + `"`
	}
	for f, bit := range textFields {
		if p.fields == bit {
			name = f + ":" + name
		}
	}
	return &node{op: opTerm, ids: []int32{id}, fields: p.fields, term: name}, nil
}

// fold folds a metadata value: addresses as they are, names as words.
func fold(field, s string) string {
	switch field {
	case "url", "feed", "lang":
		return strings.ToLower(strings.TrimSpace(s))
	}
	return joined(s)
}

// joined returns the folded words of s, each between spaces; "" if none.
func joined(s string) string {
	s = text.Fold(s)
	var b strings.Builder
	for _, t := range text.Tokens(s) {
		b.WriteByte(' ')
		b.WriteString(s[t.ByteStart:t.ByteEnd])
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	return b.String()
}

func (p *parser) field(start int, word string) (*node, error) {
	name := strings.ToLower(word)
	if !slices.Contains(allFields, name) {
		near := nearest(name, allFields)
		if near != "" {
			near += ":"
		}
		return nil, p.fail(start, "unknown field "+word, suggest(near)...)
	}
	p.pos++
	wasFields, wasMeta := p.fields, p.meta
	defer func() { p.fields, p.meta = wasFields, wasMeta }()
	if bit, ok := textFields[name]; ok {
		p.fields, p.meta = bit, ""
	} else {
		p.meta = name
	}
	if c := p.peek(); c == 0 || unicode.IsSpace(c) || c == ')' || c == ',' {
		return nil, p.fail(p.pos, name+": needs a value right after the colon")
	}
	if p.meta == "url" || p.meta == "feed" {
		if c := p.peek(); c != '(' && c != '"' {
			at := p.pos
			for p.pos < len(p.in) && !unicode.IsSpace(p.in[p.pos]) && p.in[p.pos] != ')' {
				p.pos++
			}
			return p.term(at, string(p.in[at:p.pos]), false)
		}
	}
	return p.primary()
}

func suggest(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func (p *parser) country(at int, word string) (*node, error) {
	up := strings.ToUpper(word)
	if len(up) == 2 && strings.Contains(countryCodes, up) {
		return &node{op: opCountry, code: toCode(up), term: "country:" + strings.ToLower(up), fields: anyField}, nil
	}
	return nil, p.fail(at, fmt.Sprintf("unknown country %s (two letters, ISO 3166)", word), suggest(countryLike(word))...)
}

func (p *parser) name() (*node, error) {
	start := p.pos
	p.pos++
	for p.pos < len(p.in) && !unicode.IsSpace(p.in[p.pos]) && !strings.ContainsRune(`(),"|`, p.in[p.pos]) {
		p.pos++
	}
	name := string(p.in[start+1 : p.pos])
	forms, ok := p.vocab[name]
	if !ok {
		var known []string
		for k := range p.vocab {
			known = append(known, k)
		}
		slices.Sort(known)
		near := nearest(name, known)
		if near != "" {
			near = "@" + near
		}
		return nil, p.fail(start, "unknown name @"+name, suggest(near)...)
	}
	n := &node{op: opName, term: "@" + name, fields: p.fields}
	for _, f := range forms {
		if id, ok := p.terms.add(f, false); ok {
			n.ids = append(n.ids, id)
		}
	}
	if len(n.ids) == 0 {
		return nil, p.fail(start, "@"+name+" has no forms")
	}
	return n, nil
}

// span reads near/n(a, b) or same_sentence(a, b).
func (p *parser) span(start int, word string) (*node, error) {
	n := &node{op: opSentence, near: 10}
	if word != "same_sentence" {
		n.op = opNear
		if _, num, ok := strings.Cut(word, "/"); ok {
			d, err := strconv.Atoi(num)
			if err != nil || d < 1 || d > maxNear {
				return nil, p.fail(start+5, fmt.Sprintf("near needs a distance from 1 to %d", maxNear), "near/5(a, b)")
			}
			n.near = d
		}
	}
	open := p.pos
	p.pos++
	for {
		p.space()
		at := p.pos
		kid, err := p.or()
		if err != nil {
			return nil, err
		}
		if !isSpan(kid) {
			return nil, p.fail(at, word+" takes words, phrases, countries and @names, and OR between them")
		}
		n.kids = append(n.kids, kid)
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
			continue
		case ')':
			p.pos++
		default:
			return nil, p.fail(open, "this parenthesis is never closed")
		}
		break
	}
	if len(n.kids) != 2 {
		return nil, p.fail(open, word+" takes two terms, separated by a comma")
	}
	n.term = string(p.in[start:p.pos])
	return n, nil
}

func isSpan(n *node) bool {
	switch n.op {
	case opTerm, opCountry, opName:
		return true
	case opOr:
		return !slices.ContainsFunc(n.kids, func(k *node) bool { return !isSpan(k) })
	}
	return false
}
